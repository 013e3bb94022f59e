#include "io/linux/lease_note.h"

#include "io/linux/boot_note.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <iomanip>
#include <sstream>
#include <string_view>
#include <sys/file.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace lockstep::io {

namespace {

constexpr std::chrono::milliseconds look_interval{5};
constexpr std::string_view last_word = "end";
/// Every text is as long as every other, so that none leaves a rest of the one before.
constexpr int number_width = 20;

}  // namespace

LeaseNote::LeaseNote(std::string path) : path_(std::move(path)), boot_(boot_line()) {}

std::string LeaseNote::lock(std::chrono::milliseconds patience) {
  linux_io::Descriptor file(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.valid()) return "cannot open " + path_ + ": " + std::strerror(errno);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (::flock(file.fd(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return "cannot lock " + path_ + ": " + std::strerror(errno);
    if (std::chrono::steady_clock::now() >= deadline)
      return path_ + " is locked: what an earlier daemon left is being ended, and that takes long; it is tried again";
    std::this_thread::sleep_for(look_interval);
  }
  file_ = std::move(file);
  return {};
}

LeaseNote::Content LeaseNote::read() const {
  const std::string text = read_note(path_);
  if (boot_.empty() || !text.starts_with(boot_)) return {};
  std::istringstream words(text.substr(boot_.size()));
  Content content;
  std::string daemon;
  std::string until;
  std::string end;
  words >> daemon >> content.daemon >> until >> content.until.ns >> end;
  return words && daemon == "daemon" && until == "until" && end == last_word ? content : Content{};
}

std::string LeaseNote::write(const Content& content) {
  std::ostringstream text;
  text << boot_ << "daemon " << std::setw(number_width) << content.daemon << " until " << std::setw(number_width)
       << content.until.ns << " " << last_word << "\n";
  const std::string bytes = text.str();
  if (::pwrite(file_.fd(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size())) return {};
  return "cannot write " + path_ + ": " + std::strerror(errno);
}

}  // namespace lockstep::io
