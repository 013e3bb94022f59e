// A running hash over everything an engine asks of its ports: two engines that decide the same have the same hash.
// Contents of files are left out, so that it does not matter whether the engine saw the real ones or stand-ins.
#pragma once

#include "engine/values/operation.h"
#include "io/link.h"
#include "io/mount.h"
#include "io/trace.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lockstep::recording {

/// What an engine may ask for; each call begins with one of these in the hash.
enum class Call : std::uint8_t {
  arm_timer,
  cancel_timer,
  send,
  reset_link,
  store_journal,
  apply,
  sync,
  scan,
  digest,
  read,
  open_mount,
  close_mount,
  reply,
  run_phase,
  answer,
  trace,
  append_touches,
  replace_touches,
  survey,
  identify_in,
  set_aside,
  list,
  begin_check,
  run_check,
  end_check,
  run_work,
};

/// Of a message by its number: contents of files, or digests of them, stand in its head.
bool head_holds_contents(std::size_t message_number);

class Decisions {
 public:
  Decisions() = default;
  /// Goes on from there.
  Decisions(std::uint64_t value, std::uint64_t calls) : value_(value), calls_(calls) {}

  void begin(Call call) {
    ++calls_;
    add(static_cast<std::uint64_t>(call));
  }
  void add(std::uint64_t word) {
    value_ = (value_ ^ word) * 0x9FB21C651E98DF25ULL;
    value_ ^= value_ >> 32U;
  }
  void add(std::string_view text);
  void add(const FileId& id) {
    add(id.high);
    add(id.low);
  }
  void add(const Configuration& configuration);
  /// All of it but the contents of `data`.
  void add(const Operation& operation);
  /// The message without contents, and how long those are.
  void add(const io::Frame& frame);
  void add(const io::TraceEvent& event);

  [[nodiscard]] std::uint64_t value() const { return value_; }
  /// So many calls were made altogether.
  [[nodiscard]] std::uint64_t calls() const { return calls_; }

 private:
  std::uint64_t value_ = 0x243F6A8885A308D3ULL;
  std::uint64_t calls_ = 0;
};

}  // namespace lockstep::recording
