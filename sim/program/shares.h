// A fixed share of the work for each of some processes: a crash ends one of them only.
#pragma once

#include <cstdio>
#include <functional>
#include <string>
#include <vector>

namespace lockstep::sim {

struct ShareOutput {
  std::string text;
  bool crashed = false;
};

/// Runs `work(index, out)` in `jobs` processes at once, and gives back what each wrote to `out`.
std::vector<ShareOutput> run_shares(unsigned jobs, const std::function<void(unsigned index, std::FILE* out)>& work);

}  // namespace lockstep::sim
