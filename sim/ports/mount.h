// io::Mount: hands the client's requests to the engine while it is open. As the kernel has it, one request for a name
// is under way at a time, and where somebody keeps the mount, its callers wait when the process ends.
#pragma once

#include "engine/values/operation.h"
#include "io/mount.h"
#include "sim/host.h"

#include <functional>
#include <map>
#include <optional>
#include <set>

namespace lockstep::sim {

/// Whoever uses the mounted directory.
class MountUser {
 public:
  virtual ~MountUser() = default;
  virtual void replied(RequestId request, const io::Reply& reply) = 0;
  /// The mount was closed, or its process ended: the caller got an error.
  virtual void aborted(RequestId request) = 0;
};

class SimMount : public io::Mount {
 public:
  SimMount(Host& host, Random random) : host_(host), random_(random) { behave(); }

  void open() override;
  void close() override;
  void reply(RequestId request, const io::Reply& reply) override;

  /// The numbers of the life that begins.
  void draw_from(Random random) { random_ = random; }
  void set_user(MountUser* user) { user_ = user; }
  [[nodiscard]] bool is_open() const { return open_; }
  /// It has outlived its process; what is asked for waits for the next.
  [[nodiscard]] bool is_held() const { return held_; }
  [[nodiscard]] std::size_t outstanding() const { return outstanding_.size(); }
  [[nodiscard]] bool waits(RequestId request) const { return outstanding_.contains(request); }
  /// Only while open or held.
  void request(RequestId request, const Operation& operation);

  /// A mount that is busy takes up to this long to be gone; no call reaches it any more from close() on.
  void set_close_max(Time longest) { close_max_ = longest; }
  void behave();
  /// `kept`: if it is open, it is held from now on.
  void process_ended(bool kept);
  /// What the first name of an operation leads to, or its attribute belongs to, if it is there.
  using Look = std::function<std::optional<FileId>(const Operation& operation)>;
  void look_with(Look look) { look_ = std::move(look); }
  /// Requests that were aborted are answered with success to their callers all the same (planted).
  void answer_aborted(bool answer) { answers_aborted_ = answer; }

 private:
  struct Asked {
    Operation operation;
    bool passed = false;        ///< on its way to the engine of this life
    bool delivered = false;     ///< an engine has heard of it
    std::optional<FileId> had;  ///< what had the name when it was asked for first
  };

  void pass(RequestId request, Asked& asked);
  void pass_what_may();
  [[nodiscard]] bool must_wait(RequestId request, const Operation& operation) const;
  void abort_all();
  Time longest();

  Host& host_;
  Random random_;
  MountUser* user_ = nullptr;
  Time close_max_ = 0;
  Look look_;
  bool open_ = false;
  bool held_ = false;
  std::uint64_t generation_ = 0;
  std::map<RequestId, Asked> outstanding_;
  std::set<RequestId> aborted_;
  bool answers_aborted_ = false;
};

}  // namespace lockstep::sim
