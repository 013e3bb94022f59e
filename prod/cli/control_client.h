// The command line tool's side of the control socket.
#pragma once

#include "prod/common/control_protocol.h"

#include <string>
#include <variant>

namespace lockstep::prod {

/// Sends the request and waits for the answer. An error is a sentence with a remedy: no daemon could be asked.
std::variant<ControlAnswer, std::string> ask_daemon(const std::string& socket_path, const ControlRequest& request);

}  // namespace lockstep::prod
