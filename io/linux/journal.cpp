#include "io/linux/journal.h"

#include "engine/values/check.h"
#include "io/asio/event_loop.h"
#include "io/asio/event_queue.h"
#include "io/linux/journal_format.h"

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <mutex>
#include <sstream>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace lockstep::io {

namespace {

/// Which process holds the flock of `fd`, from /proc/locks: "1: FLOCK  ADVISORY  WRITE 1234 fe:00:5678 0 EOF".
std::string lock_holder(int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return {};
  std::ifstream locks("/proc/locks");
  std::string line;
  while (std::getline(locks, line)) {
    std::istringstream words(line);
    std::string number, kind, mode, access, pid, inode;
    words >> number >> kind >> mode >> access >> pid >> inode;
    unsigned major_number = 0, minor_number = 0;
    unsigned long long inode_number = 0;
    if (kind != "FLOCK" || std::sscanf(inode.c_str(), "%x:%x:%llu", &major_number, &minor_number, &inode_number) != 3) {
      continue;
    }
    if (inode_number == info.st_ino && ::makedev(major_number, minor_number) == info.st_dev && pid != "0") return pid;
  }
  return {};
}

}  // namespace

class FileJournal::Impl {
 public:
  Impl(EventLoop& loop, EventQueue& queue, int fd, std::string path, std::uint64_t sequence, Report report)
      : loop_(loop), queue_(queue), fd_(fd), path_(std::move(path)), sequence_(sequence), report_(std::move(report)) {
    writer_ = std::thread([this] { write_records(); });
  }

  ~Impl() {
    {
      const std::scoped_lock lock(mutex_);
      ending_ = true;
    }
    wake_.notify_one();
    writer_.join();
    *alive_ = false;
    ::close(fd_);
  }

  void store(Ticket ticket, Buffer record) {
    LOCKSTEP_CHECK(record.size() <= journal_bytes_max, "a journal record stays within journal_bytes_max");
    {
      const std::scoped_lock lock(mutex_);
      waiting_record_ = std::move(record);
      waiting_tickets_.push_back(ticket);
    }
    wake_.notify_one();
  }

 private:
  void write_records() {
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [this] { return ending_ || !waiting_tickets_.empty(); });
      if (waiting_tickets_.empty()) return;
      const Buffer record = waiting_record_;
      const auto tickets = std::exchange(waiting_tickets_, {});
      lock.unlock();
      const int error = write_journal(fd_, ++sequence_, record);
      if (error != 0) stop_process(error);
      loop_.post_from_any_thread([this, alive = alive_, tickets] {
        if (!*alive) return;
        for (const Ticket ticket : tickets) queue_.post(JournalStored{ticket});
      });
      lock.lock();
    }
  }

  /// After a failed write or fsync nobody knows what the disk holds, so the vote in it must not be answered.
  [[noreturn]] void stop_process(int error) {
    const std::string text = "cannot write " + path_ + ": " + std::strerror(error) +
                             ": this server takes no part until the disk is in order; then start it again";
    report_(Severity::error, text);
    check_failed("the journal can be written", text, __FILE__, __LINE__);
  }

  EventLoop& loop_;
  EventQueue& queue_;
  const int fd_;
  const std::string path_;
  std::uint64_t sequence_;  ///< writer thread only, once it runs
  const Report report_;
  std::mutex mutex_;
  std::condition_variable wake_;
  Buffer waiting_record_;
  std::vector<Ticket> waiting_tickets_;
  bool ending_ = false;
  /// Loop thread only: completions that are still on their way when the journal goes find it gone.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::thread writer_;
};

FileJournal::Opened FileJournal::open(EventLoop& loop, EventQueue& queue, const std::string& path, Report report) {
  Opened opened;
  opened.error = create_journal(path);
  if (!opened.error.empty()) return opened;
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) {
    opened.error = "cannot open " + path + ": " + std::strerror(errno);
    return opened;
  }
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    const std::string pid = lock_holder(fd);
    opened.error = path + " is in use by " + (pid.empty() ? "another process" : "process " + pid) +
                   ": only one daemon may run on one state directory; stop that one first";
    ::close(fd);
    return opened;
  }
  auto content = read_journal(fd);
  if (const auto* fault = std::get_if<std::string>(&content)) {
    opened.error =
        path + " " + *fault + ": its votes are lost, and guessing them could lose writes. Check the disk. " +
        "If the other server is up to date, move this file away, start this server and run \"second --full\"";
    ::close(fd);
    return opened;
  }
  auto& record = std::get<JournalRecord>(content);
  opened.record = record.record;
  // What was found may come from a page cache whose fsync had failed, or be the one intact copy: made whole before it
  // is relied upon.
  ++record.sequence;
  if (const int error = write_journal(fd, record.sequence, record.record); error != 0) {
    opened.error = "cannot write " + path + ": " + std::strerror(error) + ": check the disk";
    ::close(fd);
    return opened;
  }
  opened.journal.reset(
      new FileJournal(std::make_unique<Impl>(loop, queue, fd, path, record.sequence, std::move(report))));
  return opened;
}

FileJournal::FileJournal(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

FileJournal::~FileJournal() = default;

void FileJournal::store(Ticket ticket, Buffer record) { impl_->store(ticket, std::move(record)); }

}  // namespace lockstep::io
