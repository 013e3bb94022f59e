// What a request to the HTTP API asks for, and which role it takes. Pure: it knows no socket and no module.
//
//   GET  /metrics                   monitor   all figures, as Prometheus reads them
//   GET  /v1/status                 monitor   of all modules
//   GET  /v1/status/MODULE          monitor
//   GET  /v1/modules/MODULE/log     monitor
//   POST /v1/reload                 admin     the configuration is read anew
//   POST /v1/modules/MODULE/VERB    control   start stop restart swap prim second wait-role verify
//                                   admin     the same with {"force":true}, {"full":true} or {"repair":true}; resync;
//                                             conflicts-drop {"key":K} or {"all":true}
#pragma once

#include "prod/api/tokens.h"
#include "prod/common/control_protocol.h"

#include <string>
#include <variant>

namespace lockstep::prod {

struct ApiRequest {
  std::string method;  ///< "GET"
  std::string path;    ///< without its query
  std::string body;
};

/// What a module, or with an empty one all of them, is asked.
struct ApiCall {
  ControlRequest request;
  ApiRole role = ApiRole::admin;  ///< the least that it takes
};

struct ApiError {
  unsigned status = 400;
  std::string text;
};

std::variant<ApiCall, ApiError> route(const ApiRequest& request);

}  // namespace lockstep::prod
