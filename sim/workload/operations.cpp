#include "sim/workload/operations.h"

#include <array>
#include <sys/stat.h>

namespace lockstep::sim {

namespace {
constexpr std::size_t objects_max = 120;
constexpr std::size_t open_files_max = 8;
constexpr std::size_t small_write_max = 3000;
constexpr std::size_t large_write_max = 100'000;
constexpr std::uint64_t offset_max = 200'000;
constexpr std::uint64_t names_in_use = 24;
}  // namespace

OperationSource::Survey OperationSource::survey(const Filesystem& filesystem) {
  Survey survey;
  for (const auto& [number, inode] : filesystem.inodes()) {
    if (inode.names == 0 || number == Filesystem::staging_number) continue;
    survey.objects.push_back(inode.id);
    if (inode.is_regular()) survey.files.push_back(inode.id);
    if (!inode.is_directory()) continue;
    survey.directories.push_back(inode.id);
    for (const auto& [name, target] : inode.entries) {
      survey.names.push_back({inode.id, name, filesystem.inode(target).is_directory()});
    }
  }
  return survey;
}

std::string OperationSource::draw_name() {
  std::string name = "n" + std::to_string(random_.below(names_in_use));
  if (random_.one_in(10)) name += " with\nodd\xff bytes";
  return name;
}

Buffer OperationSource::draw_bytes(std::size_t size) {
  std::vector<std::byte> bytes(size);
  // Distinguishable runs; zeroes now and then, since those travel and land differently.
  std::uint64_t word = random_.one_in(8) ? 0 : random_.next();
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<std::byte>(word >> (8 * (i % 8)));
    if (word != 0 && i % 64 == 63) word += 0x0101010101010101ULL;
  }
  return Buffer(std::move(bytes));
}

FileId OperationSource::any_file(const Survey& survey) {
  if (!open_files_.empty() && random_.chance(15)) return random_.pick(open_files_);
  const FileId file = random_.pick(survey.files);
  if (random_.chance(20)) {
    if (open_files_.size() >= open_files_max) open_files_.erase(open_files_.begin());
    open_files_.push_back(file);
  }
  return file;
}

Operation OperationSource::draw(Random random, const Filesystem& filesystem) {
  random_ = random;
  const Survey seen = survey(filesystem);
  if (random_.chance(mix_.sync_percent)) return sync(seen);
  if (seen.files.empty() || random_.chance(45)) return draw_namespace(seen);
  return draw_contents(seen, filesystem);
}

Operation OperationSource::sync(const Survey& survey) {
  Operation operation;
  operation.kind = OperationKind::sync;
  if (random_.chance(60) && !survey.files.empty()) {
    operation.file = any_file(survey);
    if (random_.chance(30)) operation.flags = flag_data_only;
  } else if (random_.chance(75)) {
    operation.file = random_.pick(survey.directories);
  }
  return operation;
}

Operation OperationSource::create(FileId parent) {
  Operation operation;
  operation.kind = OperationKind::create;
  operation.parent = parent;
  operation.name = draw_name();
  operation.attributes.uid = static_cast<std::uint32_t>(random_.below(3));
  operation.attributes.gid = static_cast<std::uint32_t>(random_.below(3));
  const std::uint64_t kind = random_.below(10);
  if (kind < 6) {
    operation.attributes.mode = S_IFREG | 0644;
  } else if (kind < 9) {
    operation.attributes.mode = S_IFDIR | 0755;
  } else {
    operation.attributes.mode = S_IFLNK | 0777;
    operation.data = Buffer::copy_of(draw_name());
  }
  return operation;
}

Operation OperationSource::draw_namespace(const Survey& survey) {
  const FileId parent = survey.directories[random_.below(survey.directories.size())];
  const std::uint64_t kind = random_.below(100);
  const bool crowded = survey.objects.size() > objects_max;
  if (survey.names.empty() || (kind < 45 && !crowded)) return create(parent);

  const Name& name = survey.names[random_.below(survey.names.size())];
  Operation operation;
  if (kind < 52 && !survey.files.empty()) {
    operation.kind = OperationKind::link;
    operation.file = any_file(survey);
    operation.parent = parent;
    operation.name = draw_name();
    return operation;
  }
  operation.parent = name.parent;
  operation.name = name.name;
  if (kind < 75) {
    operation.kind = OperationKind::rename;
    const bool over_existing = random_.chance(40);
    const Name& target = survey.names[random_.below(survey.names.size())];
    operation.new_parent = over_existing ? target.parent : parent;
    operation.new_name = over_existing ? target.name : draw_name();
    if (random_.one_in(8)) operation.flags = flag_no_replace;
    if (random_.one_in(8)) operation.flags = flag_exchange;
    return operation;
  }
  operation.kind = OperationKind::unlink;
  if (name.directory) operation.flags = flag_remove_directory;
  return operation;
}

Operation OperationSource::write(FileId file, const Filesystem& filesystem) {
  Operation operation;
  operation.kind = OperationKind::write;
  operation.file = file;
  const Inode* inode = filesystem.find(file);
  const bool append = inode != nullptr && random_.chance(40) && inode->content.size() < 2 * offset_max;
  operation.offset = append               ? inode->content.size()
                     : random_.chance(80) ? random_.below(10'000)
                                          : random_.below(offset_max);
  const bool large = random_.chance(mix_.large_write_percent);
  operation.data = draw_bytes(1 + random_.below(large ? large_write_max : small_write_max));
  return operation;
}

Operation OperationSource::set_attributes(const Survey& survey, const Filesystem& filesystem) {
  Operation operation;
  operation.kind = OperationKind::set_attributes;
  operation.file = survey.objects[random_.below(survey.objects.size())];
  Attributes& wanted = operation.attributes;
  const Inode* inode = filesystem.find(operation.file);
  switch (random_.below(4)) {
    case 0:
      wanted.mask = attribute_mode;
      wanted.mode = static_cast<std::uint32_t>(random_.below(01000));
      break;
    case 1:
      wanted.mask = attribute_uid | attribute_gid;
      wanted.uid = static_cast<std::uint32_t>(random_.below(5));
      wanted.gid = static_cast<std::uint32_t>(random_.below(5));
      break;
    case 2:
      wanted.mask = attribute_atime | attribute_mtime;
      wanted.atime_ns = random_.between(1, 1'000'000'000) * 1'000'000'000;
      wanted.mtime_ns = random_.between(1, 1'000'000'000) * 1'000'000'000 + 1;
      break;
    default: wanted.mask = attribute_atime_now | attribute_mtime_now; break;
  }
  if (inode != nullptr && inode->is_regular() && random_.chance(40)) {
    wanted = {};
    wanted.mask = attribute_size;
    wanted.size_bytes = random_.below(random_.chance(70) ? 10'000 : offset_max);
  }
  return operation;
}

Operation OperationSource::draw_contents(const Survey& survey, const Filesystem& filesystem) {
  const std::uint64_t kind = random_.below(100);
  if (kind < 60) return write(any_file(survey), filesystem);
  if (kind < 82) return set_attributes(survey, filesystem);
  Operation operation;
  if (kind < 90) {
    operation.kind = OperationKind::allocate;
    operation.file = any_file(survey);
    operation.offset = random_.below(10'000);
    operation.length = 1 + random_.below(10'000);
    operation.flags = random_.pick(
        std::array<std::uint32_t, 4>{0U, flag_keep_size, flag_keep_size | flag_punch_hole, flag_zero_range});
    return operation;
  }
  operation.file = survey.objects[random_.below(survey.objects.size())];
  operation.name = "user.x" + std::to_string(random_.below(3));
  if (kind < 97) {
    operation.kind = OperationKind::set_xattr;
    operation.data = draw_bytes(random_.below(60));
    if (random_.one_in(6)) operation.flags = random_.chance(50) ? flag_xattr_create : flag_xattr_replace;
  } else {
    operation.kind = OperationKind::remove_xattr;
  }
  return operation;
}

}  // namespace lockstep::sim
