// What the JSON gateway of an etcd answers: to a question for the record, to a replacement, and when it refuses.
#include "engine/values/check.h"
#include "io/etcd/etcd_messages.h"
#include "props/fuzz/input.h"
#include "props/fuzz/targets.h"

#include <algorithm>
#include <cstdint>
#include <string>

namespace lockstep::fuzz {

namespace {

namespace etcd = io::etcd;
using io::RecordRead;
using io::RecordReplaced;
using io::RecordSuperseded;
using io::Revision;

enum class Question : std::uint8_t { range, replace, refused, base64 };

constexpr std::string_view key = "a";

/// As etcd writes them.
std::string range_answer(const RecordRead& read) {
  std::string text = R"({"header":{"cluster_id":"1","member_id":"2","revision":"7","raft_term":"2"})";
  if (read.revision == Revision{}) return text + "}";
  return text + R"(,"kvs":[{"key":"YQ==","create_revision":"2","mod_revision":")" +
         std::to_string(read.revision.value) + R"(","version":"1","value":")" + etcd::to_base64(read.record.text()) +
         R"("}],"count":"1"})";
}
std::string replaced_answer(Revision revision) {
  return R"({"header":{"revision":")" + std::to_string(revision.value) +
         R"("},"succeeded":true,"responses":[{"response_put":{"header":{"revision":"7"}}}]})";
}
std::string superseded_answer(const RecordSuperseded& other) {
  return R"({"header":{"revision":"7"},"responses":[{"response_range":)" +
         range_answer({other.revision, other.record}) + "}]}";
}

void check_version(Revision revision, const Buffer& record) {
  LOCKSTEP_CHECK(revision.value != 0 || record.empty(), "what is not there has no content");
  LOCKSTEP_CHECK(record.size() <= etcd::record_bytes_max, "a record is within the limit");
}

bool accepts_range(const std::string& text) {
  const auto read = etcd::decode_range_answer(text, key);
  if (!read) return false;
  check_version(read->revision, read->record);
  const auto again = etcd::decode_range_answer(range_answer(*read), key);
  LOCKSTEP_CHECK(again && again->revision == read->revision && again->record == read->record, "a record comes back");
  return true;
}

bool accepts_replace(const std::string& text) {
  const auto answer = etcd::decode_replace_answer(text, key);
  if (!answer) return false;
  if (const auto* replaced = std::get_if<RecordReplaced>(&*answer)) {
    LOCKSTEP_CHECK(replaced->revision != Revision{}, "what was replaced is there");
    const auto again = etcd::decode_replace_answer(replaced_answer(replaced->revision), key);
    LOCKSTEP_CHECK(again && std::get<RecordReplaced>(*again).revision == replaced->revision, "a revision comes back");
    return true;
  }
  const auto& other = std::get<RecordSuperseded>(*answer);
  check_version(other.revision, other.record);
  const auto again = etcd::decode_replace_answer(superseded_answer(other), key);
  LOCKSTEP_CHECK(again && std::get<RecordSuperseded>(*again).record == other.record, "a record comes back");
  return true;
}

bool accepts_refusal(const std::string& text) {
  const std::string words = etcd::refusal_in(text);
  LOCKSTEP_CHECK(words.size() <= 200, "what is said fits a line");
  LOCKSTEP_CHECK(std::all_of(words.begin(), words.end(), [](char c) { return c >= ' ' && c <= '~'; }),
                 "what is said is one line");
  return !words.empty();
}

bool accepts_base64(const std::string& text) {
  LOCKSTEP_CHECK(etcd::from_base64(etcd::to_base64(text)) == text, "any bytes come back");
  const auto bytes = etcd::from_base64(text);
  LOCKSTEP_CHECK(!bytes || etcd::to_base64(*bytes) == text, "bytes have one encoding");
  return bytes.has_value();
}

bool accepts(const Buffer& input) {
  Input parts(input);
  const auto question = static_cast<Question>(parts.number8() % 4);
  const std::string text(parts.rest().text());
  switch (question) {
    case Question::range: return accepts_range(text);
    case Question::replace: return accepts_replace(text);
    case Question::refused: return accepts_refusal(text);
    case Question::base64: return accepts_base64(text);
  }
  return false;
}

Buffer seed(Question question, const std::string& text) {
  return Buffer::copy_of(std::string(1, static_cast<char>(question)) + text);
}

std::vector<Buffer> seeds() {
  const Buffer record = Buffer::copy_of("epoch 3");
  return {seed(Question::range, range_answer({})),
          seed(Question::range, range_answer({Revision{5}, record})),
          seed(Question::replace, replaced_answer(Revision{7})),
          seed(Question::replace, superseded_answer({})),
          seed(Question::replace, superseded_answer({Revision{5}, record})),
          seed(Question::refused, R"({"error":"etcdserver: no leader","message":"etcdserver: no leader","code":14})"),
          seed(Question::base64, etcd::to_base64("any bytes"))};
}

}  // namespace

const Target etcd_answer{"etcd_answer", accepts, seeds, 512, 100'000};

}  // namespace lockstep::fuzz
