#include "props/posix/tree.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <functional>
#include <memory>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <vector>

namespace lockstep::posix {
namespace {

constexpr std::size_t shown_bytes_max = 60;
/// Scenarios keep their files shorter, or remove them.
constexpr std::size_t read_bytes_max = std::size_t{64} << 20U;
constexpr time_t year_2020 = 1'577'836'800;

std::string type_name(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG: return "file";
    case S_IFDIR: return "directory";
    case S_IFLNK: return "symlink";
    case S_IFIFO: return "fifo";
    case S_IFSOCK: return "socket";
    case S_IFCHR: return "character device";
    case S_IFBLK: return "block device";
    default: return "?";
  }
}

std::vector<std::string> names_in(int directory) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(::openat(directory, ".", O_RDONLY | O_DIRECTORY)),
                                                   ::closedir);
  while (const dirent* entry = stream ? ::readdir(stream.get()) : nullptr) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// A fifo's own is left out: on the mount it stays when somebody writes into it (prod/guide/promises.md).
std::string describe_time(const struct stat& status) {
  if (status.st_mtim.tv_sec >= year_2020 || S_ISFIFO(status.st_mode)) return {};
  char text[64];
  std::snprintf(text, sizeof text, " mtime %lld.%09ld", static_cast<long long>(status.st_mtim.tv_sec),
                status.st_mtim.tv_nsec);
  return text;
}

std::string describe_data(int directory, const std::string& name, const struct stat& status) {
  if (S_ISLNK(status.st_mode)) {
    std::string target(4096, '\0');
    const ssize_t size = ::readlinkat(directory, name.c_str(), target.data(), target.size());
    return size < 0 ? " -> ?" : " -> " + escaped(std::string_view(target).substr(0, static_cast<std::size_t>(size)));
  }
  if (!S_ISREG(status.st_mode)) return {};
  const int file = ::openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NOATIME);
  if (file < 0) return std::string(" cannot be read: ") + ::strerrorname_np(errno);
  std::string text = " " + summary(read_all(file));
  ::close(file);
  return text;
}

void describe_into(std::string& text, int directory, const std::string& prefix) {
  for (const std::string& name : names_in(directory)) {
    struct stat status {};
    if (::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      text += prefix + escaped(name) + " is listed, but not there\n";
      continue;
    }
    text += prefix + escaped(name) + ": " + describe_status(status) + describe_time(status) +
            describe_data(directory, name, status) + describe_attributes(directory, name) + '\n';
    if (!S_ISDIR(status.st_mode)) continue;
    const int inner = ::openat(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    describe_into(text, inner, prefix + escaped(name) + '/');
    ::close(inner);
  }
}

}  // namespace

std::string escaped(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) {
    if (byte >= ' ' && byte <= '~' && byte != '\\') {
      text += byte;
    } else {
      char code[8];
      std::snprintf(code, sizeof code, "\\x%02x", static_cast<unsigned char>(byte));
      text += code;
    }
  }
  return text;
}

std::string summary(std::string_view bytes) {
  if (bytes.size() <= shown_bytes_max) return '"' + escaped(bytes) + '"';
  return std::to_string(bytes.size()) + " bytes #" + std::to_string(std::hash<std::string_view>{}(bytes));
}

std::string describe_status(const struct stat& status) {
  char text[128];
  std::snprintf(text, sizeof text, " %04o links %lu owner %u:%u size %lld", status.st_mode & 07777U,
                static_cast<unsigned long>(status.st_nlink), status.st_uid, status.st_gid,
                static_cast<long long>(status.st_size));
  std::string described = type_name(status.st_mode) + text;
  if (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode)) {
    described += " device " + std::to_string(major(status.st_rdev)) + ':' + std::to_string(minor(status.st_rdev));
  }
  return described;
}

std::string describe_attributes(int directory, const std::string& name) {
  // The calls for extended attributes take no directory.
  const std::string path = "/proc/self/fd/" + std::to_string(directory) + '/' + name;
  std::string list(65536, '\0');
  const ssize_t size = ::llistxattr(path.c_str(), list.data(), list.size());
  if (size < 0) return errno == ENOTSUP ? "" : std::string(" attributes: ") + ::strerrorname_np(errno);
  std::vector<std::string> described;
  for (const char* at = list.data(); at < list.data() + size; at += std::strlen(at) + 1) {
    std::string value(65536, '\0');
    const ssize_t length = ::lgetxattr(path.c_str(), at, value.data(), value.size());
    const std::string shown = length < 0 ? ::strerrorname_np(errno)
                                         : summary(std::string_view(value).substr(0, static_cast<std::size_t>(length)));
    described.push_back(" [" + escaped(at) + '=' + shown + ']');
  }
  std::sort(described.begin(), described.end());
  std::string text;
  for (const std::string& attribute : described) text += attribute;
  return text;
}

std::string read_all(int descriptor) {
  std::string bytes;
  std::vector<char> buffer(std::size_t{1} << 20U);
  while (bytes.size() < read_bytes_max) {
    const ssize_t count = ::pread(descriptor, buffer.data(), buffer.size(), static_cast<off_t>(bytes.size()));
    if (count < 0) return std::string("unreadable: ") + ::strerrorname_np(errno);
    if (count == 0) break;
    bytes.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return bytes;
}

std::string describe_tree(int directory) {
  std::string text;
  describe_into(text, directory, "");
  return text;
}

}  // namespace lockstep::posix
