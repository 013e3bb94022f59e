// What an administrator chose for one module; the same on both nodes but for `self`.
#pragma once

#include "engine/values/check_action.h"
#include "engine/values/node_id.h"
#include "engine/values/time.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lockstep::engine {

enum class Durability : std::uint8_t { commit, replicated, durable };

/// Who decides while the two nodes do not hear each other.
enum class Isolation : std::uint8_t {
  third_vote,  ///< a witness or a store: whoever has its vote goes on
  wait,        ///< there is none, and nothing is decided without the other node
  takeover,    ///< there is none, and each node goes on by itself (engine/cluster/stand_in.h)
};

/// A look at the application, or at what its server must have, again and again. How it looks is the port's matter.
struct CheckSettings {
  std::string name;
  Duration interval = milliseconds(1000);  ///< from one look to the next
  Duration timeout = milliseconds(1000);   ///< a look that has not ended by then is a miss
  /// So long after it was begun (the application's: after its start) misses do not count.
  Duration grace{};
  std::uint32_t misses_max = 1;  ///< so many in a row, and it has failed
  /// One that is waited for is about the server, and looks wherever this node takes part; others look at the
  /// application, where and while it runs.
  CheckAction action = CheckAction::restart;

  [[nodiscard]] bool of_server() const { return action == CheckAction::wait; }
};

struct Settings {
  NodeId self = NodeId::first;
  Durability durability = Durability::replicated;
  Isolation isolation = Isolation::third_vote;
  [[nodiscard]] bool has_third_vote() const { return isolation == Isolation::third_vote; }
  /// Go from boot into the best possible role; otherwise stay in STOP until `start`.
  bool start_at_boot = true;

  /// A silent node counts as gone after this long; also the length of a lease, and how long a hung
  /// peer may delay the application. Takeover comes about this long after a power cut.
  Duration timeout = milliseconds(2000);
  /// Several heartbeats fit into one timeout, so that one lost to a busy machine does no harm.
  Duration heartbeat_interval = milliseconds(200);
  /// How much faster than another's a node's clock may run, in parts per thousand.
  std::int64_t clock_drift_per_mille = 10;
  /// A broken connection to the peer may come back within this time before the peer is left out.
  Duration link_grace = milliseconds(300);
  /// Of each phase of the application but those that end it.
  Duration phase_timeout = milliseconds(300'000);
  /// Of its stop. One that takes longer is ended, and the application is told once more, with force, and then killed.
  Duration stop_timeout = milliseconds(300'000);
  Duration force_stop_timeout = milliseconds(10'000);

  std::vector<CheckSettings> checks;
  /// So often failed checks may make the application start again, here or there, within the window. Then this node
  /// stops: what fails that often is not cured by it.
  std::uint32_t restarts_max = 3;
  Duration restarts_window = milliseconds(std::int64_t{24} * 3600 * 1000);
  /// Where the application rather runs.
  std::optional<NodeId> preferred;
  bool swap_back = false;  ///< to the preferred node, by itself, once that is in sync again

  Duration checkpoint_interval = milliseconds(5000);
  /// How often both nodes bring everything to disk, so that the list of what may differ stays short. The kernel writes
  /// what is older than 30 s by itself.
  Duration cooling_interval = milliseconds(30'000);
  /// A resync without any progress for this long begins again.
  Duration resync_timeout = milliseconds(30'000);

  /// What a returning node may be sent in a second, beside the application's own writes; 0: as much as goes.
  std::uint64_t resync_bytes_per_second_max = 0;
  /// How much of a primary's time a resync may take, at most, while the application works; 1 to 100.
  std::int64_t resync_share_percent = 1;
  /// To a node that is being brought up to date the application's operations are sent together, after so long or when
  /// they hold so much.
  Duration batch_time = milliseconds(5);
  std::size_t batch_bytes_max = std::size_t{256} << 10U;
  /// A returning node brings what it was sent to disk whenever it is as much, so that little is left at the end. Not
  /// sooner: what writes to the disk takes the processor from what copies, and a first GiB at the end takes no longer.
  std::uint64_t resync_sync_bytes = std::uint64_t{1} << 30U;

  /// A primary compares all data with the other node's this long after it last has, or after its start; 0: only when
  /// told to.
  Duration verify_interval = milliseconds(std::int64_t{7} * 24 * 3600 * 1000);
  /// How much of the time a verify has the primary's volume to itself, at most.
  std::uint32_t verify_share_percent = 25;
  std::uint32_t verify_chunks = 4;     ///< of pull_chunk_bytes, compared at once; at most 64
  std::uint32_t verify_entries = 256;  ///< of a directory, compared at once
  /// So many names that are moved meanwhile are remembered to be looked at; more end the verify.
  std::size_t verify_moves_max = 65'536;
  /// So many mismatches are remembered one by one; others are counted.
  std::size_t mismatches_listed_max = 1000;

  std::size_t requests_pending_max = 65'536;
  std::size_t window_operations_max = 8192;
  std::size_t window_bytes_max = std::size_t{64} << 20U;
  /// What a returning node keeps of the application's operations while its names are made. More contents than that are
  /// left to be copied afterwards; more of everything else makes the resync begin again.
  std::size_t joiner_queue_bytes_max = std::size_t{256} << 20U;
  /// What a returning node has asked for and not been answered, in whole chunks or blocks; not less than one pull.
  std::uint64_t pull_window_bytes = std::uint64_t{16} << 20U;
  /// How many steps that make its names a returning node's volume is given at once: so that heartbeats, and contents of
  /// what is made already, get their turn in between.
  std::size_t name_steps_max = 64;
  /// As long as no operation of the application waits for them, names are made so many steps ahead of the contents
  /// that are asked for: what is written soon after it was made is still at hand.
  std::uint64_t names_ahead_max = 128;
  std::size_t manifest_part_bytes_max = std::size_t{1} << 20U;  ///< of one message; io::frame_bytes_max is far above
  /// A resync compares chunks first, then the blocks of those that differ; what it copies is whole blocks.
  std::uint32_t pull_chunk_bytes = 64U << 10U;
  std::uint32_t pull_block_bytes = 4U << 10U;  ///< less than a chunk, which is a multiple of it
  std::uint32_t pull_chunks_max = 16;          ///< of one pull; at most 64, and less than io::frame_bytes_max
  [[nodiscard]] std::uint64_t pull_bytes_max() const { return std::uint64_t{pull_chunk_bytes} * pull_chunks_max; }
  /// What was changed is listed by regions of this size, the same in every life of a module's data.
  std::uint64_t touch_region_bytes = std::uint64_t{1} << 20U;
  /// A node that would have to list more compares everything instead. They all fit into one frame.
  std::size_t touches_max = 65'536;
};

}  // namespace lockstep::engine
