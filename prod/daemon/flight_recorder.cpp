#include "prod/daemon/flight_recorder.h"

#include "engine/values/check.h"
#include "io/asio/event_loop.h"
#include "prod/daemon/segment_writer.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <optional>
#include <random>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace lockstep::prod {

namespace {

/// What is in memory only is lost with the process (unless a check of its own ends it).
constexpr std::chrono::milliseconds hand_over_interval{200};
/// After the disk failed or did not keep up, recording begins again after this long.
constexpr std::chrono::seconds pause_after_loss{5};
constexpr std::chrono::milliseconds last_words_wait{1000};

std::uint64_t draw() {
  std::random_device random;
  return (std::uint64_t{random()} << 32U) | random();
}

std::int64_t wall_clock_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

recording::LifeHeader completed(recording::LifeHeader header) {
  header.life = draw();
  header.engine_build = recording::engine_build();
  header.started_at_ns = wall_clock_ns();
  return header;
}

}  // namespace

class FlightRecorder::Impl {
 public:
  Impl(io::EventLoop& loop, FlightRecorderOptions options, io::Report report)
      : recorder(options.header.payloads, recording::ElisionKey{draw()}),
        loop_(loop),
        header_{completed(std::move(options.header)), 0, 0, {}, {}},
        writer_(std::move(options.directory), options.bytes_max, header_.life.life, std::move(report)),
        timer_(loop.context()) {
    begin_segment();
    hand_over_regularly();
    const std::scoped_lock lock(all_mutex_);
    all_.push_back(this);
  }

  ~Impl() {
    {
      const std::scoped_lock lock(all_mutex_);
      std::erase(all_, this);
    }
    recorder.end_life();
    hand_over(May::only_write);
  }

  /// A segment begins between two steps only.
  enum class May { begin_segment, only_write };
  void hand_over(May may) {
    if (recorder.empty()) return;
    std::vector<std::byte> block = recorder.seal();
    const auto now = std::chrono::steady_clock::now();
    if (lost_since_) {
      if (may == May::begin_segment && now - *lost_since_ >= pause_after_loss) begin_segment();
      return;  // this block belongs before it
    }
    const bool failed = std::exchange(failures_, writer_.failures()) != writer_.failures();
    if (failed || !writer_.write(std::move(block))) {
      lost_since_ = now;
    } else if (may == May::begin_segment && writer_.segment_full()) {
      begin_segment();
    }
  }

  static void last_words(std::string_view condition, std::string_view meaning, std::string_view file, int line) {
    write_own_last_words();
    if (handler_before_ != nullptr) handler_before_(condition, meaning, file, line);
  }

  static void write_own_last_words() {
    const std::unique_lock lock(all_mutex_, std::try_to_lock);
    if (!lock.owns_lock()) return;
    for (Impl* each : all_) {
      // The others' memory belongs to other threads.
      if (!each->loop_.on_loop_thread()) continue;
      each->hand_over(May::only_write);
      each->writer_.wait_until_written(last_words_wait);
    }
  }

  static void install_last_words() {
    const CheckHandler before = set_check_handler(&last_words);
    if (before != &last_words) handler_before_ = before;
  }

  [[nodiscard]] Figures figures() const {
    return {writer_.written_bytes(), writer_.segments(), writer_.failures(), !lost_since_};
  }

  recording::Recorder recorder;
  std::function<Buffer()> snapshot;

 private:
  void begin_segment() {
    header_.position = recorder.position();
    if (snapshot) header_.snapshot = snapshot();
    lost_since_.reset();
    writer_.begin_segment(header_);
  }

  void hand_over_regularly() {
    timer_.expires_after(hand_over_interval);
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (error) return;
      hand_over(May::begin_segment);
      hand_over_regularly();
    });
  }

  static inline std::mutex all_mutex_;
  static inline std::vector<Impl*> all_;
  static inline CheckHandler handler_before_ = nullptr;

  io::EventLoop& loop_;
  recording::SegmentHeader header_;
  SegmentWriter writer_;
  boost::asio::steady_timer timer_;
  std::uint64_t failures_ = 0;  ///< of the writer, as far as seen
  std::optional<std::chrono::steady_clock::time_point> lost_since_;
};

FlightRecorder::FlightRecorder(io::EventLoop& loop, FlightRecorderOptions options, io::Report report)
    : impl_(std::make_unique<Impl>(loop, std::move(options), std::move(report))), recorder_(&impl_->recorder) {}
FlightRecorder::~FlightRecorder() = default;

recording::Recorder& FlightRecorder::recorder() { return *recorder_; }
FlightRecorder::Figures FlightRecorder::figures() const { return impl_->figures(); }
void FlightRecorder::set_snapshot(std::function<Buffer()> snapshot) { impl_->snapshot = std::move(snapshot); }
void FlightRecorder::hand_over() { impl_->hand_over(Impl::May::begin_segment); }
void FlightRecorder::write_last_words_on_failure() { Impl::install_last_words(); }

}  // namespace lockstep::prod
