#include "prod/cli/show_status.h"

#include "prod/cli/control_client.h"
#include "prod/cli/headline.h"
#include "prod/cli/json_fields.h"
#include "prod/cli/render_status.h"
#include "prod/cli/terminal.h"
#include "prod/common/wall_time.h"

#include <algorithm>
#include <iostream>

#include <boost/json/serialize.hpp>

namespace lockstep::prod {

namespace json = boost::json;

namespace {

ExitCode exit_code_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::good: return exit_done;
    case Verdict::unprotected: return exit_unprotected;
    case Verdict::down: break;
  }
  return exit_down;
}

}  // namespace

ExitCode show_status(const std::string& socket, const CommandLine& line) {
  const auto result = ask_daemon(socket, line.request);
  if (const auto* error = std::get_if<std::string>(&result)) return complain(exit_unreachable, *error);
  const auto& answer = std::get<ControlAnswer>(result);
  if (answer.outcome != Outcome::done) {
    return complain(answer.outcome == Outcome::refused ? exit_refused : exit_usage, answer.text);
  }
  const bool one = !line.request.module.empty();
  const bool colours = shows_colours();
  const std::int64_t now_ms = wall_clock_ms();
  Verdict worst = Verdict::good;
  std::string text;
  for (const json::object& module : statuses_of(answer.status)) {
    worst = std::max(worst, headline_of(module, now_ms).verdict);
    if (!text.empty()) text += "\n";
    text += one ? render_status(module, colours, now_ms) : render_brief(module, colours, now_ms);
  }
  std::cout << (line.json ? json::serialize(answer.status) + "\n" : text);
  return line.exit_code ? exit_code_of(worst) : exit_done;
}

}  // namespace lockstep::prod
