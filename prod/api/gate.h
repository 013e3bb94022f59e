// Decides whether a request to the API gets in: rate, token, role.
#pragma once

#include "prod/api/rate_limit.h"
#include "prod/api/routes.h"
#include "prod/api/tokens.h"

#include <functional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <tuple>
#include <variant>

namespace lockstep::prod {

/// Used by one thread.
class Gate {
 public:
  using Say = std::function<void(const std::string& text)>;

  Gate(std::string configuration, Say say) : configuration_(std::move(configuration)), say_(std::move(say)) {}

  /// `authorization`: the request's header, "Bearer NAME.SECRET". What is let in and changes something is said.
  std::variant<ApiCall, ApiError> admit(const ApiRequest& request, std::string_view authorization,
                                        const std::string& remote, Instant now);

 private:
  const ApiTokens& tokens();

  const std::string configuration_;
  const Say say_;
  RateLimit rate_;
  ApiTokens tokens_;
  /// Of the file when it was read. A new one has another inode, even within one tick of the clock.
  std::tuple<ino_t, off_t, time_t, long> read_{0, -1, 0, 0};
};

}  // namespace lockstep::prod
