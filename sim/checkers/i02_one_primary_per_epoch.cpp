#include "sim/checkers/i02_one_primary_per_epoch.h"

#include "engine/cluster/journal_record.h"
#include "engine/wire/codec.h"

namespace lockstep::sim {

void OnePrimaryPerEpoch::traced(Place by, const io::TraceEvent& event) {
  const std::string who(to_string(by));
  if (const auto* decided = std::get_if<io::ConfigurationDecided>(&event)) {
    const Configuration& configuration = decided->configuration;
    const auto [known, news] = decided_.emplace(configuration.epoch, configuration);
    if (!news && known->second != configuration) {
      throw Violation("I2", "one epoch, two configurations: " + describe(known->second) + " and, at " + who + ", " +
                                describe(configuration));
    }
    Epoch& newest = newest_known_[index_of(by)];
    if (configuration.epoch < newest) throw Violation("I2", who + " goes back to " + describe(configuration));
    newest = configuration.epoch;
  } else if (const auto* writable = std::get_if<io::WritableChanged>(&event)) {
    if (!writable->writable) return;
    const auto known = decided_.find(writable->epoch);
    if (known == decided_.end() || known->second.primary != node_at(by)) {
      throw Violation("I2", who + " becomes writable in epoch " + std::to_string(writable->epoch.value) +
                                ", of which it was not decided to be the primary");
    }
  }
}

void OnePrimaryPerEpoch::stopped(Place place, bool /*power_lost*/) { newest_known_[index_of(place)] = Epoch{}; }

void OnePrimaryPerEpoch::frame_sent(Place from, io::Endpoint /*to*/, const io::Frame& frame) {
  const auto number = engine::message_number(frame.head);
  if (number != engine::message_number_of<engine::Promise> && number != engine::message_number_of<engine::Accepted>)
    return;
  const auto message = engine::decode(Buffer::copy_of(std::span<const std::byte>(frame.head)));
  if (!message) return;
  const auto* promise = std::get_if<engine::Promise>(&*message);
  const auto* accepted = std::get_if<engine::Accepted>(&*message);
  if (promise == nullptr && accepted == nullptr) return;
  const auto record = engine::decode_journal(world_.journal_of(from));
  const engine::Ballot on_disk = !record              ? engine::Ballot{}
                                 : promise != nullptr ? record->voter.promised
                                                      : record->voter.accepted_ballot;
  const engine::Ballot answered = promise != nullptr ? promise->ballot : accepted->ballot;
  if (on_disk < answered) {
    throw Violation("I2", std::string(to_string(from)) + (promise != nullptr ? " promises" : " accepts") + " ballot " +
                              std::to_string(answered.value) + ", but its disk has " + std::to_string(on_disk.value));
  }
}

}  // namespace lockstep::sim
