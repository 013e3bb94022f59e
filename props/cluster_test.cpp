// Whole clusters: whatever seed, kind of trouble and durability are drawn, no invariant breaks, and the same draw is
// the same run.
#include "sim/simulate.h"

#include <cstdint>
#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace lockstep {
namespace {

sim::Choice arbitrary_choice() {
  const auto profile =
      *rc::gen::element<std::string>("all", "calm", "network", "crash", "power", "pause", "commands", "isolation")
           .as("profile");
  const auto durability = *rc::gen::element<std::string>("commit", "replicated", "durable").as("durability");
  return {profile, durability, ""};
}

RC_GTEST_PROP(Cluster, KeepsEveryInvariant, ()) {
  const auto seed = *rc::gen::arbitrary<std::uint64_t>().as("seed");
  const sim::RunResult result = sim::simulate(seed, arbitrary_choice(), nullptr);
  if (result.violation) RC_FAIL(result.violation->invariant() + ": " + result.violation->text());
}

RC_GTEST_PROP(Cluster, IsDeterministic, ()) {
  const auto seed = *rc::gen::arbitrary<std::uint64_t>().as("seed");
  const sim::Choice choice = arbitrary_choice();
  RC_ASSERT(sim::simulate(seed, choice, nullptr).hash == sim::simulate(seed, choice, nullptr).hash);
}

}  // namespace
}  // namespace lockstep
