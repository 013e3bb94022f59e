#include "prod/setup/files.h"

#include "io/tls/credentials.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sys/stat.h>
#include <unistd.h>

namespace lockstep::prod {

namespace {

namespace fs = std::filesystem;

std::string failed(const std::string& what, const std::string& path) {
  return "cannot " + what + " " + path + ": " + std::strerror(errno) +
         (errno == EACCES || errno == EPERM ? ": run this as root" : "");
}

std::string make_parents(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return {};
  if (std::string problem = make_parents(path.parent_path()); !problem.empty()) return problem;
  const bool keys = path.filename() == tls::credentials_folder;
  if (::mkdir(path.c_str(), keys ? 0700 : 0755) != 0 && errno != EEXIST) return failed("make", path.string());
  return {};
}

bool write_all(int descriptor, const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t written = ::write(descriptor, text.data() + done, text.size() - done);
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) done += static_cast<std::size_t>(written);
  }
  return ::fsync(descriptor) == 0;
}

std::string write_file(const fs::path& path, const NewFile& file) {
  if (std::string problem = make_parents(path.parent_path()); !problem.empty()) return problem;
  const std::string fresh = path.string() + ".new";
  ::unlink(fresh.c_str());
  const int descriptor = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, file.mode);
  if (descriptor < 0) return failed("write", fresh);
  const bool written = ::fchmod(descriptor, file.mode) == 0 && write_all(descriptor, file.text);
  if (::close(descriptor) != 0 || !written) return failed("write", fresh);
  const std::string old = path.string() + ".old";
  std::error_code error;
  if (fs::exists(path, error) && ::rename(path.c_str(), old.c_str()) != 0) return failed("keep", old);
  if (::rename(fresh.c_str(), path.c_str()) != 0) return failed("write", path.string());
  return {};
}

}  // namespace

std::vector<std::string> existing(const std::string& directory, const std::vector<NewFile>& files) {
  std::vector<std::string> found;
  for (const NewFile& file : files) {
    std::error_code error;
    if (fs::exists(fs::path(directory) / file.path, error)) found.push_back((fs::path(directory) / file.path).string());
  }
  return found;
}

std::string write_files(const std::string& directory, const std::vector<NewFile>& files) {
  for (const NewFile& file : files) {
    if (std::string error = write_file(fs::path(directory) / file.path, file); !error.empty()) return error;
  }
  return {};
}

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace lockstep::prod
