// The targets, each in its file in targets/.
#pragma once

#include "props/fuzz/target.h"

namespace lockstep::fuzz {

// From the other node and the witness.
extern const Target wire_message;     ///< a frame's message
extern const Target link_hello;       ///< the first words on a connection
extern const Target link_frames;      ///< a connection's bytes, as they happen to arrive
extern const Target link_connection;  ///< the same through TLS
extern const Target server_name;      ///< the first bytes at a port that modules share
extern const Target certificate;

// From a store that others keep.
extern const Target etcd_answer;
extern const Target shared_vote;

// From the own disk.
extern const Target journal_record;   ///< what an engine remembers
extern const Target journal_file;     ///< the file that keeps it
extern const Target touches;          ///< a list of touches
extern const Target touch_log_file;   ///< the file that keeps it
extern const Target conflict_record;  ///< what is known of an object that was set aside
extern const Target timeline_event;
extern const Target api_tokens;

// From a recording, which may be of another machine.
extern const Target engine_snapshot;
extern const Target recording_event;
extern const Target recording_block;
extern const Target recording_segment;

// From the kernel.
extern const Target fuse_request;
extern const Target mount_table;

// From an earlier process, whose program may have been another.
extern const Target fuse_state;

// From anybody on the network.
extern const Target neighbour_packet;  ///< who has an address
extern const Target http_request;      ///< of a load balancer
extern const Target api_request;       ///< behind TLS and HTTP
extern const Target certificate_request;

// From people and their programs.
extern const Target cluster_file;
extern const Target module_file;
extern const Target interface_address;
extern const Target join_token;
extern const Target control_message;  ///< between command line tool and daemon
extern const Target scenario_file;
extern const Target campaign_report;  ///< of a shard, to be merged

/// Has a bug, for checks of what looks for bugs; not among all_targets().
extern const Target planted;

}  // namespace lockstep::fuzz
