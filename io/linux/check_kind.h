// What a check looks at, as an administrator chose it. When it looks and what follows is the engine's matter
// (engine/settings.h).
#pragma once

#include <cstdint>
#include <string>
#include <variant>

namespace lockstep::io {

/// The application's main process lives: the oldest that its start has left running, and that is it until the next
/// start. With a name: the oldest of that name. With a file: the process whose number is in it, whoever started it.
struct ProcessCheck {
  std::string name;
  std::string pid_file;
};

/// A connection is accepted; with `expect`, and what is answered (to `send`, if there is any) holds that text. Without
/// it, only the kernel may have accepted: a process that hangs still has a queue.
struct TcpCheck {
  std::string address;  ///< an IP address
  std::uint16_t port = 0;
  std::string send;
  std::string expect;
};

/// GET is answered with that status.
struct HttpCheck {
  std::string address;  ///< an IP address
  std::uint16_t port = 80;
  std::string host;  ///< for the Host header; empty: the address
  std::string path = "/";
  unsigned status = 200;
};

/// Ends with exit status 0.
struct ScriptCheck {
  std::string command;  ///< for /bin/sh -c
};

/// Answers an ICMP echo request.
struct PingCheck {
  std::string address;  ///< an IP address
};

/// Is up and has a carrier.
struct InterfaceCheck {
  std::string name;
};

/// One of this machine's interfaces has the address.
struct AddressCheck {
  std::string address;  ///< an IP address
};

/// The filesystem has so much space left for the application.
struct DiskSpaceCheck {
  std::string path;
  std::uint64_t free_bytes_min = 0;
};

/// The other module serves on this machine.
struct ModuleCheck {
  std::string module;
};

using CheckKind = std::variant<ProcessCheck, TcpCheck, HttpCheck, ScriptCheck, PingCheck, InterfaceCheck, AddressCheck,
                               DiskSpaceCheck, ModuleCheck>;

}  // namespace lockstep::io
