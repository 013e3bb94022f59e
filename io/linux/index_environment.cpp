#include "io/linux/index_environment.h"

#include "io/linux/object_descriptor.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

#include <boost/asio/post.hpp>

namespace lockstep::linux_io {
namespace {

leveldb::Status failed(const std::string& path) {
  const char* reason = std::strerror(errno);
  return errno == ENOENT ? leveldb::Status::NotFound(path, reason) : leveldb::Status::IOError(path, reason);
}

class ReadFile final : public leveldb::RandomAccessFile {
 public:
  ReadFile(std::string path, Descriptor file) : path_(std::move(path)), file_(std::move(file)) {}

  leveldb::Status Read(std::uint64_t offset, std::size_t size, leveldb::Slice* result, char* scratch) const override {
    std::size_t got = 0;
    while (got < size) {
      const ssize_t part = ::pread(file_.fd(), scratch + got, size - got, static_cast<off_t>(offset + got));
      if (part < 0 && errno == EINTR) continue;
      if (part < 0) return failed(path_);
      if (part == 0) break;
      got += static_cast<std::size_t>(part);
    }
    *result = leveldb::Slice(scratch, got);
    return leveldb::Status::OK();
  }

 private:
  std::string path_;
  Descriptor file_;
};

}  // namespace

leveldb::Status IndexEnvironment::NewRandomAccessFile(const std::string& path, leveldb::RandomAccessFile** file) {
  Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!descriptor.valid()) return failed(path);
  *file = new ReadFile(path, std::move(descriptor));  // the caller's
  return leveldb::Status::OK();
}

void IndexEnvironment::Schedule(void (*work)(void*), void* argument) {
  boost::asio::post(thread_, [work, argument] { work(argument); });
}

}  // namespace lockstep::linux_io
