#include "prod/common/control_protocol.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace lockstep::prod {

namespace json = boost::json;

namespace {

constexpr std::array<std::string_view, 3> outcome_names = {"done", "refused", "not available"};

std::optional<json::object> parse_object(const std::string& line) {
  json::error_code error;
  json::value value = json::parse(line, error);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.as_object());
}

/// Absent keys are empty; a value of another kind spoils the message.
bool take(const json::object& object, std::string_view key, std::string& into) {
  const json::value* value = object.if_contains({key.data(), key.size()});
  if (value == nullptr) return true;
  if (!value->is_string()) return false;
  into.assign(value->as_string().data(), value->as_string().size());
  return true;
}

bool take(const json::object& object, std::string_view key, bool& into) {
  const json::value* value = object.if_contains({key.data(), key.size()});
  if (value == nullptr) return true;
  if (!value->is_bool()) return false;
  into = value->as_bool();
  return true;
}

bool take(const json::object& object, std::string_view key, std::size_t& into) {
  const json::value* value = object.if_contains({key.data(), key.size()});
  if (value == nullptr) return true;
  json::error_code error;
  into = value->to_number<std::size_t>(error);
  return !error;
}

}  // namespace

std::string encode(const ControlRequest& request) {
  const json::object object = {{"module", request.module}, {"verb", request.verb},     {"force", request.force},
                               {"full", request.full},     {"repair", request.repair}, {"cancel", request.cancel},
                               {"key", request.key},       {"value", request.value},   {"lines", request.lines},
                               {"by", request.by}};
  return json::serialize(object);
}

std::optional<ControlRequest> decode_request(const std::string& line) {
  const auto object = parse_object(line);
  ControlRequest request;
  if (!object || !take(*object, "module", request.module) || !take(*object, "verb", request.verb) ||
      !take(*object, "force", request.force) || !take(*object, "full", request.full) ||
      !take(*object, "repair", request.repair) || !take(*object, "cancel", request.cancel) ||
      !take(*object, "key", request.key) || !take(*object, "value", request.value) ||
      !take(*object, "lines", request.lines) || !take(*object, "by", request.by) || request.verb.empty()) {
    return std::nullopt;
  }
  return request;
}

std::string encode(const ControlAnswer& answer) {
  const auto outcome = outcome_names[static_cast<std::size_t>(answer.outcome)];
  json::object object = {{"outcome", json::string_view(outcome.data(), outcome.size())}, {"text", answer.text}};
  if (!answer.status.empty()) object["status"] = answer.status;
  return json::serialize(object);
}

std::optional<ControlAnswer> decode_answer(const std::string& line) {
  const auto object = parse_object(line);
  ControlAnswer answer;
  std::string outcome;
  if (!object || !take(*object, "outcome", outcome) || !take(*object, "text", answer.text)) return std::nullopt;
  const auto* const known = std::find(outcome_names.begin(), outcome_names.end(), outcome);
  if (known == outcome_names.end()) return std::nullopt;
  answer.outcome = static_cast<Outcome>(known - outcome_names.begin());
  if (const json::value* status = object->if_contains("status"); status != nullptr && status->is_object()) {
    answer.status = status->as_object();
  }
  return answer;
}

}  // namespace lockstep::prod
