#include "sim/timeline/page.h"

#include <map>

#include <boost/json.hpp>

namespace lockstep::sim::timeline {

namespace {

namespace json = boost::json;

constexpr std::int64_t microseconds(Time time) { return time / one_us; }

/// Names of files may be any bytes; the page is UTF-8.
std::string printable(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (static_cast<unsigned char>(c) >= 0x7F || (static_cast<unsigned char>(c) < 0x20 && c != '\n')) c = '?';
  }
  return result;
}

json::string text_of(std::string_view text) { return json::string(printable(text)); }

/// Texts that occur often are listed once and named by their place.
class Texts {
 public:
  std::size_t place_of(std::string_view text) {
    const auto [found, added] = places_.try_emplace(printable(text), places_.size());
    if (added) list_.push_back(json::string(found->first));
    return found->second;
  }
  json::array take() { return std::move(list_); }

 private:
  std::map<std::string, std::size_t, std::less<>> places_;
  json::array list_;
};

// Messages and moments are many: arrays of numbers, as page.js unpacks them.
json::array messages_of(const Record& record, Texts& texts) {
  json::array all;
  for (const MessageSent& m : record.messages) {
    all.push_back(json::array{texts.place_of(m.kind), index_of(m.from), index_of(m.to), microseconds(m.sent),
                              microseconds(m.delivered), static_cast<int>(m.fate), texts.place_of(m.text)});
  }
  return all;
}

json::array moments_of(const Record& record, Texts& texts) {
  json::array all;
  for (const Moment& m : record.moments) {
    all.push_back(json::array{texts.place_of(m.kind), index_of(m.place), microseconds(m.at), texts.place_of(m.text)});
  }
  return all;
}

json::array bands_of(const Record& record) {
  json::array all;
  for (const Band& band : record.bands) {
    all.push_back(json::object{{"place", index_of(band.place)},
                               {"from", microseconds(band.from)},
                               {"to", microseconds(band.to)},
                               {"state", text_of(band.state)},
                               {"why", text_of(band.why)}});
  }
  return all;
}

json::array spans_of(const Record& record) {
  json::array all;
  for (const Span& span : record.spans) {
    all.push_back(json::object{{"place", index_of(span.place)},
                               {"from", microseconds(span.from)},
                               {"to", microseconds(span.to)},
                               {"kind", text_of(span.kind)},
                               {"text", text_of(span.text)}});
  }
  return all;
}

json::array faults_of(const Record& record) {
  json::array all;
  for (const FaultSpan& fault : record.faults) {
    json::array places;
    for (const Place place : fault.places) places.push_back(index_of(place));
    all.push_back(json::object{{"from", microseconds(fault.from)},
                               {"to", microseconds(fault.to)},
                               {"kind", text_of(fault.kind)},
                               {"places", std::move(places)},
                               {"text", text_of(fault.text)}});
  }
  return all;
}

json::array decisions_of(const Record& record) {
  json::array all;
  for (const Decision& decision : record.decisions) {
    const Configuration& decided = decision.configuration;
    all.push_back(json::object{{"at", microseconds(decision.at)},
                               {"place", index_of(decision.place)},
                               {"epoch", decided.epoch.value},
                               {"primary", index_of(decided.primary)},
                               {"both", decided.members == Members::both()},
                               {"text", text_of(describe(decided))}});
  }
  return all;
}

json::value violation_of(const RunResult& result) {
  if (!result.violation) return nullptr;
  return json::object{{"at", microseconds(result.simulated)},
                      {"invariant", text_of(result.violation->invariant())},
                      {"text", text_of(result.violation->text())}};
}

/// Nothing that an HTML parser could take for the end of the element around it, or for a comment.
std::string without_markup(std::string text) {
  for (std::size_t at = 0; (at = text.find('<', at)) != std::string::npos;) text.replace(at, 1, "\\u003c");
  return text;
}

std::string with(std::string text, std::string_view place, std::string_view part) {
  const std::size_t at = text.find(place);
  LOCKSTEP_CHECK(at != std::string::npos, "the page's frame has a place for each of its parts");
  return text.replace(at, place.size(), part);
}

}  // namespace

std::string page_data(const Heading& heading, const Record& record, const RunResult& result) {
  Texts texts;
  json::object data{{"name", text_of(heading.name)},
                    {"scenario", text_of(heading.scenario)},
                    {"plants", text_of(heading.plants)},
                    {"end", microseconds(result.simulated)},
                    {"healed", microseconds(record.healed)},
                    {"at_rest", microseconds(record.at_rest)},
                    {"events", result.events},
                    {"irrecoverable", result.irrecoverable},
                    {"acknowledged", result.acknowledged},
                    {"violation", violation_of(result)},
                    {"bands", bands_of(record)},
                    {"spans", spans_of(record)},
                    {"faults", faults_of(record)},
                    {"decisions", decisions_of(record)},
                    {"messages", messages_of(record, texts)},
                    {"moments", moments_of(record, texts)}};
  json::array places;
  for (const Place place : every_place) places.push_back(text_of(to_string(place)));
  data["places"] = std::move(places);
  data["texts"] = texts.take();
  return without_markup(json::serialize(data));
}

std::string page(const Heading& heading, const Record& record, const RunResult& result) {
  std::string text(page_frame);
  text = with(std::move(text), "<!-- style -->", "<style>\n" + std::string(page_style) + "</style>");
  text = with(std::move(text), "<!-- script -->", "<script>\n" + std::string(page_script) + "</script>");
  return with(std::move(text), "<!-- data -->",
              R"(<script type="application/json" id="data">)" + page_data(heading, record, result) + "</script>");
}

}  // namespace lockstep::sim::timeline
