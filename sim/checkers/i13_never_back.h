// I13: persisted epoch, LSN and generation never go back.
//
// Checks of every record that becomes durable in a journal that none of its numbers is lower than in the one before:
// generation, promised and accepted ballot, epoch of the decided configuration, and the stream position (reign, LSN),
// of which the LSN starts again with a new reign. Every start of a program raises the generation.
//
// Does not check the epoch of the accepted configuration: one that found no majority may give way to a lower one
// under a higher ballot. A journal that was lost or replaced by an older copy begins anew: what must
// not go back then is judged by the other checkers.
#pragma once

#include "engine/cluster/journal_record.h"
#include "sim/world/world.h"

namespace lockstep::sim {

class NeverBack : public Observer {
 public:
  explicit NeverBack(World& world) : world_(world) {}

  void journal_durable(Place place, const Buffer& bytes) override {
    const auto record = engine::decode_journal(bytes);
    if (!record) throw Violation("I13", std::string(to_string(place)) + " stored a record that cannot be read");
    engine::JournalRecord& last = last_[index_of(place)];
    const auto check = [&](bool back, const char* what) {
      if (back)
        throw Violation("I13", std::string(to_string(place)) + " stored a record in which " + what + " goes back");
    };
    check(record->generation < last.generation, "the generation");
    bool& restarted = restarted_[index_of(place)];
    check(restarted && record->generation == last.generation, "the generation (the same after a restart)");
    restarted = false;
    check(record->voter.promised < last.voter.promised, "the promised ballot");
    check(record->voter.accepted_ballot < last.voter.accepted_ballot, "the accepted ballot");
    check(record->decided.epoch < last.decided.epoch, "the decided epoch");
    check(std::pair(record->reign, record->lsn) < std::pair(last.reign, last.lsn), "the stream position");
    last = *record;
  }

  void disk_exchanged(Place place) override {
    last_[index_of(place)] = {};
    restarted_[index_of(place)] = false;
  }

  void delivering(Place to, const io::Event& event) override {
    const bool store = to == Place::witness && world_.mix().shared_witness;  // its own start changes no record
    if (std::holds_alternative<io::Booted>(event) && !store) restarted_[index_of(to)] = true;
  }

 private:
  World& world_;
  std::array<engine::JournalRecord, 3> last_;
  std::array<bool, 3> restarted_{};  ///< and nothing stored since
};

}  // namespace lockstep::sim
