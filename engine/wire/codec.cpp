#include "engine/wire/codec.h"

#include "engine/values/check.h"
#include "engine/values/hash64.h"
#include "engine/wire/archive.h"

#include <algorithm>
#include <memory>

namespace lockstep::engine {

namespace {

constexpr unsigned checksum_bytes = 4;

using FrameWriter = BasicWriter<io::FrameHead>;

// Which optional fields of an operation follow.
enum Presence : std::uint32_t {
  has_flags = 1U << 0U,
  has_file = 1U << 1U,
  has_parent = 1U << 2U,
  has_new_parent = 1U << 3U,
  has_name = 1U << 4U,
  has_new_name = 1U << 5U,
  has_range = 1U << 6U,
  has_parent_mtime = 1U << 7U,
  has_new_parent_mtime = 1U << 8U,
};

void operation_attributes(auto& attributes, auto& archive) {
  archive(attributes.mask);
  if ((attributes.mask & attribute_mode) != 0) archive(attributes.mode);
  if ((attributes.mask & attribute_uid) != 0) archive(attributes.uid);
  if ((attributes.mask & attribute_gid) != 0) archive(attributes.gid);
  if ((attributes.mask & attribute_size) != 0) archive(attributes.size_bytes);
  if ((attributes.mask & attribute_atime) != 0) archive(attributes.atime_ns);
  if ((attributes.mask & attribute_mtime) != 0) archive(attributes.mtime_ns);
}

// The data itself is not a field: it is the frame's rest.
void operation_fields(auto& operation, std::uint32_t presence, auto& archive) {
  if ((presence & has_flags) != 0) archive(operation.flags);
  if ((presence & has_file) != 0) archive(operation.file);
  if ((presence & has_parent) != 0) archive(operation.parent, operation.name);
  if ((presence & has_new_parent) != 0) archive(operation.new_parent);
  if ((presence & has_name) != 0) archive(operation.name);
  if ((presence & has_new_name) != 0) archive(operation.new_name);
  if ((presence & has_range) != 0) archive(operation.offset, operation.length);
  if ((presence & has_parent_mtime) != 0) archive(operation.parent_mtime_ns);
  if ((presence & has_new_parent_mtime) != 0) archive(operation.new_parent_mtime_ns);
  operation_attributes(operation.attributes, archive);
  if (operation.kind == OperationKind::create) archive(operation.attributes.rdev);
}

std::uint32_t presence_of(const Operation& operation) {
  std::uint32_t presence = 0;
  if (operation.flags != 0) presence |= has_flags;
  if (operation.file != FileId::none()) presence |= has_file;
  if (operation.parent != FileId::none()) {
    presence |= has_parent;
  } else if (!operation.name.empty()) {
    presence |= has_name;
  }
  if (operation.new_parent != FileId::none()) presence |= has_new_parent;
  if (!operation.new_name.empty()) presence |= has_new_name;
  if (operation.offset != 0 || operation.length != 0) presence |= has_range;
  if (operation.parent_mtime_ns != 0) presence |= has_parent_mtime;
  if (operation.new_parent_mtime_ns != 0) presence |= has_new_parent_mtime;
  return presence;
}

void object_fields(auto& object, auto& archive) {
  auto& a = object.attributes;
  archive(object.id, a.mask, a.mode, a.uid, a.gid, a.size_bytes, a.atime_ns, a.mtime_ns, a.rdev, object.symlink_target,
          object.xattrs);
}
void entry_fields(auto& entry, auto& archive) { archive(entry.parent, entry.name, entry.id); }

template <typename T>
void write_message(const T& message, FrameWriter& writer) {
  T::fields(message, writer);
}
void write_message(const StreamOperation& message, FrameWriter& writer) {
  const Operation& operation = message.operation;
  const std::uint32_t presence = presence_of(operation);
  writer(message.epoch, message.lsn, operation.kind, presence);
  operation_fields(operation, presence, writer);
}
void write_manifest(const Manifest& manifest, FrameWriter& writer) {
  const auto objects = static_cast<std::uint64_t>(manifest.objects.size());
  const auto entries = static_cast<std::uint64_t>(manifest.entries.size());
  writer(objects, entries);
  for (const ManifestObject& object : manifest.objects) object_fields(object, writer);
  for (const ManifestEntry& entry : manifest.entries) entry_fields(entry, writer);
  writer(manifest.listed);
}
void write_message(const ManifestPart& message, FrameWriter& writer) {
  writer(message.lsn, message.last);
  write_manifest(message.manifest, writer);
  writer(message.touches);
}
void write_message(const VerifyNames& message, FrameWriter& writer) {
  writer(message.question, message.lsn, message.directory, message.from, message.entries_max);
  write_manifest(message.manifest, writer);
}

template <typename T>
void read_message(T& message, Reader& reader) {
  T::fields(message, reader);
}
void read_message(StreamOperation& message, Reader& reader) {
  Operation& operation = message.operation;
  std::uint32_t presence = 0;
  reader(message.epoch, message.lsn, operation.kind, presence);
  operation_fields(operation, presence, reader);
  if (presence != presence_of(operation)) reader.fail();
  operation.data = reader.rest();
}
void read_manifest(Manifest& manifest, Reader& reader) {
  std::uint64_t objects = 0;
  std::uint64_t entries = 0;
  reader(objects, entries);
  for (; objects > 0 && !reader.failed(); --objects) object_fields(manifest.objects.emplace_back(), reader);
  for (; entries > 0 && !reader.failed(); --entries) entry_fields(manifest.entries.emplace_back(), reader);
  reader(manifest.listed);
}
void read_message(ManifestPart& message, Reader& reader) {
  reader(message.lsn, message.last);
  read_manifest(message.manifest, reader);
  reader(message.touches);
}
void read_message(VerifyNames& message, Reader& reader) {
  reader(message.question, message.lsn, message.directory, message.from, message.entries_max);
  read_manifest(message.manifest, reader);
}

std::uint64_t checksum(std::span<const std::byte> head, std::span<const std::byte> body) {
  return hash64(head, body.empty() ? 0 : hash64(body)) & 0xFFFFFFFFU;
}

template <std::size_t I = 0>
std::optional<Message> read_alternative(std::size_t index, Reader& reader) {
  if constexpr (I < std::variant_size_v<Message>) {
    if (index != I) return read_alternative<I + 1>(index, reader);
    std::variant_alternative_t<I, Message> message;
    read_message(message, reader);
    if (reader.failed()) return std::nullopt;
    return message;
  } else {
    return std::nullopt;
  }
}

}  // namespace

Buffer frame_bytes(const io::Frame& frame) {
  const auto bytes = std::make_shared_for_overwrite<std::byte[]>(frame.head.size() + frame.body.size());
  std::byte* const end = std::copy(frame.head.begin(), frame.head.end(), bytes.get());
  std::copy(frame.body.bytes().begin(), frame.body.bytes().end(), end);
  return {bytes, bytes.get(), frame.head.size() + frame.body.size()};
}

io::Frame encode(const Message& message) {
  io::Frame frame;
  FrameWriter writer;
  writer.raw(0, checksum_bytes);
  writer.raw(0, 2);
  writer.raw(message.index(), 1);
  std::visit([&writer](const auto& alternative) { write_message(alternative, writer); }, message);
  if (const auto* stream = std::get_if<StreamOperation>(&message)) frame.body = stream->operation.data;
  // The length of the head tells where the bulk data begins, so that it can be checked on its own.
  const std::size_t head_bytes = frame.body.empty() ? 0 : writer.bytes.size();
  LOCKSTEP_CHECK(head_bytes < 65536, "the head of a frame that carries bulk data is small");
  writer.bytes[checksum_bytes] = static_cast<std::byte>(head_bytes & 0xFFU);
  writer.bytes[checksum_bytes + 1] = static_cast<std::byte>(head_bytes >> 8U);
  const std::uint64_t sum = checksum(std::span(writer.bytes).subspan(checksum_bytes), frame.body.bytes());
  for (unsigned i = 0; i < checksum_bytes; ++i) writer.bytes[i] = static_cast<std::byte>(sum >> (8 * i));
  frame.head = std::move(writer.bytes);
  return frame;
}

std::optional<Message> decode(const Buffer& frame) {
  Reader reader(frame);
  const std::uint64_t sum = reader.raw(checksum_bytes);
  const std::uint64_t coded_head_bytes = reader.raw(2);
  if (reader.failed()) return std::nullopt;
  const bool has_body = coded_head_bytes != 0;
  const std::size_t head_bytes = has_body ? coded_head_bytes : frame.size();
  if (has_body && (head_bytes < checksum_bytes + 2 || head_bytes >= frame.size())) return std::nullopt;
  const auto bytes = frame.bytes();
  if (checksum(bytes.subspan(checksum_bytes, head_bytes - checksum_bytes), bytes.subspan(head_bytes)) != sum) {
    return std::nullopt;
  }
  const std::uint64_t index = reader.raw(1);
  if (reader.failed()) return std::nullopt;
  std::optional<Message> message = read_alternative(index, reader);
  // The fields are all of the head, and only an operation of the stream has a body.
  if (reader.bytes_left() != frame.size() - head_bytes) return std::nullopt;
  if (has_body && index != message_number_of<StreamOperation>) return std::nullopt;
  return message;
}

std::optional<std::size_t> message_number(std::span<const std::byte> head) {
  constexpr std::size_t place = checksum_bytes + 2;
  if (head.size() <= place) return std::nullopt;
  return static_cast<std::size_t>(head[place]);
}

std::optional<FrameParts> frame_parts(const Buffer& frame) {
  Reader reader(frame);
  reader.raw(checksum_bytes);
  const std::uint64_t coded_head_bytes = reader.raw(2);
  const std::uint64_t number = reader.raw(1);
  if (reader.failed()) return std::nullopt;
  const std::size_t head_bytes = coded_head_bytes == 0 ? frame.size() : coded_head_bytes;
  if (head_bytes < checksum_bytes + 3 || head_bytes > frame.size()) return std::nullopt;
  return FrameParts{number, frame.slice(checksum_bytes, head_bytes - checksum_bytes),
                    frame.slice(head_bytes, frame.size() - head_bytes)};
}

Buffer join_frame(std::span<const std::byte> head, std::span<const std::byte> body) {
  Writer writer;
  writer.bytes.reserve(checksum_bytes + head.size() + body.size());
  writer.raw(checksum(head, body), checksum_bytes);
  writer.append(head);
  writer.append(body);
  return Buffer(std::move(writer.bytes));
}

std::size_t wire_bytes_max(const ManifestObject& object) {
  std::size_t bytes = 128 + object.symlink_target.size();
  for (const auto& [name, value] : object.xattrs) bytes += 20 + name.size() + value.size();
  return bytes;
}

std::size_t wire_bytes_max(const ManifestEntry& entry) { return 48 + entry.name.size(); }

}  // namespace lockstep::engine
