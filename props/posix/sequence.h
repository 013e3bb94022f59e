// Calls over a few names and descriptors, as values: so that RapidCheck can draw sequences of them, and shrink them.
#pragma once

#include "props/posix/scene.h"

#include <array>
#include <cstddef>
#include <iosfwd>
#include <vector>

namespace lockstep::posix {

enum class CallKind {
  open,
  close,
  write,
  append,
  read,
  store,  ///< through a shared mapping
  truncate,
  truncate_open,
  allocate,
  copy,
  make_directory,
  make_fifo,
  link,
  symlink,
  unlink,
  remove_directory,
  rename,
  change_mode,
  change_owner,
  set_times,
  set_attribute,
  remove_attribute,
  sync,
  look,
  list,
};
inline constexpr int call_kinds = static_cast<int>(CallKind::list) + 1;
inline constexpr int call_names = 9;
inline constexpr int call_slots = 3;

/// What the numbers mean depends on the kind; each is taken modulo what there is.
struct Call {
  CallKind kind = CallKind::look;
  int name = 0;
  int other = 0;   ///< a second name
  int slot = 0;    ///< of an open file
  int number = 0;  ///< size, offset, mode, owner
  int flags = 0;
};
std::ostream& operator<<(std::ostream& out, const Call& call);

/// Makes calls in a scene, with the files that they have opened; closes them at the end.
class Caller {
 public:
  explicit Caller(Scene& scene) : scene_(scene) { slots_.fill(-1); }
  ~Caller();
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

  void make(const Call& call);

 private:
  void open(const Call& call);
  void make_on_descriptor(const Call& call);
  void make_on_name(const Call& call);
  void copy(const Call& call, off_t size);
  void rename(const char* name, const char* other, unsigned flags);
  void store(const Call& call);
  [[nodiscard]] int slot(const Call& call) const { return slots_.at(static_cast<std::size_t>(call.slot)); }

  Scene& scene_;
  std::array<int, call_slots> slots_{};
};

}  // namespace lockstep::posix
