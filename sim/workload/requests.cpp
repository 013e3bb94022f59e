#include "sim/workload/requests.h"

#include <sys/stat.h>
#include <utility>

namespace lockstep::sim {

namespace {
Operation named(OperationKind kind, FileId parent, std::string name) {
  Operation operation;
  operation.kind = kind;
  operation.parent = parent;
  operation.name = std::move(name);
  return operation;
}

Operation create(FileId parent, std::string name, std::uint32_t mode) {
  Operation operation = named(OperationKind::create, parent, std::move(name));
  operation.attributes.mode = mode;
  return operation;
}

Operation about(OperationKind kind, FileId file) {
  Operation operation;
  operation.kind = kind;
  operation.file = file;
  return operation;
}
}  // namespace

Operation create_file(FileId parent, std::string name) { return create(parent, std::move(name), S_IFREG | 0644); }
Operation create_directory(FileId parent, std::string name) { return create(parent, std::move(name), S_IFDIR | 0755); }

Operation create_symlink(FileId parent, std::string name, std::string target) {
  Operation operation = create(parent, std::move(name), S_IFLNK | 0777);
  operation.data = Buffer::copy_of(target);
  return operation;
}

Operation write_at(FileId file, std::uint64_t offset, Buffer data) {
  Operation operation = about(OperationKind::write, file);
  operation.offset = offset;
  operation.data = std::move(data);
  return operation;
}

Operation truncate_to(FileId file, std::uint64_t bytes) {
  Operation operation = about(OperationKind::set_attributes, file);
  operation.attributes.mask = attribute_size;
  operation.attributes.size_bytes = bytes;
  return operation;
}

Operation set_mtime(FileId file, std::int64_t mtime_ns) {
  Operation operation = about(OperationKind::set_attributes, file);
  operation.attributes.mask = attribute_mtime;
  operation.attributes.mtime_ns = mtime_ns;
  return operation;
}

Operation rename_to(FileId parent, std::string name, FileId new_parent, std::string new_name) {
  Operation operation = named(OperationKind::rename, parent, std::move(name));
  operation.new_parent = new_parent;
  operation.new_name = std::move(new_name);
  return operation;
}

Operation exchange(FileId parent, std::string name, FileId new_parent, std::string new_name) {
  Operation operation = rename_to(parent, std::move(name), new_parent, std::move(new_name));
  operation.flags = flag_exchange;
  return operation;
}

Operation link_to(FileId file, FileId parent, std::string name) {
  Operation operation = named(OperationKind::link, parent, std::move(name));
  operation.file = file;
  return operation;
}

Operation remove_name(FileId parent, std::string name) { return named(OperationKind::unlink, parent, std::move(name)); }

Operation remove_directory(FileId parent, std::string name) {
  Operation operation = remove_name(parent, std::move(name));
  operation.flags = flag_remove_directory;
  return operation;
}

Operation sync_of(FileId file) { return about(OperationKind::sync, file); }

}  // namespace lockstep::sim
