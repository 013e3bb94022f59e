#include "sim/program/progress.h"

#include <algorithm>
#include <cstdio>
#include <unistd.h>

namespace lockstep::sim {

namespace {
constexpr std::chrono::milliseconds on_terminal{500};
constexpr std::chrono::milliseconds elsewhere{60'000};
}  // namespace

Progress::Progress(std::uint64_t seeds)
    : seeds_(seeds),
      terminal_(isatty(STDERR_FILENO) != 0),
      began_(Clock::now()),
      next_(began_ + (terminal_ ? on_terminal : elsewhere)) {}

Progress::~Progress() { clear(); }

void Progress::clear() const {
  if (terminal_) std::fputs("\r\033[K", stderr);
}

void Progress::show(const Tally& tally) {
  const Clock::time_point now = Clock::now();
  if (now < next_) return;
  next_ = now + (terminal_ ? on_terminal : elsewhere);
  const double seconds = std::max(std::chrono::duration<double>(now - began_).count(), 1e-3);
  const double rate = static_cast<double>(tally.seeds) / seconds;
  std::uint64_t violations = 0;
  for (const auto& [invariant, count] : tally.violations) violations += count;
  clear();
  std::fprintf(stderr, "%llu of %llu seeds, %.1f per second, %llu violations, %.0f minutes left%s",
               static_cast<unsigned long long>(tally.seeds), static_cast<unsigned long long>(seeds_), rate,
               static_cast<unsigned long long>(violations), static_cast<double>(seeds_ - tally.seeds) / rate / 60,
               terminal_ ? "" : "\n");
}

void Progress::say(const Failure& failure) {
  clear();
  std::fprintf(stderr, "seed %llu breaks %s: %s\n", static_cast<unsigned long long>(failure.seed),
               failure.invariant.c_str(), failure.text.c_str());
}

}  // namespace lockstep::sim
