#include "engine/recording/decisions.h"

#include "engine/values/hash64.h"
#include "engine/wire/codec.h"

#include <span>
#include <variant>

namespace lockstep::recording {

namespace {

/// The checksum covers contents too, so the hash begins behind it.
constexpr std::size_t checksum_bytes = 4;

void add_object(Decisions& decisions, const ManifestObject& object) {
  decisions.add(object.id);
  const Attributes& a = object.attributes;
  for (const std::uint64_t word : {std::uint64_t{a.mode}, std::uint64_t{a.uid} << 32U | a.gid, a.size_bytes,
                                   static_cast<std::uint64_t>(a.atime_ns), static_cast<std::uint64_t>(a.mtime_ns),
                                   a.rdev, std::uint64_t{object.symlink_target.size()}}) {
    decisions.add(word);
  }
  for (const auto& [name, value] : object.xattrs) {
    decisions.add(name);
    decisions.add(value.size());
  }
}

void add_manifest(Decisions& decisions, const Manifest& manifest) {
  for (const ManifestObject& object : manifest.objects) add_object(decisions, object);
  for (const ManifestEntry& entry : manifest.entries) {
    decisions.add(entry.parent);
    decisions.add(entry.name);
    decisions.add(entry.id);
  }
  for (const FileId& directory : manifest.listed) decisions.add(directory);
}

void add_message(Decisions& decisions, const engine::ManifestPart& part) {
  decisions.add(part.lsn.value << 1U | std::uint64_t{part.last});
  add_manifest(decisions, part.manifest);
  for (const engine::Touch& touch : part.touches) {
    decisions.add(touch.file);
    decisions.add(touch.offset << 2U | static_cast<std::uint64_t>(touch.kind));
  }
}

void add_message(Decisions& decisions, const engine::Pull& pull) {
  decisions.add(pull.file);
  for (const std::uint64_t word : {pull.pull, pull.offset, std::uint64_t{pull.chunk_bytes}, std::uint64_t{pull.chunks},
                                   std::uint64_t{pull.digests.size()}}) {
    decisions.add(word);
  }
}

void add_message(Decisions& decisions, const engine::VerifyRegion& region) {
  decisions.add(region.file);
  for (const std::uint64_t word : {region.question, region.lsn.value, region.offset, std::uint64_t{region.chunk_bytes},
                                   std::uint64_t{region.chunks}, region.repair, std::uint64_t{region.digests.size()}}) {
    decisions.add(word);
  }
}

void add_message(Decisions& decisions, const engine::VerifyNames& names) {
  decisions.add(names.question);
  decisions.add(names.lsn.value);
  decisions.add(names.directory);
  decisions.add(std::string_view(names.from));
  decisions.add(std::uint64_t{names.entries_max});
  add_manifest(decisions, names.manifest);
}

template <typename Other>
void add_message(Decisions& /*decisions*/, const Other& /*holds no contents*/) {}

/// Fields of trace events; the texts of notes may quote anything, so their length stands for them.
struct TraceFields {
  Decisions& decisions;

  void operator()(const io::RoleChanged& e) const { texts(e.from, e.to, e.event); }
  void operator()(const io::UnknownTransition& e) const { texts(e.state, e.event); }
  void operator()(const io::VoteCast& e) const {
    decisions.add(e.ballot);
    decisions.add(e.configuration);
  }
  void operator()(const io::ConfigurationDecided& e) const { decisions.add(e.configuration); }
  void operator()(const io::LeaseHeld& e) const { words(e.epoch.value, static_cast<std::uint64_t>(e.until.ns)); }
  void operator()(const io::WritableChanged& e) const { words(e.epoch.value, e.writable); }
  // The operation itself is in the frame, the reply or the volume's answer.
  void operator()(const io::OperationOrdered& e) const {
    words(e.request.value, e.epoch.value, e.lsn.value, static_cast<std::uint64_t>(e.operation->kind),
          e.operation->data.size());
  }
  void operator()(const io::OperationReplicated& e) const {
    words(e.epoch.value, e.lsn.value, static_cast<std::uint64_t>(e.operation->kind), e.operation->data.size());
  }
  void operator()(const io::ContentsLetGo& e) const { words(e.epoch.value, e.lsn.value); }
  void operator()(const io::RequestAcknowledged& e) const {
    words(e.request.value, e.epoch.value, e.lsn.value, static_cast<std::uint64_t>(e.kind));
  }
  void operator()(const io::ApplicationStarting& e) const { words(e.epoch.value); }
  void operator()(const io::ApplicationStopped&) const {}
  void operator()(const io::ResyncBegan& e) const { words(e.lsn.value, e.whole); }
  void operator()(const io::ResyncEnded& e) const { words(e.lsn.value, e.bytes_copied); }
  void operator()(const io::VerifyBegan& e) const { words(static_cast<std::uint64_t>(e.job)); }
  void operator()(const io::MismatchFound& e) const {
    words(e.file.high, e.file.low, static_cast<std::uint64_t>(e.kind), e.offset, e.chunks, e.chunk_bytes);
  }
  void operator()(const io::VersionOverwritten& e) const { words(e.file.high, e.file.low, e.repair); }
  void operator()(const io::VerifyEnded& e) const { words(e.complete, e.mismatches); }
  void operator()(const io::CheckActed& e) const { words(e.check, static_cast<std::uint64_t>(e.action)); }
  void operator()(const io::Mark&) const {}
  void operator()(const io::Note& e) const { words(e.text.size()); }

 private:
  void words(auto... each) const { (decisions.add(std::uint64_t{each}), ...); }
  void texts(auto... each) const { (decisions.add(each), ...); }
};

}  // namespace

void Decisions::add(std::string_view text) {
  add(std::uint64_t{text.size()});
  if (!text.empty()) add(hash64(std::as_bytes(std::span(text))));
}

void Decisions::add(const Configuration& configuration) {
  add(configuration.epoch.value);
  add(static_cast<std::uint64_t>(configuration.primary) << 8U | configuration.members.bits);
}

void Decisions::add(const Operation& operation) {
  const Attributes& a = operation.attributes;
  add(static_cast<std::uint64_t>(operation.kind) << 32U | operation.flags);
  add(operation.file);
  add(operation.parent);
  add(operation.new_parent);
  add(operation.name);
  add(operation.new_name);
  add(operation.offset);
  add(operation.length);
  add(std::uint64_t{a.mask} << 32U | a.mode);
  if (a.mask != 0) {
    for (const std::uint64_t word :
         {std::uint64_t{a.uid} << 32U | a.gid, a.size_bytes, static_cast<std::uint64_t>(a.atime_ns),
          static_cast<std::uint64_t>(a.mtime_ns), a.rdev}) {
      add(word);
    }
  }
  add(static_cast<std::uint64_t>(operation.parent_mtime_ns));
  add(static_cast<std::uint64_t>(operation.new_parent_mtime_ns));
  add(std::uint64_t{operation.data.size()});
}

void Decisions::add(const io::Frame& frame) {
  // Only a message without a body can have contents in its head.
  if (frame.body.empty()) {
    const std::size_t number = engine::message_number(frame.head).value_or(std::variant_size_v<engine::Message>);
    if (head_holds_contents(number)) {
      const auto message = engine::decode(Buffer::copy_of(std::span<const std::byte>(frame.head)));
      if (message) {
        add(std::uint64_t{message->index()});
        std::visit([this](const auto& alternative) { add_message(*this, alternative); }, *message);
        return;
      }
    }
  }
  add(hash64(std::span(frame.head).subspan(checksum_bytes)));
  add(std::uint64_t{frame.body.size()});
}

bool head_holds_contents(std::size_t number) {
  return number == engine::message_number_of<engine::ManifestPart> ||
         number == engine::message_number_of<engine::Pull> ||
         number == engine::message_number_of<engine::VerifyRegion> ||
         number == engine::message_number_of<engine::VerifyNames>;
}

void Decisions::add(const io::TraceEvent& event) {
  add(std::uint64_t{event.index()});
  std::visit(TraceFields{*this}, event);
}

}  // namespace lockstep::recording
