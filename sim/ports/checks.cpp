#include "sim/ports/checks.h"

namespace lockstep::sim {

namespace {
constexpr Time look_max = 20 * one_ms;
constexpr Time long_look_max = 250 * one_ms;
constexpr Time prompt_max = 5 * one_ms;
}  // namespace

SimChecks::SimChecks(Host& host, Random random, const SimApplication& application, const engine::Settings& settings)
    : host_(host),
      random_(random),
      conduct_random_(Random(random).next() ^ 0x3C6EF372FE94F82BULL),
      application_(application) {
  for (const engine::CheckSettings& check : settings.checks) {
    checks_.push_back({check.of_server() ? Sees::server : check.name == "process" ? Sees::process : Sees::service});
  }
}

void SimChecks::begin(std::size_t check) { checks_[check].wanted = true; }

SimChecks::Finding SimChecks::look(const Each& each) {
  switch (each.sees) {
    case Sees::process: return {application_.alive()};
    case Sees::server: return {!lacking_};
    case Sees::service: break;
  }
  // Who asks one that hangs waits, or is refused once its queue is full.
  if (application_.alive() && !application_.well()) return {false, conduct_random_.one_in(4)};
  return {application_.well()};
}

void SimChecks::run(Ticket ticket, std::size_t check) {
  if (told_) told_(check, ticket);
  Each& each = checks_[check];
  const std::uint64_t generation = ++each.generation;
  Time length = random_.between(0, random_.one_in(10) ? long_look_max : look_max);
  Finding finding = look(each);
  switch (each.conduct) {
    case CheckConduct::honest: break;
    case CheckConduct::hangs: finding.ends = false; break;
    case CheckConduct::says_well: finding = {true}; break;
    case CheckConduct::says_ill: finding = {false}; break;
    case CheckConduct::wavers: finding = {conduct_random_.chance(50)}; break;
    case CheckConduct::slow: length = conduct_random_.between(slow_look_max / 4, slow_look_max); break;
  }
  if (!finding.ends) return;
  const Time ends = host_.now() + length;
  host_.deliver(ends, io::CheckEnded{ticket, check, finding.passes, finding.passes ? "well" : "not well"},
                [&each, generation] { return each.generation == generation; });
  // What was given up may have its end on the way already: that of the application which it asked.
  if (!random_.one_in(2)) return;
  host_.deliver(ends, io::CheckEnded{ticket, check, false, "cut short"},
                [&each, generation] { return each.generation != generation; });
}

void SimChecks::end(std::size_t check) {
  checks_[check].wanted = false;
  ++checks_[check].generation;
}

void SimChecks::process_died() {
  for (std::size_t check = 0; check < checks_.size(); ++check) {
    const Each& each = checks_[check];
    if (each.sees != Sees::process || !each.wanted || each.conduct != CheckConduct::honest) continue;
    if (random_.one_in(8)) continue;
    host_.deliver(host_.now() + random_.between(0, prompt_max), io::CheckPrompted{check});
  }
}

void SimChecks::set_conduct(std::size_t check, CheckConduct conduct) {
  if (check < checks_.size()) checks_[check].conduct = conduct;
}

void SimChecks::behave() {
  lacking_ = false;
  for (Each& each : checks_) each.conduct = CheckConduct::honest;
}

void SimChecks::process_ended() {
  for (Each& each : checks_) {
    each.wanted = false;
    ++each.generation;
  }
}

}  // namespace lockstep::sim
