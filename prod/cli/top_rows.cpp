#include "prod/cli/top_rows.h"

#include "prod/cli/json_fields.h"
#include "prod/cli/render_status.h"
#include "prod/cli/terminal.h"
#include "prod/common/quantity_text.h"

#include <array>
#include <cstdio>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

namespace lockstep::prod {

namespace json = boost::json;

namespace {

std::vector<double> numbers_of(const json::object& object, const char* key) {
  std::vector<double> numbers;
  const json::value* list = object.if_contains(key);
  if (list == nullptr || !list->is_array()) return numbers;
  for (const json::value& each : list->as_array()) {
    json::error_code error;
    const auto number = each.to_number<double>(error);
    numbers.push_back(error ? 0 : number);
  }
  return numbers;
}

double p99_of(const std::vector<double>& bounds, const std::vector<double>& before, const std::vector<double>& now) {
  if (now.size() != bounds.size() + 1 || before.size() != now.size()) return 0;
  double all = 0;
  for (std::size_t i = 0; i < now.size(); ++i) all += now[i] - before[i];
  double seen = 0;
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    seen += now[i] - before[i];
    if (all > 0 && seen >= 0.99 * all) return bounds[i];
  }
  return 0;
}

ObservedLatency latency_of(const json::object& before, const json::object& now, const char* kind, double seconds) {
  const json::object& then = object_of(before, kind);
  const json::object& here = object_of(now, kind);
  const double count = real_of(here, "acknowledged") - real_of(then, "acknowledged");
  if (count <= 0) return {};
  return {count / seconds, (real_of(here, "seconds") - real_of(then, "seconds")) / count,
          p99_of(numbers_of(now, "bounds_seconds"), numbers_of(then, "latency"), numbers_of(here, "latency"))};
}

std::string count_text(double count) {
  constexpr double thousand = 1000;
  std::array<char, 32> text{};
  if (count >= 10 * thousand) {
    std::snprintf(text.data(), text.size(), "%.1fk", count / thousand);
  } else {
    std::snprintf(text.data(), text.size(), count < 10 && count > 0 ? "%.1f" : "%.0f", count);
  }
  return text.data();
}

std::string time_cell(const ObservedLatency& latency) {
  if (latency.per_second == 0) return "-";
  return short_duration_text(latency.mean_seconds) + " / " +
         (latency.p99_seconds == 0 ? "> all" : short_duration_text(latency.p99_seconds));
}

std::string lag_cell(const TopRow& row) {
  if (row.lag_operations == 0) return "-";
  return std::to_string(row.lag_operations) + " / " + short_duration_text(row.lag_seconds);
}

std::string cells(const std::array<std::string, 9>& texts) {
  constexpr std::array<int, 9> widths = {-16, -8, 9, 12, 18, 18, 18, 16, 6};
  std::string line;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    std::array<char, 128> cell{};
    std::snprintf(cell.data(), cell.size(), "%*s ", widths[i], texts[i].c_str());
    line += cell.data();
  }
  return line + "\n";
}

}  // namespace

TopRow top_row(const json::object& before, const json::object& now, double seconds, std::int64_t now_ms) {
  TopRow row;
  row.module = text_of(now, "module");
  row.role = text_of(now, "role");
  row.headline = headline_of(now, now_ms);
  row.resync = render_resync(now);
  row.waiting = number_of(now, "requests_waiting");
  const std::uint64_t applied = number_of(now, "peer_applied_lsn");
  const std::uint64_t last = number_of(now, "lsn");
  const json::object& load = object_of(now, "load");
  if (applied != 0 && last > applied) {
    row.lag_operations = last - applied;
    row.lag_seconds = real_of(load, "lag_seconds");
  }
  const json::object& earlier = object_of(before, "load");
  if (earlier.empty() || seconds <= 0 || real_of(load, "written_bytes") < real_of(earlier, "written_bytes")) return row;
  row.write = latency_of(earlier, load, "write", seconds);
  row.fsync = latency_of(earlier, load, "fsync", seconds);
  row.names = latency_of(earlier, load, "namespace", seconds);
  row.operations_per_second = row.write.per_second + row.fsync.per_second + row.names.per_second;
  row.bytes_per_second = (real_of(load, "written_bytes") - real_of(earlier, "written_bytes")) / seconds;
  return row;
}

std::string render_top(const std::vector<TopRow>& rows, bool colours) {
  std::string out = cells(
      {"MODULE", "ROLE", "OPS/S", "WRITTEN/S", "WRITE MEAN/P99", "FSYNC MEAN/P99", "NAMES MEAN/P99", "LAG", "WAIT"});
  for (const TopRow& row : rows) {
    out += cells({row.module, row.role, count_text(row.operations_per_second),
                  size_text(static_cast<std::uint64_t>(row.bytes_per_second)), time_cell(row.write),
                  time_cell(row.fsync), time_cell(row.names), lag_cell(row), std::to_string(row.waiting)});
    out += "  " + painted(row.headline.text, row.headline.verdict, colours) + "\n";
    if (!row.resync.empty()) out += "  " + row.resync + "\n";
  }
  return out;
}

}  // namespace lockstep::prod
