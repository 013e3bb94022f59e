#include "prod/api/routes.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace lockstep::prod {

namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 10> verbs = {"start",  "stop",      "restart", "swap",   "prim",
                                                    "second", "wait-role", "verify",  "resync", "conflicts-drop"};

std::vector<std::string> parts_of(const std::string& path) {
  std::vector<std::string> parts;
  for (std::size_t begin = 1; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    parts.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

/// Into `request`, what the body says; nothing that is not known passes for nothing.
std::string read_options(const std::string& body, ControlRequest& request) {
  json::error_code error;
  const json::value parsed = json::parse(body.empty() ? "{}" : body, error);
  if (error || !parsed.is_object()) return "the body is no JSON object";
  for (const auto& [key, value] : parsed.get_object()) {
    const bool drop = request.verb == "conflicts-drop";
    bool* truth = nullptr;
    if (key == "force" && request.verb == "prim") truth = &request.force;
    if (key == "full" && request.verb == "second") truth = &request.full;
    if (key == "repair" && request.verb == "verify") truth = &request.repair;
    if (key == "cancel" && request.verb == "verify") truth = &request.cancel;
    if (key == "all" && drop) truth = &request.full;
    const std::string name(key.data(), key.size());
    if (truth != nullptr && value.is_bool()) {
      *truth = value.get_bool();
    } else if (key == "key" && drop && value.is_string()) {
      request.key.assign(value.get_string().data(), value.get_string().size());
    } else {
      return "\"" + request.verb + "\" has no \"" + name + "\", or not with such a value";
    }
  }
  if (request.verb == "conflicts-drop" && request.key.empty() && !request.full) {
    return R"(say which: {"key": KEY} or {"all": true})";
  }
  return {};
}

ApiRole role_for(const ControlRequest& request) {
  const bool gives_up =
      request.force || request.full || request.repair || request.verb == "resync" || request.verb == "conflicts-drop";
  return gives_up ? ApiRole::admin : ApiRole::control;
}

}  // namespace

std::variant<ApiCall, ApiError> route(const ApiRequest& request) {
  const std::vector<std::string> parts = parts_of(request.path);
  const bool reads = request.method == "GET" || request.method == "HEAD";
  ApiCall call;
  const auto only = [&](bool allowed, const char* method) -> std::variant<ApiCall, ApiError> {
    if (!allowed) return ApiError{405, std::string("only ") + method + " is answered here"};
    return call;
  };
  const std::size_t size = parts.size();
  if (request.path == "/metrics") {
    call.role = ApiRole::monitor;
    call.request.verb = "metrics";
    return only(reads, "GET");
  }
  if (size < 2 || parts[0] != "v1") {
    return ApiError{404, "the API is /metrics, /v1/status, /v1/reload and /v1/modules/MODULE/"};
  }
  if (parts[1] == "status" && size <= 3) {
    call.role = ApiRole::monitor;
    call.request.verb = "status";
    if (size == 3) call.request.module = parts[2];
    return only(reads, "GET");
  }
  if (parts[1] == "reload" && size == 2) {
    call.request.verb = "reload";
    if (std::string error = read_options(request.body, call.request); !error.empty()) return ApiError{400, error};
    return only(request.method == "POST", "POST");
  }
  if (parts[1] != "modules" || size != 4 || parts[2].empty()) return ApiError{404, "there is nothing at this path"};
  call.request.module = parts[2];
  call.request.verb = parts[3];
  if (parts[3] == "log") {
    call.role = ApiRole::monitor;
    return only(reads, "GET");
  }
  if (std::find(verbs.begin(), verbs.end(), parts[3]) == verbs.end()) {
    return ApiError{404, "there is no \"" + parts[3] + "\": known are log and the verbs of the command line"};
  }
  if (request.method != "POST") return only(false, "POST");
  if (std::string error = read_options(request.body, call.request); !error.empty()) return ApiError{400, error};
  call.role = role_for(call.request);
  return call;
}

}  // namespace lockstep::prod
