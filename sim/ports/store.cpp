#include "sim/ports/store.h"

#include "engine/cluster/shared_vote.h"
#include "engine/values/check.h"

#include <utility>

namespace lockstep::sim {

io::Revision revision_of(const Buffer& record) {
  const auto vote = engine::decode_shared_vote(record);
  LOCKSTEP_CHECK(vote.has_value(), "only seats write to the store");
  return {vote->record.sequence};
}

void SimStore::step(const io::Event& event) {
  if (const auto* arrived = std::get_if<io::FrameArrived>(&event)) {
    auto question = question_in(arrived->frame);
    if (!question) return link_.reset(arrived->endpoint);
    asked_.push_back({arrived->endpoint, std::move(*question)});
    serve();
  } else if (std::holds_alternative<io::JournalStored>(event)) {
    storing_ = false;
    const Asked done = std::move(asked_.front());
    asked_.pop_front();
    newest_ = std::get<ReplaceRecord>(done.what).record;
    answer(done, io::RecordReplaced{revision_of(newest_)});
    serve();
  } else if (const auto* down = std::get_if<io::LinkDown>(&event)) {
    for (Asked& asked : asked_) asked.answered_to = asked.answered_to && asked.by != down->endpoint;
  }
}

void SimStore::serve() {
  while (!storing_ && !asked_.empty()) {
    const Asked& asked = asked_.front();
    const auto* replace = std::get_if<ReplaceRecord>(&asked.what);
    const io::Revision newest = revision_of(newest_);
    if (replace != nullptr && replace->expected == newest) {
      storing_ = true;
      ticket_ = ticket_.next();
      journal_.store(ticket_, replace->record);
      return;
    }
    if (replace != nullptr) {
      answer(asked, io::RecordSuperseded{newest, newest_});
    } else {
      answer(asked, io::RecordRead{newest, newest_});
    }
    asked_.pop_front();
  }
}

void SimStore::answer(const Asked& asked, const StoreAnswer& answer) {
  if (asked.answered_to) link_.send(asked.by, frame_of(answer));
}

}  // namespace lockstep::sim
