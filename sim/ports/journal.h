// io::Journal: durable after a while, in order; a crash leaves the old record or a newer one that was on its way.
#pragma once

#include "io/journal.h"
#include "sim/host.h"

#include <deque>
#include <functional>
#include <optional>

namespace lockstep::sim {

class SimJournal : public io::Journal {
 public:
  using DurableHook = std::function<void(const Buffer& record)>;

  SimJournal(Host& host, Random random, DurableHook on_durable)
      : host_(host), random_(random), on_durable_(std::move(on_durable)) {}

  void store(Ticket ticket, Buffer record) override;

  /// The numbers of the life that begins.
  void draw_from(Random random) { random_ = random; }
  /// Each record on its way lands or not, the older before the newer.
  void process_ended();

  /// The disk is exchanged for one that holds this; only while no process runs.
  void exchange(Buffer record) { durable_ = std::move(record); }
  [[nodiscard]] const Buffer& durable() const { return durable_; }
  /// Whether the record can be read; while it cannot, no process starts (prod's daemon refuses to guess its votes).
  void set_readable(bool readable) { readable_ = readable; }
  [[nodiscard]] bool readable() const { return readable_; }
  [[nodiscard]] std::size_t on_its_way() const { return on_its_way_.size(); }
  /// At the next end of the process so many of the records on their way land, instead of a number drawn.
  void decide_landing(std::size_t records) { landing_ = records; }
  /// On a disk that is busy with other things.
  void be_slow() { slow_ = true; }
  /// A disk that confirms before it has written (planted).
  void confirm_early(bool early) { confirms_early_ = early; }

 private:
  void land();

  Host& host_;
  Random random_;
  DurableHook on_durable_;
  Buffer durable_;
  std::deque<Buffer> on_its_way_;
  Time last_landing_ = 0;
  bool readable_ = true;
  bool slow_ = false;
  bool confirms_early_ = false;
  std::optional<std::size_t> landing_;
};

}  // namespace lockstep::sim
