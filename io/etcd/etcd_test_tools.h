// For tests of the record in etcd: real servers, a pretended one, and a client with a loop of its own.
#pragma once

#include "io/asio/event_loop.h"
#include "io/etcd/etcd_record.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <sys/types.h>
#include <thread>
#include <variant>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>

namespace lockstep::io {

/// For what has to happen. An etcd on a busy machine takes its time to start.
inline constexpr std::chrono::seconds etcd_patience{30};

/// A directory in memory, so that an etcd which syncs each change does not wait for a disk; and credentials in it.
class EtcdDirectory {
 public:
  EtcdDirectory();
  ~EtcdDirectory();
  EtcdDirectory(const EtcdDirectory&) = delete;
  EtcdDirectory& operator=(const EtcdDirectory&) = delete;

  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }
  /// Writes PREFIXca.crt, PREFIXnode.crt and PREFIXnode.key, for this host.
  void make_credentials(const std::string& prefix, const std::string& host) const;

 private:
  std::string path_;
};

/// Of this process alone, so that no other test takes a port of it.
std::string own_address();
std::vector<std::uint16_t> free_ports(std::size_t count);

enum class EtcdListens : std::uint8_t { for_certificates, for_anybody, in_plain_text };

/// As many etcd servers as one cluster has, as processes that end with this one.
class EtcdCluster {
 public:
  explicit EtcdCluster(std::size_t members, EtcdListens listens = EtcdListens::for_certificates);
  ~EtcdCluster();
  EtcdCluster(const EtcdCluster&) = delete;
  EtcdCluster& operator=(const EtcdCluster&) = delete;

  /// For a client: all members, its own certificate.
  [[nodiscard]] EtcdOptions options() const;
  [[nodiscard]] const EtcdDirectory& directory() const { return directory_; }
  void start(std::size_t member);
  void kill(std::size_t member);  ///< as kill -9
  void suspend(std::size_t member) const;
  void resume(std::size_t member) const;
  /// The ends of their logs, for a test that failed.
  [[nodiscard]] std::string logs() const;

 private:
  [[nodiscard]] std::vector<std::string> command(std::size_t member) const;
  void signal(std::size_t member, int number) const;

  EtcdDirectory directory_;
  const EtcdListens listens_;
  std::vector<std::uint16_t> ports_;  ///< for clients, then for each other
  std::vector<pid_t> processes_;      ///< -1: does not run
};

/// Speaks TLS and gives each question the next of these answers, which are HTTP or not. An empty one ends the
/// connection, and so does the end of the list.
class PretendedEtcd {
 public:
  PretendedEtcd(std::vector<std::string> answers, const std::string& certified_host);
  ~PretendedEtcd();
  PretendedEtcd(const PretendedEtcd&) = delete;
  PretendedEtcd& operator=(const PretendedEtcd&) = delete;

  [[nodiscard]] EtcdOptions options() const;

 private:
  void run();
  void converse(boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>& stream);

  EtcdDirectory directory_;
  const std::vector<std::string> answers_;
  std::size_t next_ = 0;
  std::atomic<bool> ending_ = false;
  boost::asio::io_context context_;
  boost::asio::ssl::context tls_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::thread thread_;
};

/// HTTP around it.
std::string http_answer(const std::string& body, const std::string& status = "200 OK");

/// One record, and all that it told.
class EtcdClient {
 public:
  explicit EtcdClient(EtcdOptions options);
  ~EtcdClient();
  EtcdClient(const EtcdClient&) = delete;
  EtcdClient& operator=(const EtcdClient&) = delete;

  /// Whether it has come up, or gone down, so often.
  bool up(std::size_t times = 1) { return told<StoreUp>(times); }
  bool down(std::size_t times = 1) { return told<StoreDown>(times); }
  bool reported(const std::string& part);

  [[nodiscard]] std::size_t ups() const { return count<StoreUp>(); }
  [[nodiscard]] std::size_t downs() const { return count<StoreDown>(); }
  [[nodiscard]] std::size_t reports_with(const std::string& part) const;
  [[nodiscard]] std::string last_report() const;

  void on_loop(std::function<void(EtcdRecord&)> work);
  /// The first event after this call of it; StoreDown if none comes.
  SharedRecordEvent answer_to(const std::function<void(EtcdRecord&)>& call);
  SharedRecordEvent read();
  SharedRecordEvent replace(Revision expected, const std::string& record);
  /// On the loop's thread, where others would do it too.
  void destroy_record();

 private:
  template <typename Kind>
  std::size_t count() const {
    const std::scoped_lock lock(mutex_);
    return count_locked<Kind>();
  }
  template <typename Kind>
  std::size_t count_locked() const {
    std::size_t result = 0;
    for (const SharedRecordEvent& event : events_) result += std::holds_alternative<Kind>(event) ? 1 : 0;
    return result;
  }
  template <typename Kind>
  bool told(std::size_t times) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, etcd_patience, [&] { return count_locked<Kind>() >= times; });
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<SharedRecordEvent> events_;
  std::vector<std::string> reports_;
  EventLoop loop_;
  std::unique_ptr<EtcdRecord> record_;
  std::thread thread_;
};

}  // namespace lockstep::io
