// What is known of the keys beside what they mean: which of them a running daemon takes, whose value others may see,
// and whose matter they are. A new key takes a restart and is not shown until somebody has thought about it.
#pragma once

#include "prod/config/configuration_texts.h"

#include <array>
#include <cstdint>
#include <string_view>

namespace lockstep::prod {

struct LiveKey {
  std::string_view file;  ///< "cluster.toml", or "modules/" for that of any module
  std::string_view key;   ///< with its section, without the number in a list
  std::string_view from;  ///< from when on the new value counts
};

/// The one list of what `lockstep reload` changes in a running daemon. lockstep.toml(5) has the same one, and a test
/// compares the two.
inline constexpr std::array<LiveKey, 10> live_keys = {{
    {"cluster.toml", "[[webhook]] url", "at once"},
    {"cluster.toml", "[[webhook]] events", "at once"},
    {"cluster.toml", "[[webhook]] secret_file", "at once"},
    {"cluster.toml", "[[webhook]] ca_file", "at once"},
    {"modules/", "start_at_boot", "at the next start of lockstepd"},
    {"modules/", "[application] prestart", "from the next phase on"},
    {"modules/", "[application] start", "from the next phase on"},
    {"modules/", "[application] stop", "from the next phase on"},
    {"modules/", "[application] poststop", "from the next phase on"},
    {"modules/", "[application] force_stop", "from the next phase on"},
}};

struct ShownKey {
  std::string_view file;
  std::string_view key;
};

/// The one list of whose value terminals, logs and webhooks may have. Whoever knows the URL of a webhook can often post
/// there, a command or a check may log in, and a secret may stand where its file's name belongs.
inline constexpr auto shown_keys = std::to_array<ShownKey>({
    {"cluster.toml", "name"},
    {"cluster.toml", "[[node]] name"},
    {"cluster.toml", "[[node]] address"},
    {"cluster.toml", "[witness] address"},
    {"cluster.toml", "[witness] port"},
    {"cluster.toml", "[etcd] servers"},
    {"cluster.toml", "[etcd] prefix"},
    {"cluster.toml", "[http] address"},
    {"cluster.toml", "[http] port"},
    {"cluster.toml", "[api] address"},
    {"cluster.toml", "[api] port"},
    {"cluster.toml", "[paths] state"},
    {"cluster.toml", "[paths] run"},
    {"cluster.toml", "[recorder] enabled"},
    {"cluster.toml", "[recorder] bytes_max"},
    {"cluster.toml", "[recorder] payloads"},
    {"cluster.toml", "[[webhook]] events"},
    {"modules/", "directory"},
    {"modules/", "port"},
    {"modules/", "durability"},
    {"modules/", "timeout"},
    {"modules/", "heartbeat"},
    {"modules/", "start_at_boot"},
    {"modules/", "verify"},
    {"modules/", "verify_share"},
    {"modules/", "isolation"},
    {"modules/", "[application] service"},
    {"modules/", "[application] container"},
    {"modules/", "[application] domain"},
    {"modules/", "[application] timeout"},
    {"modules/", "[application] stop_timeout"},
    {"modules/", "[application] force_stop_timeout"},
    {"modules/", "[[address]] address"},
    {"modules/", "[[address]] interface"},
    {"modules/", "[[check]] kind"},
    {"modules/", "[[check]] name"},
    {"modules/", "[[check]] interval"},
    {"modules/", "[[check]] timeout"},
    {"modules/", "[[check]] grace"},
    {"modules/", "[[check]] misses"},
    {"modules/", "[[check]] action"},
    {"modules/", "[[check]] process"},
    {"modules/", "[[check]] port"},
    {"modules/", "[[check]] address"},
    {"modules/", "[[check]] status"},
    {"modules/", "[[check]] interface"},
    {"modules/", "[[check]] free_mib_min"},
    {"modules/", "[[check]] module"},
    {"modules/", "[policy] restarts_max"},
    {"modules/", "[policy] restarts_window"},
    {"modules/", "[policy] preferred"},
    {"modules/", "[policy] swap_back"},
    {"modules/", "[resync] share_percent"},
    {"modules/", "[resync] bytes_per_second_max"},
});

/// `file` as for messages: "cluster.toml", "modules/shop.toml"; `key` as written_settings() has it. Null if it takes a
/// restart.
const LiveKey* live_key(std::string_view file, std::string_view key);

bool is_shown(std::string_view file, std::string_view key);

/// What has the third vote.
enum class ThirdVote : std::uint8_t { witness, etcd, none };
ThirdVote third_vote_of(const ConfigurationTexts& files);

/// Whose matter a key is.
struct Concern {
  bool one_machine = false;  ///< each may have its own
  bool witness = false;      ///< the witness, where there is one, goes by it too
};
Concern concern_of(std::string_view file, std::string_view key, ThirdVote third_vote);

}  // namespace lockstep::prod
