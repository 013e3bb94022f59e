// A connection, and if something is expected, what is answered.
#include "io/linux/look_probe.h"

#include <array>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

namespace lockstep::io {

namespace {

using boost::asio::ip::tcp;

constexpr std::size_t answer_bytes_max = 16'384;

/// One look; ends itself when it is given up.
class Conversation : public std::enable_shared_from_this<Conversation> {
 public:
  Conversation(boost::asio::io_context& context, const TcpCheck& check, Probe::Found found)
      : socket_(context), check_(check), found_(std::move(found)) {}

  void begin() {
    const tcp::endpoint endpoint(boost::asio::ip::make_address(check_.address), check_.port);
    socket_.async_connect(endpoint, [self = shared_from_this()](const boost::system::error_code& error) {
      if (error) return self->end({false, self->where() + ": " + error.message()});
      self->say();
    });
  }

  void give_up() {
    found_ = nullptr;
    close();
  }

 private:
  [[nodiscard]] std::string where() const { return check_.address + ":" + std::to_string(check_.port); }

  void say() {
    if (check_.expect.empty() && check_.send.empty()) return end({true, where() + " accepts connections"});
    boost::asio::async_write(socket_, boost::asio::buffer(check_.send),
                             [self = shared_from_this()](const boost::system::error_code& error, std::size_t) {
                               if (error) return self->end({false, self->where() + ": " + error.message()});
                               if (self->check_.expect.empty()) {
                                 return self->end({true, self->where() + " accepts connections"});
                               }
                               self->listen();
                             });
  }

  void listen() {
    socket_.async_read_some(boost::asio::buffer(chunk_),
                            [self = shared_from_this()](const boost::system::error_code& error, std::size_t got) {
                              self->hear(error, got);
                            });
  }

  void hear(const boost::system::error_code& error, std::size_t got) {
    answer_.append(chunk_.data(), got);
    if (answer_.find(check_.expect) != std::string::npos) return end({true, where() + " answers as expected"});
    if (error || answer_.size() > answer_bytes_max) {
      return end({false, where() + " does not answer with \"" + check_.expect + "\""});
    }
    listen();
  }

  void end(Finding finding) {
    close();
    if (auto found = std::exchange(found_, nullptr)) found(std::move(finding));
  }

  void close() {
    boost::system::error_code ignored;
    socket_.close(ignored);
  }

  tcp::socket socket_;
  const TcpCheck check_;
  Probe::Found found_;
  std::array<char, 1024> chunk_{};
  std::string answer_;
};

}  // namespace

std::unique_ptr<Probe> make_tcp_probe(EventLoop& loop, TcpCheck check) {
  return std::make_unique<LookProbe<Conversation, TcpCheck>>(loop, std::move(check));
}

}  // namespace lockstep::io
