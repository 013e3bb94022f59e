#include "engine/cluster/recollection.h"

#include "engine/planted.h"
#include "engine/values/check.h"

#include <algorithm>

namespace lockstep::engine {

Recollection::Recollection(VoterId self, const JournalRecord& record, std::uint64_t life, Others others)
    : self_(self),
      others_(others),
      life_(life | 1U),
      found_(record.sequence),
      remembers_(record.remembers),
      sequence_(record.sequence),
      durable_(record.sequence),
      seen_(record.seen) {}

VoterMemory Recollection::memory(VoterId to, const VoterRecord& votes) const {
  const auto index = static_cast<std::size_t>(to);
  const bool heard = heard_[index].has_value();
  return {life_,         found_,     durable_, heard ? seen_[index].life : 0, seen_[index].sequence,
          older_[index], remembers_, votes};
}

bool Recollection::heard_any() const {
  return std::any_of(heard_.begin(), heard_.end(),
                     [&](const auto& memory) { return memory && memory->your_life == life_; });
}

// Where nothing was ever decided there is nothing to have forgotten: three new voters begin.
bool Recollection::may_learn(bool anything_decided) const {
  if (planted(Bug::forgetful_voter_votes)) return true;
  bool all_remember = true;
  for (const VoterId id : {VoterId::first, VoterId::second, VoterId::witness}) {
    const bool exists = id != VoterId::witness || others_ == Others::two ||
                        (anything_decided && planted(Bug::memory_awaits_third_vote));
    if (id == self_ || !exists) continue;
    const auto& memory = heard_[static_cast<std::size_t>(id)];
    if (!memory) return false;
    all_remember = all_remember && memory->remembers;
    anything_decided = anything_decided || memory->votes.accepted.initialised();
  }
  return all_remember || !anything_decided;
}

Recollection::Lesson Recollection::hear(VoterId from, const VoterMemory& memory, bool anything_decided) {
  const auto index = static_cast<std::size_t>(from);
  heard_[index] = memory;
  SeenJournal& seen = seen_[index];
  if (seen.life != memory.life) {
    older_[index] = memory.found < seen.sequence;
    seen.life = memory.life;
  }
  seen.sequence = std::max(seen.sequence, memory.sequence);
  if (memory.your_life == life_ && memory.you_are_older && !told_) {
    told_ = true;
    // Numbered on from there, or its next life would sound like another such copy.
    sequence_ = std::max(sequence_, memory.seen_of_you);
    return forget();
  }
  return learn(anything_decided);
}

Recollection::Lesson Recollection::hear_through_record(VoterId from, const VoterMemory& memory) {
  heard_[static_cast<std::size_t>(from)] = memory;
  return learn(false);
}

Recollection::Lesson Recollection::learn(bool anything_decided) {
  if (remembers_ || learning_ || !may_learn(anything_decided)) return Lesson::none;
  learning_ = true;
  learned_ = {};
  for (const auto& other : heard_) {
    if (!other || planted(Bug::forgetful_voter_votes)) continue;
    learned_.adopt(other->votes);
  }
  return Lesson::learned;
}

Recollection::Lesson Recollection::forget() {
  remembers_ = false;
  learning_ = false;
  return Lesson::forgotten;
}

void Recollection::hear_anew() {
  if (!planted(Bug::old_memories_learned)) heard_.fill(std::nullopt);
}

Recollection::Lesson Recollection::replaced(const JournalRecord& record, VoterId own, bool older) {
  on_their_way_.clear();
  learning_ = false;
  for (std::size_t i = 0; i < seen_.size(); ++i) {
    if (i != static_cast<std::size_t>(own) || !heard_[i]) seen_[i] = record.seen[i];
  }
  if (older || record.sequence < durable_) {
    sequence_ = std::max({sequence_, durable_, record.sequence});
    return forget();
  }
  if (remembers_ && !record.remembers) hear_anew();
  sequence_ = record.sequence;
  durable_ = record.sequence;
  remembers_ = record.remembers;
  return Lesson::none;
}

void Recollection::storing(JournalRecord& record) {
  record.sequence = ++sequence_;
  record.seen = seen_;
  on_their_way_.push_back(sequence_);
}

void Recollection::stored() {
  LOCKSTEP_CHECK(!on_their_way_.empty(), "the journal confirms what it was given");
  durable_ = on_their_way_.front();
  on_their_way_.pop_front();
}

}  // namespace lockstep::engine
