// The same calls on the replicated directory and beside it, on the same kind of filesystem: what they give, and what
// can be seen afterwards, must be the same but for what prod/guide/promises.md names. Needs a running primary, so CTest
// does not run it; ci/lab_tests/posix_calls.py does.
#include "props/posix/both.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <linux/magic.h>
#include <string>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <gtest/gtest.h>

namespace {

bool is_fuse(const std::string& path) {
  struct statfs filesystem {};
  return ::statfs(path.c_str(), &filesystem) == 0 && filesystem.f_type == FUSE_SUPER_MAGIC;
}

/// A directory of this run, so that nothing of a former one is in the way.
std::string new_directory(const std::string& parent) {
  const std::string path = parent + "/conformance." + std::to_string(::getpid());
  if (::mkdir(path.c_str(), 0755) == 0) return path;
  std::fprintf(stderr, "cannot make %s: %s\n", path.c_str(), std::strerror(errno));
  std::exit(2);
}

}  // namespace

int main(int count, char** arguments) {
  testing::InitGoogleTest(&count, arguments);
  CLI::App app(
      "Compares what system calls do on a directory that Lockstep replicates with what they do beside it. Run as root; "
      "--gtest_filter chooses tests, RC_PARAMS says how many random sequences are drawn.",
      "posix_conformance");
  std::string mount;
  std::string beside;
  app.add_option("--mount", mount, "directory within the FUSE mount of a primary")
      ->required()
      ->envname("LOCKSTEP_POSIX_MOUNT")
      ->check(CLI::ExistingDirectory);
  app.add_option("--beside", beside, "directory on a filesystem of the kind that is beneath the mount, mounted alike")
      ->required()
      ->envname("LOCKSTEP_POSIX_BESIDE")
      ->check(CLI::ExistingDirectory);
  CLI11_PARSE(app, count, arguments);
  const char* const wrong = ::geteuid() != 0  ? "must run as root: it becomes other users and makes devices"
                            : !is_fuse(mount) ? "--mount is not a FUSE mount"
                            : is_fuse(beside) ? "--beside is a FUSE mount too"
                                              : nullptr;
  if (wrong != nullptr) {
    std::fprintf(stderr, "posix_conformance: %s\n", wrong);
    return 2;
  }
  lockstep::posix::set_roots({new_directory(mount), new_directory(beside)});
  return RUN_ALL_TESTS();
}
