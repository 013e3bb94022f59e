#include "prod/common/log.h"

#include "engine/values/check.h"

#include <array>
#include <cstdlib>
#include <ctime>
#include <string_view>
#include <sys/time.h>
#include <utility>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace lockstep::prod {

namespace {

bool to_journal = false;

spdlog::level::level_enum level_of(io::Severity severity) {
  switch (severity) {
    case io::Severity::debug: return spdlog::level::debug;
    case io::Severity::info: return spdlog::level::info;
    case io::Severity::warning: return spdlog::level::warn;
    case io::Severity::error: break;
  }
  return spdlog::level::err;
}

/// sd-daemon(3): journald reads a priority in angle brackets at the start of a line.
const char* journal_prefix(io::Severity severity) {
  if (!to_journal) return "";
  constexpr std::array<const char*, 4> prefixes = {"<7>", "<6>", "<4>", "<3>"};
  return prefixes[static_cast<std::size_t>(severity)];
}

const char* name_of(io::Severity severity) {
  constexpr std::array<const char*, 4> names = {"debug", "info", "warning", "error"};
  return names[static_cast<std::size_t>(severity)];
}

std::string time_text() {
  timeval now{};
  ::gettimeofday(&now, nullptr);
  std::tm local{};
  ::localtime_r(&now.tv_sec, &local);
  std::array<char, 64> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &local);
  std::array<char, 8> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%03d", static_cast<int>(now.tv_usec / 1000));
  return std::string(text.data(), size) + fraction.data();
}

void log_failed_check(std::string_view condition, std::string_view meaning, std::string_view file, int line) {
  spdlog::critical("{}broken assumption: {} ({} at {}:{}); the process ends so that it does no harm",
                   to_journal ? "<2>" : "", meaning, condition, file, line);
  spdlog::default_logger()->flush();
  std::abort();
}

}  // namespace

void LogTail::add(std::string line) {
  const std::scoped_lock lock(mutex_);
  lines_.push_back(std::move(line));
  if (lines_.size() > lines_max) lines_.pop_front();
}

std::vector<std::string> LogTail::last(std::size_t count) const {
  const std::scoped_lock lock(mutex_);
  count = std::min(count, lines_.size());
  return {lines_.end() - static_cast<std::ptrdiff_t>(count), lines_.end()};
}

void start_logging() {
  to_journal = std::getenv("JOURNAL_STREAM") != nullptr;
  auto logger = std::make_shared<spdlog::logger>("lockstep", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern(to_journal ? "%v" : "%Y-%m-%d %H:%M:%S.%e %l %v");
  logger->flush_on(spdlog::level::debug);
  spdlog::set_default_logger(std::move(logger));
  set_check_handler(log_failed_check);
}

bool set_log_level(const std::string& level) {
  if (level != "debug" && level != "info" && level != "warning" && level != "error") return false;
  spdlog::set_level(spdlog::level::from_str(level));
  return true;
}

std::string log_level() {
  const auto view = spdlog::level::to_string_view(spdlog::get_level());
  return {view.data(), view.size()};
}

void log(io::Severity severity, const std::string& text) {
  spdlog::log(level_of(severity), "{}{}", journal_prefix(severity), text);
}

io::Report module_report(const std::string& module, std::shared_ptr<LogTail> tail) {
  return [module, tail = std::move(tail)](io::Severity severity, const std::string& text) {
    log(severity, "[" + module + "] " + text);
    if (tail && spdlog::should_log(level_of(severity))) tail->add(time_text() + " " + name_of(severity) + " " + text);
  };
}

}  // namespace lockstep::prod
