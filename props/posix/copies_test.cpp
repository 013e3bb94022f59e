// Copies inside of the kernel.
#include "props/posix/both.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/sendfile.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace lockstep::posix {
namespace {

TEST(Copies, InsideOfTheKernel) {
  both([](Scene& s) {
    s.make("from", pattern(300'000, 6));
    const int from = s.opened("open", ::open("from", O_RDONLY));
    const int to = s.opened("create", ::open("to", O_CREAT | O_RDWR, 0644));
    off_t in = 1000;
    off_t out = 5000;
    s.done("copy_file_range", ::copy_file_range(from, &in, to, &out, 200'000, 0));
    s.note("offsets", std::to_string(in) + ' ' + std::to_string(out));
    s.done("at the end", ::copy_file_range(from, &(in = 299'990), to, &(out = 0), 100, 0));
    s.done("beyond the end", ::copy_file_range(from, &(in = 400'000), to, &(out = 0), 100, 0));
    s.refused(EINVAL, "flags", ::copy_file_range(from, nullptr, to, nullptr, 1, 1));
    s.refused(EINVAL, "onto itself", ::copy_file_range(to, &(in = 0), to, &(out = 50), 100, 0));
    s.done("within a file", ::copy_file_range(to, &(in = 0), to, &(out = 250'000), 100, 0));
    s.refused(EBADF, "to a reader", ::copy_file_range(to, nullptr, from, nullptr, 1, 0));
    s.contents(to);
    off_t position = 10;
    s.done("sendfile", ::sendfile(to, from, &position, 100'000));
    s.contents(to);
    std::array<int, 2> pipe{};
    s.done("pipe", ::pipe(pipe.data()));
    s.done("splice out", ::splice(from, &(in = 3), pipe[1], nullptr, 5000, 0));
    s.done("splice in", ::splice(pipe[0], nullptr, to, &(out = 17), 5000, 0));
    s.done("vmsplice", ::write(pipe[1], "text", 4));
    s.done("splice in at the end", ::splice(pipe[0], nullptr, to, &(out = 600'000), 4, 0));
    s.contents(to);
    for (const int descriptor : {from, to, pipe[0], pipe[1]}) ::close(descriptor);
  });
}

TEST(Copies, ToTheOutside) {
  both([](Scene& s) {
    s.make("from", pattern(10'000, 7));
    const int from = s.opened("open", ::open("from", O_RDWR));
    const int outside = s.opened("outside", ::open("/dev/shm", O_TMPFILE | O_RDWR, 0600));
    s.done("sendfile", ::sendfile(outside, from, nullptr, 10'000));
    off_t position = 0;
    s.done("sendfile back", ::sendfile(from, outside, &position, 10'000));
    s.refused(EXDEV, "copy_file_range", ::copy_file_range(from, nullptr, outside, nullptr, 100, 0));
    s.contents(from);
    ::close(from);
    ::close(outside);
  });
}

}  // namespace
}  // namespace lockstep::posix
