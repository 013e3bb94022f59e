// I2: one primary per epoch; epochs strictly rise; a vote is on disk before it is answered.
//
// Checks that every epoch is decided with one configuration only, that what a node knows to be decided never has a
// lower epoch than before (in one life of its process), that who becomes writable is the primary of that epoch, and,
// of every promise and vote that leaves a voter, that the durable journal of that voter has it; of a voter whose lives
// share a record in a store, that the store had it (it may have lost it by the time that its confirmation arrives).
//
// Does not check that a ballot's value was chosen as CASPaxos has it: a wrong choice shows as two configurations of
// one epoch.
#pragma once

#include "sim/world/world.h"

#include <map>
#include <optional>
#include <set>
#include <string>

namespace lockstep::sim {

class OnePrimaryPerEpoch : public Observer {
 public:
  explicit OnePrimaryPerEpoch(World& world) : world_(world) {}

  void traced(Place by, const io::TraceEvent& event) override;
  void frame_sent(Place from, io::Endpoint to, const io::Frame& frame) override;
  void witness_said(const io::Frame& frame) override;
  void journal_durable(Place place, const Buffer& record) override;
  void stopped(Place place, bool power_lost) override;

 private:
  struct Answer {
    bool accepts;  ///< otherwise it promises
    engine::Ballot ballot;
    auto operator<=>(const Answer&) const = default;
  };
  static std::optional<Answer> answer_in(const io::Frame& frame);
  [[noreturn]] static void not_on_disk(Place voter, const Answer& answer, const std::string& what);

  World& world_;
  std::set<Answer> stored_;  ///< by the store of a shared vote
  std::map<Epoch, Configuration> decided_;
  std::array<Epoch, 3> newest_known_{};
};

}  // namespace lockstep::sim
