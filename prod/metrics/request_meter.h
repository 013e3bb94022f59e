// How long the application's requests take, from where they enter to where their answers leave.
#pragma once

#include "engine/values/operation.h"
#include "engine/values/strong.h"
#include "prod/metrics/latency_histogram.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace lockstep::prod {

/// What is told apart: contents, bringing to disk, and everything about names and attributes.
enum class RequestClass : std::uint8_t { write, fsync, names };

inline constexpr std::array<std::string_view, 3> request_class_names = {"write", "fsync", "namespace"};

RequestClass class_of(OperationKind kind);

/// Told by the module's thread; the figures are for any. Numbers of requests rise, and few are under way at a time:
/// each has a slot by its number, so that nothing is allocated or searched for on the way.
class RequestMeter {
 public:
  /// Of one class.
  struct Figures {
    LatencyHistogram latency;  ///< of requests that were answered with success
    Counter failures;          ///< answered with an error
    Counter bytes;             ///< written
  };

  RequestMeter();

  void arrived(RequestId request, OperationKind kind, Instant now);
  void answered(RequestId request, int error, std::uint64_t bytes, Instant now);
  /// Whatever is under way is not answered any more.
  void aborted();

  [[nodiscard]] const Figures& figures(RequestClass of) const { return figures_[static_cast<std::size_t>(of)]; }

 private:
  struct Slot {
    std::uint64_t request = 0;  ///< 0: free
    Instant arrived;
    RequestClass kind{};
  };
  /// Beyond so many numbers between the oldest request under way and the newest, the oldest is not measured.
  static constexpr std::size_t slots_max = std::size_t{1} << 16U;

  Slot& slot_of(std::uint64_t request) { return slots_[request & (slots_.size() - 1)]; }
  void grow();

  std::vector<Slot> slots_;  ///< a power of two
  std::array<Figures, request_class_names.size()> figures_;
};

}  // namespace lockstep::prod
