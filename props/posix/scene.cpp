#include "props/posix/scene.h"

#include "props/posix/tree.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <memory>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace lockstep::posix {
namespace {

std::string times_moved(const struct stat& before, const struct stat& after) {
  const auto moved = [](const timespec& a, const timespec& b) {
    return a.tv_sec != b.tv_sec || a.tv_nsec != b.tv_nsec ? " moved" : " kept";
  };
  return std::string("mtime") + moved(before.st_mtim, after.st_mtim) + ", ctime" + moved(before.st_ctim, after.st_ctim);
}

std::string read_pipe(int pipe) {
  std::string text;
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t count = ::read(pipe, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

void write_pipe(int pipe, const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t count = ::write(pipe, text.data() + done, text.size() - done);
    if (count <= 0) ::_exit(1);
    done += static_cast<std::size_t>(count);
  }
}

int wait_for(pid_t process) {
  int status = 0;
  while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

/// Between a child's account and its failures.
constexpr char separator = '\0';

}  // namespace

std::string pattern(std::size_t size, unsigned seed) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>('a' + (i / 7 + i + seed) % 26);
  return bytes;
}

std::string describe_result(long result, int error) {
  if (result != -1) return std::to_string(result);
  const char* const name = ::strerrorname_np(error);
  return name == nullptr ? "error " + std::to_string(error) : name;
}

void wait_for_tick() {
  timespec before{};
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &before);
  do {
    ::usleep(500);
    ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  } while (now.tv_sec == before.tv_sec && now.tv_nsec == before.tv_nsec);
}

void Scene::fail(std::string_view what, std::string_view how) {
  failures_ +=
      std::string(on_mount() ? "on the mount: " : "beside: ") + std::string(what) + ": " + std::string(how) + '\n';
}

void Scene::note(std::string_view what, std::string_view value) {
  account_ += std::string(what) + ": " + std::string(value) + '\n';
}

long Scene::same(std::string_view what, long result) {
  const int error = errno;
  note(what, describe_result(result, error));
  return result;
}

long Scene::done(std::string_view what, long result) {
  const int error = errno;
  if (result == -1) fail(what, describe_result(result, error) + " where it must succeed");
  errno = error;
  return same(what, result);
}

int Scene::opened(std::string_view what, int descriptor) {
  const int error = errno;
  if (descriptor == -1) fail(what, describe_result(descriptor, error) + " where it must succeed");
  note(what, descriptor == -1 ? describe_result(descriptor, error) : "opened");
  return descriptor;
}

void Scene::refused(int error, std::string_view what, long result) {
  const int given = errno;
  if (result != -1 || given != error) {
    fail(what, describe_result(result, given) + " where " + describe_result(-1, error) + " must be given");
  }
  errno = given;
  // A descriptor's number says nothing.
  note(what, result == -1 ? describe_result(-1, given) : "not refused");
}

void Scene::documented(int error, std::string_view what, long result) {
  const int given = errno;
  const bool as_documented = on_mount() ? result == -1 && given == error : result != -1;
  if (!as_documented) fail(what, describe_result(result, given) + ", which is not the documented difference");
}

void Scene::require(std::string_view what, bool holds) {
  if (!holds) fail(what, "does not hold");
}

void Scene::see(const std::string& name) {
  struct stat status {};
  if (::fstatat(AT_FDCWD, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    note(escaped(name), describe_result(-1, errno));
    return;
  }
  std::string target;
  if (S_ISLNK(status.st_mode)) {
    target.resize(4096);
    const ssize_t size = ::readlink(name.c_str(), target.data(), target.size());
    target = " -> " + escaped(target.substr(0, size < 0 ? 0 : static_cast<std::size_t>(size)));
  }
  note(escaped(name), describe_status(status) + target);
}

void Scene::see(int descriptor) {
  struct stat status {};
  const int result = ::fstat(descriptor, &status);
  note("open object", result == 0 ? describe_status(status) : describe_result(-1, errno));
}

void Scene::contents(const std::string& name) {
  const int file = ::open(name.c_str(), O_RDONLY | O_CLOEXEC);
  note("contents of " + escaped(name), file < 0 ? describe_result(-1, errno) : summary(read_all(file)));
  if (file >= 0) ::close(file);
}

void Scene::contents(int descriptor) { note("contents of the open file", summary(read_all(descriptor))); }

void Scene::holes(int descriptor) {
  done("fsync", ::fsync(descriptor));
  const off_t position = ::lseek(descriptor, 0, SEEK_CUR);
  std::string map;
  for (off_t at = 0;;) {
    const off_t data = ::lseek(descriptor, at, SEEK_DATA);
    if (data < 0) {
      map += " then " + describe_result(-1, errno);
      break;
    }
    at = ::lseek(descriptor, data, SEEK_HOLE);
    map += " data " + std::to_string(data) + ".." + std::to_string(at);
    if (at < 0) break;
  }
  note("map", map);
  ::lseek(descriptor, position, SEEK_SET);
}

void Scene::attributes(const std::string& name) {
  note("attributes of " + escaped(name), describe_attributes(AT_FDCWD, name));
}

void Scene::listing(const std::string& directory) {
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::opendir(directory.c_str()), ::closedir);
  if (!stream) {
    note("listing of " + directory, describe_result(-1, errno));
    return;
  }
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(stream.get())) {
    names.push_back(escaped(entry->d_name) + " type " + std::to_string(entry->d_type));
  }
  std::sort(names.begin(), names.end());
  std::string text;
  for (const std::string& name : names) text += "\n  " + name;
  note("listing of " + directory, text);
}

void Scene::moves(const std::string& name, std::string_view what, const Body& body) {
  const int object = ::open(name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC);
  moves(object, what, body);
  ::close(object);
}

void Scene::moves(int descriptor, std::string_view what, const Body& body) {
  struct stat before {};
  struct stat after {};
  done("status before", ::fstat(descriptor, &before));
  wait_for_tick();
  body();
  done("status after", ::fstat(descriptor, &after));
  note(what, times_moved(before, after));
}

void Scene::make(const std::string& name, std::string_view bytes) {
  const int file = ::open(name.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
  if (file < 0) return fail("make " + escaped(name), describe_result(-1, errno));
  const ssize_t count = ::write(file, bytes.data(), bytes.size());
  if (count != static_cast<ssize_t>(bytes.size())) fail("make " + escaped(name), describe_result(count, errno));
  ::fchmod(file, 0644);
  ::close(file);
}

pid_t Scene::start(const Body& body, int pipe) {
  const pid_t process = ::fork();
  if (process != 0) return process;
  account_.clear();
  failures_.clear();
  body();
  write_pipe(pipe, account_ + separator + failures_);
  ::_exit(0);
}

void Scene::child(const Body& body) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail("pipe", describe_result(-1, errno));
  const pid_t process = start(body, ends[1]);
  ::close(ends[1]);
  const std::string said = read_pipe(ends[0]);
  ::close(ends[0]);
  const int status = wait_for(process);
  const std::size_t middle = said.find(separator);
  account_ += said.substr(0, middle);
  if (middle != std::string::npos) failures_ += said.substr(middle + 1);
  if (WIFSIGNALED(status)) note("the process ended by", ::sigabbrev_np(WTERMSIG(status)));
  if (WIFEXITED(status) && WEXITSTATUS(status) != 0) fail("the process", "ended with an error");
}

void Scene::as(const User& user, const Body& body) {
  child([&] {
    const bool changed = ::setgroups(user.groups.size(), user.groups.data()) == 0 &&
                         ::setresgid(user.gid, user.gid, user.gid) == 0 &&
                         ::setresuid(user.uid, user.uid, user.uid) == 0;
    require("the process is another user's", changed);
    // Or /proc/self would be root's.
    ::prctl(PR_SET_DUMPABLE, 1);
    body();
  });
}

void Scene::at_once(int processes, const std::function<void(int)>& body) {
  std::vector<std::pair<pid_t, int>> started;
  for (int i = 0; i < processes; ++i) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail("pipe", describe_result(-1, errno));
    started.emplace_back(start([&] { body(i); }, ends[1]), ends[0]);
    ::close(ends[1]);
  }
  for (const auto& [process, pipe] : started) {
    const std::string said = read_pipe(pipe);
    ::close(pipe);
    if (wait_for(process) != 0) fail("one of several processes", "ended with an error");
    const std::size_t middle = said.find(separator);
    if (middle != std::string::npos) failures_ += said.substr(middle + 1);
  }
}

}  // namespace lockstep::posix
