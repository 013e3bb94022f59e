#include "io/linux/boot_note.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>

namespace lockstep::io {

std::string boot_line() {
  const std::string boot = read_note("/proc/sys/kernel/random/boot_id");
  return boot.empty() ? "" : "boot " + boot;
}

std::string read_note(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string write_note(const std::string& path, const std::string& text) {
  const std::string temporary = path + ".new";
  std::ofstream file(temporary, std::ios::trunc);
  file << text;
  file.close();
  if (!file || ::rename(temporary.c_str(), path.c_str()) != 0) {
    return "cannot write " + path + ": " + std::strerror(errno);
  }
  return {};
}

}  // namespace lockstep::io
