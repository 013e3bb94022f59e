// The timeline: lines that survive, files that stay small, a story in plain words.
#include "prod/common/wall_time.h"
#include "prod/events/event_file.h"
#include "prod/events/event_log.h"
#include "prod/events/narrator.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <stdlib.h>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace lockstep::prod {
namespace {

constexpr std::size_t all = SIZE_MAX;

ModuleEvent event_of(const std::string& text) {
  ModuleEvent event;
  event.kind = EventKind::role;
  event.name = "role_changed";
  event.text = text;
  event.time_ms = 1'795'000'000'123;
  return event;
}

class EventFileTest : public testing::Test {
 protected:
  EventFileTest() {
    char name[] = "/tmp/lockstep-events-XXXXXX";
    directory_ = ::mkdtemp(name);
    path_ = event_file_path(directory_, "shop");
  }
  ~EventFileTest() override { std::filesystem::remove_all(directory_); }

  void append(EventFile& file, const std::string& text) {
    ModuleEvent event = event_of(text);
    EXPECT_EQ(file.append(event), "");
  }

  std::string directory_;
  std::string path_;
};

TEST_F(EventFileTest, a_new_life_goes_on_with_the_numbers) {
  {
    EventFile file(path_);
    append(file, "one");
    append(file, "two");
  }
  EventFile file(path_);
  append(file, "three");
  const ReadEvents read = read_events(path_, all);
  ASSERT_EQ(read.events.size(), 3U);
  EXPECT_EQ(read.events[2].number, 3U);
  EXPECT_EQ(read.events[2].text, "three");
  EXPECT_EQ(read.events[2].time_ms, 1'795'000'000'123);
  EXPECT_EQ(read.events[2].kind, EventKind::role);
  EXPECT_EQ(read_events(path_, 1).events.at(0).text, "three");
  EXPECT_EQ(read_events(path_, all, 2).events.size(), 1U);
}

TEST_F(EventFileTest, a_torn_line_costs_itself_only) {
  {
    EventFile file(path_);
    append(file, "one");
  }
  std::ofstream(path_, std::ios::app) << R"({"number":2,"time":"2026-11)";
  EventFile file(path_);
  append(file, "two");
  const ReadEvents read = read_events(path_, all);
  ASSERT_EQ(read.events.size(), 2U);
  EXPECT_EQ(read.events[1].text, "two");
  EXPECT_EQ(read.events[1].number, 2U);
}

TEST_F(EventFileTest, keeps_the_newest_and_stays_small) {
  constexpr std::size_t bytes_max = 4096;
  EventFile file(path_, bytes_max);
  for (int i = 1; i <= 500; ++i) append(file, "event " + std::to_string(i));
  EXPECT_LE(std::filesystem::file_size(path_), bytes_max);
  EXPECT_LE(std::filesystem::file_size(path_ + ".old"), bytes_max);
  const ReadEvents read = read_events(path_, all);
  ASSERT_GE(read.events.size(), 20U);
  EXPECT_EQ(read.events.back().number, 500U);
  for (std::size_t i = 1; i < read.events.size(); ++i) {
    EXPECT_EQ(read.events[i].number, read.events[i - 1].number + 1);
  }
}

TEST_F(EventFileTest, whatever_a_script_has_printed_can_be_read_again) {
  EventFile file(path_);
  append(file, "bad \xff\xc3( bytes, good \xc3\xa9 and \xf0\x9f\x94\x92, cut \xe2\x82");
  append(file, std::string(10'000, 'x'));
  const ReadEvents read = read_events(path_, all);
  ASSERT_EQ(read.events.size(), 2U);
  EXPECT_EQ(read.events[0].text,
            "bad ?"
            "?( bytes, good \xc3\xa9 and \xf0\x9f\x94\x92, cut ??");
  EXPECT_LT(read.events[1].text.size(), event_text_bytes_max + 10);
}

TEST_F(EventFileTest, a_disk_that_refuses_is_told_of_and_loses_nothing_that_was_there) {
  EventFile file(directory_ + "/none/shop.events");
  ModuleEvent event = event_of("x");
  EXPECT_NE(file.append(event).find("No such file or directory"), std::string::npos);
  EXPECT_TRUE(read_events(directory_ + "/none/shop.events", all).events.empty());
}

TEST_F(EventFileTest, the_log_writes_on_a_thread_of_its_own_in_order) {
  std::atomic<int> heard = 0;
  {
    EventLog log(
        directory_, [](io::Severity, const std::string& text) { ADD_FAILURE() << text; },
        [&](const std::string& module, const ModuleEvent& event) {
          EXPECT_EQ(module, "shop");
          EXPECT_EQ(event.number, static_cast<std::uint64_t>(++heard));
        });
    for (int i = 0; i < 100; ++i) log.tell("shop", event_of(std::to_string(i)));
  }
  EXPECT_EQ(heard, 100);
  const ReadEvents read = read_events(path_, all);
  ASSERT_EQ(read.events.size(), 100U);
  EXPECT_EQ(read.events[99].text, "99");
}

TEST(WallTime, is_written_and_read) {
  EXPECT_EQ(iso_time(1'795'000'000'123), "2026-11-18T11:06:40.123Z");
  EXPECT_EQ(parse_iso_time("2026-11-18T11:06:40.123Z"), 1'795'000'000'123);
  EXPECT_FALSE(parse_iso_time("2026-11-18T11:06:40"));
  EXPECT_FALSE(parse_iso_time("2026-11-18T11:06:40.123Zx"));
  EXPECT_FALSE(parse_iso_time("2026-11-18T11:06:40.+12Z"));
  EXPECT_FALSE(parse_iso_time("2026-11- 8T11:06:40.123Z"));
  EXPECT_FALSE(parse_iso_time("2026-11-31T11:06:40.123Z"));
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  EXPECT_EQ(local_time_short(1'795'000'000'123, 1'795'000'100'000), "11:06");
  EXPECT_EQ(local_time_short(1'795'000'000'123, 1'795'000'000'123 + 86'400'000), "yesterday 11:06");
  EXPECT_EQ(local_time_short(1'795'000'000'123, 1'795'000'000'123 + 3 * 86'400'000LL), "2026-11-18 11:06");
}

/// A node s1 and what it tells.
class NarratorTest : public testing::Test {
 protected:
  using Role = engine::Role;
  using Readiness = engine::Readiness;

  std::vector<std::string> take() { return std::exchange(names_, {}); }
  Narrator narrator(std::optional<ToldProtection> told = std::nullopt) {
    return {NodeId::first, "s1", "s2", told, [this](const ModuleEvent& event) {
              names_.push_back(event.name);
              last_text_ = event.text;
            }};
  }
  static engine::Status status(Role role, Readiness readiness, Members members, std::uint64_t epoch = 3) {
    engine::Status status;
    status.role = role;
    status.readiness = readiness;
    status.configuration = {Epoch(epoch), NodeId::first, members};
    status.reason = "because.";
    return status;
  }

  std::vector<std::string> names_;
  std::string last_text_;
};

TEST_F(NarratorTest, protection_is_lost_and_restored_once) {
  Narrator story = narrator();
  const Members both = Members::both();
  const Members alone = Members::only(NodeId::first);
  story.observe(status(Role::second, Readiness::ready, both));
  take();
  EXPECT_FALSE(story.observe(status(Role::prim, Readiness::ready, both)).unprotected_since_ms);
  EXPECT_EQ(take(), std::vector<std::string>{"role_changed"});
  const Standing lost = story.observe(status(Role::alone, Readiness::ready, alone, 4));
  EXPECT_EQ(take(), (std::vector<std::string>{"peer_left", "role_changed", "protection_lost"}));
  EXPECT_EQ(last_text_, "NOT PROTECTED: s2 is out of sync, s1 goes on alone");
  EXPECT_TRUE(lost.unprotected_since_ms);
  EXPECT_EQ(story.observe(status(Role::alone, Readiness::ready, alone, 4)).unprotected_since_ms,
            lost.unprotected_since_ms);
  EXPECT_TRUE(take().empty());
  EXPECT_FALSE(story.observe(status(Role::prim, Readiness::ready, both, 5)).unprotected_since_ms);
  EXPECT_EQ(take(), (std::vector<std::string>{"peer_admitted", "role_changed", "protection_restored"}));
}

TEST_F(NarratorTest, a_loss_that_an_earlier_life_has_told_is_not_told_again) {
  Narrator story = narrator(ToldProtection{false, 1000});
  const Standing standing = story.observe(status(Role::alone, Readiness::ready, Members::only(NodeId::first)));
  EXPECT_EQ(standing.unprotected_since_ms, 1000);
  EXPECT_EQ(std::count(names_.begin(), names_.end(), "protection_lost"), 0);
  story.observe(status(Role::prim, Readiness::ready, Members::both()));
  EXPECT_EQ(std::count(names_.begin(), names_.end(), "protection_restored"), 1);
}

TEST_F(NarratorTest, who_waits_tells_of_no_protection) {
  Narrator story = narrator(ToldProtection{true, 1000});
  const Standing standing = story.observe(status(Role::wait, Readiness::not_ready, Members::both()));
  EXPECT_TRUE(standing.unprotected_since_ms);
  EXPECT_EQ(std::count(names_.begin(), names_.end(), "protection_lost"), 0);
}

TEST_F(NarratorTest, resync_verify_and_application_are_told_with_their_figures) {
  Narrator story = narrator();
  story.record(io::ResyncBegan{Lsn(7), false});
  EXPECT_EQ(last_text_, "s1 is being brought up to date: what may differ is compared with s2");
  story.record(io::ResyncEnded{Lsn(9), 3 << 20U});
  EXPECT_EQ(last_text_.find("s1 is up to date: 3.0 MiB copied in "), 0U);
  story.record(io::VerifyEnded{true, 2});
  EXPECT_EQ(last_text_, "all data were compared: 2 differences are known, `status` lists them");
  story.step(io::PhaseEnded{Ticket(1), false, "start: exit status 3"});
  EXPECT_EQ(last_text_, "a phase of the application failed on s1: start: exit status 3");
  EXPECT_EQ(take(), (std::vector<std::string>{"resync_began", "resync_ended", "verify_ended", "application_failed"}));
  story.step(io::PhaseEnded{Ticket(1), true, ""});
  EXPECT_TRUE(take().empty());
}

TEST_F(EventFileTest, what_was_told_of_protection_is_found_again) {
  EXPECT_FALSE(told_protection(directory_, "shop"));
  EventFile file(path_);
  ModuleEvent lost = event_of("lost");
  lost.kind = EventKind::protection;
  lost.name = "protection_lost";
  file.append(lost);
  append(file, "something else");
  const auto told = told_protection(directory_, "shop");
  ASSERT_TRUE(told);
  EXPECT_FALSE(told->is_protected);
  EXPECT_EQ(told->since_ms, 1'795'000'000'123);
}

}  // namespace
}  // namespace lockstep::prod
