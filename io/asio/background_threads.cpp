#include "io/asio/background_threads.h"

#include "io/asio/event_queue.h"

#include <memory>
#include <system_error>
#include <thread>
#include <utility>

namespace lockstep::io {

void BackgroundThreads::run(Ticket ticket, std::function<void()> work) {
  const auto job = std::make_shared<std::function<void()>>(std::move(work));
  const auto run_and_tell = [this, ticket, job, far = line_.far()] {
    (*job)();
    *job = nullptr;
    far.post([this, ticket] { queue_.post(WorkDone{ticket}); });
  };
  try {
    std::thread(run_and_tell).detach();
  } catch (const std::system_error&) {  // no thread to be had: late is better than never
    run_and_tell();
  }
}

}  // namespace lockstep::io
