// I10: no deleted name comes back; a rename is never both or neither.
//
// Checks, at every operation on names that a volume applies outside a resync, that right afterwards the names are
// what the operation says: a removed name is gone, a renamed object has its new name and not the old one.
//
// That no other name came back is part of the comparisons of whole trees (I1, I11).
#pragma once

#include "sim/world/world.h"

namespace lockstep::sim {

class Names : public Observer {
 public:
  explicit Names(World& world) : world_(world) {}

  void applied(NodeId node, std::uint64_t /*sequence*/, const Operation& effect, io::Origin /*origin*/,
               bool /*replicated*/) override {
    if (!changes_namespace(effect.kind)) return;
    const Filesystem& filesystem = world_.node(node).volume().filesystem();
    const auto leads_to = [&](FileId parent, const std::string& name) {
      const Inode* directory = filesystem.find(parent);
      if (directory == nullptr || !directory->entries.contains(name)) return FileId::none();
      return filesystem.inode(directory->entries.at(name)).id;
    };
    const FileId at_name = leads_to(effect.parent, effect.name);
    bool right = false;
    switch (effect.kind) {
      case OperationKind::unlink: right = at_name == FileId::none(); break;
      case OperationKind::rename: {
        const bool moved = leads_to(effect.new_parent, effect.new_name) == effect.file;
        const bool exchange = (effect.flags & flag_exchange) != 0;
        // Two names of one file: POSIX has the rename do nothing.
        right = moved && (exchange || at_name == FileId::none() || at_name == effect.file);
        break;
      }
      default: right = at_name == effect.file; break;
    }
    if (!right) throw Violation("I10", std::string(to_string(node)) + " applied only part of " + describe(effect));
  }

 private:
  World& world_;
};

}  // namespace lockstep::sim
