// What a run is made of besides its faults: drawn from the seed.
#pragma once

#include "engine/settings.h"
#include "sim/random.h"
#include "sim/scheduler.h"

#include <cstdint>

namespace lockstep::sim {

struct Mix {
  engine::Durability durability = engine::Durability::replicated;
  Time timeout = 2 * one_second;
  Time faults_last = 30 * one_second;
  std::int64_t clock_drift_per_mille = 10;
  bool start_at_boot = true;
  bool two_firsts = false;  ///< both nodes are told to be the first primary
  /// Limits so low that they are met.
  bool few_requests = false;     ///< outstanding
  bool small_window = false;     ///< unacknowledged operations
  bool small_messages = false;   ///< of a resync, which so takes many of them
  bool little_patience = false;  ///< with a resync that makes no progress or falls behind
  bool slow_resync = false;      ///< kept to a low rate
  bool slow_volumes = false;     ///< only where something is wrong anyway: a slow node may be left out
  bool verifies_often = false;   ///< without being told to
  bool checks = false;           ///< application and servers are checked, and what fails has consequences
  bool swaps_back = false;       ///< to the first node, where there are checks
  std::uint32_t restarts_max = 3;
  bool shared_witness = false;                                  ///< the third vote is a record in a store
  engine::Isolation isolation = engine::Isolation::third_vote;  ///< else there is no third vote
  std::int64_t heartbeats_per_timeout = 10;
  Time link_grace = 300 * one_ms;

  std::uint32_t operations = 200;  ///< 0: nobody asks for any
  std::uint32_t requests_at_once = 4;
  std::uint32_t prefilled_objects = 0;
  bool prefill_other = false;  ///< the other node's directory holds something else
  std::uint32_t sync_percent = 10;
  std::uint32_t large_write_percent = 2;

  static void fields(auto& self, auto& visit) {
    visit("durability", self.durability);
    visit.time("timeout", self.timeout);
    visit.time("faults_last", self.faults_last);
    visit("clock_drift_per_mille", self.clock_drift_per_mille);
    visit("start_at_boot", self.start_at_boot);
    visit("two_firsts", self.two_firsts);
    visit("few_requests", self.few_requests);
    visit("small_window", self.small_window);
    visit("small_messages", self.small_messages);
    visit("little_patience", self.little_patience);
    visit("slow_resync", self.slow_resync);
    visit("slow_volumes", self.slow_volumes);
    visit("verifies_often", self.verifies_often);
    visit("checks", self.checks);
    visit("swaps_back", self.swaps_back);
    visit("restarts_max", self.restarts_max);
    visit("shared_witness", self.shared_witness);
    visit("isolation", self.isolation);
    visit("heartbeats_per_timeout", self.heartbeats_per_timeout);
    visit.time("link_grace", self.link_grace);
    visit("operations", self.operations);
    visit("requests_at_once", self.requests_at_once);
    visit("prefilled_objects", self.prefilled_objects);
    visit("prefill_other", self.prefill_other);
    visit("sync_percent", self.sync_percent);
    visit("large_write_percent", self.large_write_percent);
  }
};

Mix draw_mix(Random& random);
/// Takes the third vote away.
void draw_isolation(Mix& mix, Random& random);

}  // namespace lockstep::sim
