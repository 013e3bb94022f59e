// The fields of values that occur in several records, for both directions.
#pragma once

#include "engine/settings.h"
#include "engine/values/manifest.h"
#include "engine/values/operation.h"
#include "engine/wire/codec.h"

#include <type_traits>
#include <utility>

namespace lockstep::recording {

// Every field, also those that its kind or mask leaves without a meaning: the volume is asked with all of them.
void operation_fields(auto& o, auto& archive) {
  auto& a = o.attributes;
  archive.sparse(o.kind, o.flags, o.file, o.parent, o.name, o.offset, o.length, a.mask, a.mode, a.uid, a.gid,
                 a.size_bytes, a.atime_ns, a.mtime_ns, a.rdev, o.new_parent, o.new_name, o.parent_mtime_ns,
                 o.new_parent_mtime_ns);
  archive.bulk(o.data);
}

void object_fields(auto& object, auto& archive) {
  auto& a = object.attributes;
  archive(object.id);
  archive.sparse(a.mask, a.mode, a.uid, a.gid, a.size_bytes, a.atime_ns, a.mtime_ns, a.rdev, object.links);
  archive.compared(object.symlink_target);
  archive.list(object.xattrs, [&archive](auto& xattr) {
    archive(xattr.first);
    archive.compared(xattr.second);
  });
}

void manifest_fields(auto& manifest, auto& archive) {
  archive.list(manifest.objects, [&archive](auto& object) { object_fields(object, archive); });
  archive.list(manifest.entries, [&archive](auto& entry) { archive(entry.parent, entry.name, entry.id); });
  archive.list(manifest.listed, [&archive](auto& directory) { archive(directory); });
}

/// A message without bulk data.
void message_fields(auto& message, auto& archive) {
  Buffer bytes;
  if constexpr (std::remove_reference_t<decltype(archive)>::reads) {
    archive.kept(bytes);
    if (auto decoded = engine::decode(bytes)) {
      message = std::move(*decoded);
    } else {
      archive.fail();
    }
  } else {
    archive.kept(Buffer::copy_of(std::span<const std::byte>(engine::encode(message).head)));
  }
}

void settings_fields(auto& s, auto& archive) {
  archive.ranged(s.self, NodeId::second);
  archive.ranged(s.durability, engine::Durability::durable);
  archive.ranged(s.isolation, engine::Isolation::takeover);
  archive(s.start_at_boot, s.timeout.ns, s.heartbeat_interval.ns, s.clock_drift_per_mille, s.link_grace.ns,
          s.phase_timeout.ns, s.checkpoint_interval.ns, s.resync_timeout.ns, s.requests_pending_max,
          s.window_operations_max, s.window_bytes_max, s.joiner_queue_bytes_max, s.pull_window_bytes,
          s.pull_chunk_bytes, s.pull_block_bytes, s.pull_chunks_max, s.name_steps_max, s.names_ahead_max,
          s.manifest_part_bytes_max, s.cooling_interval.ns, s.touch_region_bytes, s.touches_max,
          s.resync_bytes_per_second_max, s.resync_share_percent, s.resync_sync_bytes, s.batch_time.ns,
          s.batch_bytes_max, s.verify_interval.ns, s.verify_share_percent, s.verify_chunks, s.verify_entries,
          s.verify_moves_max, s.mismatches_listed_max, s.stop_timeout.ns, s.force_stop_timeout.ns, s.restarts_max,
          s.restarts_window.ns, s.swap_back);
  archive.maybe(s.preferred, [&archive](auto& node) { archive.ranged(node, NodeId::second); });
  archive.list(s.checks, [&archive](auto& c) {
    archive(c.name, c.interval.ns, c.timeout.ns, c.grace.ns, c.misses_max);
    archive.ranged(c.action, CheckAction::wait);
  });
}

}  // namespace lockstep::recording
