// io::Journal: durable after a while, in order; a crash leaves the old record or a newer one that was on its way.
#pragma once

#include "io/journal.h"
#include "sim/host.h"

#include <deque>
#include <functional>

namespace lockstep::sim {

class SimJournal : public io::Journal {
 public:
  using DurableHook = std::function<void(const Buffer& record)>;

  SimJournal(Host& host, Random random, DurableHook on_durable)
      : host_(host), random_(random), on_durable_(std::move(on_durable)) {}

  void store(Ticket ticket, Buffer record) override;

  /// Each record on its way lands or not, the older before the newer.
  void process_ended();

  [[nodiscard]] const Buffer& durable() const { return durable_; }
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
  bool confirms_early_ = false;
};

}  // namespace lockstep::sim
