// io::Mount: hands the client's requests to the engine while it is open.
#pragma once

#include "engine/values/operation.h"
#include "io/mount.h"
#include "sim/host.h"

#include <functional>
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
  [[nodiscard]] std::size_t outstanding() const { return outstanding_.size(); }
  [[nodiscard]] bool waits(RequestId request) const { return outstanding_.contains(request); }
  /// Only while open.
  void request(RequestId request, const Operation& operation);

  /// A mount that is busy takes up to this long to be gone; no call reaches it any more from close() on.
  void set_close_max(Time longest) { close_max_ = longest; }
  void behave();
  void process_ended();
  /// Requests that were aborted are answered with success to their callers all the same (planted).
  void answer_aborted(bool answer) { answers_aborted_ = answer; }

 private:
  void abort_all();
  Time longest();

  Host& host_;
  Random random_;
  MountUser* user_ = nullptr;
  Time close_max_ = 0;
  bool open_ = false;
  std::uint64_t generation_ = 0;
  std::set<RequestId> outstanding_;
  std::set<RequestId> aborted_;
  bool answers_aborted_ = false;
};

}  // namespace lockstep::sim
