#include "engine/recording/event_codec.h"

#include "engine/recording/decisions.h"
#include "engine/recording/fields.h"
#include "engine/wire/codec.h"

#include <type_traits>
#include <utility>

namespace lockstep::recording {

namespace {

static_assert(std::variant_size_v<io::Event> <= event_numbers);

template <typename T, typename U>
concept Is = std::same_as<std::remove_const_t<T>, U>;

// Each event's fields, for both directions. FrameArrived is different in both: see below.
void fields(Is<io::Booted> auto& e, auto& archive) {
  archive.kept(e.journal);
  archive(e.retained, e.tree, e.seed, e.touches.readable);
  archive.kept(e.touches.records);
  archive(e.failed_syncs, e.held);
}
void fields(Is<io::LinkUp> auto& e, auto& archive) { archive.ranged(e.endpoint, io::Endpoint::second); }
void fields(Is<io::LinkDown> auto& e, auto& archive) { archive.ranged(e.endpoint, io::Endpoint::second); }
void fields(Is<io::TimerFired> auto& e, auto& archive) { archive.ranged(e.timer, io::TimerId::check); }
void fields(Is<io::JournalStored> auto& e, auto& archive) { archive(e.ticket); }
void fields(Is<io::TouchesLogged> auto& e, auto& archive) { archive(e.ticket); }
void fields(Is<io::Applied> auto& e, auto& archive) {
  archive(e.ticket, e.error, e.replicated, e.bytes);
  operation_fields(e.effect, archive);
}
void fields(Is<io::Synced> auto& e, auto& archive) { archive(e.ticket, e.error); }
void fields(Is<io::Scanned> auto& e, auto& archive) {
  archive(e.ticket, e.error, e.last);
  manifest_fields(e.manifest, archive);
}
void fields(Is<io::Digested> auto& e, auto& archive) {
  archive(e.ticket, e.error);
  archive.digests(e.digests);
}
void fields(Is<io::RegionRead> auto& e, auto& archive) {
  archive(e.ticket, e.error, e.mtime_ns);
  archive.list(e.pieces, [&archive](auto& piece) {
    archive(piece.offset, piece.length);
    archive.bulk(piece.data);
  });
}
void fields(Is<io::SetAside> auto& e, auto& archive) { archive(e.ticket, e.error); }
void fields(Is<io::MountOpened> auto& e, auto& archive) { archive(e.error_text); }
void fields(Is<io::MountClosed> auto&, auto&) {}
void fields(Is<io::RequestArrived> auto& e, auto& archive) {
  archive(e.request);
  operation_fields(e.operation, archive);
}
void fields(Is<io::PhaseEnded> auto& e, auto& archive) {
  archive(e.ticket, e.succeeded);
  archive.spoken(e.text);
}
void fields(Is<io::CheckEnded> auto& e, auto& archive) {
  archive(e.ticket, e.check, e.passed);
  archive.spoken(e.text);
}
void fields(Is<io::CheckPrompted> auto& e, auto& archive) { archive(e.check); }
void fields(Is<io::Indexed> auto&, auto&) {}
void fields(Is<io::WorkDone> auto& e, auto& archive) { archive(e.ticket); }
void fields(Is<io::CommandGiven> auto& e, auto& archive) {
  archive(e.command_id);
  archive.ranged(e.command.verb, io::Verb::verify);
  archive(e.command.force, e.command.full, e.command.repair, e.command.cancel);
}

/// How a frame stands in the recording.
enum class FrameForm : std::uint8_t { damaged, parts };

void elide_contents(Manifest& manifest, ElisionKey key) {
  for (ManifestObject& object : manifest.objects) {
    object.symlink_target = filler(elide(object.symlink_target, key)).text();
    for (auto& [name, value] : object.xattrs) value = filler(elide(value, key)).text();
  }
}
void elide_contents(std::vector<std::uint64_t>& digests, ElisionKey key) {
  for (std::uint64_t& digest : digests) digest = elide_digest(digest, key);
}

// The same message with marks for contents: it is written down in full then. Such messages are rare.
std::optional<Buffer> elided_head(const Buffer& frame, ElisionKey key) {
  std::optional<engine::Message> message = engine::decode(frame);
  if (!message) return std::nullopt;
  if (auto* pull = std::get_if<engine::Pull>(&*message)) {
    elide_contents(pull->digests, key);
  } else if (auto* part = std::get_if<engine::ManifestPart>(&*message)) {
    elide_contents(part->manifest, key);
  } else if (auto* region = std::get_if<engine::VerifyRegion>(&*message)) {
    elide_contents(region->digests, key);
  } else if (auto* names = std::get_if<engine::VerifyNames>(&*message)) {
    elide_contents(names->manifest, key);
  }
  const std::optional<engine::FrameParts> parts =
      engine::frame_parts(Buffer::copy_of(std::span<const std::byte>(engine::encode(*message).head)));
  return parts ? std::optional(parts->head) : std::nullopt;
}

void write_damaged(const io::FrameArrived& event, RecordWriter& writer) {
  writer(event.endpoint, FrameForm::damaged, std::uint64_t{event.frame.size()});
}

void write_frame(const io::FrameArrived& event, RecordWriter& writer) {
  const std::optional<engine::FrameParts> parts = engine::frame_parts(event.frame);
  if (!parts || parts->message_number >= std::variant_size_v<engine::Message>) {
    return write_damaged(event, writer);
  }
  Buffer head = parts->head;
  if (writer.elides() && head_holds_contents(parts->message_number)) {
    const std::optional<Buffer> elided = elided_head(event.frame, writer.key());
    if (!elided) return write_damaged(event, writer);
    head = *elided;
  }
  writer(event.endpoint, FrameForm::parts);
  writer.kept(head);
  writer.bulk(parts->body);
}

void fields(const io::FrameArrived& e, RecordWriter& writer) { write_frame(e, writer); }
void fields(io::FrameArrived& e, RecordReader& reader) {
  FrameForm form{};
  reader.ranged(e.endpoint, io::Endpoint::second);
  reader.ranged(form, FrameForm::parts);
  if (form == FrameForm::damaged) {
    std::uint64_t length = 0;
    reader(length);
    e.frame = {};
    return;
  }
  Buffer head;
  Buffer body;
  reader.kept(head);
  reader.bulk(body);
  e.frame = engine::join_frame(head.bytes(), body.bytes());
}

template <std::size_t I = 0>
std::optional<io::Event> read_alternative(std::size_t number, RecordReader& reader) {
  if constexpr (I < std::variant_size_v<io::Event>) {
    if (number != I) return read_alternative<I + 1>(number, reader);
    std::variant_alternative_t<I, io::Event> event{};
    fields(event, reader);
    if (reader.failed()) return std::nullopt;
    return event;
  } else {
    return std::nullopt;
  }
}

}  // namespace

void write_event(const io::Event& event, RecordWriter& writer) {
  std::visit([&writer](const auto& alternative) { fields(alternative, writer); }, event);
}

void write_damaged_frame(const io::FrameArrived& event, RecordWriter& writer) { write_damaged(event, writer); }

std::optional<io::Event> read_event(std::uint8_t number, RecordReader& reader) {
  reader.begin_record();
  return read_alternative(number, reader);
}

}  // namespace lockstep::recording
