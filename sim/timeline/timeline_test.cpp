#include "sim/planted/planted.h"
#include "sim/scenario/words.h"
#include "sim/simulate.h"
#include "sim/timeline/page.h"
#include "sim/timeline/recorder.h"

#include <optional>
#include <string>

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace lockstep::sim::timeline {
namespace {

namespace json = boost::json;

/// Counts for itself what the page must show.
class Counter : public Observer {
 public:
  void traced(Place /*by*/, const io::TraceEvent& event) override {
    if (const auto* role = std::get_if<io::RoleChanged>(&event)) roles += role->from != role->to;
    acknowledged += std::holds_alternative<io::RequestAcknowledged>(event);
  }
  void delivering(Place /*to*/, const io::Event& event) override {
    delivered += std::holds_alternative<io::FrameArrived>(event);
  }
  void frame_sent(Place /*from*/, io::Endpoint /*to*/, const io::Frame& /*frame*/) override { ++sent; }
  void started(Place /*place*/) override { ++starts; }
  void stopped(Place /*place*/, bool /*power_lost*/) override { ++stops; }

  std::size_t roles = 0, acknowledged = 0, delivered = 0, sent = 0, starts = 0, stops = 0;
};

struct Shown {
  Scenario scenario;
  RunResult result;
  Counter counter;
  Record record;
  std::string html;
  json::object data;
};

json::object data_in(const std::string& html) {
  const std::string begin = R"(<script type="application/json" id="data">)";
  const std::size_t at = html.find(begin) + begin.size();
  return json::parse(html.substr(at, html.find("</script>", at) - at)).as_object();
}

Shown shown(std::uint64_t seed) {
  Shown run;
  run.scenario = draw_scenario(seed, {});
  std::optional<Recorder> recorder;
  run.result = simulate(run.scenario, [&](World& world) {
    world.observers().add(recorder.emplace(world));
    world.observers().add(run.counter);
  });
  run.record = recorder->finish(run.result.simulated);
  run.html = page({"seed " + std::to_string(seed), in_words(run.scenario), ""}, run.record, run.result);
  run.data = data_in(run.html);
  return run;
}

std::size_t with_fate(const json::object& data, Fate fate) {
  std::size_t count = 0;
  for (const json::value& message : data.at("messages").as_array()) {
    count += message.as_array().at(5).to_number<int>() == static_cast<int>(fate);
  }
  return count;
}

TEST(TimelineTest, ThePageShowsWhatHappened) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    const Shown run = shown(seed);
    ASSERT_FALSE(run.result.violation) << "seed " << seed;
    EXPECT_TRUE(run.data.at("violation").is_null());
    EXPECT_EQ(run.data.at("faults").as_array().size(), run.scenario.faults.size());
    // Every machine begins down; each start, stop and change of role is another band.
    EXPECT_EQ(run.data.at("bands").as_array().size(), 3 + run.counter.roles + run.counter.starts + run.counter.stops);
    EXPECT_EQ(run.data.at("messages").as_array().size(), run.counter.sent);
    EXPECT_EQ(with_fate(run.data, Fate::delivered), run.counter.delivered) << "seed " << seed;
    EXPECT_EQ(run.data.at("end").as_int64(), run.result.simulated / one_us);
    EXPECT_GT(run.data.at("healed").as_int64(), 0);
    EXPECT_TRUE(run.result.irrecoverable || run.data.at("at_rest").as_int64() > run.data.at("healed").as_int64());
    EXPECT_GE(run.data.at("decisions").as_array().size(), 2U) << "the first start, and the second node admitted";
  }
}

TEST(TimelineTest, MessagesArriveAfterTheyWereSentAndInOrder) {
  std::size_t lost = 0;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    const Shown run = shown(seed);
    std::map<std::pair<Place, Place>, Time> last;
    for (const MessageSent& message : run.record.messages) {
      lost += message.fate == Fate::lost;
      if (message.fate != Fate::delivered) continue;
      EXPECT_GE(message.delivered, message.sent);
      Time& before = last[{message.from, message.to}];
      EXPECT_GE(message.delivered, before);
      before = message.delivered;
    }
  }
  EXPECT_GT(lost, 0U) << "connections break with what they carry";
}

TEST(TimelineTest, BandsAndSpansOfAMachineFollowEachOther) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    const Shown run = shown(seed);
    for (const Place place : every_place) {
      Time last = 0;
      for (const Band& band : run.record.bands) {
        if (band.place != place) continue;
        EXPECT_EQ(band.from, last) << "seed " << seed << ", " << to_string(place);
        last = band.to;
      }
      EXPECT_EQ(last, run.result.simulated);
    }
    for (const Span& span : run.record.spans) {
      EXPECT_LE(span.from, span.to) << "seed " << seed << ", " << span.kind;
      EXPECT_LE(span.to, run.result.simulated);
    }
  }
}

TEST(TimelineTest, ShowsTheBrokenInvariant) {
  ASSERT_TRUE(plant_by_name("keep-writing-without-lease"));
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const Shown run = shown(seed);
    if (!run.result.violation) continue;
    const json::object& violation = run.data.at("violation").as_object();
    EXPECT_EQ(violation.at("invariant").as_string(), run.result.violation->invariant());
    EXPECT_EQ(violation.at("text").as_string(), run.result.violation->text());
    EXPECT_EQ(violation.at("at").as_int64(), run.result.simulated / one_us);
    return;
  }
  FAIL() << "no seed sees the planted bug";
}

TEST(TimelineTest, WatchingChangesNothing) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    EXPECT_EQ(shown(seed).result.hash, simulate(seed, {}, nullptr).hash) << "seed " << seed;
  }
}

TEST(TimelineTest, TextsCannotEndThePage) {
  RunResult result;
  result.violation = Violation("I1", "a file called </script><!-- \"x\"\xff\n");
  const std::string html = page({"</title><script>", "", ""}, {}, result);
  EXPECT_EQ(html.find("called </script>"), std::string::npos);
  EXPECT_EQ(html.find("</title><script>"), std::string::npos);
  const json::object data = data_in(html);
  EXPECT_EQ(data.at("name").as_string(), "</title><script>");
  EXPECT_EQ(data.at("violation").as_object().at("text").as_string(), "a file called </script><!-- \"x\"?\n");
  for (const char* outside : {"http://", "https://", "src=", "@import"}) {
    EXPECT_EQ(html.find(outside), std::string::npos) << "the page needs nothing from elsewhere";
  }
}

}  // namespace
}  // namespace lockstep::sim::timeline
