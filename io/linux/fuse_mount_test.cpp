// The mount as applications see it. In place of the engine stands a loop that applies each request at once and gives
// its effect to a second volume, which must come out equal.
#include "io/linux/fuse_mount.h"

#include "io/linux/compare_trees.h"
#include "io/linux/guard.h"
#include "io/linux/guard_mounts.h"
#include "io/linux/volume_test_tools.h"

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <future>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

namespace lockstep::linux_io::test {
namespace {

using namespace std::chrono_literals;

/// Answers every request with what the volume says; runs on a thread of its own, like the daemon.
class MiniEngine final : public io::EventSink {
 public:
  MiniEngine(const std::string& path_a, const std::string& path_b) : guard_a_(path_a) {
    error_ = guard_a_.raise();
    volume_a_.emplace(loop_, workers_, *this, guard_a_.directory());
    Descriptor b(::open(path_b.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    volume_b_.emplace(loop_, workers_, replica_, std::move(b));
    error_ += volume_a_->prepare() + volume_b_->prepare();
    mount_.emplace(FuseEnvironment{loop_, workers_, *this, *volume_a_}, FuseMountOptions{guard_a_.path(), "test", {}});
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~MiniEngine() override {
    work_.reset();
    on_loop([this] {
      mount_.reset();
      volume_a_->close();
      volume_b_->close();
    });
    loop_.stop();
    thread_.join();
    workers_.join();
    guard_a_.release();
  }

  void post(io::Event event) override {
    boost::asio::post(loop_, [this, event = std::move(event)]() mutable { step(std::move(event)); });
  }

  std::string open() {
    opened_ = {};
    on_loop([this] { mount_->open(); });
    return opened_.get_future().get();
  }
  void close() {
    closed_ = {};
    on_loop([this] { mount_->close(); });
    closed_.get_future().get();
  }
  void settle() {
    on_loop([this] {
      volume_a_->settle();
      volume_b_->settle();
    });
  }
  [[nodiscard]] const std::string& error() const { return error_; }

  std::atomic<bool> answering{true};  ///< false: requests stay unanswered, as behind a hung peer
  std::atomic<int> requests{0};
  std::atomic<int> failures_on_b{0};

 private:
  void on_loop(const std::function<void()>& work) {
    std::promise<void> done;
    boost::asio::post(loop_, [&] {
      work();
      done.set_value();
    });
    done.get_future().get();
  }

  void step(io::Event event) {
    if (auto* opened = std::get_if<io::MountOpened>(&event)) opened_.set_value(opened->error_text);
    if (std::get_if<io::MountClosed>(&event) != nullptr) closed_.set_value();
    if (auto* arrived = std::get_if<io::RequestArrived>(&event)) {
      ++requests;
      if (!answering) return;
      const Ticket ticket(arrived->request.value);
      if (arrived->operation.kind == OperationKind::sync) {
        const bool data_only = (arrived->operation.flags & flag_data_only) != 0;
        volume_a_->sync(ticket, arrived->operation.file, data_only);
      } else {
        volume_a_->apply(ticket, arrived->operation, io::Origin::application);
      }
    }
    if (auto* applied = std::get_if<io::Applied>(&event)) {
      if (applied->error == 0 && applied->replicated) {
        volume_b_->apply(applied->ticket, applied->effect, io::Origin::stream);
        if (std::get<io::Applied>(replica_.events.back()).error != 0) ++failures_on_b;
        replica_.events.clear();
      }
      mount_->reply(RequestId(applied->ticket.value), {applied->error, applied->bytes, applied->effect.file});
    }
    if (auto* synced = std::get_if<io::Synced>(&event)) {
      mount_->reply(RequestId(synced->ticket.value), {synced->error, 0, FileId::none()});
    }
  }

  boost::asio::io_context loop_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{loop_.get_executor()};
  boost::asio::thread_pool workers_{2};
  Guard guard_a_;
  std::string error_;
  RecordingSink replica_;
  std::optional<LinuxVolume> volume_a_;
  std::optional<LinuxVolume> volume_b_;
  std::optional<FuseMount> mount_;
  std::promise<std::string> opened_;
  std::promise<void> closed_;
  std::thread thread_;
};

class Mount : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (!prepared()) GTEST_SKIP() << "needs root";
    disk_a_.emplace(GetParam());
    disk_b_.emplace(GetParam());
    data_ = disk_a_->path() + "/data";
    ASSERT_EQ(
        shell("umask 0; mkdir " + data_ + " " + replica() + " && touch -d @1600000000 " + data_ + " " + replica()), 0);
    engine_.emplace(data_, replica());
    ASSERT_EQ(engine_->error(), "");
    ASSERT_EQ(engine_->open(), "");
  }
  void TearDown() override {
    if (!engine_) return;
    engine_->settle();
    EXPECT_EQ(engine_->failures_on_b, 0);
    EXPECT_EQ(compare_trees(data_, replica()), std::vector<std::string>{}) << "through the mount";
    engine_.reset();
    EXPECT_EQ(compare_trees(data_, replica()), std::vector<std::string>{}) << "beneath";
  }
  [[nodiscard]] std::string replica() const { return disk_b_->path() + "/data"; }
  [[nodiscard]] std::string at(const std::string& name) const { return data_ + "/" + name; }
  [[nodiscard]] int in_data(const std::string& command) const { return shell("cd " + data_ + " && " + command); }

  std::optional<LoopFilesystem> disk_a_;
  std::optional<LoopFilesystem> disk_b_;
  std::string data_;
  std::optional<MiniEngine> engine_;
};

TEST_P(Mount, FilesDirectoriesAndNames) {
  EXPECT_EQ(in_data("mkdir -p a/b/c && echo one > a/one && ln a/one a/b/two && ln -s ../one a/b/link && mkfifo a/fifo"),
            0);
  EXPECT_EQ(read_text(at("a/b/link")), "one\n");
  EXPECT_EQ(in_data("mv a/one a/b/c/three && test ! -e a/one && mv -n a/b/two a/b/c/three; test -e a/b/two"), 0);
  EXPECT_EQ(in_data("rmdir a 2>/dev/null"), 1);
  EXPECT_EQ(in_data("rm a/b/two && rm -r a/b/c && echo x > over && mv over a/b/link && cat a/b/link >/dev/null"), 0);
  EXPECT_EQ(
      in_data("for i in $(seq 500); do : > many$i; done; test $(ls | wc -l) = 501 && test $(ls -l | wc -l) = 502"), 0);
  EXPECT_EQ(shell_output("cd " + data_ + " && find . -name 'many*' | wc -l"), "500\n");
  EXPECT_EQ(in_data("rm many* && mknod null c 1 3 && echo gone > null"), 0);
  EXPECT_EQ(in_data("ls -a | grep lockstep"), 1);
  EXPECT_NE(in_data("mkdir .lockstep 2>/dev/null"), 0);
  EXPECT_NE(in_data("mv a .lockstep 2>/dev/null"), 0);
  EXPECT_NE(in_data("cat .lockstep 2>/dev/null"), 0);
  EXPECT_EQ(::renameat2(AT_FDCWD, at("a").c_str(), AT_FDCWD, at("null").c_str(), RENAME_EXCHANGE), 0);
}

TEST_P(Mount, ContentsOfEverySize) {
  EXPECT_EQ(in_data("dd if=/dev/urandom of=big bs=3M count=5 status=none && cp big copy && cmp big copy"), 0);
  EXPECT_EQ(in_data("dd if=/dev/urandom of=big bs=777 seek=99 count=30 conv=notrunc status=none && ! cmp -s big copy"),
            0);
  EXPECT_EQ(in_data("cat copy >> big && truncate -s 1234567 copy && : > empty && echo a > t && : > t && echo b >> t"),
            0);
  EXPECT_EQ(in_data("fallocate -l 1M f && fallocate -p -o 4096 -l 8192 big && fallocate -z -o 1 -l 5000 big"), 0);
  EXPECT_EQ(in_data("dd if=big of=direct bs=64k iflag=direct oflag=direct status=none && cmp big direct"), 0);
  EXPECT_EQ(
      in_data(
          "truncate -s 50M sparse && echo end >> sparse && cp --sparse=always sparse sparse2 && cmp sparse sparse2"),
      0);
  const Descriptor sparse(::open(at("sparse").c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_GE(::lseek(sparse.fd(), 0, SEEK_DATA), 40 << 20);
  EXPECT_EQ(::lseek(sparse.fd(), 0, SEEK_HOLE), 0);
}

TEST_P(Mount, ColdDataComesFromTheDisk) {
  EXPECT_EQ(in_data("dd if=/dev/urandom of=f bs=1M count=16 status=none && sha1sum f > /tmp/lockstep-test-sum.$$ &&"
                    " sync && echo 3 > /proc/sys/vm/drop_caches && sha1sum -c --quiet /tmp/lockstep-test-sum.$$;"
                    " r=$?; rm -f /tmp/lockstep-test-sum.$$; exit $r"),
            0);
}

TEST_P(Mount, SyncCallsWait) {
  const Descriptor file(::open(at("f").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_EQ(::write(file.fd(), "x", 1), 1);
  const int before = engine_->requests;
  EXPECT_EQ(::fsync(file.fd()), 0);
  EXPECT_EQ(::fdatasync(file.fd()), 0);
  const Descriptor directory(::open(data_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  EXPECT_EQ(::fsync(directory.fd()), 0);
  EXPECT_EQ(engine_->requests - before, 3);
  const Descriptor synchronous(::open(at("f").c_str(), O_WRONLY | O_DSYNC | O_CLOEXEC));
  EXPECT_EQ(::write(synchronous.fd(), "y", 1), 1);
  EXPECT_EQ(engine_->requests - before, 5) << "a write and a sync";
}

TEST_P(Mount, SmallWritesCostOneRequestEach) {
  ASSERT_EQ(in_data(": > f && chown 65534 f"), 0);
  const Descriptor file(::open(at("f").c_str(), O_RDWR | O_CLOEXEC));
  const int before = engine_->requests;
  const std::string block(4096, 'w');
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 2000; ++i) ASSERT_EQ(::pwrite(file.fd(), block.data(), block.size(), (i % 97) * 4096), 4096);
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_EQ(engine_->requests - before, 2000);
  RecordProperty("microseconds_per_write", static_cast<int>(took / 1us / 2000));
}

TEST_P(Mount, MappedMemoryReachesBoth) {
  ASSERT_EQ(in_data("truncate -s 64K m"), 0);
  const Descriptor file(::open(at("m").c_str(), O_RDWR | O_CLOEXEC));
  auto* memory = static_cast<char*>(::mmap(nullptr, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, file.fd(), 0));
  ASSERT_NE(memory, MAP_FAILED);
  std::strcpy(memory + 5000, "stored, not written");
  EXPECT_EQ(::msync(memory, 65536, MS_SYNC), 0);
  std::strcpy(memory + 60000, "written back when unmapped");
  ::munmap(memory, 65536);
}

TEST_P(Mount, OpenFilesOutliveTheirNames) {
  Descriptor file(::open(at("f").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_EQ(::write(file.fd(), "before", 6), 6);
  ASSERT_EQ(::unlink(at("f").c_str()), 0);
  EXPECT_EQ(::pwrite(file.fd(), "after!", 6, 0), 6);
  struct stat status {};
  EXPECT_EQ(::fstat(file.fd(), &status), 0);
  EXPECT_EQ(status.st_nlink, 0U);
  char text[6];
  EXPECT_EQ(::pread(file.fd(), text, 6, 0), 6);
  EXPECT_EQ(std::string(text, 6), "after!");
  EXPECT_EQ(::ftruncate(file.fd(), 3), 0);
  EXPECT_EQ(::fsync(file.fd()), 0);
}

TEST_P(Mount, WhatIsReferredToOutlivesItsName) {
  ASSERT_EQ(in_data("echo text > f && echo other > g && mkdir d"), 0);
  const Descriptor unlinked(::open(at("f").c_str(), O_PATH | O_CLOEXEC));
  const Descriptor replaced(::open(at("g").c_str(), O_PATH | O_CLOEXEC));
  const Descriptor removed(::open(at("d").c_str(), O_PATH | O_CLOEXEC));
  EXPECT_EQ(in_data("rm f && echo new > h && mv h g && rmdir d"), 0);
  for (const Descriptor* object : {&unlinked, &replaced, &removed}) {
    struct stat status {};
    EXPECT_EQ(::fstat(object->fd(), &status), 0);
    EXPECT_EQ(status.st_nlink, 0U);
  }
  EXPECT_EQ(read_text("/proc/self/fd/" + std::to_string(unlinked.fd())), "text\n");
}

TEST_P(Mount, NothingStaysOpenThatNobodyRefersTo) {
  const auto removed_but_open = [] { return std::stoi(shell_output("ls -l /proc/$PPID/fd | grep -c '(deleted)'")); };
  const int before = removed_but_open();
  ASSERT_EQ(write_text(at("held"), "text"), 0);
  Descriptor held(::open(at("held").c_str(), O_PATH | O_CLOEXEC));
  ASSERT_EQ(::unlink(at("held").c_str()), 0);
  EXPECT_EQ(removed_but_open() - before, 2) << "this descriptor, and the one beneath";
  held.reset();
  EXPECT_EQ(
      in_data("mkdir d && touch d/x && for i in $(seq 200); do echo $i > f$i; mkdir d$i; done && rm f* && rmdir d?*"
              " && ! rmdir d 2>/dev/null"),
      0);
  for (int i = 0; i < 100 && removed_but_open() != before; ++i) std::this_thread::sleep_for(10ms);
  EXPECT_EQ(removed_but_open(), before);
}

TEST_P(Mount, OwnersModesUmaskAndPrivileges) {
  EXPECT_EQ(in_data("mkdir -m 1777 tmp && mkdir -m 2775 group && chgrp 50 group"), 0);
  EXPECT_EQ(
      in_data("setpriv --reuid 1000 --regid 1000 --clear-groups sh -c 'umask 027; echo x > tmp/mine; mkdir tmp/dir'"),
      0);
  EXPECT_EQ(shell_output("cd " + data_ + " && stat -c '%u %g %a' tmp/mine tmp/dir"), "1000 1000 640\n1000 1000 750\n");
  EXPECT_EQ(in_data("touch group/inherits && mkdir group/sub"), 0);
  EXPECT_EQ(shell_output("cd " + data_ + " && stat -c '%g %a' group/inherits group/sub"), "50 644\n50 2755\n");
  EXPECT_NE(in_data("setpriv --reuid 1001 --regid 1001 --clear-groups sh -c 'echo y > tmp/mine' 2>/dev/null"), 0);
  EXPECT_EQ(in_data("touch suid && chmod 6777 suid && setcap cap_net_raw+ep suid"), 0);
  EXPECT_EQ(in_data("setpriv --reuid 1000 --regid 1000 --clear-groups sh -c 'echo z >> suid'"), 0);
  EXPECT_EQ(shell_output("cd " + data_ + " && stat -c %a suid && getcap suid"), "777\n");
  EXPECT_EQ(in_data("chmod 6777 suid && setpriv --reuid 1000 --regid 1000 --clear-groups truncate -s 1 suid"), 0);
  EXPECT_EQ(shell_output("cd " + data_ + " && stat -c %a suid"), "777\n");
  EXPECT_EQ(in_data("chmod 6777 suid && chown 5:6 suid && echo root >> suid"), 0);
  EXPECT_EQ(shell_output("cd " + data_ + " && stat -c %a suid"), "777\n");
  EXPECT_EQ(in_data("chmod 2767 suid && setpriv --reuid 1000 --regid 1000 --groups 6 sh -c 'echo member >> suid'"), 0);
  EXPECT_EQ(shell_output("cd " + data_ + " && stat -c %a suid"), "2767\n");
  EXPECT_EQ(in_data("setpriv --reuid 1000 --regid 1000 --clear-groups sh -c 'echo stranger >> suid'"), 0);
  EXPECT_EQ(shell_output("cd " + data_ + " && stat -c %a suid"), "767\n");
  EXPECT_EQ(in_data("chmod 6777 suid"), 0);
  EXPECT_EQ(::chown(at("suid").c_str(), static_cast<uid_t>(-1), static_cast<gid_t>(-1)), 0);
  EXPECT_EQ(shell_output("cd " + data_ + " && stat -c %a suid"), "777\n");
}

TEST_P(Mount, ExtendedAttributesAndAcls) {
  EXPECT_EQ(in_data("echo x > f && chmod 600 f && setfattr -n user.a -v 1 f && setfattr -n trusted.b -v 2 f"), 0);
  EXPECT_EQ(shell_output("cd " + data_ + " && getfattr -d -m - f | grep = | tr '\\n' ' '"),
            "trusted.b=\"2\" user.a=\"1\" ");
  EXPECT_NE(in_data("setfattr -n trusted.lockstep.identity -v 1 f 2>/dev/null"), 0);
  EXPECT_NE(in_data("getfattr -n trusted.lockstep.identity f 2>/dev/null"), 0);
  EXPECT_EQ(in_data("setfattr -x user.a f"), 0);
  const std::string as_nobody = "setpriv --reuid 65534 --regid 65534 --clear-groups ";
  EXPECT_NE(in_data(as_nobody + "cat f >/dev/null 2>&1"), 0);
  EXPECT_EQ(shell_output("cd " + data_ + " && " + as_nobody + "getfattr -m - f | grep -c trusted"), "0\n");
  EXPECT_EQ(in_data("setfacl -m u:65534:r f && " + as_nobody + "cat f >/dev/null"), 0);
  EXPECT_EQ(shell_output("cd " + data_ + " && stat -c %a f"), "640\n");
  EXPECT_EQ(in_data("setfacl -b f"), 0);
  EXPECT_NE(in_data(as_nobody + "cat f >/dev/null 2>&1"), 0);
  EXPECT_EQ(in_data("mkdir d && setfacl -d -m u:65534:rwx -m g::rwx d && (umask 077; echo x > d/f; mkdir d/sub)"), 0);
  EXPECT_EQ(in_data(as_nobody + "sh -c 'echo y >> d/f'"), 0) << "the default ACL counts, not the umask";
  EXPECT_EQ(shell_output("cd " + data_ + " && getfacl -cnd d/sub | grep -c user:65534:rwx"), "1\n");
  EXPECT_EQ(in_data("cp -a d e && chmod 700 d/f"), 0);
}

TEST_P(Mount, TimesAreWhatWasSet) {
  EXPECT_EQ(
      in_data(
          "echo x > f && touch -d '2001-02-03 04:05:06.789' f && touch -h -d @5 f && ln -s f l && touch -h -d @7 l"),
      0);
  EXPECT_EQ(shell_output("cd " + data_ + " && stat -c '%Y %Y' f l"), "5 5\n7 7\n");
  EXPECT_EQ(in_data("cat f >/dev/null && stat -c %X f | grep -qx 5"), 0) << "reading changes no time";
  EXPECT_EQ(in_data("df . >/dev/null && touch -d '2400-01-01' f && stat -c %Y f | grep -qx 9223372036"), 0)
      << "the last that fits into 64 bits of nanoseconds";
}

TEST_P(Mount, CloseReleasesABlockedWriterAndTheGuardStays) {
  ASSERT_EQ(write_text(at("f"), "kept"), 0);
  engine_->answering = false;
  const int before = engine_->requests;
  auto writer = std::async(std::launch::async, [&] {
    const Descriptor file(::open(at("f").c_str(), O_WRONLY | O_CLOEXEC));
    return ::write(file.fd(), "lost", 4) < 0 ? errno : 0;
  });
  while (engine_->requests == before) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(writer.wait_for(100ms), std::future_status::timeout);
  engine_->close();
  ASSERT_EQ(writer.wait_for(5s), std::future_status::ready);
  EXPECT_NE(writer.get(), 0);
  EXPECT_TRUE(top_mount(data_)->is_guard());
  EXPECT_NE(write_text(at("new"), "x"), 0) << "even root cannot write into the guard";
  EXPECT_EQ(shell_output("ls -A " + data_), "");
  engine_->close();  // allowed in any state

  engine_->answering = true;
  ASSERT_EQ(engine_->open(), "");
  EXPECT_EQ(read_text(at("f")), "kept");
  ASSERT_EQ(write_text(at("g"), "again"), 0);
}

TEST_P(Mount, ASignalDoesNotEndARequestThatWaits) {
  ASSERT_EQ(write_text(at("f"), "kept") + write_text(at("g"), "other"), 0);
  struct sigaction action {};
  action.sa_handler = [](int) {};
  ASSERT_EQ(::sigaction(SIGUSR1, &action, nullptr), 0);
  engine_->answering = false;
  const int before = engine_->requests;
  std::atomic<int> outcome{-1};
  std::thread writer([&] {
    const Descriptor file(::open(at("f").c_str(), O_WRONLY | O_CLOEXEC));
    outcome = ::write(file.fd(), "lost", 4) < 0 ? errno : 0;
  });
  while (engine_->requests == before) std::this_thread::sleep_for(1ms);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(::pthread_kill(writer.native_handle(), SIGUSR1), 0);
    std::this_thread::sleep_for(30ms);
  }
  EXPECT_EQ(outcome, -1);
  EXPECT_EQ(engine_->requests - before, 1);
  EXPECT_EQ(read_text(at("g")), "other") << "others are served meanwhile";
  engine_->close();
  writer.join();
  EXPECT_GT(outcome, 0);
  engine_->answering = true;
  ASSERT_EQ(engine_->open(), "");
}

TEST_P(Mount, ManyProcessesAtOnce) {
  EXPECT_EQ(in_data("for i in 1 2 3 4 5 6 7 8; do (for j in $(seq 40); do echo $j > $i.$j; mv $i.$j $i.last;"
                    " cat $i.last >/dev/null; mkdir $i; rmdir $i; done) & done; wait; test $(ls | wc -l) = 8"),
            0);
}

INSTANTIATE_TEST_SUITE_P(Filesystems, Mount, ::testing::Values("ext4", "xfs"),
                         [](const auto& instance) { return instance.param; });

}  // namespace
}  // namespace lockstep::linux_io::test
