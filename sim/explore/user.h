// Who asks for the requests of a history, and commands its change of roles.
#pragma once

#include "sim/explore/short_history.h"
#include "sim/ports/mount.h"
#include "sim/world/observer.h"

#include <map>

namespace lockstep::sim {

class World;

class User : public MountUser {
 public:
  User(World& world, const ShortHistory& history);

  /// Asks for the first request now, or begins the rejoin that it waits for.
  void begin();
  /// Everything was asked for and answered, with success or not.
  [[nodiscard]] bool finished() const { return next_ == history_.requests.size() && waiting_.empty() && !asking_; }
  /// The roles have changed as the history has it.
  [[nodiscard]] bool moved() const { return moved_; }

  void replied(RequestId request, const io::Reply& reply) override;
  void aborted(RequestId request) override;

 private:
  /// Hears of the changes that the last request waits for.
  class Ear : public Observer {
   public:
    explicit Ear(User& user) : user_(user) {}
    void traced(Place by, const io::TraceEvent& event) override { user_.hear(by, event); }

   private:
    User& user_;
  };

  void hear(Place by, const io::TraceEvent& event);
  void go_on();
  void ask();
  void swap();
  void rejoin();
  void answered(RequestId request);

  World& world_;
  const ShortHistory& history_;
  Ear ear_{*this};
  std::size_t next_ = 0;
  bool rejoin_begun_ = false;
  bool resync_seen_ = false;
  bool swap_asked_ = false;
  bool moved_ = false;
  bool asking_ = false;  ///< somebody waits for an open mount
  std::map<RequestId, NodeId> waiting_;
};

}  // namespace lockstep::sim
