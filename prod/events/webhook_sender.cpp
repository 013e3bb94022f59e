#include "prod/events/webhook_sender.h"

#include "prod/common/wall_time.h"
#include "prod/events/http_post.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <fstream>
#include <iterator>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include <boost/json/serialize.hpp>

namespace lockstep::prod {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

struct Message {
  std::string name;
  std::string id;
  std::string body;
  Clock::time_point taken;
};

Message message_of(const WebhookOrigin& origin, const std::string& module, const ModuleEvent& event) {
  boost::json::object body = to_json(event);
  body["cluster"] = origin.cluster;
  body["node"] = origin.node;
  body["module"] = module;
  // The number is 0 where the disk did not take the event; the time tells it apart then.
  const std::string id =
      origin.node + "/" + module + "/" + std::to_string(event.number) + "/" + iso_time(event.time_ms);
  return {event.name, id, boost::json::serialize(body), Clock::now()};
}

/// Nothing if it cannot be read or is empty: a message is not sent unsigned where a signature is expected.
std::optional<std::string> read_secret(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string secret{std::istreambuf_iterator<char>(file), {}};
  while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) secret.pop_back();
  return file && !secret.empty() ? std::optional(std::move(secret)) : std::nullopt;
}

/// Who is asked for something wrong will not like it better the next time.
bool is_final(unsigned status) { return status >= 400 && status < 500 && status != 408 && status != 429; }

}  // namespace

class WebhookSender::Receiver {
 public:
  Receiver(WebhookConfiguration webhook, WebhookOrigin origin, io::Report report, const WebhookTimes& times)
      : origin_(std::move(origin)), report_(std::move(report)), times_(times), webhook_(std::move(webhook)) {
    figures_.host = webhook_.host;
    thread_ = std::thread([this] { run(); });
  }

  ~Receiver() {
    end();
    thread_.join();
  }

  [[nodiscard]] bool is_at(const std::string& url) const {
    const std::scoped_lock lock(mutex_);
    return webhook_.url == url;
  }

  /// For what is waiting too, which is tried at once.
  void change(WebhookConfiguration webhook) {
    {
      const std::scoped_lock lock(mutex_);
      webhook_ = std::move(webhook);
    }
    wake_.notify_one();
  }

  [[nodiscard]] bool has_ended() const {
    const std::scoped_lock lock(mutex_);
    return ended_;
  }

  /// What is waiting has its last chance from now on.
  void end() {
    {
      const std::scoped_lock lock(mutex_);
      if (!end_at_) {
        end_at_ = Clock::now() + times_.last_chance;
        given_up_before_end_ = figures_.given_up;
      }
    }
    wake_.notify_one();
  }

  void take(const std::string& module, const ModuleEvent& event) {
    {
      const std::scoped_lock lock(mutex_);
      if (std::find(webhook_.events.begin(), webhook_.events.end(), event.kind) == webhook_.events.end()) return;
      if (queue_.size() >= queue_max) {
        queue_.pop_front();
        ++figures_.given_up;
      }
      queue_.push_back(message_of(origin_, module, event));
    }
    wake_.notify_one();
  }

  Figures figures() const {
    const std::scoped_lock lock(mutex_);
    Figures figures = figures_;
    figures.waiting = queue_.size() + (delivering_ ? 1U : 0U);
    return figures;
  }

 private:
  enum class Result { delivered, refused, failed };

  void run() {
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [this] { return end_at_ || !queue_.empty(); });
      if (queue_.empty()) break;
      Message message = std::move(queue_.front());
      queue_.pop_front();
      delivering_ = true;
      deliver(message, lock);
      delivering_ = false;
    }
    const std::uint64_t lost = figures_.given_up - given_up_before_end_;
    const std::string host = webhook_.host;
    lock.unlock();
    if (lost != 0) {
      report_(io::Severity::warning, "events for the webhook at " + host + " were given up: " + std::to_string(lost));
    }
    lock.lock();
    ended_ = true;
  }

  /// Until it is heard, is too old, or time has run out. Unlocks while it waits.
  void deliver(const Message& message, std::unique_lock<std::mutex>& lock) {
    milliseconds pause = times_.pause_first;
    while (true) {
      if (end_at_ && Clock::now() >= *end_at_) return give_up();
      const milliseconds at_most =
          end_at_ ? std::min(times_.answer_max, std::chrono::ceil<milliseconds>(*end_at_ - Clock::now()))
                  : times_.answer_max;
      const WebhookConfiguration webhook = webhook_;
      const auto changed = [&] { return webhook_ != webhook; };
      lock.unlock();
      const Result result = attempt(webhook, message, at_most);
      lock.lock();
      if (result == Result::delivered) {
        ++figures_.delivered;
        return;
      }
      ++figures_.failures;
      const bool refused = result == Result::refused && !changed();
      if (refused || end_at_ || Clock::now() - message.taken > times_.keep) return give_up();
      wake_.wait_for(lock, pause, [&] { return end_at_ || changed(); });
      pause = changed() ? times_.pause_first : std::min(pause * 2, times_.pause_max);
    }
  }

  void give_up() { ++figures_.given_up; }

  Result attempt(const WebhookConfiguration& webhook, const Message& message, milliseconds at_most) {
    HttpPost post;
    post.body = message.body;
    post.headers = {{"User-Agent", "lockstepd/" + origin_.version},
                    {"Lockstep-Event", message.name},
                    {"Lockstep-Delivery", message.id}};
    if (!webhook.secret_file.empty()) {
      const auto secret = read_secret(webhook.secret_file);
      if (!secret) return failed(webhook, "its secret_file " + webhook.secret_file + " cannot be read or is empty");
      post.headers.emplace_back("Lockstep-Signature", "sha256=" + hmac_sha256_hex(*secret, message.body));
    }
    const PostOutcome outcome = post_over_http(webhook, post, at_most);
    if (!outcome.error.empty()) return failed(webhook, outcome.error);
    if (outcome.status >= 200 && outcome.status < 300) {
      if (std::exchange(told_of_, std::nullopt)) {
        report_(io::Severity::info, "the webhook at " + webhook.host + " hears what happens again");
      }
      return Result::delivered;
    }
    failed(webhook, "it answers with status " + std::to_string(outcome.status));
    return is_final(outcome.status) ? Result::refused : Result::failed;
  }

  /// Said once, until it works again or is changed.
  Result failed(const WebhookConfiguration& webhook, const std::string& why) {
    if (std::exchange(told_of_, webhook) != webhook) {
      report_(io::Severity::warning, "the webhook at " + webhook.host + " does not hear what happens: " + why +
                                         "; it is tried again, for up to an hour");
    }
    return Result::failed;
  }

  const WebhookOrigin origin_;
  const io::Report report_;
  const WebhookTimes times_;
  std::optional<WebhookConfiguration> told_of_;  ///< whose failure was said; used by the thread only

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  WebhookConfiguration webhook_;
  std::deque<Message> queue_;
  bool delivering_ = false;
  bool ended_ = false;
  Figures figures_;
  std::uint64_t given_up_before_end_ = 0;  ///< which the figures have told
  std::optional<Clock::time_point> end_at_;
  std::thread thread_;
};

WebhookSender::WebhookSender(const std::vector<WebhookConfiguration>& webhooks, WebhookOrigin origin, io::Report report,
                             WebhookTimes times)
    : origin_(std::move(origin)), report_(std::move(report)), times_(times) {
  replace(webhooks);
}

WebhookSender::~WebhookSender() {
  for (const auto& receiver : receivers_) receiver->end();
}

void WebhookSender::replace(std::vector<WebhookConfiguration> webhooks) {
  const std::scoped_lock lock(mutex_);
  std::erase_if(leaving_, [](const auto& receiver) { return receiver->has_ended(); });
  std::vector<std::shared_ptr<Receiver>> leaving = receivers_;
  std::vector<std::shared_ptr<Receiver>> next;
  for (const WebhookConfiguration& webhook : webhooks) {
    const auto found = std::find_if(leaving.begin(), leaving.end(),
                                    [&](const auto& receiver) { return receiver->is_at(webhook.url); });
    if (found == leaving.end()) {
      next.push_back(std::make_shared<Receiver>(webhook, origin_, report_, times_));
    } else {
      next.push_back(*found);
      leaving.erase(found);
    }
  }
  leaving_.reserve(leaving_.size() + leaving.size());
  // From here on nothing can fail.
  for (std::size_t i = 0; i < next.size(); ++i) next[i]->change(std::move(webhooks[i]));
  for (const auto& receiver : leaving) {
    receiver->end();
    leaving_.push_back(receiver);
  }
  receivers_ = std::move(next);
}

void WebhookSender::take(const std::string& module, const ModuleEvent& event) {
  const std::scoped_lock lock(mutex_);
  for (const auto& receiver : receivers_) receiver->take(module, event);
}

std::vector<WebhookSender::Figures> WebhookSender::figures() const {
  const std::scoped_lock lock(mutex_);
  std::vector<Figures> all;
  for (const auto& receiver : receivers_) all.push_back(receiver->figures());
  return all;
}

}  // namespace lockstep::prod
