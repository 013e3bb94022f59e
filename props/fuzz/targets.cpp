#include "props/fuzz/targets.h"

#include <algorithm>
#include <array>

namespace lockstep::fuzz {

std::span<const Target* const> all_targets() {
  static constexpr std::array all = {
      &wire_message,      &journal_record,   &touches,      &engine_snapshot, &recording_event, &recording_block,
      &recording_segment, &link_hello,       &link_frames,  &link_connection, &certificate,     &certificate_request,
      &interface_address, &neighbour_packet, &journal_file, &touch_log_file,  &conflict_record, &fuse_request,
      &mount_table,       &cluster_file,     &module_file,  &api_tokens,      &join_token,      &control_message,
      &timeline_event,    &http_request,     &api_request,  &scenario_file,   &campaign_report, &fuse_state,
      &etcd_answer,       &shared_vote,      &called_name,
  };
  return all;
}

const Target* find_target(std::string_view name) {
  if (name == planted.name) return &planted;
  const auto all = all_targets();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Target* target) { return target->name == name; });
  return found == all.end() ? nullptr : *found;
}

}  // namespace lockstep::fuzz
