#include "prod/events/module_event.h"

#include "prod/common/wall_time.h"

#include <algorithm>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace lockstep::prod {

namespace json = boost::json;

namespace {

std::optional<std::string> text_of(const json::object& object, const char* key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string(value->as_string().data(), value->as_string().size());
}

/// Scripts print what they like; JSON is UTF-8, and a line that is not could not be read again.
std::string valid_utf8(std::string text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t length = lead < 0x80 ? 1 : lead >= 0xC2 && lead < 0xE0 ? 2 : lead >= 0xE0 && lead < 0xF0 ? 3 : 4;
    bool valid = lead < 0x80 || (lead >= 0xC2 && lead < 0xF5 && at + length <= text.size());
    for (std::size_t i = 1; valid && i < length; ++i)
      valid = (static_cast<unsigned char>(text[at + i]) & 0xC0U) == 0x80;
    const auto second = valid && length > 2 ? static_cast<unsigned char>(text[at + 1]) : 0;
    // Longer than need be, halves of pairs, and beyond the last character.
    if (valid && ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
                  (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F))) {
      valid = false;
    }
    if (!valid) text[at] = '?';
    at += valid ? length : 1;
  }
  return text;
}

}  // namespace

json::object to_json(const ModuleEvent& event) {
  const std::string_view kind = to_string(event.kind);
  json::object object = {{"number", event.number},
                         {"time", iso_time(event.time_ms)},
                         {"kind", json::string_view(kind.data(), kind.size())},
                         {"event", event.name},
                         {"text", valid_utf8(event.text)}};
  if (!event.facts.empty()) object["facts"] = event.facts;
  return object;
}

std::string encode(const ModuleEvent& event) { return json::serialize(to_json(event)); }

std::optional<ModuleEvent> decode_event(const std::string& line) {
  json::error_code error;
  const json::value value = json::parse(line, error);
  if (error || !value.is_object()) return std::nullopt;
  const json::object& object = value.as_object();
  const auto time = text_of(object, "time");
  const auto kind = text_of(object, "kind");
  const auto name = text_of(object, "event");
  const auto text = text_of(object, "text");
  const json::value* number = object.if_contains("number");
  if (!time || !kind || !name || !text || number == nullptr || !number->is_number()) return std::nullopt;
  const auto time_ms = parse_iso_time(*time);
  const auto* known = std::find(event_kind_names.begin(), event_kind_names.end(), *kind);
  if (!time_ms || known == event_kind_names.end()) return std::nullopt;
  ModuleEvent event;
  event.kind = static_cast<EventKind>(known - event_kind_names.begin());
  event.name = *name;
  event.text = *text;
  event.time_ms = *time_ms;
  event.number = number->to_number<std::uint64_t>(error);
  if (error) return std::nullopt;
  if (const json::value* facts = object.if_contains("facts"); facts != nullptr && facts->is_object()) {
    event.facts = facts->as_object();
  }
  return event;
}

}  // namespace lockstep::prod
