#include "prod/daemon/answers.h"

#include "engine/values/check.h"
#include "io/asio/event_queue.h"

#include <utility>

namespace lockstep::prod {

Answers::Answers(io::EventQueue& queue) : queue_(queue) {}

Answers::~Answers() {
  for (auto& [id, answered] : waiting_) answered(false, "the daemon is shutting down");
}

void Answers::ask(const io::Command& command, Answered answered) {
  const io::CommandId id{++last_id_};
  waiting_.emplace(id.value, std::move(answered));
  queue_.post(io::CommandGiven{id, command});
}

void Answers::answer(io::CommandId command, bool accepted, std::string text) {
  const auto found = waiting_.find(command.value);
  LOCKSTEP_CHECK(found != waiting_.end(), "every command is answered once");
  const Answered answered = std::move(found->second);
  waiting_.erase(found);
  answered(accepted, std::move(text));
}

}  // namespace lockstep::prod
