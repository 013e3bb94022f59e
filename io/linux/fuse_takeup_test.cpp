// The mount outlives its process: applications in a process of their own go on while those that serve them are killed
// and follow each other. This process only keeps descriptors, as systemd does.
#include "io/linux/fuse_mount.h"
#include "io/linux/guard.h"
#include "io/linux/guard_mounts.h"
#include "io/linux/volume_test_tools.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <map>
#include <poll.h>
#include <random>
#include <sched.h>
#include <set>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <thread>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

namespace lockstep::linux_io::test {
namespace {

using namespace std::chrono_literals;

struct KeeperMessage {
  char kind;  ///< 'K' keep, 'D' drop
  std::array<char, 100> name;
};

/// Sends what is to be kept to the process that does.
class SendingKeeper final : public DescriptorKeeper {
 public:
  /// `last`: its process is killed when it has sent a name that begins like this; empty: none is.
  SendingKeeper(int socket, std::string last) : socket_(socket), last_(std::move(last)) {}
  bool keep(const std::string& name, int fd) override {
    const bool sent = send('K', name, fd);
    if (!last_.empty() && name.starts_with(last_)) ::kill(::getpid(), SIGKILL);
    return sent;
  }
  void drop(const std::string& name) override { send('D', name, -1); }

 private:
  bool send(char kind, const std::string& name, int fd) const {
    KeeperMessage message{kind, {}};
    name.copy(message.name.data(), message.name.size() - 1);
    iovec part{&message, sizeof message};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    if (fd >= 0) {
      header.msg_control = control.data();
      header.msg_controllen = control.size();
      cmsghdr* const rights = CMSG_FIRSTHDR(&header);
      rights->cmsg_level = SOL_SOCKET;
      rights->cmsg_type = SCM_RIGHTS;
      rights->cmsg_len = CMSG_LEN(sizeof(int));
      std::memcpy(CMSG_DATA(rights), &fd, sizeof fd);
    }
    return ::sendmsg(socket_, &header, MSG_NOSIGNAL) == static_cast<ssize_t>(sizeof message);
  }

  int socket_;
  std::string last_;
};

class KeptDescriptors {
 public:
  KeptDescriptors() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets_), 0); }
  ~KeptDescriptors() {
    for (const int socket : sockets_) ::close(socket);
  }
  [[nodiscard]] int sender() const { return sockets_[1]; }
  /// Takes what comes within that time.
  void take_for(std::chrono::milliseconds time) {
    const auto until = std::chrono::steady_clock::now() + time;
    do {
      pollfd waiting{sockets_[0], POLLIN, 0};
      while (::poll(&waiting, 1, 1) > 0 && (waiting.revents & POLLIN) != 0) take();
    } while (std::chrono::steady_clock::now() < until);
  }
  [[nodiscard]] std::set<std::string> names() const {
    std::set<std::string> names;
    for (const auto& [name, descriptor] : kept_) names.insert(name);
    return names;
  }
  [[nodiscard]] int fd(const std::string& name) const { return kept_.at(name).fd(); }
  [[nodiscard]] std::optional<HeldMount> held() const {
    if (!kept_.contains("test.mount")) return std::nullopt;
    HeldMount held;
    for (const auto& [name, descriptor] : kept_) {
      Descriptor copy(::dup(descriptor.fd()));
      if (name == "test.mount") {
        held.device = std::move(copy);
      } else if (name == "test.state") {
        held.state = std::move(copy);
      } else {
        FileId id;
        EXPECT_EQ(std::sscanf(name.c_str(), "test.file.%16lx%16lx", &id.high, &id.low), 2) << name;
        held.files.push_back({id, std::move(copy)});
      }
    }
    return held;
  }

 private:
  void take() {
    KeeperMessage message{};
    iovec part{&message, sizeof message};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    if (::recvmsg(sockets_[0], &header, MSG_CMSG_CLOEXEC) <= 0) return;
    if (message.kind == 'D') {
      kept_.erase(message.name.data());
      return;
    }
    int fd = -1;
    ASSERT_NE(CMSG_FIRSTHDR(&header), nullptr);
    std::memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&header)), sizeof fd);
    EXPECT_TRUE(kept_.emplace(message.name.data(), Descriptor(fd)).second) << message.name.data() << " twice";
  }

  int sockets_[2] = {-1, -1};
  std::map<std::string, Descriptor> kept_;
};

/// In a process of its own: answers every request with what the volume says.
class Server final : public io::EventSink {
 public:
  Server(const std::string& path, int raw, DescriptorKeeper* keeper, int told, std::optional<HeldMount> held)
      : told_(told), volume_(loop_, workers_, *this, Descriptor(::dup(raw))) {
    tell(volume_.prepare());
    FuseMountOptions options{path, "test", [this](const std::string& why) { tell("lost: " + why); }, keeper};
    mount_.emplace(FuseEnvironment{loop_, workers_, *this, volume_}, std::move(options), std::move(held));
  }
  void serve() {
    silent = false;
    std::signal(SIGUSR1, [](int) { silent = true; });
    std::signal(SIGTERM, [](int) { closing = true; });
    volume_.index();
    const auto work = boost::asio::make_work_guard(loop_);
    while (true) {
      loop_.run_for(5ms);
      if (closing.exchange(false)) mount_->close();
    }
  }
  /// A process that ends without having served.
  void leave() { mount_.reset(); }
  void close() {
    mount_->close();
    loop_.run_for(100ms);
  }

  void post(io::Event event) override {
    boost::asio::post(loop_, [this, event = std::move(event)]() mutable { step(event); });
  }

  static std::atomic<bool> silent;  ///< applies and syncs, but tells nobody
  static std::atomic<bool> closing;

 private:
  void tell(const std::string& text) const {
    const std::string line = text + '\n';
    if (!text.empty()) [[maybe_unused]]
      const auto written = ::write(told_, line.data(), line.size());
  }

  void step(io::Event& event) {
    if (std::holds_alternative<io::Indexed>(event)) {
      mount_->open();
      // What is made from now on is in the next life's index only as far as it was written.
      volume_.sync(Ticket(0), FileId::none(), false);
    }
    if (const auto* opened = std::get_if<io::MountOpened>(&event)) {
      tell(opened->error_text.empty() ? "open" : opened->error_text);
    }
    if (std::holds_alternative<io::MountClosed>(event)) tell("closed");
    if (auto* arrived = std::get_if<io::RequestArrived>(&event)) {
      const Ticket ticket(arrived->request.value);
      const Operation& operation = arrived->operation;
      if (operation.kind == OperationKind::sync) {
        volume_.sync(ticket, operation.file, (operation.flags & flag_data_only) != 0);
      } else {
        volume_.apply(ticket, operation, io::Origin::application);
      }
    }
    if (silent) return;
    if (const auto* applied = std::get_if<io::Applied>(&event)) {
      mount_->reply(RequestId(applied->ticket.value), {applied->error, applied->bytes, applied->effect.file});
    }
    if (const auto* synced = std::get_if<io::Synced>(&event)) {
      mount_->reply(RequestId(synced->ticket.value), {synced->error, 0, FileId::none()});
    }
  }

  int told_;
  boost::asio::io_context loop_;
  boost::asio::thread_pool workers_{1};
  LinuxVolume volume_;
  std::optional<FuseMount> mount_;
};

std::atomic<bool> Server::silent{false};
std::atomic<bool> Server::closing{false};

/// What applications and this process share.
struct Progress {
  std::atomic<bool> stop;
  std::atomic<int> failures;
  std::array<std::atomic<int>, 8> rounds;
  char failure[512];
};

/// Of one thread of an application, at work in a directory of the mount. Any error ends it.
class Work {
 public:
  Work(std::string directory, Progress& progress) : directory_(std::move(directory)), progress_(progress) {}

  [[nodiscard]] std::string at(const std::string& name) const { return directory_ + "/" + name; }
  [[nodiscard]] bool goes_on() const { return progress_.failures == 0 && !progress_.stop; }
  bool expect(bool holds, const char* what) {
    if (holds) return true;
    if (progress_.failures++ == 0) {
      std::snprintf(progress_.failure, sizeof progress_.failure, "%s: %s", what, std::strerror(errno));
    }
    return false;
  }
  bool make(const std::string& name, const std::string& text) {
    const Descriptor file(::open(at(name).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640));
    return expect(file.valid(), "create") &&
           expect(::write(file.fd(), text.data(), text.size()) == static_cast<ssize_t>(text.size()), "write") &&
           expect(::fsync(file.fd()) == 0, "fsync");
  }
  bool holds(const std::string& name, const std::string& text) {
    return expect(read_text(at(name)) == text, ("contents of " + name).c_str());
  }

  bool change_names(int round) {
    const std::string text = "round " + std::to_string(round);
    struct stat status {};
    errno = 0;
    return make("f", text) && expect(::rename(at("f").c_str(), at("g").c_str()) == 0, "rename") &&
           expect(::link(at("g").c_str(), at("h").c_str()) == 0, "link") &&
           expect(::stat(at("g").c_str(), &status) == 0 && status.st_nlink == 2, "two names") && make("i", "other") &&
           expect(::rename(at("i").c_str(), at("h").c_str()) == 0, "replace") && holds("h", "other") &&
           expect(::renameat2(AT_FDCWD, at("g").c_str(), AT_FDCWD, at("h").c_str(), RENAME_EXCHANGE) == 0,
                  "exchange") &&
           holds("g", "other") && holds("h", text) && expect(::unlink(at("g").c_str()) == 0, "unlink") &&
           expect(::unlink(at("h").c_str()) == 0, "unlink") && expect(::mkdir(at("d").c_str(), 0750) == 0, "mkdir") &&
           expect(::symlink("target", at("d/l").c_str()) == 0, "symlink") &&
           expect(::rmdir(at("d").c_str()) != 0 && errno == ENOTEMPTY, "rmdir of what is not empty") &&
           expect(::unlink(at("d/l").c_str()) == 0, "unlink of a link") &&
           expect(::rmdir(at("d").c_str()) == 0, "rmdir") && expect(::mkfifo(at("p").c_str(), 0600) == 0, "mkfifo") &&
           expect(::unlink(at("p").c_str()) == 0, "unlink");
  }

  bool change_attributes(int round) {
    if (round == 0 && !make("a", "text")) return false;
    const std::string path = at("a");
    char value[2] = {};
    struct stat status {};
    const mode_t mode = 0600U + static_cast<unsigned>(round % 64);
    return expect(::setxattr(path.c_str(), "user.x", "1", 1, XATTR_CREATE) == 0, "setxattr, new") &&
           expect(::setxattr(path.c_str(), "user.x", "2", 1, XATTR_REPLACE) == 0, "setxattr, again") &&
           expect(::getxattr(path.c_str(), "user.x", value, 2) == 1 && value[0] == '2', "getxattr") &&
           expect(::removexattr(path.c_str(), "user.x") == 0, "removexattr") &&
           expect(::chmod(path.c_str(), mode) == 0 && ::stat(path.c_str(), &status) == 0, "chmod") &&
           expect((status.st_mode & 07777U) == mode, "mode") &&
           expect(::truncate(path.c_str(), round) == 0, "truncate") &&
           expect(::stat(path.c_str(), &status) == 0 && status.st_size == round, "size");
  }

  /// The whole is looked at in the end: each record is there once, in its place.
  bool append(int round) {
    if (!log_.valid()) log_ = Descriptor(::open(at("log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    std::array<char, 16> record{};
    std::snprintf(record.data(), record.size(), "%08d\n", round);
    return expect(::write(log_.fd(), record.data(), 9) == 9, "append") &&
           (round % 16 != 0 || expect(::fdatasync(log_.fd()) == 0, "fdatasync"));
  }

  bool use_nameless(int round) {
    if (!nameless_.valid()) {
      nameless_ = Descriptor(::open(at("u").c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
      if (!expect(::unlink(at("u").c_str()) == 0, "unlink of what is open")) return false;
    }
    const off_t place = static_cast<off_t>(random_() % 64) * 4096;
    std::array<char, 4096> block{};
    auto& expected = blocks_[place];
    if (expected != 0) {
      if (!expect(::pread(nameless_.fd(), block.data(), block.size(), place) == 4096 && block[7] == expected,
                  "read without a name")) {
        return false;
      }
    }
    expected = static_cast<char>('a' + round % 26);
    block.fill(expected);
    if (!expect(::pwrite(nameless_.fd(), block.data(), block.size(), place) == 4096, "write without a name")) {
      return false;
    }
    struct stat status {};
    const Descriptor brief(::open(at("v").c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    return expect(brief.valid() && ::unlink(at("v").c_str()) == 0, "unlink") &&
           expect(::write(brief.fd(), "text", 4) == 4, "write behind it") &&
           expect(::pread(brief.fd(), block.data(), 4, 0) == 4 && std::memcmp(block.data(), "text", 4) == 0, "read") &&
           expect(::fstat(brief.fd(), &status) == 0 && status.st_nlink == 0 && status.st_size == 4, "fstat");
  }

  static constexpr int names = 1200;
  static std::string long_name(int number) { return std::string(60, 'n') + std::to_string(number); }
  bool list(int round) {
    if (round == 0) {
      for (int i = 0; i < names; ++i) {
        const Descriptor file(::open(at(long_name(i)).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        if (!expect(file.valid(), "create of many")) return false;
      }
    }
    const Descriptor directory(::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    // What the kernel has cached of it does not count any more.
    if (!expect(directory.valid() && ::futimens(directory.fd(), nullptr) == 0, "touch of a directory")) return false;
    std::set<std::string> found;
    alignas(dirent64) std::array<char, 4096> entries{};
    while (true) {
      const ssize_t bytes = ::syscall(SYS_getdents64, directory.fd(), entries.data(), entries.size());
      if (!expect(bytes >= 0, "getdents")) return false;
      if (bytes == 0) break;
      for (ssize_t at = 0; at < bytes;) {
        const auto& entry = *reinterpret_cast<const dirent64*>(entries.data() + at);
        at += entry.d_reclen;
        if (!expect(found.insert(entry.d_name).second, "an entry comes once")) return false;
      }
      std::this_thread::sleep_for(2ms);
    }
    return expect(found.size() == names + 2, "all entries come");
  }

  bool work_in_directory(int round) {
    if (round == 0 && !expect(::unshare(CLONE_FS) == 0 && ::chdir(directory_.c_str()) == 0, "chdir")) return false;
    const std::string text(static_cast<std::size_t>(1 + round % 5000), 'x');
    std::array<char, 512> where{};
    return expect(write_text("t", text) == 0, "write beneath") && expect(read_text("t") == text, "read beneath") &&
           expect(::getcwd(where.data(), where.size()) != nullptr && where.data() == directory_, "getcwd");
  }

  bool write_large(int round) {
    if (!large_.valid()) large_ = Descriptor(::open(at("large").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    std::vector<char> block(std::size_t{1} << 20U, static_cast<char>('a' + round % 26));
    const off_t place = static_cast<off_t>(round % 16) << 20U;
    if (!expect(::pwrite(large_.fd(), block.data(), block.size(), place) == static_cast<ssize_t>(block.size()),
                "large write")) {
      return false;
    }
    std::vector<char> back(block.size());
    ::posix_fadvise(large_.fd(), place, static_cast<off_t>(block.size()), POSIX_FADV_DONTNEED);
    return expect(
        ::pread(large_.fd(), back.data(), back.size(), place) == static_cast<ssize_t>(back.size()) && back == block,
        "large read");
  }

  bool map(int round) {
    if (memory_ == nullptr) {
      mapped_ = Descriptor(::open(at("map").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
      if (!expect(::ftruncate(mapped_.fd(), 65536) == 0, "ftruncate")) return false;
      void* const memory = ::mmap(nullptr, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, mapped_.fd(), 0);
      if (!expect(memory != MAP_FAILED, "mmap")) return false;
      memory_ = static_cast<char*>(memory);
    }
    std::memset(memory_ + (round % 16) * 4096, 'a' + round % 26, 4096);
    return expect(::msync(memory_, 65536, MS_SYNC) == 0, "msync");
  }

 private:
  std::string directory_;
  Progress& progress_;
  std::mt19937 random_{7};
  Descriptor log_;
  Descriptor nameless_;
  std::map<off_t, char> blocks_;
  Descriptor large_;
  Descriptor mapped_;
  char* memory_ = nullptr;
};

/// All that applications do, until they are told to stop.
void run_applications(const std::string& path, Progress& progress) {
  constexpr std::array<bool (Work::*)(int), 8> kinds = {
      &Work::change_names, &Work::change_attributes, &Work::append,      &Work::use_nameless,
      &Work::list,         &Work::work_in_directory, &Work::write_large, &Work::map};
  struct sigaction nothing {};
  nothing.sa_handler = [](int) {};
  nothing.sa_flags = SA_RESTART;
  ::sigaction(SIGUSR2, &nothing, nullptr);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    threads.emplace_back([&, i] {
      const std::string directory = path + "/work" + std::to_string(i);
      Work work(directory, progress);
      if (!work.expect(::mkdir(directory.c_str(), 0755) == 0, "mkdir")) return;
      for (int round = 0; work.goes_on() && (work.*kinds[i])(round); ++round) progress.rounds[i] = round + 1;
    });
  }
  // PostgreSQL's processes wake each other like this all the time.
  for (int turn = 0; progress.failures == 0 && !progress.stop; ++turn) {
    ::pthread_kill(threads[static_cast<std::size_t>(turn) % threads.size()].native_handle(), SIGUSR2);
    std::this_thread::sleep_for(1ms);
  }
  for (std::thread& thread : threads) thread.join();
}

class TakeUp : public ::testing::TestWithParam<std::string> {
 protected:
  enum class Course { serve, leave, close };

  void SetUp() override {
    if (!prepared()) GTEST_SKIP() << "needs root";
    disk_.emplace(GetParam());
    ASSERT_EQ(::mkdir(path().c_str(), 0755), 0);
    guard_.emplace(path());
    ASSERT_EQ(guard_->raise(), "");
    void* const shared = ::mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(shared, MAP_FAILED);
    progress_ = new (shared) Progress{};
    ASSERT_EQ(::pipe2(told_, O_CLOEXEC), 0);
  }
  void TearDown() override {
    if (server_ > 0) end_server(SIGKILL);
    if (guard_) guard_->release();
    for (const int fd : told_) ::close(fd);
  }
  [[nodiscard]] std::string path() const { return disk_->path() + "/data"; }

  pid_t in_child(const std::function<void()>& body) {
    const pid_t child = ::fork();
    if (child != 0) return child;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    body();
    ::_exit(0);
  }
  void begin_server(Course course = Course::serve, const std::string& last_kept = "") {
    kept_.take_for(0ms);
    auto held = kept_.held();
    server_ = in_child([&] {
      SendingKeeper keeper(kept_.sender(), last_kept);
      const Descriptor raw = guard_->directory();
      Server server(path(), raw.fd(), &keeper, told_[1], std::move(held));
      if (course == Course::serve) server.serve();
      if (course == Course::leave) server.leave();
      if (course == Course::close) server.close();
      ::_exit(0);  // as it is
    });
  }
  /// What the server says next.
  std::string told() {
    std::string line;
    for (char c = 0; line.size() < 1000;) {
      pollfd waiting{told_[0], POLLIN, 0};
      for (int i = 0; i < 200 && ::poll(&waiting, 1, 0) == 0; ++i) kept_.take_for(50ms);
      if ((waiting.revents & POLLIN) == 0 || ::read(told_[0], &c, 1) != 1) return line + " (and nothing more)";
      if (c == '\n') break;
      line += c;
    }
    kept_.take_for(0ms);
    return line;
  }
  void forget_told() const {
    std::array<char, 1000> said{};
    for (pollfd waiting{told_[0], POLLIN, 0}; ::poll(&waiting, 1, 0) > 0;) {
      if (::read(told_[0], said.data(), said.size()) <= 0) break;
    }
  }
  /// Ends by itself when it has given a descriptor of this name to the keeper.
  void await_end_of_server() {
    EXPECT_EQ(outcome_of(std::exchange(server_, 0)), -1) << "killed";
    kept_.take_for(0ms);
    forget_told();
  }
  void end_server(int signal) {
    if (signal != 0) ::kill(server_, signal);
    int status = 0;
    EXPECT_GT(::waitpid(std::exchange(server_, 0), &status, 0), 0);
    if (signal == 0) {
      EXPECT_EQ(status, 0);
    }
    kept_.take_for(0ms);
  }
  int outcome_of(pid_t child) {
    int status = 0;
    while (::waitpid(child, &status, WNOHANG) == 0) kept_.take_for(10ms);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  std::optional<LoopFilesystem> disk_;
  std::optional<Guard> guard_;
  KeptDescriptors kept_;
  Progress* progress_ = nullptr;
  int told_[2] = {-1, -1};
  pid_t server_ = 0;
};

TEST_P(TakeUp, ApplicationsGoOnWhileServersAreKilled) {
  begin_server();
  ASSERT_EQ(told(), "open");
  EXPECT_EQ(kept_.names(), (std::set<std::string>{"test.mount", "test.state"}));
  const pid_t applications = in_child([&] { run_applications(path(), *progress_); });
  std::mt19937 random(std::random_device{}());
  for (int life = 0; life < 12; ++life) {
    const std::array<int, 8> before = [&] {
      std::array<int, 8> rounds{};
      for (std::size_t i = 0; i < rounds.size(); ++i) rounds[i] = progress_->rounds[i];
      return rounds;
    }();
    const auto all_went_on = [&] {
      for (std::size_t i = 0; i < before.size(); ++i) {
        if (progress_->rounds[i] <= before[i]) return false;
      }
      return true;
    };
    for (int i = 0; i < 1000 && progress_->failures == 0 && !all_went_on(); ++i) kept_.take_for(10ms);
    EXPECT_TRUE(all_went_on()) << "life " << life;
    kept_.take_for(std::chrono::milliseconds(random() % 100));
    if (progress_->failures != 0) break;
    if (life % 2 == 1) {
      ::kill(server_, SIGUSR1);  // then each has something that was done, and not answered
      kept_.take_for(30ms);
    }
    end_server(SIGKILL);
    if (life % 3 == 2) {  // also while it takes up, and just behind
      begin_server();
      kept_.take_for(std::chrono::milliseconds(random() % 60));
      end_server(SIGKILL);
      forget_told();
    }
    begin_server();
    ASSERT_EQ(told(), "open");
  }
  progress_->stop = true;
  EXPECT_EQ(outcome_of(applications), 0);
  EXPECT_EQ(progress_->failures, 0) << progress_->failure;

  const std::string log = read_text(path() + "/work2/log");
  EXPECT_EQ(log.size(), static_cast<std::size_t>(progress_->rounds[2]) * 9);
  for (int i = 0; i < progress_->rounds[2]; ++i) {
    ASSERT_EQ(std::atoi(log.substr(static_cast<std::size_t>(i) * 9, 8).c_str()), i);
  }
  for (int i = 0; i < 100 && kept_.names().size() > 2; ++i) kept_.take_for(10ms);
  EXPECT_EQ(kept_.names(), (std::set<std::string>{"test.mount", "test.state"})) << "every file has been closed";

  ::kill(server_, SIGTERM);
  EXPECT_EQ(told(), "closed");
  EXPECT_EQ(kept_.names(), std::set<std::string>{});
  EXPECT_TRUE(top_mount(path())->is_guard());
}

TEST_P(TakeUp, WhoWasLeftWaitingIsAnsweredOnce) {
  begin_server();
  ASSERT_EQ(told(), "open");
  ::kill(server_, SIGUSR1);
  const pid_t caller = in_child([&] { ::_exit(write_text(path() + "/f", "text")); });
  kept_.take_for(100ms);
  EXPECT_EQ(::waitpid(caller, nullptr, WNOHANG), 0);
  end_server(SIGKILL);
  EXPECT_EQ(::waitpid(caller, nullptr, WNOHANG), 0);
  begin_server();
  ASSERT_EQ(told(), "open");
  EXPECT_EQ(outcome_of(caller), 0);
  EXPECT_EQ(read_text(path() + "/f"), "text");
}

TEST_P(TakeUp, AnUnlinkedFileIsKeptBeforeItsNameGoes) {
  begin_server(Course::serve, "test.file.");
  ASSERT_EQ(told(), "open");
  const pid_t caller = in_child([&] {
    const Descriptor file(::open((path() + "/f").c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    std::array<char, 9> text{};
    const bool whole = ::write(file.fd(), "before", 6) == 6 && ::unlink((path() + "/f").c_str()) == 0 &&
                       ::pwrite(file.fd(), "after", 5, 4) == 5 && ::pread(file.fd(), text.data(), 9, 0) == 9 &&
                       std::memcmp(text.data(), "befoafter", 9) == 0 && ::fsync(file.fd()) == 0;
    ::_exit(whole ? 0 : 1);
  });
  await_end_of_server();
  EXPECT_EQ(kept_.names().size(), 3U);
  begin_server();  // the name is still there
  EXPECT_EQ(told(), "open");
  EXPECT_EQ(outcome_of(caller), 0);
  for (int i = 0; i < 100 && kept_.names().size() > 2; ++i) kept_.take_for(10ms);
  EXPECT_EQ(kept_.names().size(), 2U);
}

TEST_P(TakeUp, UnlinkedFilesAreLetGoWhenTheMountIsClosed) {
  begin_server();
  ASSERT_EQ(told(), "open");
  std::vector<Descriptor> files;
  for (int i = 0; i < 3; ++i) {
    files.emplace_back(::open((path() + "/f").c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    ASSERT_EQ(::write(files.back().fd(), "text", 4), 4);
    ASSERT_EQ(::unlink((path() + "/f").c_str()), 0);
  }
  kept_.take_for(0ms);
  EXPECT_EQ(kept_.names().size(), 5U);
  ::kill(server_, SIGTERM);
  EXPECT_EQ(told(), "closed");
  EXPECT_EQ(kept_.names(), std::set<std::string>{});
}

TEST_P(TakeUp, AMountWhoseFirstMessageIsUnansweredIsTakenUp) {
  begin_server(Course::serve, "test.mount");
  await_end_of_server();
  EXPECT_EQ(kept_.names().size(), 2U);
  EXPECT_TRUE(top_mount(path())->is_lockstep_fuse());
  const pid_t caller = in_child([&] { ::_exit(write_text(path() + "/f", "text")); });
  kept_.take_for(50ms);
  begin_server();
  EXPECT_EQ(told(), "open");
  EXPECT_EQ(outcome_of(caller), 0);
  EXPECT_EQ(read_text(path() + "/f"), "text");
}

TEST_P(TakeUp, WhatWasClosedIsOpenedAnew) {
  begin_server();
  ASSERT_EQ(told(), "open");
  ASSERT_EQ(write_text(path() + "/f", "text"), 0);
  ::kill(server_, SIGTERM);
  EXPECT_EQ(told(), "closed");
  EXPECT_EQ(kept_.names(), std::set<std::string>{});
  end_server(SIGKILL);
  begin_server();
  ASSERT_EQ(told(), "open");
  EXPECT_EQ(read_text(path() + "/f"), "text");
}

TEST_P(TakeUp, AHeldMountStaysUntilItIsClosed) {
  begin_server();
  ASSERT_EQ(told(), "open");
  ASSERT_EQ(write_text(path() + "/f", "text"), 0);
  end_server(SIGKILL);
  begin_server(Course::leave);
  end_server(0);
  EXPECT_TRUE(top_mount(path())->is_lockstep_fuse());
  EXPECT_EQ(kept_.names().size(), 2U);
  const pid_t caller = in_child([&] { ::_exit(write_text(path() + "/g", "text") == 0 ? 0 : 1); });
  kept_.take_for(100ms);
  EXPECT_EQ(::waitpid(caller, nullptr, WNOHANG), 0);
  begin_server(Course::close);
  EXPECT_EQ(told(), "closed");
  end_server(0);
  EXPECT_EQ(outcome_of(caller), 1) << "an error, never a success";
  EXPECT_TRUE(top_mount(path())->is_guard());
  EXPECT_EQ(kept_.names(), std::set<std::string>{});
}

TEST_P(TakeUp, WhatCannotBeTakenUpIsLetGo) {
  begin_server();
  ASSERT_EQ(told(), "open");
  end_server(SIGKILL);
  ASSERT_EQ(::umount2(path().c_str(), MNT_FORCE | UMOUNT_NOFOLLOW), 0);
  begin_server();
  EXPECT_EQ(told(), "the mount of an earlier process cannot be taken up: its connection has ended");
  EXPECT_TRUE(top_mount(path())->is_guard());
  EXPECT_EQ(kept_.names(), std::set<std::string>{});
  end_server(SIGKILL);

  begin_server();
  ASSERT_EQ(told(), "open");
  end_server(SIGKILL);
  const std::uint64_t other = 5;
  ASSERT_EQ(::pwrite(kept_.fd("test.state"), &other, sizeof other, 0), static_cast<ssize_t>(sizeof other));
  begin_server();
  EXPECT_TRUE(told().starts_with("the mount of an earlier process cannot be taken up: another version"));
  EXPECT_TRUE(top_mount(path())->is_guard());
  EXPECT_EQ(kept_.names(), std::set<std::string>{});
  end_server(SIGKILL);
  begin_server();
  EXPECT_EQ(told(), "open") << "anew";
}

INSTANTIATE_TEST_SUITE_P(Filesystems, TakeUp, ::testing::Values("ext4", "xfs"),
                         [](const auto& instance) { return instance.param; });

}  // namespace
}  // namespace lockstep::linux_io::test
