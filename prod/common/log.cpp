#include "prod/common/log.h"

#include "engine/values/check.h"
#include "prod/common/journal.h"

#include <array>
#include <cstdlib>
#include <ctime>
#include <string_view>
#include <sys/time.h>
#include <syslog.h>
#include <unistd.h>
#include <utility>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace lockstep::prod {

namespace {

bool journal_wanted = false;

spdlog::level::level_enum level_of(io::Severity severity) {
  switch (severity) {
    case io::Severity::debug: return spdlog::level::debug;
    case io::Severity::info: return spdlog::level::info;
    case io::Severity::warning: return spdlog::level::warn;
    case io::Severity::error: break;
  }
  return spdlog::level::err;
}

/// sd-daemon(3): journald reads a priority in angle brackets at the start of a line. For when it does not take more.
std::string journal_prefix(int priority) { return journal_wanted ? "<" + std::to_string(priority) + ">" : ""; }

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
                   journal_prefix(LOG_CRIT), meaning, condition, file, line);
  spdlog::default_logger()->flush();
  std::abort();
}

void log_with_fields(io::Severity severity, const std::string& text, const JournalFields& fields) {
  const auto level = level_of(severity);
  if (!spdlog::should_log(level)) return;
  const int priority = priority_of(severity);
  if (journal_wanted && send_to_journal(priority, text, fields)) return;
  spdlog::log(level, "{}{}", journal_prefix(priority), text);
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
  journal_wanted = is_journal_stream(std::getenv("JOURNAL_STREAM"), STDERR_FILENO);
  auto logger = std::make_shared<spdlog::logger>("lockstep", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern(journal_wanted ? "%v" : "%Y-%m-%d %H:%M:%S.%e %l %v");
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

void log(io::Severity severity, const std::string& text) { log_with_fields(severity, text, {}); }

io::Report module_report(const std::string& module, std::shared_ptr<LogTail> tail,
                         std::shared_ptr<const LogContext> context) {
  return
      [module, tail = std::move(tail), context = std::move(context)](io::Severity severity, const std::string& text) {
        JournalFields fields = {{"MODULE", module}};
        if (context) {
          fields.emplace_back("ROLE", context->role.load(std::memory_order_relaxed));
          fields.emplace_back("EPOCH", std::to_string(context->epoch.load(std::memory_order_relaxed)));
        }
        log_with_fields(severity, "[" + module + "] " + text, fields);
        if (tail && spdlog::should_log(level_of(severity)))
          tail->add(time_text() + " " + name_of(severity) + " " + text);
      };
}

}  // namespace lockstep::prod
