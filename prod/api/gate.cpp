#include "prod/api/gate.h"

#include "io/tls/credentials.h"

#include <sys/stat.h>

namespace lockstep::prod {

const ApiTokens& Gate::tokens() {
  const std::string path = configuration_ + "/" + tls::credentials_folder + "/" + tokens_file;
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) info = {};
  const std::tuple<ino_t, off_t, time_t, long> now(info.st_ino, info.st_size, info.st_mtim.tv_sec,
                                                   info.st_mtim.tv_nsec);
  if (now == read_) return tokens_;
  tokens_ = read_tokens(configuration_);
  if (!tokens_.problem.empty()) say_("nobody is let in: " + tokens_.problem);
  read_ = now;
  return tokens_;
}

std::variant<ApiCall, ApiError> Gate::admit(const ApiRequest& request, std::string_view authorization,
                                            const std::string& remote, Instant now) {
  if (!rate_.allow(remote, now)) return ApiError{429, "too many requests, or too many without a valid token: wait"};
  constexpr std::string_view scheme = "Bearer ";
  const bool bearer = authorization.starts_with(scheme);
  const ApiToken* token = tokens().find(bearer ? authorization.substr(scheme.size()) : std::string_view());
  if (token == nullptr) {
    rate_.mistaken(remote, now);
    say_(remote + " was refused: " + (bearer ? "its token is not valid" : "it showed no token"));
    return ApiError{401, R"(a valid token is needed: "Authorization: Bearer TOKEN", made by "lockstep token add")"};
  }
  auto routed = route(request);
  auto* call = std::get_if<ApiCall>(&routed);
  if (call == nullptr) return routed;
  if (call->role > token->role) {
    say_(token->name + " (" + std::string(to_string(token->role)) + ") at " + remote +
         " was refused: " + request.method + " " + request.path + " takes " + std::string(to_string(call->role)));
    return ApiError{403, "this takes a token of the role " + std::string(to_string(call->role)) + ", and this one is " +
                             std::string(to_string(token->role))};
  }
  call->request.by = "the API's " + token->name;
  if (call->role != ApiRole::monitor) {
    say_(token->name + " (" + std::string(to_string(token->role)) + ") at " + remote + ": " + request.method + " " +
         request.path);
  }
  return routed;
}

}  // namespace lockstep::prod
