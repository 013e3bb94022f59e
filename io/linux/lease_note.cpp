#include "io/linux/lease_note.h"

#include "io/linux/boot_note.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <iomanip>
#include <sstream>
#include <sys/file.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace lockstep::io {

namespace {

constexpr std::chrono::milliseconds look_interval{5};
/// Before each field, and behind the last: what was cut short does not count.
const std::array<std::string, 4> field_names = {"daemon", "until", "held", "end"};
/// Every text is as long as every other, so that none leaves a rest of the one before.
constexpr int number_width = 21;

}  // namespace

LeaseNote::LeaseNote(std::string path) : path_(std::move(path)), boot_(boot_line()) {}

int LeaseNote::lock(std::chrono::milliseconds patience) {
  linux_io::Descriptor file(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.valid()) return errno;
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (::flock(file.fd(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK || std::chrono::steady_clock::now() >= deadline) return errno;
    std::this_thread::sleep_for(look_interval);
  }
  file_ = std::move(file);
  return 0;
}

std::optional<LeaseNote::Content> LeaseNote::read() const {
  const std::string text = read_note(path_);
  if (boot_.empty() || !text.starts_with(boot_)) return std::nullopt;
  std::istringstream words(text.substr(boot_.size()));
  Content content;
  std::array<std::string, 4> names;
  words >> names[0] >> content.daemon >> names[1] >> content.until.ns >> names[2] >> content.held >> names[3];
  return words && names == field_names ? std::optional(content) : std::nullopt;
}

std::string LeaseNote::write(const Content& content) {
  std::ostringstream text;
  text << boot_ << field_names[0] << std::setw(number_width) << content.daemon << " " << field_names[1]
       << std::setw(number_width) << content.until.ns << " " << field_names[2] << " " << content.held << " "
       << field_names[3] << "\n";
  const std::string bytes = text.str();
  if (::pwrite(file_.fd(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size())) return {};
  return "cannot write " + path_ + ": " + std::strerror(errno);
}

}  // namespace lockstep::io
