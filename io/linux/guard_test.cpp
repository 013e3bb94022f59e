// The directory is closed whatever happens to the daemon, and a new daemon finds the real one again.
#include "io/linux/guard.h"

#include "io/linux/bypass.h"
#include "io/linux/compare_trees.h"
#include "io/linux/fuse_mount.h"
#include "io/linux/guard_mounts.h"
#include "io/linux/volume_test_tools.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace lockstep::linux_io::test {
namespace {

class Guarded : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!prepared()) GTEST_SKIP() << "needs root";
    disk_.emplace("ext4");
    data_ = disk_->path() + "/my data";
    ASSERT_EQ(::mkdir(data_.c_str(), 0755), 0);
    ASSERT_EQ(write_text(data_ + "/file", "real"), 0);
  }
  [[nodiscard]] std::vector<std::string> bypasses() const {
    const Descriptor raw(::open(data_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return find_bypasses(raw.fd(), data_);
  }

  std::optional<LoopFilesystem> disk_;
  std::string data_;
};

/// Kills and collects a child when the test ends, however it ends.
class Child {
 public:
  template <typename Work>
  explicit Child(Work work) {
    int ready[2];
    if (::pipe2(ready, O_CLOEXEC) != 0) return;
    pid_ = ::fork();
    if (pid_ == 0) {
      work([&] { return ::write(ready[1], "x", 1); });
      ::_exit(0);
    }
    ::close(ready[1]);
    char byte = 0;
    ready_ = ::read(ready[0], &byte, 1) == 1;
    ::close(ready[0]);
  }
  ~Child() { kill(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  [[nodiscard]] bool ready() const { return ready_; }
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  bool ready_ = false;
};

TEST_F(Guarded, NothingGetsThroughAndTheDaemonDoes) {
  Guard guard(disk_->path() + "/./my data/");
  ASSERT_EQ(guard.raise(), "");
  EXPECT_EQ(guard.path(), data_);
  EXPECT_FALSE(guard.was_guarded());
  EXPECT_EQ(read_text(data_ + "/file"), "");
  EXPECT_NE(write_text(data_ + "/new", "x"), 0);
  const Descriptor raw = guard.directory();
  EXPECT_EQ(::faccessat(raw.fd(), "file", R_OK, 0), 0);
  EXPECT_EQ(guard.release(), "");
  EXPECT_EQ(read_text(data_ + "/file"), "real");
}

TEST_F(Guarded, SaysWhyItCannotBeRaised) {
  EXPECT_NE(Guard("relative").raise(), "");
  EXPECT_NE(Guard("/").raise(), "");
  EXPECT_NE(Guard(data_ + "/absent").raise(), "");
  EXPECT_NE(Guard(data_ + "/file").raise(), "");
  ASSERT_EQ(::symlink(data_.c_str(), (disk_->path() + "/link").c_str()), 0);
  EXPECT_NE(Guard(disk_->path() + "/link").raise(), "");
}

TEST_F(Guarded, ASecondGuardReplacesTheFirst) {
  Guard first(data_);
  ASSERT_EQ(first.raise(), "");
  Guard second(data_);
  ASSERT_EQ(second.raise(), "");
  EXPECT_TRUE(second.was_guarded());
  EXPECT_EQ(second.release(), "");
  EXPECT_FALSE(top_mount(data_).has_value());
}

TEST_F(Guarded, WhatStayedInPlaceIsTakenUpAsItIs) {
  Guard first(data_);
  ASSERT_EQ(first.raise(), "");
  const Descriptor device(::open("/dev/fuse", O_RDWR | O_CLOEXEC));
  EXPECT_NE(Guard(data_).take_up(first.directory(), device.fd(), "data"), "") << "without a mount";
  const std::string options = "fd=" + std::to_string(device.fd()) + ",rootmode=40000,user_id=0,group_id=0,allow_other";
  ASSERT_EQ(::mount("lockstep:data", data_.c_str(), fuse_type, 0, options.c_str()), 0);
  const Descriptor elsewhere(::open(disk_->path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  EXPECT_NE(Guard(data_).take_up(Descriptor(::dup(elsewhere.fd())), device.fd(), "data"), "");
  EXPECT_NE(Guard(data_).take_up(first.directory(), device.fd(), "other"), "");
  Guard second(data_);
  ASSERT_EQ(second.take_up(first.directory(), device.fd(), "data"), "");
  EXPECT_EQ(second.path(), data_);
  EXPECT_TRUE(second.was_guarded());
  EXPECT_EQ(::faccessat(second.directory().fd(), "file", R_OK, 0), 0);
  end_fuse_mount("data", device.fd());
  EXPECT_TRUE(top_mount(data_)->is_guard()) << "it stays closed";
  EXPECT_EQ(second.release(), "");
  EXPECT_EQ(read_text(data_ + "/file"), "real");
}

/// A daemon as far as the mount goes.
void serve(const std::string& path, const std::function<void()>& ready) {
  class Sink final : public io::EventSink {
   public:
    void post(io::Event event) override {
      if (std::get_if<io::MountOpened>(&event) != nullptr) opened = true;
    }
    bool opened = false;
  } sink;
  Guard guard(path);
  if (!guard.raise().empty()) return;
  boost::asio::io_context loop;
  boost::asio::thread_pool workers(1);
  LinuxVolume volume(loop, workers, sink, guard.directory());
  if (!volume.prepare().empty()) return;
  FuseMount mount({loop, workers, sink, volume}, {guard.path(), "test", {}});
  mount.open();
  while (!sink.opened) loop.run_one();
  ready();
  loop.run();
}

TEST_F(Guarded, AfterAKillTheDirectoryIsClosedAndTheNextDaemonFindsIt) {
  for (int round = 0; round < 2; ++round) {
    Child daemon([&](auto ready) { serve(data_, ready); });
    ASSERT_TRUE(daemon.ready());
    EXPECT_EQ(read_text(data_ + "/file"), "real");
    const Descriptor held(::open((data_ + "/file").c_str(), O_RDONLY | O_CLOEXEC));
    EXPECT_TRUE(held.valid());
    daemon.kill();
    EXPECT_NE(write_text(data_ + "/file", "unreplicated"), 0);
    ::umount2(data_.c_str(), MNT_DETACH);  // as an administrator would
    EXPECT_TRUE(top_mount(data_)->is_guard());
    EXPECT_NE(write_text(data_ + "/file", "unreplicated"), 0);
  }
  Child daemon([&](auto ready) { serve(data_, ready); });
  daemon.kill();
  Guard guard(data_);
  ASSERT_EQ(guard.raise(), "");  // over the dead FUSE mount of the last one
  EXPECT_TRUE(guard.was_guarded());
  const Descriptor raw = guard.directory();
  EXPECT_EQ(::faccessat(raw.fd(), "file", R_OK, 0), 0);
  guard.release();
  EXPECT_EQ(read_text(data_ + "/file"), "real");
}

TEST_F(Guarded, BypassesAreNamed) {
  EXPECT_EQ(bypasses(), std::vector<std::string>{});
  ASSERT_EQ(shell("mkdir -p '" + data_ + "/base/deep' && echo x > '" + data_ + "/base/deep/1'"), 0);
  const std::string file = data_ + "/base/deep/1";
  {
    Child process([&](auto ready) {
      const int fd = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
      if (fd >= 0) ready();
      ::pause();
    });
    ASSERT_TRUE(process.ready());
    const auto found = bypasses();
    ASSERT_EQ(found.size(), 1U);
    EXPECT_NE(found[0].find("process " + std::to_string(process.pid()) + " ("), std::string::npos);
    EXPECT_NE(found[0].find(" has " + file + " open: stop it, then start again"), std::string::npos);
    Guard guard(data_);
    ASSERT_EQ(guard.raise(), "");
    EXPECT_EQ(find_bypasses(guard.directory().fd(), guard.path()).size(), 1U) << "also from behind the guard";
    guard.release();
  }
  {
    Child process([&](auto ready) {
      ::unshare(CLONE_NEWNS);
      if (::chdir((data_ + "/base").c_str()) == 0) ready();
      ::pause();
    });
    ASSERT_TRUE(process.ready());
    ASSERT_EQ(bypasses().size(), 1U);
    EXPECT_NE(bypasses()[0].find("has its working directory at " + data_ + "/base"), std::string::npos);
  }
  {
    Child process([&](auto ready) {
      const int fd = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
      void* memory = ::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, fd, 0);
      ::close(fd);
      if (memory != MAP_FAILED) ready();
      ::pause();
    });
    ASSERT_TRUE(process.ready());
    ASSERT_EQ(bypasses().size(), 1U);
    EXPECT_NE(bypasses()[0].find(file + " mapped into memory"), std::string::npos);
  }
  {
    Child process([&](auto ready) {
      const int fd = ::open((disk_->path() + "/elsewhere").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
      if (fd >= 0) ready();
      ::pause();
    });
    ASSERT_TRUE(process.ready());
    EXPECT_EQ(bypasses(), std::vector<std::string>{}) << "the same filesystem, but not the directory";
  }
}

TEST_F(Guarded, OtherMountsAreNamed) {
  const std::string other = disk_->path() + "/other";
  const std::string inside = data_ + "/inside";
  ASSERT_EQ(shell("mkdir '" + other + "' '" + inside + "' && mount --bind '" + inside + "' '" + other + "'"), 0);
  ASSERT_EQ(bypasses().size(), 1U);
  EXPECT_NE(bypasses()[0].find("can also be reached at " + other), std::string::npos);
  ASSERT_EQ(::umount(other.c_str()), 0);

  ASSERT_EQ(::mount(disk_->path().c_str(), other.c_str(), nullptr, MS_BIND, nullptr), 0);
  ASSERT_EQ(bypasses().size(), 1U);
  EXPECT_NE(bypasses()[0].find("can also be reached at " + other + "/my data"), std::string::npos);
  ASSERT_EQ(::umount(other.c_str()), 0);

  ASSERT_EQ(::mount("tmpfs", inside.c_str(), "tmpfs", 0, nullptr), 0);
  ASSERT_EQ(bypasses().size(), 1U);
  EXPECT_NE(bypasses()[0].find("is mounted on " + inside + ", inside"), std::string::npos);
  ASSERT_EQ(::umount(inside.c_str()), 0);
  EXPECT_EQ(bypasses(), std::vector<std::string>{});
}

TEST_F(Guarded, TreesAreComparedInEveryRespect) {
  const std::string a = disk_->path() + "/a";
  const std::string b = disk_->path() + "/b";
  const auto prepare = [&](const std::string& change) {
    return shell("cd " + disk_->path() +
                 " && rm -rf a b && mkdir a && cd a && echo one > f && ln f g && ln -s f l &&"
                 " mkdir d && echo two > d/h && cd .. && cp -a a b && cd b && { " +
                 change + "; } && touch -r ../a .");
  };
  ASSERT_EQ(prepare("true"), 0);
  EXPECT_EQ(compare_trees(a, b), std::vector<std::string>{});
  const std::pair<std::string, std::string> changes[] = {
      {"printf twO > d/h; echo >> d/h; touch -r ../a/d/h d/h", "d/h: bytes from offset 2"},
      {"chmod 600 d/h", "d/h: mode"},
      {"chown 5 d/h", "d/h: uid"},
      {"touch -d @0 d/h", "d/h: mtime"},
      {"setfattr -n user.x -v 1 d/h", "d/h: extended attributes"},
      {"ln -sf h l && touch -h -r ../a/l l", "l: symbolic link target"},
      {"rm d/h && mkdir d/h && touch -r ../a/d d", "d/h: is of different types"},
      {"echo > new", "new: only in"},
      {"rm l", "l: only in"},
      {"cp -p g x && mv x g", "f: links 2 and 1"},
  };
  for (const auto& [change, expected] : changes) {
    ASSERT_EQ(prepare(change), 0) << change;
    const auto found = compare_trees(a, b);
    ASSERT_FALSE(found.empty()) << change;
    EXPECT_TRUE(found[0].starts_with(expected)) << found[0];
  }
}

}  // namespace
}  // namespace lockstep::linux_io::test
