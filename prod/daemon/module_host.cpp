#include "prod/daemon/module_host.h"

#include "engine/cluster/lease.h"
#include "engine/node_engine.h"
#include "engine/recording/taps.h"
#include "io/asio/asio_link.h"
#include "io/asio/asio_timers.h"
#include "io/asio/background_threads.h"
#include "io/asio/event_loop.h"
#include "io/asio/event_queue.h"
#include "io/linux/addressed_application.h"
#include "io/linux/application.h"
#include "io/linux/checks.h"
#include "io/linux/conflict_store.h"
#include "io/linux/failed_syncs.h"
#include "io/linux/journal.h"
#include "io/linux/lease_note.h"
#include "io/linux/retained.h"
#include "io/linux/touch_log.h"
#include "prod/daemon/answers.h"
#include "prod/daemon/etcd_witness.h"
#include "prod/daemon/flight_recorder.h"
#include "prod/daemon/module_application.h"
#include "prod/daemon/module_checks.h"
#include "prod/daemon/module_observer.h"
#include "prod/daemon/module_storage.h"
#include "prod/events/narrator.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <random>
#include <string_view>
#include <thread>
#include <unistd.h>
#include <utility>
#include <variant>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace lockstep::prod {

namespace {

/// How old a published status gets while nothing happens. Far below any timeout, since an old one counts as a hung
/// loop.
constexpr std::chrono::milliseconds publish_interval{25};
constexpr std::chrono::milliseconds stop_poll_interval{20};
/// For who ends what an earlier daemon has left: longer than that takes.
constexpr std::chrono::seconds fencing_patience{15};
/// About one round trip to the peer: the answer to what was just sent usually comes within it, and then nobody had to
/// be woken. Only while traffic flows.
constexpr Duration spin_time{50'000};

std::string_view durability_name(engine::Durability durability) {
  constexpr std::array<std::string_view, 3> names = {"commit", "replicated", "durable"};
  return names[static_cast<std::size_t>(durability)];
}

std::string_view isolation_name(engine::Isolation isolation) {
  constexpr std::array<std::string_view, 3> names = {"third vote", "wait", "takeover"};
  return names[static_cast<std::size_t>(isolation)];
}

io::Hello hello_of(const ClusterConfiguration& cluster, const ModuleConfiguration& module, NodeId self) {
  io::Hello hello;
  hello.program_version = LOCKSTEP_VERSION;
  hello.cluster = cluster.name;
  hello.module = module.name;
  hello.name = cluster.node(self).name;
  hello.settings = {{"timeout", module.timeout_text},
                    {"durability", std::string(durability_name(module.settings.durability))},
                    {"[etcd]", third_vote_text(cluster, module)}};
  if (!cluster.has_third_vote()) {
    hello.settings.emplace_back("isolation", isolation_name(module.settings.isolation));
  }
  return hello;
}

io::AsioLinkOptions link_options(const ClusterConfiguration& cluster, const ModuleConfiguration& module, NodeId self) {
  io::AsioLinkOptions options;
  options.self = self;
  options.hello = hello_of(cluster, module, self);
  options.self_address = cluster.node(self).address;
  options.peer_address = cluster.node(other(self)).address;
  options.port = module.port;
  options.witness_address = cluster.witness_address;
  options.witness_port = cluster.witness_port;
  options.silence_limit = module.settings.timeout;
  return options;
}

FlightRecorderOptions recorder_options(const ClusterConfiguration& cluster, const ModuleConfiguration& module,
                                       const engine::Settings& settings) {
  FlightRecorderOptions options;
  options.directory = cluster.state_directory + "/recordings/" + module.name;
  options.bytes_max = cluster.recorder.bytes_max;
  options.header.kind = recording::EngineKind::node;
  options.header.payloads = cluster.recorder.payloads;
  options.header.program_version = LOCKSTEP_VERSION;
  options.header.module = module.name;
  options.header.name = cluster.node(settings.self).name;
  options.header.settings = settings;
  return options;
}

std::uint64_t random_number() {
  std::random_device random;
  const std::uint64_t high = random();
  return high << 32U | random();
}

engine::Settings settings_for(const ModuleConfiguration& module, NodeId self) {
  engine::Settings settings = module.settings;
  settings.self = self;
  return settings;
}

}  // namespace

/// The members are destroyed from the last to the first: the engine before its ports, those before queue and loop.
class ModuleHost::Running {
 public:
  Running(ModuleHost& host)
      : host_(host),
        queue_(loop_),
        lease_(lease_path(host.cluster_, host.module_)),
        failed_syncs_(host.cluster_.run_directory + "/" + host.module_.name + ".failed-syncs"),
        storage_(loop_, queue_, host.module_.name, host.module_.directory, host.report_, host.manager_,
                 [this] { failed_syncs_.note(); }),
        timers_(loop_, queue_),
        background_(loop_, queue_),
        answers_(queue_),
        observer_(LogTrace(host.report_, [this] { status_changed_ = true; }), narrator_of(host), host.counters_),
        publish_timer_(loop_.context()) {}

  ~Running() {
    end_thread();
    queue_.disconnect();
    engine_.reset();
  }

  std::string prepare() {
    const ClusterConfiguration& cluster = host_.cluster_;
    const ModuleConfiguration& module = host_.module_;
    auto opened =
        io::FileJournal::open(loop_, queue_, cluster.state_directory + "/" + module.name + ".journal", host_.report_);
    if (!opened.error.empty()) return opened.error;
    journal_ = std::move(opened.journal);
    if (std::string error = lock_lease(); !error.empty()) return error;
    const io::LeaseNote::Content earlier = lease_.read().value_or(io::LeaseNote::Content{});
    auto application = application_options(cluster, module, host_.self_);
    application.keeper = &host_.manager_;
    application.output_name = kept_name(module.name, kept_output);
    linux_io::Descriptor output = std::move(host_.kept_.output);
    // Within this time what an earlier daemon has left is served or ended, or the fencer ends it.
    const bool in_time = io::EventLoop::now() < earlier.until;
    lease_said_ = {::getpid(), earlier.until, in_time && earlier.daemon != 0};
    if (std::string error = lease_.write(lease_said_); !error.empty()) return error;
    held_ = storage_.take_up(std::exchange(host_.kept_, {}), in_time && io::ScriptApplication::runs(application));
    if (!held_) {
      linux_io::remove_addresses(known_addresses(module, application), host_.report_);
      if (std::string error = io::ScriptApplication::end_leftovers(application, host_.report_); !error.empty()) {
        return error;
      }
      note_held(false);
    }
    if (std::string error = storage_.open(); !error.empty()) return error;
    conflicts_ = storage_.conflicts();
    link_ = std::make_unique<io::AsioLink>(loop_, queue_, host_.ports_, link_options(cluster, module, host_.self_),
                                           host_.tls_, host_.report_);
    if (std::string error = link_->open(); !error.empty()) {
      storage_.give_up();
      return error;
    }
    if (cluster.etcd) {
      etcd_ = std::make_unique<EtcdWitness>(loop_, queue_, *link_, settings_for(module, host_.self_),
                                            etcd_options(cluster, module), host_.report_, random_number());
    }
    scripts_ = std::make_unique<io::ScriptApplication>(loop_, queue_, application, host_.report_);
    if (held_) scripts_->take_up(output.release());
    application_ =
        std::make_unique<linux_io::AddressedApplication>(loop_, queue_, *scripts_, module.addresses, host_.report_);
    checks_ = std::make_unique<io::LinuxChecks>(
        loop_, queue_, checks_options(module, application, host_.modules_, [this] { return scripts_->traits(); }));
    marker_.emplace(cluster.run_directory + "/" + module.name + ".retained", storage_.raw_directory());
    retained_ = marker_->retained();
    marker_confirmed_ = retained_;
    record_ = std::move(opened.record);
    auto listed =
        io::FileTouchLog::open(loop_, queue_, cluster.state_directory + "/" + module.name + ".touches", host_.report_);
    touch_log_ = std::move(listed.log);
    touches_ = std::move(listed.touches);
    return {};
  }

  void start() {
    const engine::Settings settings = settings_for(host_.module_, host_.self_);
    io::Mount& mount = observer_.before(storage_.mount());
    io::Link& link = etcd_ ? static_cast<io::Link&>(*etcd_) : *link_;
    const engine::NodePorts ports{timers_,    observer_.before(link), *journal_, *touch_log_, storage_.volume(),
                                  mount,      *application_,          *checks_,  answers_,    observer_,
                                  background_};
    if (host_.cluster_.recorder.enabled) {
      recorder_.emplace(loop_, recorder_options(host_.cluster_, host_.module_, settings), host_.report_);
      taps_.emplace(ports, recorder_->recorder().decisions());
      engine_.emplace(settings, taps_->ports());
      recorder_->set_snapshot([this] { return recorder_->recorder().snapshot(*engine_); });
    } else {
      engine_.emplace(settings, ports);
    }
    queue_.connect([this](Instant now, io::Event event) { step(now, std::move(event)); },
                   [this] {
                     link_->flush();
                     if (status_changed_ || !answers_due_.empty()) publish();
                     for (const auto& answer : std::exchange(answers_due_, {})) answer();
                   });
    host_.report_(io::Severity::info, std::string("starting; the directory ") +
                                          (retained_ ? "holds everything since the last run"
                                                     : "may have lost something since the last run, or is new"));
    queue_.post(io::Booted{std::move(record_), retained_, storage_.tree(), random_number(), std::move(touches_),
                           failed_syncs_.count(), held_});
    if (etcd_) etcd_->start();
    publish_regularly();
    loop_.set_spin(spin_time);
    thread_ = std::thread([this] { loop_.run(); });
  }

  void command(const io::Command& command, Answers::Answered answered) {
    loop_.post_from_any_thread([this, command, answered = std::move(answered)] {
      answers_.ask(command, [this, answered](bool accepted, std::string text) {
        if (!stepping_) return answered(accepted, std::move(text));
        answers_due_.emplace_back([answered, accepted, text = std::move(text)] { answered(accepted, text); });
      });
    });
  }

  void set_commands(const std::array<std::string, 5>& commands) {
    loop_.post_from_any_thread([this, commands] { scripts_->set_commands(commands); });
  }

  [[nodiscard]] ConflictPlaces conflict_places() const {
    const std::string open = "/proc/" + std::to_string(::getpid()) + "/fd/";
    return {open + std::to_string(conflicts_->directory()), open + std::to_string(storage_.raw_directory())};
  }

  void drop_conflicts(bool all, const std::string& key, std::function<void(std::size_t)> done) {
    storage_.on_worker([store = conflicts_, all, key, done = std::move(done)] {
      std::vector<std::string> keys;
      if (!all) keys.push_back(key);
      done(store->drop(all ? store->keys() : keys));
    });
  }

  void give_up() { storage_.give_up(); }

  void end_thread() {
    if (!thread_.joinable()) return;
    loop_.stop();
    thread_.join();
  }

  std::string release() {
    end_thread();
    queue_.disconnect();
    engine_.reset();
    conflicts_.reset();
    std::string error = storage_.release();
    if (error.empty()) error = lease_.write({});
    return error;
  }

 private:
  static Narrator narrator_of(ModuleHost& host) {
    const ClusterConfiguration& cluster = host.cluster_;
    return {host.self_, cluster.node(host.self_).name, cluster.node(other(host.self_)).name,
            told_protection(cluster.state_directory, host.module_.name),
            [&host](ModuleEvent event) { host.note(std::move(event)); }};
  }

  void step(Instant now, io::Event event) {
    stepping_ = true;
    observer_.step(event, now);
    if (held_) see_what_becomes_of_held(event);
    if (recorder_) {
      recorded_step(*engine_, *taps_, recorder_->recorder(), now, std::move(event));
      recorder_->stepped();
    } else {
      engine_->step(now, std::move(event));
    }
    stepping_ = false;
    if (held_) status_changed_ = true;                            // the first lease is to be noted at once
    if (!std::exchange(indexing_, true)) storage_.begin_index();  // Booted was the first event
    if (!marker_confirmed_) confirm_marker();                     // what the step has sent leaves with the flush
  }

  void see_what_becomes_of_held(const io::Event& event) {
    const auto* opened = std::get_if<io::MountOpened>(&event);
    if (opened == nullptr && !std::holds_alternative<io::MountClosed>(event)) return;
    held_ = false;
    note_held(false);
    if (opened == nullptr || !opened->error_text.empty()) return;
    application_->take_up();
    host_.counters_.applications_taken_up.add();
    ModuleEvent told;
    told.kind = EventKind::application;
    told.name = "application_taken_up";
    told.text = "the application has outlived the daemon: it is served on from here";
    host_.report_(io::Severity::info, told.text);
    host_.note(std::move(told));
  }

  void publish() {
    status_changed_ = false;
    const linux_io::ConflictStore::Totals kept = conflicts_->totals();
    const Instant now = io::EventLoop::now();
    engine::Status status = engine_->status();
    host_.log_context_->role = to_string(status.role).data();
    host_.log_context_->epoch = status.configuration.epoch.value;
    const Standing standing = observer_.observe(status, now);
    if (recorder_) host_.counters_.observe(recorder_->figures());
    note_lease(status.lease_until);
    host_.board_.publish({std::move(status), now, {kept.objects, kept.bytes}, standing});
  }

  /// Never shortened: where the engine has given the lease up before its end, it has ended the application before.
  void note_lease(Instant lease_until) {
    const Instant until{lease_until.ns - engine::stop_margin(host_.module_.settings.timeout).ns};
    if (until <= lease_said_.until) return;
    lease_said_.until = until;
    write_lease();
  }

  std::string lock_lease() {
    const int error = lease_.lock(fencing_patience);
    const std::string path = lease_path(host_.cluster_, host_.module_);
    if (error == EWOULDBLOCK)
      return path + " is locked: what an earlier daemon left is being ended, and that takes long; it is tried again";
    return error == 0 ? std::string() : "cannot lock " + path + ": " + std::strerror(error);
  }

  void note_held(bool held) {
    if (std::exchange(lease_said_.held, held) != held) write_lease();
  }

  void write_lease() {
    if (const std::string error = lease_.write(lease_said_); !error.empty()) {
      host_.report_(io::Severity::warning, error);
    }
  }

  /// Not before this node holds everything again: what a power loss took is not regained by a restart of the daemon.
  /// But before anybody is told, or what is acknowledged from then on would not count after a restart of the daemon.
  void confirm_marker() {
    if (!engine_->status().intact) return;
    marker_confirmed_ = true;
    if (const std::string error = marker_->confirm(); !error.empty()) host_.report_(io::Severity::warning, error);
  }

  void publish_regularly() {
    publish_timer_.expires_after(publish_interval);
    publish_timer_.async_wait([this](const boost::system::error_code& error) {
      if (error) return;
      publish();
      publish_regularly();
    });
  }

  ModuleHost& host_;
  io::EventLoop loop_;
  io::EventQueue queue_;
  std::unique_ptr<io::FileJournal> journal_;
  std::unique_ptr<io::FileTouchLog> touch_log_;
  io::LeaseNote lease_;
  io::LeaseNote::Content lease_said_;
  const io::FailedSyncs failed_syncs_;
  ModuleStorage storage_;
  std::shared_ptr<linux_io::ConflictStore> conflicts_;
  io::AsioTimers timers_;
  io::BackgroundThreads background_;
  std::unique_ptr<io::AsioLink> link_;
  std::unique_ptr<EtcdWitness> etcd_;  ///< or the link's end is a witness
  std::unique_ptr<io::ScriptApplication> scripts_;
  std::unique_ptr<linux_io::AddressedApplication> application_;
  std::unique_ptr<io::LinuxChecks> checks_;
  std::optional<io::RetainedMarker> marker_;
  bool retained_ = false;
  bool marker_confirmed_ = false;
  bool held_ = false;  ///< an application of an earlier life waits for what becomes of its mount
  Buffer record_;
  io::LoggedTouches touches_;
  Answers answers_;
  ModuleObserver observer_;
  bool status_changed_ = false;
  bool stepping_ = false;
  bool indexing_ = false;
  std::vector<std::function<void()>> answers_due_;  ///< so that whoever is answered finds the newest status
  boost::asio::steady_timer publish_timer_;
  std::optional<FlightRecorder> recorder_;
  std::optional<recording::NodeTaps> taps_;
  std::optional<engine::NodeEngine> engine_;
  std::thread thread_;
};

ModuleHost::ModuleHost(ClusterConfiguration cluster, ModuleConfiguration module, NodeId self, tls::Context tls,
                       io::SharedPorts& ports, EventLog& events, ServiceManager& manager, KeptService kept)
    : cluster_(std::move(cluster)),
      module_(std::move(module)),
      self_(self),
      tls_(std::move(tls)),
      ports_(ports),
      tail_(std::make_shared<LogTail>()),
      log_context_(std::make_shared<LogContext>()),
      report_(module_report(module_.name, tail_, log_context_)),
      events_(events),
      manager_(manager),
      kept_(std::move(kept)) {}

ModuleHost::~ModuleHost() = default;

std::string ModuleHost::prepare() {
  auto running = std::make_unique<Running>(*this);
  std::string error = running->prepare();
  if (error.empty()) running_ = std::move(running);
  return error;
}

void ModuleHost::abandon() {
  if (!running_) return;
  running_->give_up();
  running_.reset();
}

void ModuleHost::start() { running_->start(); }

void ModuleHost::command(const io::Command& command, std::function<void(bool, std::string)> answered) {
  running_->command(command, std::move(answered));
}

void ModuleHost::set_commands(const std::array<std::string, 5>& commands) { running_->set_commands(commands); }

ModuleHost::ConflictPlaces ModuleHost::conflict_places() const { return running_->conflict_places(); }

void ModuleHost::drop_conflicts(bool all, const std::string& key, std::function<void(std::size_t)> done) {
  running_->drop_conflicts(all, key, std::move(done));
}

bool ModuleHost::stop_cleanly(std::chrono::steady_clock::time_point deadline) {
  command({io::Verb::stop, false, false}, [report = report_](bool accepted, const std::string& text) {
    if (!accepted) report(io::Severity::warning, "stop: " + text);
  });
  while (std::chrono::steady_clock::now() < deadline) {
    const auto published = board_.latest();
    if (published && published->status.role == engine::Role::stop) return true;
    std::this_thread::sleep_for(stop_poll_interval);
  }
  return false;
}

std::string ModuleHost::shut_down(bool release) {
  if (!running_) return {};
  std::string error = release ? running_->release() : std::string();
  running_.reset();
  // Nobody else ends what is left of the application, and without its directory it is of no use.
  if (!release) error = io::ScriptApplication::end_leftovers(application_options(cluster_, module_, self_), report_);
  return error;
}

}  // namespace lockstep::prod
