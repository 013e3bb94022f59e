// How the index's LevelDB reads its files and where it does its work.
#pragma once

#include <leveldb/env.h>
#include <string>

#include <boost/asio/thread_pool.hpp>

namespace lockstep::linux_io {

/// Reads files instead of mapping them: a bad sector is an error of one read then, and no SIGBUS. Works on a thread of
/// its own instead of one for all databases of the process: one module's disk that hangs does not hold up the others.
/// Must live longer than the database.
class IndexEnvironment final : public leveldb::EnvWrapper {
 public:
  IndexEnvironment() : EnvWrapper(Env::Default()) {}

  leveldb::Status NewRandomAccessFile(const std::string& path, leveldb::RandomAccessFile** file) override;
  void Schedule(void (*work)(void*), void* argument) override;

 private:
  boost::asio::thread_pool thread_{1};
};

}  // namespace lockstep::linux_io
