#include "props/posix/sequence.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <linux/falloc.h>
#include <ostream>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace lockstep::posix {
namespace {

constexpr std::array<const char*, call_names> names{"a", "b", "c", "d", "e", "d/a", "d/b", "e/a", "d/e"};
constexpr std::array<const char*, call_kinds> kinds{
    "open",      "close",           "write", "append",  "read",     "store",       "truncate", "ftruncate",
    "fallocate", "copy_file_range", "mkdir", "mkfifo",  "link",     "symlink",     "unlink",   "rmdir",
    "rename",    "chmod",           "chown", "utimens", "setxattr", "removexattr", "fsync",    "stat",
    "readdir"};

const char* name_of(int number) { return names.at(static_cast<std::size_t>(number)); }

/// O_NONBLOCK: nobody waits for the other end of a fifo.
int open_flags(int flags) {
  constexpr std::array<int, 4> modes{O_RDWR, O_RDONLY, O_WRONLY, O_RDWR | O_APPEND};
  constexpr std::array<int, 4> additions{O_CREAT, O_CREAT | O_EXCL, O_TRUNC, 0};
  return modes.at(static_cast<std::size_t>(flags % 4)) | additions.at(static_cast<std::size_t>(flags / 4 % 4)) |
         O_NONBLOCK | O_CLOEXEC;
}

int allocate_flags(int flags) {
  constexpr std::array<int, 5> modes{0, FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                     FALLOC_FL_ZERO_RANGE, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE};
  return modes.at(static_cast<std::size_t>(flags % 5));
}

unsigned rename_flags(int flags) {
  constexpr std::array<unsigned, 4> modes{0, 0, RENAME_NOREPLACE, RENAME_EXCHANGE};
  return modes.at(static_cast<std::size_t>(flags % 4));
}

/// Any length from nothing to some pages, differing from place to place.
std::string bytes_of(const Call& call) {
  const auto size = static_cast<std::size_t>(call.number % 10'007);
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i)
    bytes[i] = static_cast<char>('A' + (i + static_cast<std::size_t>(call.flags)) % 57);
  return bytes;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Call& call) {
  return out << kinds.at(static_cast<std::size_t>(call.kind)) << " name " << name_of(call.name) << " other "
             << name_of(call.other) << " slot " << call.slot << " number " << call.number << " flags " << call.flags
             << '\n';
}

Caller::~Caller() {
  for (const int descriptor : slots_) {
    if (descriptor >= 0) ::close(descriptor);
  }
}

void Caller::make(const Call& call) {
  scene_.note("call", kinds.at(static_cast<std::size_t>(call.kind)));
  if (call.kind == CallKind::open) return open(call);
  make_on_descriptor(call);
  make_on_name(call);
}

void Caller::open(const Call& call) {
  int& place = slots_.at(static_cast<std::size_t>(call.slot));
  if (place >= 0) ::close(place);
  place = ::open(name_of(call.name), open_flags(call.flags), 0644);
  scene_.same("open", place < 0 ? -1 : 0);
}

void Caller::make_on_descriptor(const Call& call) {
  const int descriptor = slot(call);
  const std::string bytes = bytes_of(call);
  std::string room(4096, '\0');
  switch (call.kind) {
    case CallKind::close:
      scene_.same("close", ::close(descriptor));
      slots_.at(static_cast<std::size_t>(call.slot)) = -1;
      break;
    case CallKind::write:
      scene_.same("pwrite", ::pwrite(descriptor, bytes.data(), bytes.size(), call.flags * 777));
      break;
    case CallKind::append: scene_.same("write", ::write(descriptor, bytes.data(), bytes.size())); break;
    case CallKind::read:
      room.resize(static_cast<std::size_t>(
          std::max(0L, scene_.same("pread", ::pread(descriptor, room.data(), room.size(), call.number)))));
      scene_.note("bytes", room);
      break;
    case CallKind::store: return store(call);
    case CallKind::truncate_open: scene_.same("ftruncate", ::ftruncate(descriptor, call.number)); break;
    case CallKind::allocate:
      scene_.same("fallocate", ::fallocate(descriptor, allocate_flags(call.flags), call.number % 9000, call.number));
      break;
    case CallKind::copy: return copy(call, static_cast<off_t>(bytes.size()));
    case CallKind::sync: scene_.same("fsync", ::fsync(descriptor)); break;
    default: return;
  }
  if (slot(call) >= 0) scene_.see(descriptor);
}

void Caller::make_on_name(const Call& call) {
  const char* const name = name_of(call.name);
  const char* const other = name_of(call.other);
  const std::string bytes = bytes_of(call).substr(0, 100);
  const timespec times[2] = {{call.number, 1}, {call.number, call.flags}};
  switch (call.kind) {
    case CallKind::truncate: scene_.same("truncate", ::truncate(name, call.number)); break;
    case CallKind::make_directory: scene_.same("mkdir", ::mkdir(name, 0755)); break;
    case CallKind::make_fifo: scene_.same("mkfifo", ::mkfifo(name, 0644)); break;
    case CallKind::link: scene_.same("link", ::link(name, other)); break;
    case CallKind::symlink: scene_.same("symlink", ::symlink(name, other)); break;
    case CallKind::unlink: scene_.same("unlink", ::unlink(name)); break;
    case CallKind::remove_directory: scene_.same("rmdir", ::rmdir(name)); break;
    case CallKind::rename: rename(name, other, rename_flags(call.flags)); break;
    case CallKind::change_mode: scene_.same("chmod", ::chmod(name, static_cast<mode_t>(call.number) & 07777U)); break;
    case CallKind::change_owner:
      scene_.same("chown", ::lchown(name, static_cast<uid_t>(call.number), static_cast<gid_t>(call.flags)));
      break;
    case CallKind::set_times: scene_.same("utimens", ::utimensat(AT_FDCWD, name, times, AT_SYMLINK_NOFOLLOW)); break;
    case CallKind::set_attribute:
      scene_.same("setxattr", ::lsetxattr(name, "user.drawn", bytes.data(), bytes.size(), call.flags % 3));
      break;
    case CallKind::remove_attribute: scene_.same("removexattr", ::lremovexattr(name, "user.drawn")); break;
    case CallKind::list: scene_.listing(name); return;
    case CallKind::look: break;
    default: return;
  }
  scene_.see(name);
  scene_.see(other);
}

/// XFS changes the time of a directory that is exchanged with what has another parent, here it stays
/// (prod/guide/promises.md): so it is set.
void Caller::rename(const char* name, const char* other, unsigned flags) {
  const timespec times[2] = {{1, 1}, {1, 1}};
  if (scene_.same("rename", ::renameat2(AT_FDCWD, name, AT_FDCWD, other, flags)) != 0 || flags != RENAME_EXCHANGE)
    return;
  for (const char* const exchanged : {name, other}) {
    scene_.same("utimens", ::utimensat(AT_FDCWD, exchanged, times, AT_SYMLINK_NOFOLLOW));
  }
}

/// All of it: XFS shares whole blocks first, where it can, and says that it has copied so much.
void Caller::copy(const Call& call, off_t size) {
  off_t from = call.number % 5000;
  off_t to = call.flags * 1000;
  const int target = slots_.at(static_cast<std::size_t>(call.other % call_slots));
  const off_t end = from + size;
  ssize_t count = 0;
  do {
    count = ::copy_file_range(slot(call), &from, target, &to, static_cast<std::size_t>(end - from), 0);
  } while (count > 0 && from < end);
  scene_.same("copy_file_range", count < 0 ? -1 : 0);
  scene_.note("copied up to", from);
}

/// Only within the file: behind its end a store is a signal.
void Caller::store(const Call& call) {
  struct stat status {};
  if (::fstat(slot(call), &status) != 0 || !S_ISREG(status.st_mode) || status.st_size == 0) return;
  const auto size = static_cast<std::size_t>(status.st_size);
  void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, slot(call), 0);
  scene_.same("mmap", memory == MAP_FAILED ? -1 : 0);
  if (memory == MAP_FAILED) return;
  static_cast<char*>(memory)[static_cast<std::size_t>(call.number) % size] = static_cast<char>('0' + call.flags % 10);
  if (call.flags % 2 == 0) scene_.same("msync", ::msync(memory, size, MS_SYNC));
  scene_.same("munmap", ::munmap(memory, size));
}

}  // namespace lockstep::posix
