// Texts for people: logs, timelines and error messages.
#include "engine/values/configuration.h"
#include "engine/values/operation.h"

namespace lockstep {

std::string to_string(const FileId& id) {
  if (id == FileId::none()) return "-";
  if (id == FileId::root()) return "root";
  if (id == FileId::staging()) return "staging";
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text(32, '0');
  for (std::size_t i = 0; i < 16; ++i) {
    text[15 - i] = digits[(id.high >> (4 * i)) & 15U];
    text[31 - i] = digits[(id.low >> (4 * i)) & 15U];
  }
  return text;
}

std::string_view to_string(OperationKind kind) {
  switch (kind) {
    case OperationKind::create: return "create";
    case OperationKind::link: return "link";
    case OperationKind::unlink: return "unlink";
    case OperationKind::rename: return "rename";
    case OperationKind::write: return "write";
    case OperationKind::set_attributes: return "set_attributes";
    case OperationKind::allocate: return "allocate";
    case OperationKind::set_xattr: return "set_xattr";
    case OperationKind::remove_xattr: return "remove_xattr";
    case OperationKind::sync: return "sync";
    case OperationKind::identify: return "identify";
    case OperationKind::fill: return "fill";
    case OperationKind::filled: return "filled";
  }
  return "unknown";
}

bool changes_namespace(OperationKind kind) {
  return kind == OperationKind::create || kind == OperationKind::link || kind == OperationKind::unlink ||
         kind == OperationKind::rename;
}

std::string describe(const Operation& operation) {
  std::string text{to_string(operation.kind)};
  if (operation.file != FileId::none()) text += " " + to_string(operation.file);
  if (!operation.name.empty()) text += " " + to_string(operation.parent) + "/" + operation.name;
  if (!operation.new_name.empty()) text += " -> " + to_string(operation.new_parent) + "/" + operation.new_name;
  if (operation.kind == OperationKind::write || operation.kind == OperationKind::fill) {
    text += " @" + std::to_string(operation.offset) + "+" + std::to_string(operation.data.size());
  }
  return text;
}

std::string describe(const Configuration& configuration) {
  if (!configuration.initialised()) return "never initialised";
  std::string members;
  for (NodeId node : {NodeId::first, NodeId::second}) {
    if (!configuration.members.contains(node)) continue;
    if (!members.empty()) members += ",";
    members += to_string(node);
  }
  return "epoch " + std::to_string(configuration.epoch.value) + " primary " +
         std::string(to_string(configuration.primary)) + " in sync {" + members + "}";
}

}  // namespace lockstep
