#include "prod/witness/witness_host.h"

#include "engine/recording/taps.h"
#include "engine/witness_engine.h"
#include "io/asio/event_loop.h"
#include "io/asio/event_queue.h"
#include "io/asio/witness_link.h"
#include "io/linux/journal.h"
#include "prod/common/log.h"
#include "prod/config/toml_section.h"
#include "prod/daemon/flight_recorder.h"
#include "prod/daemon/log_trace.h"

#include <map>
#include <optional>
#include <random>
#include <thread>
#include <utility>

namespace lockstep::prod {

namespace {

/// A module's engine and its ports; the engine is destroyed first.
class WitnessModule {
 public:
  WitnessModule(io::EventLoop& loop, const std::string& name, std::string timeout_text, Duration timeout)
      : timeout_text_(std::move(timeout_text)),
        timeout_(timeout),
        report_(module_report(name, nullptr)),
        queue_(loop),
        link_(queue_, timeout, report_),
        trace_(report_, [] {}) {}

  ~WitnessModule() { queue_.disconnect(); }

  /// `recorder`: null if nothing is to be recorded.
  std::string open(io::EventLoop& loop, const std::string& journal_path, const FlightRecorderOptions* recorder) {
    auto opened = io::FileJournal::open(loop, queue_, journal_path, report_);
    if (!opened.error.empty()) return opened.error;
    journal_ = std::move(opened.journal);
    engine::Settings settings;
    settings.timeout = timeout_;
    const engine::WitnessPorts ports{link_, *journal_, trace_};
    if (recorder != nullptr) {
      FlightRecorderOptions options = *recorder;
      options.header.settings = settings;
      recorder_.emplace(loop, std::move(options), report_);
      taps_.emplace(ports, recorder_->recorder().decisions());
      engine_ = std::make_unique<engine::WitnessEngine>(settings, taps_->ports());
      recorder_->set_snapshot([this] { return recorder_->recorder().snapshot(*engine_); });
    } else {
      engine_ = std::make_unique<engine::WitnessEngine>(settings, ports);
    }
    queue_.connect([this](Instant now, io::Event event) { step(now, std::move(event)); }, [this] { link_.flush(); });
    std::random_device random;
    // A witness has no volume: nothing of its own could have been lost.
    queue_.post(io::Booted{std::move(opened.record), true, 0, (std::uint64_t{random()} << 32U) | random()});
    return {};
  }

  io::WitnessLink& link() { return link_; }
  [[nodiscard]] const std::string& timeout_text() const { return timeout_text_; }

 private:
  void step(Instant now, io::Event event) {
    if (!recorder_) return engine_->step(now, std::move(event));
    recorded_step(*engine_, *taps_, recorder_->recorder(), now, std::move(event));
    recorder_->stepped();
  }

  const std::string timeout_text_;
  const Duration timeout_;
  const io::Report report_;
  io::EventQueue queue_;
  std::unique_ptr<io::FileJournal> journal_;
  io::WitnessLink link_;
  LogTrace trace_;
  std::optional<FlightRecorder> recorder_;
  std::optional<recording::WitnessTaps> taps_;
  std::unique_ptr<engine::WitnessEngine> engine_;
};

}  // namespace

class WitnessHost::Impl {
 public:
  Impl(ClusterConfiguration cluster, std::string state_directory, tls::Context tls)
      : cluster_(std::move(cluster)),
        state_directory_(std::move(state_directory)),
        server_(loop_, own_hello(), std::move(tls), &log,
                [this](const io::Hello& theirs, const std::string& remote) { return admit(theirs, remote); }) {}

  ~Impl() { stop(); }

  std::string prepare() { return server_.listen(cluster_.witness_address, cluster_.witness_port); }

  void start() {
    thread_ = std::thread([this] { loop_.run(); });
  }

  void stop() {
    if (!thread_.joinable()) return;
    loop_.stop();
    thread_.join();
  }

 private:
  io::Hello own_hello() const {
    io::Hello hello;
    hello.program_version = LOCKSTEP_VERSION;
    hello.cluster = cluster_.name;
    hello.name = "the witness";
    return hello;
  }

  io::WitnessServer::Admission admit(const io::Hello& theirs, const std::string& remote) {
    std::string timeout_text;
    for (const auto& [key, value] : theirs.settings) {
      if (key == "timeout") timeout_text = value;
    }
    const auto timeout = parse_duration(timeout_text);
    if (!is_name(theirs.module) || !timeout || timeout->ns == 0) {
      return {nullptr, remote + " gives no valid module name and timeout"};
    }
    auto found = modules_.find(theirs.module);
    if (found == modules_.end()) {
      if (modules_.size() >= witness_modules_max) {
        return {nullptr,
                "this witness has " + std::to_string(witness_modules_max) +
                    " modules, the most it takes: use another witness, or restart it to forget those not in use"};
      }
      auto module = std::make_unique<WitnessModule>(loop_, theirs.module, timeout_text, *timeout);
      const FlightRecorderOptions recorder = recorder_options(theirs.module);
      if (std::string error =
              module->open(loop_, journal_path(theirs.module), cluster_.recorder.enabled ? &recorder : nullptr);
          !error.empty()) {
        return {nullptr, "the witness cannot serve module " + theirs.module + ": " + error};
      }
      found = modules_.emplace(theirs.module, std::move(module)).first;
    }
    if (found->second->timeout_text() != timeout_text) {
      return {nullptr, "node " + theirs.name + " at " + remote + " has timeout = " + timeout_text + " for module " +
                           theirs.module + ", but the witness knows " + found->second->timeout_text() +
                           ": make it agree on both servers; after a change restart the witness and both daemons"};
    }
    return {&found->second->link(), {}};
  }

  FlightRecorderOptions recorder_options(const std::string& module) const {
    FlightRecorderOptions options;
    options.directory = state_directory_ + "/recordings/witness-" + module;
    options.bytes_max = cluster_.recorder.bytes_max;
    options.header.kind = recording::EngineKind::witness;
    options.header.payloads = cluster_.recorder.payloads;
    options.header.program_version = LOCKSTEP_VERSION;
    options.header.module = module;
    options.header.name = "witness";
    return options;
  }

  std::string journal_path(const std::string& module) const {
    return state_directory_ + "/witness-" + module + ".journal";
  }

  const ClusterConfiguration cluster_;
  const std::string state_directory_;
  io::EventLoop loop_;
  std::map<std::string, std::unique_ptr<WitnessModule>> modules_;
  io::WitnessServer server_;
  std::thread thread_;
};

WitnessHost::WitnessHost(ClusterConfiguration cluster, std::string state_directory, tls::Context tls)
    : impl_(std::make_unique<Impl>(std::move(cluster), std::move(state_directory), std::move(tls))) {}

WitnessHost::~WitnessHost() = default;

std::string WitnessHost::prepare() { return impl_->prepare(); }

void WitnessHost::start() { impl_->start(); }

void WitnessHost::stop() { impl_->stop(); }

}  // namespace lockstep::prod
