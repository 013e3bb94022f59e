#include "io/linux/compare_trees.h"

#include "io/linux/object_access.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <iterator>
#include <map>
#include <set>
#include <utility>

namespace lockstep::linux_io {
namespace {

constexpr std::size_t block_bytes = std::size_t{1} << 20U;

class Comparison {
 public:
  Comparison(std::string root_a, std::string root_b) : root_a_(std::move(root_a)), root_b_(std::move(root_b)) {}

  std::vector<std::string> run() {
    compare_entry("", {AT_FDCWD, root_a_}, {AT_FDCWD, root_b_});
    return std::move(differences_);
  }

 private:
  /// Where an entry is opened: a tree may be deeper than a path may be long.
  struct Place {
    int directory = AT_FDCWD;
    std::string name;
  };

  void differ(const std::string& relative, const std::string& what) {
    if (differences_.size() < compare_trees_differences_max) {
      differences_.push_back((relative.empty() ? "." : relative.substr(1)) + ": " + what);
    }
  }
  /// False: reading failed, which is reported.
  bool readable(const std::string& relative, int error, const std::string& path) {
    if (error != 0) differ(relative, "cannot read " + path + ": " + std::strerror(error));
    return error == 0;
  }

  void compare_entry(const std::string& relative, const Place& at_a, const Place& at_b) {
    const std::string a = root_a_ + relative;
    const std::string b = root_b_ + relative;
    const auto open_a = open_entry(at_a);
    const auto open_b = open_entry(at_b);
    if (!readable(relative, open_a.error, a) || !readable(relative, open_b.error, b)) return;
    const auto status_a = status_of(open_a.value);
    const auto status_b = status_of(open_b.value);
    if (!readable(relative, status_a.error, a) || !readable(relative, status_b.error, b)) return;
    if ((status_a.value.st_mode & S_IFMT) != (status_b.value.st_mode & S_IFMT)) {
      differ(relative, "is of different types");
      return;
    }
    compare_status(relative, status_a.value, status_b.value);
    compare_attributes(relative, open_a.value, open_b.value);
    if (S_ISDIR(status_a.value.st_mode)) {
      compare_directories(relative, open_a.value.fd(), open_b.value.fd());
    } else if (S_ISLNK(status_a.value.st_mode)) {
      if (link_target(open_a.value).value != link_target(open_b.value).value) differ(relative, "symbolic link target");
    } else if (first_of_its_links(relative, status_a.value, status_b.value) && S_ISREG(status_a.value.st_mode)) {
      compare_bytes(relative, at_a, at_b, status_a.value, status_b.value);
    }
  }

  static Outcome<OpenObject> open_entry(const Place& at) {
    OpenObject object{Descriptor(::openat(at.directory, at.name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)), true};
    if (!object.descriptor.valid()) return Outcome<OpenObject>::failed(errno);
    return Outcome<OpenObject>::of(std::move(object));
  }

  void compare_status(const std::string& relative, const struct stat& a, const struct stat& b) {
    compare_number(relative, "mode", a.st_mode & 07777U, b.st_mode & 07777U);
    compare_number(relative, "uid", a.st_uid, b.st_uid);
    compare_number(relative, "gid", a.st_gid, b.st_gid);
    compare_number(relative, "mtime", nanoseconds(a.st_mtim), nanoseconds(b.st_mtim));
    if (S_ISCHR(a.st_mode) || S_ISBLK(a.st_mode)) compare_number(relative, "device", a.st_rdev, b.st_rdev);
    if (!S_ISDIR(a.st_mode)) compare_number(relative, "links", a.st_nlink, b.st_nlink);
  }

  template <typename Number>
  void compare_number(const std::string& relative, const char* what, Number a, Number b) {
    if (a != b) differ(relative, std::string(what) + " " + std::to_string(a) + " and " + std::to_string(b));
  }

  void compare_attributes(const std::string& relative, const OpenObject& a, const OpenObject& b) {
    const auto of_a = attributes_of(a);
    const auto of_b = attributes_of(b);
    const bool none_here = of_a.error == EOPNOTSUPP && of_b.error == EOPNOTSUPP;
    if (none_here) return;
    if (!readable(relative, of_a.error, root_a_ + relative) || !readable(relative, of_b.error, root_b_ + relative)) {
      return;
    }
    if (of_a.value != of_b.value)
      differ(relative, "extended attributes" + names(of_a.value) + " and" + names(of_b.value));
  }

  static std::string names(const std::vector<std::pair<std::string, std::string>>& attributes) {
    std::string text;
    for (const auto& [name, value] : attributes) text += " " + name + "(" + std::to_string(value.size()) + ")";
    return text.empty() ? " (none)" : text;
  }

  void compare_directories(const std::string& relative, int directory_a, int directory_b) {
    const auto in_a = list(directory_a, relative.empty());
    const auto in_b = list(directory_b, relative.empty());
    if (!readable(relative, in_a.error, root_a_ + relative) || !readable(relative, in_b.error, root_b_ + relative)) {
      return;
    }
    std::vector<std::string> all;
    std::set_union(in_a.value.begin(), in_a.value.end(), in_b.value.begin(), in_b.value.end(), std::back_inserter(all));
    for (const std::string& name : all) {
      std::string child = relative;
      child.append("/").append(name);
      if (!in_a.value.contains(name)) {
        differ(child, "only in " + root_b_);
      } else if (!in_b.value.contains(name)) {
        differ(child, "only in " + root_a_);
      } else {
        compare_entry(child, {directory_a, name}, {directory_b, name});
      }
    }
  }

  static Outcome<std::set<std::string>> list(int directory, bool is_root) {
    Descriptor listing(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    DIR* stream = listing.valid() ? ::fdopendir(listing.fd()) : nullptr;
    if (stream == nullptr) return Outcome<std::set<std::string>>::failed(errno);
    listing.release();  // the stream closes it
    std::set<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(stream)) {
      const std::string name(entry->d_name);
      const bool left_out =
          name == "." || name == ".." || (is_root && (name == ".lockstep" || name == ".lockstep-conflicts"));
      if (!left_out) names.insert(name);
      errno = 0;
    }
    const int error = errno;
    ::closedir(stream);
    return error == 0 ? Outcome<std::set<std::string>>::of(std::move(names))
                      : Outcome<std::set<std::string>>::failed(error);
  }

  /// Names that are one file in the one tree must be one file in the other; its bytes are compared once.
  bool first_of_its_links(const std::string& relative, const struct stat& a, const struct stat& b) {
    if (a.st_nlink < 2 && b.st_nlink < 2) return true;
    const auto [of_a, new_in_a] = links_a_.try_emplace({a.st_dev, a.st_ino}, relative);
    const auto [of_b, new_in_b] = links_b_.try_emplace({b.st_dev, b.st_ino}, relative);
    if (of_a->second != of_b->second) differ(relative, "is a hard link of different files");
    return new_in_a || new_in_b;
  }

  void compare_bytes(const std::string& relative, const Place& at_a, const Place& at_b, const struct stat& status_a,
                     const struct stat& status_b) {
    if (status_a.st_size != status_b.st_size) {
      compare_number(relative, "size", status_a.st_size, status_b.st_size);
      return;
    }
    const std::string a = root_a_ + relative;
    const std::string b = root_b_ + relative;
    constexpr int flags = O_RDONLY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC;
    const Descriptor open_a(::openat(at_a.directory, at_a.name.c_str(), flags));
    if (!readable(relative, open_a.valid() ? 0 : errno, a)) return;
    const Descriptor open_b(::openat(at_b.directory, at_b.name.c_str(), flags));
    if (!readable(relative, open_b.valid() ? 0 : errno, b)) return;
    for (off_t offset = 0; offset < status_a.st_size; offset += static_cast<off_t>(block_bytes)) {
      const auto block_a = read_block(open_a.fd(), offset);
      const auto block_b = read_block(open_b.fd(), offset);
      if (!readable(relative, block_a.error, a) || !readable(relative, block_b.error, b)) return;
      if (block_a.value == block_b.value) continue;
      const auto at =
          std::mismatch(block_a.value.begin(), block_a.value.end(), block_b.value.begin(), block_b.value.end());
      differ(relative, "bytes from offset " + std::to_string(offset + (at.first - block_a.value.begin())));
      return;
    }
  }

  static Outcome<std::string> read_block(int fd, off_t offset) {
    std::string block(block_bytes, '\0');
    std::size_t done = 0;
    while (done < block.size()) {
      const ssize_t count = ::pread(fd, block.data() + done, block.size() - done, offset + static_cast<off_t>(done));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return Outcome<std::string>::failed(errno);
      if (count == 0) break;
      done += static_cast<std::size_t>(count);
    }
    block.resize(done);
    return Outcome<std::string>::of(std::move(block));
  }

  using Inode = std::pair<dev_t, ino_t>;
  std::string root_a_;
  std::string root_b_;
  std::map<Inode, std::string> links_a_;
  std::map<Inode, std::string> links_b_;
  std::vector<std::string> differences_;
};

}  // namespace

std::vector<std::string> compare_trees(const std::string& path_a, const std::string& path_b) {
  return Comparison(path_a, path_b).run();
}

}  // namespace lockstep::linux_io
