// Bugs of the simulated world itself, switched on by name: broken hardware and ports that the checkers must see.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace lockstep::sim {

enum class SimBug : std::uint8_t {
  journal_confirms_early,
  volume_lies_about_sync,
  volume_forgets_operations,
  mount_answers_aborted,
  clock_beyond_drift,
  count
};

struct SimBugInfo {
  SimBug bug;
  std::string_view name, what;
};

inline constexpr std::array<SimBugInfo, static_cast<std::size_t>(SimBug::count)> sim_bugs{{
    {SimBug::journal_confirms_early, "journal-confirms-early", "the journal's disk confirms before it has written"},
    {SimBug::volume_lies_about_sync, "volume-lies-about-sync", "the volume's disk confirms a sync that it never made"},
    {SimBug::volume_forgets_operations, "volume-forgets-operations",
     "a volume now and then reports success without applying an operation of the stream"},
    {SimBug::mount_answers_aborted, "mount-answers-aborted",
     "a closed mount tells its callers that their unanswered writes succeeded"},
    {SimBug::clock_beyond_drift, "clock-beyond-drift", "clocks run up to 20% too fast or too slow"},
}};

bool planted(SimBug bug);
/// Switches a bug of the engine or of the simulated world on; false if there is none of that name.
bool plant_by_name(std::string_view name);

}  // namespace lockstep::sim
