#include "prod/cli/json_fields.h"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

namespace lockstep::prod {

namespace json = boost::json;

namespace {

const json::value* find(const json::object& object, std::string_view key) {
  return object.if_contains({key.data(), key.size()});
}

std::string string_of(const json::string& string) { return {string.data(), string.size()}; }

}  // namespace

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = find(object, key);
  return value != nullptr && value->is_string() ? string_of(value->as_string()) : std::string();
}

bool truth_of(const json::object& object, std::string_view key) {
  const json::value* value = find(object, key);
  return value != nullptr && value->is_bool() && value->as_bool();
}

std::uint64_t number_of(const json::object& object, std::string_view key) {
  const json::value* value = find(object, key);
  if (value == nullptr) return 0;
  json::error_code error;
  const auto result = value->to_number<std::uint64_t>(error);
  return error ? 0 : result;
}

double real_of(const json::object& object, std::string_view key) {
  const json::value* value = find(object, key);
  if (value == nullptr) return 0;
  json::error_code error;
  const auto result = value->to_number<double>(error);
  return error ? 0 : result;
}

const json::object& object_of(const json::object& object, std::string_view key) {
  static const json::object none;
  const json::value* value = find(object, key);
  return value != nullptr && value->is_object() ? value->as_object() : none;
}

std::string list_of(const json::object& object, std::string_view key) {
  std::string result;
  const json::value* value = find(object, key);
  if (value == nullptr || !value->is_array()) return result;
  for (const json::value& element : value->as_array()) {
    if (element.is_string()) result += (result.empty() ? "" : ", ") + string_of(element.as_string());
  }
  return result;
}

std::vector<json::object> statuses_of(const json::object& answer) {
  const json::value* list = find(answer, "modules");
  if (list == nullptr || !list->is_array()) return {answer};
  std::vector<json::object> statuses;
  for (const json::value& each : list->as_array()) {
    if (each.is_object()) statuses.push_back(each.as_object());
  }
  return statuses;
}

}  // namespace lockstep::prod
