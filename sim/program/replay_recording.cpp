#include "sim/program/replay_recording.h"

#include "sim/program/subcommand.h"
#include "sim/recording/recording_files.h"
#include "sim/recording/replay_life.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <iostream>

namespace lockstep::sim {

namespace {

using Verdict = ReplayResult::Verdict;

/// Roles of a long life are many; the newest say most.
constexpr std::size_t roles_shown_max = 40;

std::string date_of(std::int64_t since_1970_ns) {
  const std::time_t seconds = since_1970_ns / 1'000'000'000;
  std::tm parts{};
  char text[40] = "";
  ::gmtime_r(&seconds, &parts);
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts);
  return text;
}

double seconds(Duration duration) { return static_cast<double>(duration.ns) / 1e9; }

std::string joined(const std::vector<std::string>& roles) {
  std::string text = roles.size() > roles_shown_max ? "... -> " : "";
  for (std::size_t i = roles.size() - std::min(roles.size(), roles_shown_max); i < roles.size(); ++i) {
    text += roles[i] + (i + 1 < roles.size() ? " -> " : "");
  }
  return text;
}

std::string hexadecimal(std::uint64_t value) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
  return text;
}

void print_header(const LifeFiles& life, const ReplayResult& result) {
  const recording::LifeHeader& header = result.header;
  const bool witness = header.kind == recording::EngineKind::witness;
  std::printf("life %llu: module %s on %s, started %s, recorded by %s %s (engine %s)%s\n",
              static_cast<unsigned long long>(life.number), header.module.c_str(), header.name.c_str(),
              date_of(header.started_at_ns).c_str(), witness ? "lockstep-witness" : "lockstepd",
              header.program_version.c_str(), header.engine_build.c_str(),
              header.payloads == recording::Payloads::full ? ", with full payloads" : "");
  if (header.engine_build != recording::engine_build()) {
    std::printf("  this program has another engine (%s): where it decides otherwise, that may be why\n",
                std::string(recording::engine_build()).c_str());
  }
}

void print_state(const ReplayResult& result) {
  std::printf("  %llu events in %llu segments, %.3f seconds\n", static_cast<unsigned long long>(result.events),
              static_cast<unsigned long long>(result.segments), seconds(result.ended - result.began));
  if (result.first_event > 1) {
    std::printf("  begins with event %llu: what came before is not kept any more\n",
                static_cast<unsigned long long>(result.first_event));
  }
  for (const std::string& gap : result.gaps) std::printf("  %s\n", gap.c_str());
  if (!result.ending.empty()) std::printf("  %s\n", result.ending.c_str());
  if (!result.roles.empty()) std::printf("  passed through: %s\n", joined(result.roles).c_str());
  if (result.status) {
    const engine::Status& status = *result.status;
    std::printf("  at the end: %s, %s, %s, LSN %llu%s%s\n", std::string(to_string(status.role)).c_str(),
                std::string(to_string(status.readiness)).c_str(), describe(status.configuration).c_str(),
                static_cast<unsigned long long>(status.lsn.value), status.reason.empty() ? "" : ": ",
                status.reason.c_str());
  }
}

void print_verdict(const ReplayResult& result) {
  switch (result.verdict) {
    case Verdict::equal:
      std::printf("  equal: every decision is the recorded one, hash %s\n", hexadecimal(result.decisions).c_str());
      return;
    case Verdict::diverged: {
      const Divergence& at = *result.divergence;
      std::printf("  DIVERGED at event %llu, %.6f s, %s\n  %s; the replayed engine\n",
                  static_cast<unsigned long long>(at.event), seconds(at.at - result.began), at.text.c_str(),
                  at.difference.c_str());
      for (const std::string& call : at.calls) std::printf("    %s\n", call.c_str());
      return;
    }
    case Verdict::unusable: std::printf("  UNUSABLE: %s\n", result.reason.c_str()); return;
  }
}

ReplayResult replay(const LifeFiles& life, bool verbose) {
  const SegmentSource source = [&life](std::size_t index) {
    return index < life.segments.size() ? read_recording(life.segments[index]) : std::nullopt;
  };
  ReplayResult result = replay_life(source, {verbose ? &std::cout : nullptr});
  std::cout.flush();
  return result;
}

}  // namespace

int replay_recording(const RecordingOptions& options) {
  const FoundRecordings found = find_recordings(options.path);
  if (!found.error.empty()) throw UsageError(found.error);
  Verdict worst = Verdict::equal;
  for (const LifeFiles& life : found.lives) {
    const ReplayResult result = replay(life, options.verbose);
    print_header(life, result);
    print_state(result);
    print_verdict(result);
    // That a life decides otherwise is the gravest.
    if (worst != Verdict::diverged && result.verdict != Verdict::equal) worst = result.verdict;
  }
  switch (worst) {
    case Verdict::equal: return exit_clean;
    case Verdict::diverged: return exit_violated;
    case Verdict::unusable: return exit_usage;
  }
  return exit_usage;
}

}  // namespace lockstep::sim
