// One of two directories, while a scenario plays in it: what calls gave, and what could be seen, is written down, so
// that the two accounts can be compared.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace lockstep::posix {

/// The mount is what is tested; beside it is the filesystem that says how things should be.
enum class Side { mount, beside };

struct User {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  ///< supplementary
};
/// Numbers that no machine gives to anybody.
inline const User alice{70'001, 70'001, {}};
inline const User bob{70'002, 70'002, {}};

/// The working directory is the scene's own while a scenario plays, so calls name things by relative paths. Results
/// of calls are passed as they come from libc, with errno still set. One thread.
class Scene {
 public:
  using Body = std::function<void()>;

  explicit Scene(Side side) : side_(side) {}

  [[nodiscard]] bool on_mount() const { return side_ == Side::mount; }

  /// The call must succeed, with the same result on both sides. Returns the result.
  long done(std::string_view what, long result);
  /// Like done(), for results that are numbers of the process (descriptors, watches): only success is compared.
  int opened(std::string_view what, int descriptor);
  /// The call must fail with this errno.
  void refused(int error, std::string_view what, long result);
  /// Whatever the call gives, it must be the same on both sides.
  long same(std::string_view what, long result);
  /// A documented difference: the call must succeed beside, and fail with this errno on the mount.
  void documented(int error, std::string_view what, long result);
  /// Must be so on both sides.
  void require(std::string_view what, bool holds);
  void note(std::string_view what, std::string_view value);
  void note(std::string_view what, long value) { note(what, std::to_string(value)); }

  /// Type, mode, links, owner, size and device of what has this name, and where a symbolic link leads.
  void see(const std::string& name);
  void see(int descriptor);
  void contents(const std::string& name);
  void contents(int descriptor);
  /// Where data and where holes are, after an fsync. Fill between the ends of a file whose size is set before:
  /// what a filesystem reserves behind the end is its own affair.
  void holes(int descriptor);
  /// Names and values, by name.
  void attributes(const std::string& name);
  void listing(const std::string& directory);
  /// Which of the object's times the body moves.
  void moves(const std::string& name, std::string_view what, const Body& body);
  void moves(int descriptor, std::string_view what, const Body& body);

  /// A new regular file of mode 0644, written through its own descriptor.
  void make(const std::string& name, std::string_view bytes = {});

  /// Plays the body in a process of its own, and adds its account to this one. A signal that ends it is noted.
  void child(const Body& body);
  void as(const User& user, const Body& body);
  /// In so many processes at the same time; nothing but failures enters the account.
  void at_once(int processes, const std::function<void(int)>& body);

  /// One line for each thing done and seen.
  [[nodiscard]] const std::string& account() const { return account_; }
  /// What was not as the scenario requires; empty if all was.
  [[nodiscard]] const std::string& failures() const { return failures_; }

 private:
  void fail(std::string_view what, std::string_view how);
  pid_t start(const Body& body, int pipe);

  Side side_;
  std::string account_;
  std::string failures_;
};

/// Bytes that say where they are.
std::string pattern(std::size_t size, unsigned seed);
/// A result as people read it: the number, or the name of the error.
std::string describe_result(long result, int error);
/// Until the clock of filesystems has gone on, so that the next change has another time.
void wait_for_tick();

}  // namespace lockstep::posix
