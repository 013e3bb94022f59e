// What people read: the first line of a status, and the rows of top.
#include "prod/cli/headline.h"
#include "prod/cli/render_status.h"
#include "prod/cli/terminal.h"
#include "prod/cli/top_rows.h"
#include "prod/common/quantity_text.h"
#include "prod/common/wall_time.h"

#include <stdlib.h>
#include <string>

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

namespace lockstep::prod {
namespace {

boost::json::object object(const std::string& text) { return boost::json::parse(text).as_object(); }

/// 12:40 on the day of the times below, in UTC.
std::int64_t now_ms() {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  return *parse_iso_time("2026-11-28T12:40:00.000Z");
}

boost::json::object primary() {
  return object(R"({"module": "shop", "role": "PRIM", "ready": true, "serves": true, "protected": true, "peer": "s2",
    "peer_connected": true, "primary": "s1", "reason": "because.", "next_step": ""})");
}

boost::json::object alone() {
  boost::json::object status = primary();
  status["role"] = "ALONE";
  status["protected"] = false;
  status["peer_connected"] = false;
  status["unprotected_since"] = "2026-11-28T12:31:05.000Z";
  return status;
}

void expect_headline(const boost::json::object& status, Verdict verdict, const std::string& text) {
  const Headline headline = headline_of(status, now_ms());
  EXPECT_EQ(headline.text, text);
  EXPECT_EQ(headline.verdict, verdict);
}

TEST(HeadlineTest, of_who_serves) {
  expect_headline(primary(), Verdict::good, "shop: PRIM, serving, protected");
  expect_headline(alone(), Verdict::unprotected, "shop: ALONE, serving, NOT PROTECTED: s2 is away since 12:31");
  boost::json::object status = alone();
  status["peer_connected"] = true;
  expect_headline(status, Verdict::unprotected, "shop: ALONE, serving, NOT PROTECTED: s2 is out of sync since 12:31");
  status["peer_resync"] = {{"bytes_total", 200}, {"bytes_left", 114}};
  expect_headline(status, Verdict::unprotected,
                  "shop: ALONE, serving, NOT PROTECTED: s2 is being brought up to date (43 %)");
}

TEST(HeadlineTest, differences_that_are_known_are_no_good_news) {
  boost::json::object status = primary();
  status["verify"] = {{"mismatches", 3}};
  expect_headline(status, Verdict::unprotected,
                  "shop: PRIM, serving, protected, but 3 DIFFERENCES between the servers are known");
}

TEST(HeadlineTest, of_who_does_not_serve) {
  boost::json::object status = primary();
  status["serves"] = false;
  status["state"] = "Promoting";
  expect_headline(status, Verdict::down, "shop: PRIM, NOT SERVING yet: the application is being started");
  status["state"] = "Demoting";
  expect_headline(status, Verdict::down, "shop: PRIM, NOT SERVING: the application is being stopped");
  status["frozen"] = true;
  expect_headline(status, Verdict::down, "shop: PRIM, FROZEN: writes wait, neither s2 nor the witness answers");
  status = primary();
  status["serves"] = false;
  status["role"] = "SECOND";
  expect_headline(status, Verdict::good, "shop: SECOND, standing by for s1, protected");
  status["ready"] = false;
  status["resync"] = {{"bytes_total", 100}, {"bytes_left", 1}};
  expect_headline(status, Verdict::unprotected, "shop: SECOND, NOT PROTECTED yet: being brought up to date (99 %)");
  status["role"] = "WAIT";
  status["role_since"] = "2026-11-27T23:59:59.000Z";
  expect_headline(status, Verdict::down, "shop: WAIT, NOT SERVING here since yesterday 23:59");
  status["role"] = "STOP";
  expect_headline(status, Verdict::down, "shop: STOP, stopped here since yesterday 23:59");
  expect_headline({{"module", "shop"}, {"error", "it hangs"}}, Verdict::down, "shop: NO ANSWER: it hangs");
}

TEST(RenderStatus, begins_with_the_headline_then_why_then_what_to_do) {
  boost::json::object status = alone();
  status["next_step"] = "Start s2.";
  EXPECT_EQ(render_brief(status, false, now_ms()),
            "shop: ALONE, serving, NOT PROTECTED: s2 is away since 12:31\n"
            "  why         because.\n"
            "  next step   Start s2.\n");
  EXPECT_EQ(render_status(status, false, now_ms()).find(render_brief(status, false, now_ms())), 0U);
  EXPECT_EQ(render_brief(status, true, now_ms()).find("\033[1;33mshop: "), 0U);
  EXPECT_EQ(render_brief(status, false, now_ms()).find('\033'), std::string::npos);
}

boost::json::object with_load(boost::json::object status, int writes, double seconds, int slow, int bytes) {
  boost::json::object load = object(R"({"bounds_seconds": [0.001, 0.1], "lag_seconds": 0.25})");
  load["written_bytes"] = bytes;
  load["write"] = {{"acknowledged", writes}, {"seconds", seconds}, {"latency", {writes - slow, slow, 0}}};
  status["load"] = load;
  return status;
}

TEST(TopRow, shows_what_happened_between_two_looks) {
  boost::json::object now = with_load(primary(), 1500, 3.0, 50, 3'000'000);
  now["lsn"] = 900;
  now["peer_applied_lsn"] = 880;
  const TopRow row = top_row(with_load(primary(), 1000, 2.0, 40, 1'000'000), now, 2.0, now_ms());
  EXPECT_EQ(row.operations_per_second, 250);
  EXPECT_EQ(row.bytes_per_second, 1'000'000);
  EXPECT_DOUBLE_EQ(row.write.mean_seconds, 0.002);
  EXPECT_EQ(row.write.p99_seconds, 0.1);  // 10 of 500 were slow
  EXPECT_EQ(row.lag_operations, 20U);
  EXPECT_EQ(row.lag_seconds, 0.25);
  const std::string text = render_top({row}, false);
  EXPECT_NE(text.find("shop: PRIM, serving, protected"), std::string::npos);
  EXPECT_NE(text.find("2.0 ms / 100 ms"), std::string::npos) << text;
  EXPECT_NE(text.find("976.6 KiB"), std::string::npos) << text;
  EXPECT_NE(text.find("20 / 250 ms"), std::string::npos) << text;
}

TEST(TopRow, has_no_rates_over_a_restart_of_the_daemon) {
  const TopRow row =
      top_row(with_load(primary(), 1000, 2.0, 40, 1'000'000), with_load(primary(), 5, 1, 0, 10), 1.0, now_ms());
  EXPECT_EQ(row.operations_per_second, 0);
  EXPECT_EQ(top_row({}, with_load(primary(), 5, 1, 0, 10), 1.0, now_ms()).operations_per_second, 0);
}

TEST(QuantityText, is_as_exact_as_people_need) {
  EXPECT_EQ(short_duration_text(0.000'043), "43 us");
  EXPECT_EQ(short_duration_text(0.001'25), "1.2 ms");
  EXPECT_EQ(short_duration_text(2.5), "2.5 s");
  EXPECT_EQ(short_duration_text(75), "1 min 15 s");
}

}  // namespace
}  // namespace lockstep::prod
