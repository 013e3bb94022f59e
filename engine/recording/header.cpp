#include "engine/recording/header.h"

#include "engine/recording/fields.h"
#include "engine/recording/record_archive.h"
#include "engine_build.h"

namespace lockstep::recording {

namespace {

void fields(auto& header, auto& archive) {
  auto& life = header.life;
  archive(life.life);
  archive.ranged(life.kind, EngineKind::witness);
  archive.ranged(life.payloads, Payloads::full);
  archive(life.program_version, life.engine_build, life.module, life.name, life.started_at_ns);
  settings_fields(life.settings, archive);
  archive(header.segment, header.first_block);
  archive(header.position.events, header.position.at, header.position.decisions, header.position.calls);
  archive.kept(header.snapshot);
}

}  // namespace

std::string_view engine_build() { return LOCKSTEP_ENGINE_BUILD; }

Buffer encode(const SegmentHeader& header) {
  RecordWriter writer(Payloads::full, {});
  fields(header, writer);
  return Buffer(std::move(writer.bytes));
}

std::optional<SegmentHeader> decode_header(const Buffer& bytes) {
  RecordReader reader(bytes, Payloads::full);
  SegmentHeader header;
  fields(header, reader);
  if (reader.failed() || !reader.at_end()) return std::nullopt;
  return header;
}

}  // namespace lockstep::recording
