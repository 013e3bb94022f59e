// One connection to one etcd server: HTTP/1.1 in TLS, one question at a time.
#pragma once

#include "io/etcd/etcd_options.h"

#include <cstddef>
#include <memory>
#include <string>

namespace boost::asio {
class io_context;
}

namespace lockstep::io {

/// Used on the context's thread. Going away ends the connection, without a word to the listener.
class EtcdConnection {
 public:
  /// Never called from within a call to the connection. Each may destroy it.
  class Listener {
   public:
    virtual ~Listener() = default;
    /// Questions can be asked from now on.
    virtual void on_ready() = 0;
    /// `status` is HTTP's.
    virtual void on_answer(unsigned status, std::string body) = 0;
    /// Once, and last: `reason` is a clause that follows the server's name and a colon. Also when a question was not
    /// answered in time, or an answer came that nobody had asked for.
    virtual void on_closed(const std::string& reason) = 0;
  };

  /// To one of `options.servers`. Where its name has several addresses each `turn` begins with another one. `options`
  /// and `listener` live longer.
  EtcdConnection(boost::asio::io_context& context, const EtcdOptions& options, const EtcdServer& server,
                 std::size_t turn, Listener& listener);
  ~EtcdConnection();
  EtcdConnection(const EtcdConnection&) = delete;
  EtcdConnection& operator=(const EtcdConnection&) = delete;

  /// Once. Within `options.answer_max` it is ready, or closed.
  void start();
  /// Only while none is under way. Within `options.answer_max` it is answered, or the connection is closed.
  void ask(const char* target, std::string body);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace lockstep::io
