#include "io/etcd/etcd_messages.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <openssl/evp.h>

namespace lockstep::io::etcd {

namespace {

namespace json = boost::json;

constexpr std::size_t refusal_length_max = 200;

std::optional<json::object> object_in(std::string_view text) {
  boost::system::error_code error;
  json::value value = json::parse(json::string_view(text.data(), text.size()), error);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

const json::object* object_at(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value == nullptr ? nullptr : value->if_object();
}

/// What is missing is false, what is of another kind nothing.
std::optional<bool> flag_at(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr) return false;
  if (!value->is_bool()) return std::nullopt;
  return value->get_bool();
}

std::optional<std::string> bytes_at(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr) return std::string();
  if (!value->is_string()) return std::nullopt;
  const json::string& text = value->get_string();
  return from_base64({text.data(), text.size()});
}

/// etcd counts in signed numbers, and never below 0.
std::optional<Revision> revision_at(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr) return Revision{};
  if (!value->is_string()) return std::nullopt;
  const std::string_view text(value->get_string().data(), value->get_string().size());
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < 0 || text != std::to_string(number)) {
    return std::nullopt;
  }
  return Revision{static_cast<std::uint64_t>(number)};
}

/// Of an answer, or of the part of one that answers a range.
std::optional<RecordRead> newest_in(const json::object& range, std::string_view key) {
  const json::value* found = range.if_contains("kvs");
  if (found == nullptr) return RecordRead{};
  const json::array* list = found->if_array();
  if (list == nullptr || list->size() > 1) return std::nullopt;
  if (list->empty()) return RecordRead{};
  const json::object* kv = list->front().if_object();
  if (kv == nullptr || bytes_at(*kv, "key") != key) return std::nullopt;
  const auto revision = revision_at(*kv, "mod_revision");
  const auto record = bytes_at(*kv, "value");
  if (!revision || revision->value == 0 || !record || record->size() > record_bytes_max) return std::nullopt;
  return RecordRead{*revision, Buffer::copy_of(*record)};
}

/// Whatever follows must be an answer of etcd's, so its header is there.
std::optional<json::object> answer_in(std::string_view text) {
  auto answer = object_in(text);
  if (!answer || object_at(*answer, "header") == nullptr) return std::nullopt;
  return answer;
}

std::optional<ReplaceAnswer> replaced(const json::object& answer) {
  const auto revision = revision_at(*object_at(answer, "header"), "revision");
  if (!revision || revision->value == 0) return std::nullopt;
  return RecordReplaced{*revision};
}

std::optional<ReplaceAnswer> superseded(const json::object& answer, std::string_view key) {
  const json::value* responses = answer.if_contains("responses");
  const json::array* list = responses == nullptr ? nullptr : responses->if_array();
  if (list == nullptr || list->size() != 1) return std::nullopt;
  const json::object* response = list->front().if_object();
  const json::object* range = response == nullptr ? nullptr : object_at(*response, "response_range");
  if (range == nullptr) return std::nullopt;
  auto newest = newest_in(*range, key);
  if (!newest) return std::nullopt;
  return RecordSuperseded{newest->revision, std::move(newest->record)};
}

}  // namespace

std::string range_request(std::string_view key) { return json::serialize(json::object{{"key", to_base64(key)}}); }

std::string replace_request(std::string_view key, Revision expected, const Buffer& record) {
  const std::string encoded = to_base64(key);
  const json::object compare{
      {"key", encoded}, {"target", "MOD"}, {"result", "EQUAL"}, {"mod_revision", std::to_string(expected.value)}};
  const json::object put{{"request_put", json::object{{"key", encoded}, {"value", to_base64(record.text())}}}};
  const json::object range{{"request_range", json::object{{"key", encoded}}}};
  return json::serialize(
      json::object{{"compare", json::array{compare}}, {"success", json::array{put}}, {"failure", json::array{range}}});
}

std::optional<RecordRead> decode_range_answer(std::string_view text, std::string_view key) {
  const auto answer = answer_in(text);
  return answer ? newest_in(*answer, key) : std::nullopt;
}

std::optional<ReplaceAnswer> decode_replace_answer(std::string_view text, std::string_view key) {
  const auto answer = answer_in(text);
  if (!answer) return std::nullopt;
  const auto succeeded = flag_at(*answer, "succeeded");
  if (!succeeded) return std::nullopt;
  return *succeeded ? replaced(*answer) : superseded(*answer, key);
}

std::string refusal_in(std::string_view text) {
  const auto answer = object_in(text);
  if (!answer) return {};
  for (const char* name : {"message", "error"}) {
    const json::value* value = answer->if_contains(name);
    if (value == nullptr || !value->is_string() || value->get_string().empty()) continue;
    std::string refusal(value->get_string().data(), std::min(value->get_string().size(), refusal_length_max));
    std::replace_if(
        refusal.begin(), refusal.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    return refusal;
  }
  return {};
}

std::string to_base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // a zero is written behind it
  ::EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), reinterpret_cast<const unsigned char*>(bytes.data()),
                    static_cast<int>(bytes.size()));
  text.pop_back();
  return text;
}

// OpenSSL is generous with white space, and with what padding hides.
std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string bytes(text.size() / 4 * 3, '\0');
  const int decoded =
      ::EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                        reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  if (decoded != static_cast<int>(bytes.size())) return std::nullopt;
  bytes.resize(bytes.size() - padding);
  return to_base64(bytes) == text ? std::optional(std::move(bytes)) : std::nullopt;
}

}  // namespace lockstep::io::etcd
