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

std::optional<OnePrimaryPerEpoch::Answer> OnePrimaryPerEpoch::answer_in(const io::Frame& frame) {
  const auto number = engine::message_number(frame.head);
  if (number != engine::message_number_of<engine::Promise> && number != engine::message_number_of<engine::Accepted>)
    return std::nullopt;
  const auto message = engine::decode(Buffer::copy_of(std::span<const std::byte>(frame.head)));
  if (!message) return std::nullopt;
  if (const auto* promise = std::get_if<engine::Promise>(&*message)) return Answer{false, promise->ballot};
  if (const auto* accepted = std::get_if<engine::Accepted>(&*message)) return Answer{true, accepted->ballot};
  return std::nullopt;
}

void OnePrimaryPerEpoch::not_on_disk(Place voter, const Answer& answer, const std::string& what) {
  throw Violation("I2", std::string(to_string(voter)) + (answer.accepts ? " accepts" : " promises") + " ballot " +
                            std::to_string(answer.ballot.value) + ", but " + what);
}

void OnePrimaryPerEpoch::frame_sent(Place from, io::Endpoint /*to*/, const io::Frame& frame) {
  const auto answer = answer_in(frame);
  if (!answer) return;
  const auto record = world_.record_of(from);
  const engine::Ballot on_disk = !record           ? engine::Ballot{}
                                 : answer->accepts ? record->voter.accepted_ballot
                                                   : record->voter.promised;
  if (on_disk < answer->ballot) not_on_disk(from, *answer, "its disk has " + std::to_string(on_disk.value));
}

void OnePrimaryPerEpoch::witness_said(const io::Frame& frame) {
  const auto answer = answer_in(frame);
  if (answer && !stored_.contains(*answer)) not_on_disk(Place::witness, *answer, "the store never had it");
}

void OnePrimaryPerEpoch::journal_durable(Place place, const Buffer& bytes) {
  if (place != Place::witness || !world_.mix().shared_witness) return;
  if (const auto record = engine::decode_journal(bytes)) {
    stored_.insert({false, record->voter.promised});
    stored_.insert({true, record->voter.accepted_ballot});
  }
}

}  // namespace lockstep::sim
