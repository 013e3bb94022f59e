// What command line tool and daemon say to each other, and what the tool makes of a status for people.
#include "engine/values/check.h"
#include "prod/cli/json_fields.h"
#include "prod/cli/render_status.h"
#include "prod/cli/top_rows.h"
#include "prod/common/control_protocol.h"
#include "props/fuzz/input.h"
#include "props/fuzz/targets.h"

#include <string>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace lockstep::fuzz {

namespace {

enum class Direction : std::uint8_t { request, answer };

bool accepts_request(const std::string& line) {
  const auto request = prod::decode_request(line);
  if (!request) return false;
  const std::string once = prod::encode(*request);
  const auto again = prod::decode_request(once);
  LOCKSTEP_CHECK(again && prod::encode(*again) == once, "a request comes back");
  LOCKSTEP_CHECK(once.find('\n') == std::string::npos, "a request is one line");
  return true;
}

bool accepts_answer(const std::string& line) {
  const auto answer = prod::decode_answer(line);
  if (!answer) return false;
  const std::string once = prod::encode(*answer);
  const auto again = prod::decode_answer(once);
  LOCKSTEP_CHECK(again && prod::encode(*again) == once, "an answer comes back");
  LOCKSTEP_CHECK(once.find('\n') == std::string::npos, "an answer is one line");
  constexpr std::int64_t now_ms = 1'800'000'000'000;
  LOCKSTEP_CHECK(!prod::render_status(answer->status, true, now_ms).empty(),
                 "a status can be printed, whatever is in it");
  // As if the first module's status were an earlier look at the last one.
  const auto statuses = prod::statuses_of(answer->status);
  if (statuses.empty()) return true;
  const auto row = prod::top_row(statuses.front(), statuses.back(), 0.5, now_ms);
  LOCKSTEP_CHECK(!prod::render_top({row}, true).empty(), "so can what top makes of two of them");
  return true;
}

bool accepts(const Buffer& input) {
  Input parts(input);
  const auto direction = static_cast<Direction>(parts.number8());
  const std::string line(parts.rest().text());
  return direction == Direction::request ? accepts_request(line) : accepts_answer(line);
}

Buffer seed(Direction direction, const std::string& line) {
  return Buffer::copy_of(std::string(1, static_cast<char>(direction)) + line);
}

/// Two looks at one module, for what is told per second.
constexpr const char* sample_looks = R"({"modules": [
  {"module": "shop", "role": "PRIM", "lsn": 10, "peer_applied_lsn": 7,
   "load": {"written_bytes": 1000, "lag_seconds": 0.1, "bounds_seconds": [0.001, 0.01],
            "write": {"acknowledged": 5, "seconds": 0.5, "latency": [1, 2, 2]}}},
  {"module": "shop", "role": "PRIM", "lsn": 20, "peer_applied_lsn": 9,
   "load": {"written_bytes": 9000, "lag_seconds": 0.2, "bounds_seconds": [0.001, 0.01],
            "write": {"acknowledged": 25, "seconds": 1.5, "latency": [9, 8, 8]}}}]})";

constexpr const char* sample_status = R"({
  "module": "shop", "node": "s1", "role": "PRIM", "readiness": "ready", "primary": "s1", "in_sync": ["s1", "s2"],
  "epoch": 12, "peer_connected": true, "witness_connected": false, "requests_waiting": 3,
  "resync": {"bytes_left": 10, "bytes_total": 20, "files_left": 1, "bytes_per_second": 5, "seconds_left": 2},
  "peer_resync": {"bytes_left": 10, "bytes_total": 20},
  "verify": {"running": false, "complete": true, "last_ended_seconds_ago": 200000, "mismatches": 1,
             "list": [{"kind": "contents", "path": "a", "offset": 0, "length": 4096, "errno": 5}]},
  "conflicts": {"count": 2, "bytes": 4096}, "reason": "all is well", "next_step": "none"})";

std::vector<Buffer> seeds() {
  prod::ControlRequest request;
  request.module = "shop";
  request.verb = "verify";
  request.repair = true;
  request.key = "log-level";
  request.value = "debug";
  request.lines = 50;
  prod::ControlAnswer status;
  status.status = boost::json::parse(sample_status).as_object();
  prod::ControlAnswer looks;
  looks.status = boost::json::parse(sample_looks).as_object();
  return {seed(Direction::request, prod::encode(request)), seed(Direction::answer, prod::encode(status)),
          seed(Direction::answer, prod::encode(looks)),
          seed(Direction::answer,
               prod::encode(prod::ControlAnswer{prod::Outcome::not_available, "no \"such\" thing\n", {}}))};
}

}  // namespace

const Target control_message{"control_message", accepts, seeds, 1024, 8'000};

}  // namespace lockstep::fuzz
