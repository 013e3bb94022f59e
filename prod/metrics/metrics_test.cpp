// Figures: measured as they happened, and written so that Prometheus takes them.
#include "prod/metrics/measured_ports.h"
#include "prod/metrics/module_metrics.h"
#include "prod/metrics/process_metrics.h"
#include "prod/metrics/webhook_metrics.h"

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <stdlib.h>
#include <string>
#include <unistd.h>

#include <gtest/gtest.h>

namespace lockstep::prod {
namespace {

constexpr Instant start{1'000'000'000};

TEST(RequestMeter, measures_each_class_from_arrival_to_answer) {
  RequestMeter meter;
  meter.arrived(RequestId(1), OperationKind::write, start);
  meter.arrived(RequestId(2), OperationKind::sync, start);
  meter.arrived(RequestId(3), OperationKind::rename, start);
  meter.answered(RequestId(2), 0, 0, start + milliseconds(7));
  meter.answered(RequestId(1), 0, 4096, start + milliseconds(2));
  meter.answered(RequestId(3), ENOENT, 0, start + milliseconds(1));
  EXPECT_EQ(meter.figures(RequestClass::write).latency.snapshot().sum_ns, 2'000'000U);
  EXPECT_EQ(meter.figures(RequestClass::write).bytes.value(), 4096U);
  EXPECT_EQ(meter.figures(RequestClass::fsync).latency.snapshot().sum_ns, 7'000'000U);
  EXPECT_EQ(meter.figures(RequestClass::names).latency.snapshot().count(), 0U);
  EXPECT_EQ(meter.figures(RequestClass::names).failures.value(), 1U);
}

TEST(RequestMeter, an_old_request_is_measured_although_many_came_after_it) {
  RequestMeter meter;
  meter.arrived(RequestId(1), OperationKind::sync, start);
  for (std::uint64_t id = 2; id < 20'000; ++id) {
    meter.arrived(RequestId(id), OperationKind::write, start);
    meter.answered(RequestId(id), 0, 1, start + milliseconds(1));
  }
  meter.answered(RequestId(1), 0, 0, start + milliseconds(900));
  EXPECT_EQ(meter.figures(RequestClass::fsync).latency.snapshot().sum_ns, 900'000'000U);
  EXPECT_EQ(meter.figures(RequestClass::write).latency.snapshot().count(), 19'998U);
}

TEST(RequestMeter, what_a_closed_mount_never_answers_is_forgotten) {
  RequestMeter meter;
  meter.arrived(RequestId(1), OperationKind::write, start);
  meter.aborted();
  meter.answered(RequestId(1), 0, 1, start);
  EXPECT_EQ(meter.figures(RequestClass::write).latency.snapshot().count(), 0U);
}

TEST(LatencyHistogram, bounds_are_inclusive_and_the_last_has_none) {
  LatencyHistogram histogram;
  histogram.record(Duration{LatencySnapshot::bounds_ns.front()});
  histogram.record(Duration{LatencySnapshot::bounds_ns.front() + 1});
  histogram.record(milliseconds(3'600'000));
  const LatencySnapshot snapshot = histogram.snapshot();
  EXPECT_EQ(snapshot.counts.front(), 1U);
  EXPECT_EQ(snapshot.counts[1], 1U);
  EXPECT_EQ(snapshot.counts.back(), 1U);
  EXPECT_EQ(snapshot.count(), 3U);
}

TEST(ReplicationLag, is_the_age_of_the_oldest_operation_that_was_not_applied) {
  ReplicationLag lag;
  lag.observe(Lsn(10), Lsn(10), start);
  EXPECT_EQ(lag.age_ns(), 0U);
  lag.observe(Lsn(20), Lsn(10), start + milliseconds(25));
  lag.observe(Lsn(30), Lsn(10), start + milliseconds(50));
  EXPECT_EQ(lag.age_ns(), 25'000'000U);
  lag.observe(Lsn(30), Lsn(20), start + milliseconds(75));
  EXPECT_EQ(lag.age_ns(), 25'000'000U);
  lag.observe(Lsn(30), Lsn(30), start + milliseconds(100));
  EXPECT_EQ(lag.age_ns(), 0U);
  for (std::int64_t i = 0; i < 5000; ++i) lag.observe(Lsn(31 + i), Lsn(30), start + milliseconds(200 + i));
  EXPECT_EQ(lag.age_ns(), 4'999'000'000U);
}

/// Real ports would do; these only say that they were called.
struct SilentMount final : io::Mount {
  void open() override {}
  void close() override {}
  void reply(RequestId /*request*/, const io::Reply& /*reply*/) override { ++replies; }
  int replies = 0;
};
struct SilentLink final : io::Link {
  void send(io::Endpoint /*to*/, io::Frame frame) override { bytes += frame.head.size() + frame.body.size(); }
  void reset(io::Endpoint /*to*/) override {}
  std::size_t bytes = 0;
};

std::string page_of(const ModuleCounters& counters, engine::Status status) {
  MetricPage page;
  add_process_metrics(page, "lockstepd", "1.2.3");
  PublishedStatus published;
  published.status = std::move(status);
  published.at = start;
  add_module_metrics(page, {"shop", std::make_shared<const PublishedStatus>(published), true, start}, counters);
  add_module_metrics(page, {"starting", nullptr, false, start}, counters);
  add_webhook_metrics(page, {{"alerts.example.org", 5, 2, 1, 3}, {"alerts.example.org", 0, 0, 0, 0}});
  return page.text();
}

engine::Status primary() {
  engine::Status status;
  status.role = engine::Role::prim;
  status.readiness = engine::Readiness::ready;
  status.configuration = {Epoch(7), NodeId::first, Members::both()};
  status.lsn = Lsn(120);
  status.peer_applied = Lsn(100);
  status.verify.last_ended_ago = milliseconds(5000);
  status.checks = {{"port", CheckAction::restart, engine::CheckState::missing, 2, 3, "connection refused"}};
  status.restarts = {1, 5};
  return status;
}

void expect_line(const std::string& page, const std::string& line) {
  EXPECT_NE(("\n" + page).find("\n" + line + "\n"), std::string::npos) << line << "\nis not in\n" << page;
}

TEST(MeasuredPorts, count_what_passes_and_pass_it_on) {
  ModuleCounters counters;
  SilentMount mount;
  SilentLink link;
  MeasuredMount measured_mount(mount, counters.requests);
  MeasuredLink measured_link(link, counters);
  io::RequestArrived request;
  request.request = RequestId(1);
  request.operation.kind = OperationKind::write;
  counters.step(request, io::EventLoop::now());
  measured_mount.reply(RequestId(1), {0, 512, {}});
  io::Frame frame;
  frame.head.resize(10);
  measured_link.send(io::Endpoint::peer, frame);
  measured_link.send(io::Endpoint::witness, frame);
  EXPECT_EQ(mount.replies, 1);
  EXPECT_EQ(link.bytes, 20U);
  const std::string page = page_of(counters, primary());
  expect_line(page, R"(lockstep_written_bytes_total{module="shop"} 512)");
  expect_line(page, R"(lockstep_replication_sent_bytes_total{module="shop"} 10)");
  expect_line(page, R"(lockstep_request_duration_seconds_count{module="shop",class="write"} 1)");
}

TEST(ModuleMetrics, say_role_protection_and_lag) {
  const ModuleCounters counters;
  const std::string page = page_of(counters, primary());
  expect_line(page, R"(lockstep_role{module="shop",role="PRIM"} 1)");
  expect_line(page, R"(lockstep_role{module="shop",role="SECOND"} 0)");
  expect_line(page, R"(lockstep_role{module="starting",role="WAIT"} 0)");
  expect_line(page, R"(lockstep_protected{module="shop"} 1)");
  expect_line(page, R"(lockstep_epoch{module="shop"} 7)");
  expect_line(page, R"(lockstep_replication_lag_operations{module="shop"} 20)");
  expect_line(page, R"(lockstep_verify_last_ended_age_seconds{module="shop"} 5)");
  expect_line(page, R"(lockstep_build_info{program="lockstepd",version="1.2.3"} 1)");
  EXPECT_NE(page.find("process_resident_memory_bytes "), std::string::npos);
}

TEST(ModuleMetrics, say_what_checks_found_and_what_restarts_are_left) {
  const ModuleCounters counters;
  const std::string page = page_of(counters, primary());
  expect_line(page, R"(lockstep_check_state{module="shop",check="port",state="missing"} 1)");
  expect_line(page, R"(lockstep_check_state{module="shop",check="port",state="passing"} 0)");
  expect_line(page, R"(lockstep_check_misses{module="shop",check="port"} 2)");
  expect_line(page, R"(lockstep_check_misses_max{module="shop",check="port"} 3)");
  expect_line(page, R"(lockstep_restarts_used{module="shop"} 1)");
  expect_line(page, R"(lockstep_restarts_max{module="shop"} 5)");
}

TEST(WebhookMetrics, say_of_each_what_it_has_heard) {
  const ModuleCounters counters;
  const std::string page = page_of(counters, primary());
  expect_line(page, R"(lockstep_webhook_delivered_total{webhook="1",host="alerts.example.org"} 5)");
  expect_line(page, R"(lockstep_webhook_failures_total{webhook="1",host="alerts.example.org"} 2)");
  expect_line(page, R"(lockstep_webhook_given_up_total{webhook="1",host="alerts.example.org"} 1)");
  expect_line(page, R"(lockstep_webhook_waiting{webhook="1",host="alerts.example.org"} 3)");
  expect_line(page, R"(lockstep_webhook_delivered_total{webhook="2",host="alerts.example.org"} 0)");
}

/// Prometheus's own opinion of names, types, help and form.
TEST(ModuleMetrics, are_in_order_for_promtool) {
  ASSERT_EQ(::access("/usr/bin/promtool", X_OK), 0) << "promtool is not installed: ci/setup does it";
  char path[] = "/tmp/lockstep-metrics-XXXXXX";
  ::close(::mkstemp(path));
  ModuleCounters counters;
  counters.requests.arrived(RequestId(1), OperationKind::write, start);
  counters.requests.answered(RequestId(1), 0, 1, start + milliseconds(3));
  const auto check = [&](const std::string& page) {
    std::ofstream(path) << page;
    return std::system(("/usr/bin/promtool check metrics <" + std::string(path)).c_str());
  };
  EXPECT_EQ(check(page_of(counters, primary())), 0);
  EXPECT_NE(check("lockstep_wrong_count 1\n"), 0);  // it does look
  ::unlink(path);
}

}  // namespace
}  // namespace lockstep::prod
