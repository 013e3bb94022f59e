// Creates files of 4 KiB in 50 directories, renames and unlinks them, each call by itself, as fast as it goes.
// usage: metadata_loop DIR FILES      DIR is made, and removed; prints operations a second as JSON
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace {

constexpr int directories = 50;
constexpr std::size_t file_bytes = 4096;

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "metadata_loop: %s: %s\n", what.c_str(), std::strerror(errno));
  std::exit(1);
}

void expect(bool succeeded, const std::string& what) {
  if (!succeeded) fail(what);
}

/// Made before the clock runs.
std::vector<std::string> paths(const std::string& base, int files, const char* prefix) {
  std::vector<std::string> result;
  for (int i = 0; i < files; ++i) {
    result.push_back(base + "/d" + std::to_string(i % directories) + "/" + prefix + std::to_string(i));
  }
  return result;
}

void create(const std::string& path) {
  static const std::vector<char> contents(file_bytes, 'x');
  const int file = ::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
  expect(file >= 0, "open " + path);
  expect(::write(file, contents.data(), file_bytes) == static_cast<ssize_t>(file_bytes), "write " + path);
  expect(::close(file) == 0, "close " + path);
}

template <typename Action>
double seconds(int times, Action action) {
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < times; ++i) action(static_cast<std::size_t>(i));
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

}  // namespace

int main(int argc, char** argv) {
  int files = 0;
  if (argc == 3) std::from_chars(argv[2], argv[2] + std::strlen(argv[2]), files);
  if (files <= 0) {
    std::fprintf(stderr, "usage: metadata_loop DIR FILES\n");
    return 2;
  }
  const std::string base = argv[1];
  const auto first = paths(base, files, "f");
  const auto second = paths(base, files, "r");
  const auto directory = [&](std::size_t i) { return base + "/d" + std::to_string(i); };

  expect(::mkdir(base.c_str(), 0755) == 0, "mkdir " + base);
  for (int i = 0; i < directories; ++i) expect(::mkdir(directory(i).c_str(), 0755) == 0, "mkdir");
  const double created = seconds(files, [&](std::size_t i) { create(first[i]); });
  const double renamed =
      seconds(files, [&](std::size_t i) { expect(::rename(first[i].c_str(), second[i].c_str()) == 0, "rename"); });
  const double unlinked = seconds(files, [&](std::size_t i) { expect(::unlink(second[i].c_str()) == 0, "unlink"); });
  for (int i = 0; i < directories; ++i) expect(::rmdir(directory(i).c_str()) == 0, "rmdir");
  expect(::rmdir(base.c_str()) == 0, "rmdir");

  std::printf(R"({"files": %d, "create": %.0f, "rename": %.0f, "unlink": %.0f, "all": %.0f})"
              "\n",
              files, files / created, files / renamed, files / unlinked, 3 * files / (created + renamed + unlinked));
  return 0;
}
