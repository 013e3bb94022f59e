#include "sim/program/shares.h"

#include <cstdlib>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

namespace lockstep::sim {

namespace {

std::string everything_in(std::FILE* file) {
  std::string text;
  char buffer[4096];
  std::rewind(file);
  for (std::size_t n = 0; (n = std::fread(buffer, 1, sizeof buffer, file)) > 0;) text.append(buffer, n);
  return text;
}

}  // namespace

std::vector<ShareOutput> run_shares(unsigned jobs, const std::function<void(unsigned index, std::FILE* out)>& work) {
  struct Worker {
    pid_t pid;
    std::FILE* out;
  };
  std::vector<Worker> workers;
  std::fflush(nullptr);
  for (unsigned i = 0; i < jobs; ++i) {
    std::FILE* out = std::tmpfile();
    if (out == nullptr) throw std::runtime_error("cannot make a temporary file");
    const pid_t pid = fork();
    if (pid == 0) {
      work(i, out);
      std::fflush(out);
      std::_Exit(EXIT_SUCCESS);
    }
    if (pid < 0) throw std::runtime_error("cannot start a process");
    workers.push_back({pid, out});
  }
  std::vector<ShareOutput> outputs;
  for (const Worker& worker : workers) {
    int status = 0;
    waitpid(worker.pid, &status, 0);
    outputs.push_back({everything_in(worker.out), !WIFEXITED(status) || WEXITSTATUS(status) != EXIT_SUCCESS});
    std::fclose(worker.out);
  }
  return outputs;
}

}  // namespace lockstep::sim
