#include "sim/shrink/smaller.h"

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

namespace lockstep::sim {

namespace {

constexpr Time faults_begin = 3 * one_second;  ///< as the world has it

/// Scenarios with another value of one part of them.
template <typename Value, typename Set>
rc::Seq<Scenario> with(const Scenario& scenario, rc::Seq<Value> values, Set set) {
  return rc::seq::map(std::move(values), [scenario, set](Value value) {
    Scenario changed = scenario;
    set(changed, std::move(value));
    return changed;
  });
}

void in_order(std::vector<Fault>& faults) {
  std::stable_sort(faults.begin(), faults.end(), [](const Fault& a, const Fault& b) { return a.at < b.at; });
}

/// The nearest rounder times, the roundest first; none if it is round as far as it matters.
std::vector<Time> rounder(Time time) {
  std::vector<Time> times;
  for (const Time unit : {one_second, 100 * one_ms, 10 * one_ms, one_ms}) {
    if (time % unit == 0) break;
    times.push_back((time + unit / 2) / unit * unit);
  }
  return times;
}

/// Every fault from one on comes earlier: by whole seconds, so that round times stay round.
rc::Seq<Scenario> sooner(const Scenario& scenario) {
  std::vector<Scenario> scenarios;
  for (std::size_t from = 0; from < scenario.faults.size(); ++from) {
    const Time before = from == 0 ? faults_begin : scenario.faults[from - 1].at;
    const Time gap_seconds = std::max<Time>(scenario.faults[from].at - before, 0) / one_second;
    rc::Seq<Time> gaps = rc::shrink::towards<Time>(gap_seconds, 0);
    while (const auto gap = gaps.next()) {
      Scenario& changed = scenarios.emplace_back(scenario);
      for (std::size_t i = from; i < changed.faults.size(); ++i) {
        changed.faults[i].at -= (gap_seconds - *gap) * one_second;
      }
    }
  }
  return rc::seq::fromContainer(std::move(scenarios));
}

/// Shorter lengths, in whole milliseconds, and rounder ones that are no longer.
rc::Seq<Time> shorter(Time length) {
  std::vector<Time> round = rounder(length);
  std::erase_if(round, [&](Time time) { return time == 0 || time >= length; });
  return rc::seq::concat(rc::seq::map(rc::shrink::towards<Time>(length / one_ms, std::min<Time>(length / one_ms, 1)),
                                      [](Time ms) { return ms * one_ms; }),
                         rc::seq::fromContainer(std::move(round)));
}

/// Visits the fields of a fault's unit, and collects the units that are a field simpler.
template <typename Unit>
class Simpler {
 public:
  explicit Simpler(const Unit& unit) : unit_(unit) {}

  std::vector<Unit> units;

  template <typename T>
  void operator()(std::string_view /*name*/, T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      if (value) keep_with(value, false);
    }
  }
  void time(std::string_view /*name*/, Time& value) {
    rc::Seq<Time> lengths = shorter(value);
    while (const auto length = lengths.next()) keep_with(value, *length);
  }
  void visit() { Unit::fields(unit_, *this); }

 private:
  template <typename T>
  void keep_with(T& value, T simpler) {
    const T kept = std::exchange(value, simpler);
    units.push_back(unit_);
    value = kept;
  }

  Unit unit_;
};

rc::Seq<Fault> simpler(const Fault& fault) {
  std::vector<Fault> faults;
  for (const Time at : rounder(fault.at)) faults.push_back({at, fault.what});
  std::visit(
      [&]<typename Unit>(const Unit& unit) {
        Simpler<Unit> fields(unit);
        fields.visit();
        for (Unit& each : fields.units) faults.push_back({fault.at, std::move(each)});
      },
      fault.what);
  return rc::seq::fromContainer(std::move(faults));
}

/// Without one of the halves, the quarters, and so on (delta debugging: Zeller, Hildebrandt, "Simplifying and
/// Isolating Failure-Inducing Input", TSE 2002). rc::shrink::removeChunks tries every chunk of every length, which
/// is a square of runs and too many for hundreds of elements.
template <typename Element>
rc::Seq<std::vector<Element>> without_parts(std::vector<Element> all) {
  std::vector<std::pair<std::size_t, std::size_t>> parts;
  for (std::size_t size = all.size(); size > 0; size /= 2) {
    for (std::size_t begin = 0; begin < all.size(); begin += size) {
      parts.emplace_back(begin, std::min(begin + size, all.size()));
    }
  }
  return rc::seq::map(rc::seq::fromContainer(std::move(parts)),
                      [all = std::move(all)](const std::pair<std::size_t, std::size_t>& part) {
                        std::vector<Element> rest(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(part.first));
                        rest.insert(rest.end(), all.begin() + static_cast<std::ptrdiff_t>(part.second), all.end());
                        return rest;
                      });
}

struct Turn {
  std::uint32_t worker;
  std::uint32_t turn;
};

/// The turns in which users ask for something, when every user's last turn is followed by `left_out`.
std::vector<Turn> turns_of(const Scenario& scenario) {
  std::vector<Turn> turns;
  for (std::uint32_t worker = 0; worker < scenario.mix.requests_at_once; ++worker) {
    std::uint32_t next = 0;
    for (const Turns& gap : scenario.left_out) {
      if (gap.worker != worker) continue;
      for (; next < gap.first; ++next) turns.push_back({worker, next});
      next = gap.last;
      if (next != Turns::open_end) ++next;
    }
  }
  return turns;
}

/// What is left out when `turns` remain.
std::vector<Turns> all_but(const std::vector<Turn>& turns, std::uint32_t workers) {
  std::vector<Turns> gaps;
  auto turn = turns.begin();
  for (std::uint32_t worker = 0; worker < workers; ++worker) {
    std::uint32_t next = 0;
    for (; turn != turns.end() && turn->worker == worker; ++turn) {
      if (turn->turn > next) gaps.push_back({worker, next, turn->turn - 1});
      next = turn->turn + 1;
    }
    gaps.push_back({worker, next, Turns::open_end});
  }
  return gaps;
}

/// Fewer operations over a shorter time: the users' pace remains.
rc::Seq<Scenario> shorter_runs(const Scenario& scenario) {
  const Time pace = scenario.mix.faults_last / scenario.mix.operations;
  return with(scenario, rc::shrink::towards<std::uint32_t>(scenario.mix.operations, 1),
              [pace](Scenario& changed, std::uint32_t operations) {
                changed.mix.operations = operations;
                changed.mix.faults_last = pace * operations;
              });
}

rc::Seq<Scenario> at_rounder_pace(const Scenario& scenario) {
  std::vector<Time> paces = rounder(scenario.mix.faults_last / scenario.mix.operations);
  std::erase(paces, 0);
  return with(scenario, rc::seq::fromContainer(std::move(paces)),
              [](Scenario& changed, Time pace) { changed.mix.faults_last = pace * changed.mix.operations; });
}

/// The bools among the fields of a value.
struct Switches {
  std::vector<bool*> all;

  template <typename T>
  void operator()(std::string_view /*name*/, T& value) {
    if constexpr (std::is_same_v<T, bool>) all.push_back(&value);
  }
  void time(std::string_view /*name*/, Time& /*value*/) {}

  static Switches of(Mix& mix) {
    Switches switches;
    Mix::fields(mix, switches);
    return switches;
  }
};

/// One of the mix's switches as it is by default.
rc::Seq<Scenario> with_plain_switches(const Scenario& scenario) {
  std::vector<Scenario> scenarios;
  Mix plain;
  const std::vector<bool*> defaults = Switches::of(plain).all;
  for (std::size_t i = 0; i < defaults.size(); ++i) {
    Scenario changed = scenario;
    bool& here = *Switches::of(changed.mix).all[i];
    if (here == *defaults[i]) continue;
    here = *defaults[i];
    scenarios.push_back(std::move(changed));
  }
  return rc::seq::fromContainer(std::move(scenarios));
}

rc::Seq<Time> rounder_timeouts(Time timeout) {
  constexpr Time shortest = 500 * one_ms;  // shorter ones than are ever drawn fail for reasons of their own
  std::vector<Time> timeouts = rounder(timeout);
  std::erase_if(timeouts, [](Time each) { return each < shortest; });
  return rc::seq::fromContainer(std::move(timeouts));
}

rc::Seq<Scenario> fewer_users(const Scenario& scenario) {
  return with(scenario, rc::shrink::towards<std::uint32_t>(scenario.mix.requests_at_once, 1),
              [all = scenario.mix.requests_at_once](Scenario& changed, std::uint32_t users) {
                Mix& mix = changed.mix;
                const Time pace_of_each = mix.faults_last / mix.operations * all;
                mix.requests_at_once = users;
                mix.operations = (mix.operations * users + all - 1) / all;
                mix.faults_last = pace_of_each / users * mix.operations;
                std::erase_if(changed.left_out, [&](const Turns& turns) { return turns.worker >= users; });
              });
}

}  // namespace

Scenario without_later_faults(Scenario scenario, const RunResult& result) {
  std::erase_if(scenario.faults, [&](const Fault& fault) { return fault.at > result.simulated; });
  const Time pace = scenario.mix.faults_last / scenario.mix.operations;
  const Time needed = std::max<Time>(result.simulated - faults_begin, 0) / pace + 1;
  if (needed < scenario.mix.operations && pace * needed > 0) {
    scenario.mix.operations = static_cast<std::uint32_t>(needed);
    scenario.mix.faults_last = pace * needed;
  }
  return scenario;
}

Scenario without_later_turns(Scenario scenario, const RunResult& result) {
  std::vector<Turn> turns;
  for (std::uint32_t worker = 0; worker < result.turns.size(); ++worker) {
    for (std::uint32_t turn = 0; turn < result.turns[worker]; ++turn) {
      const bool silent = std::any_of(scenario.left_out.begin(), scenario.left_out.end(),
                                      [&](const Turns& turns_left) { return turns_left.contains(worker, turn); });
      if (!silent) turns.push_back({worker, turn});
    }
  }
  scenario.left_out = all_but(turns, scenario.mix.requests_at_once);
  return scenario;
}

rc::Seq<Scenario> with_fewer_faults(const Scenario& scenario) {
  return with(scenario, rc::shrink::removeChunks(scenario.faults),
              [](Scenario& changed, std::vector<Fault> faults) { changed.faults = std::move(faults); });
}

rc::Seq<Scenario> with_less_load(const Scenario& scenario) {
  const Mix& mix = scenario.mix;
  return rc::seq::concat(
      shorter_runs(scenario), fewer_users(scenario), at_rounder_pace(scenario),
      with(scenario, rc::shrink::towards<std::uint32_t>(mix.prefilled_objects, 0),
           [](Scenario& changed, std::uint32_t objects) { changed.mix.prefilled_objects = objects; }),
      with_plain_switches(scenario),
      with(scenario, rc::shrink::towards<std::uint32_t>(mix.sync_percent, 0),
           [](Scenario& changed, std::uint32_t percent) { changed.mix.sync_percent = percent; }),
      with(scenario, rc::shrink::towards<std::uint32_t>(mix.large_write_percent, 0),
           [](Scenario& changed, std::uint32_t percent) { changed.mix.large_write_percent = percent; }),
      with(scenario, rounder_timeouts(mix.timeout),
           [](Scenario& changed, Time timeout) { changed.mix.timeout = timeout; }));
}

rc::Seq<Scenario> with_simpler_faults(const Scenario& scenario) {
  rc::Seq<Scenario> simpler_ones = with(scenario, rc::shrink::eachElement(scenario.faults, simpler),
                                        [](Scenario& changed, std::vector<Fault> faults) {
                                          changed.faults = std::move(faults);
                                          in_order(changed.faults);
                                        });
  return rc::seq::concat(sooner(scenario), std::move(simpler_ones));
}

rc::Seq<Scenario> with_fewer_operations(const Scenario& scenario) {
  return with(scenario, without_parts(turns_of(scenario)), [](Scenario& changed, const std::vector<Turn>& turns) {
    changed.left_out = all_but(turns, changed.mix.requests_at_once);
  });
}

}  // namespace lockstep::sim
