#include "sim/ports/journal.h"

#include "engine/values/check.h"

#include <algorithm>

namespace lockstep::sim {

namespace {
constexpr Time store_min = 200 * one_us;
constexpr Time store_max = 6 * one_ms;
constexpr Time slow_store_max = 40 * one_ms;
constexpr Time stall = 60 * one_ms;
constexpr Time early_lag_max = 2 * one_second;  // planted: how long after the confirmation the record may land
}  // namespace

void SimJournal::store(Ticket ticket, Buffer record) {
  LOCKSTEP_CHECK(record.size() <= io::journal_bytes_max, "a journal record keeps within its limit");
  on_its_way_.push_back(std::move(record));
  Time delay = random_.between(store_min, slow_ ? slow_store_max : store_max);
  if (random_.one_in(50)) delay += stall;
  last_landing_ = std::max(last_landing_ + 2, host_.now() + delay);
  if (confirms_early_) {
    host_.deliver(last_landing_, io::JournalStored{ticket});
    host_.at(last_landing_ + random_.between(0, early_lag_max), [this] { land(); });
    return;
  }
  host_.at(last_landing_, [this] { land(); });
  host_.deliver(last_landing_ + 1, io::JournalStored{ticket});
}

void SimJournal::land() {
  durable_ = std::move(on_its_way_.front());
  on_its_way_.pop_front();
  on_durable_(durable_);
}

void SimJournal::process_ended() {
  for (std::size_t landed = 0; !on_its_way_.empty(); ++landed) {
    if (landing_ ? landed >= *landing_ : !random_.chance(50)) break;
    land();
  }
  landing_.reset();
  on_its_way_.clear();
}

}  // namespace lockstep::sim
