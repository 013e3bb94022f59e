#include "io/etcd/etcd_test_tools.h"

#include "io/tls/certificate.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

namespace lockstep::io {

namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using asio::ip::tcp;

constexpr const char* key = "lockstep/demo/shop";
/// Below those that the system gives to whoever does not mind.
constexpr std::uint16_t first_port = 20'000;
constexpr std::size_t log_end_bytes = 4000;

std::string numbered(const char* name, std::size_t member) { return name + std::to_string(member); }

/// A child of this thread, whose output does not hold the pipes of whoever runs the test.
pid_t spawn(const std::vector<std::string>& words, const std::string& log) {
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  char path[] = "PATH=/usr/bin:/bin";
  char processor[] = "ETCD_UNSUPPORTED_ARCH=arm64";  // heard there only
  char* const environment[] = {path, processor, nullptr};
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child != 0) return child;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  const int in = ::open("/dev/null", O_RDONLY);
  ::dup2(in, 0);
  ::dup2(out, 1);
  ::dup2(out, 2);
  ::close_range(3, ~0U, 0);
  ::execve("/usr/bin/etcd", arguments.data(), environment);
  ::_exit(127);
}

}  // namespace

EtcdDirectory::EtcdDirectory() {
  const bool memory = ::access("/dev/shm", W_OK) == 0;
  path_ = (memory ? fs::path("/dev/shm") : fs::temp_directory_path()) / "lockstep-etcd-XXXXXX";
  EXPECT_NE(::mkdtemp(path_.data()), nullptr) << path_;
}

EtcdDirectory::~EtcdDirectory() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void EtcdDirectory::make_credentials(const std::string& prefix, const std::string& host) const {
  const tls::Authority authority = tls::Authority::create("demo");
  const tls::Key own = tls::Key::generate();
  const tls::Certificate certificate = authority.issue({"demo", "first"}, "s1", {host}, own);
  std::ofstream(file(prefix + "ca.crt")) << authority.certificate.pem();
  std::ofstream(file(prefix + "node.crt")) << certificate.pem();
  std::ofstream(file(prefix + "node.key")) << own.pem();
}

std::string own_address() {
  const auto process = static_cast<unsigned>(::getpid());
  return "127." + std::to_string(64U + (process >> 16U & 63U)) + "." + std::to_string(process >> 8U & 255U) + "." +
         std::to_string(process & 255U);
}

std::vector<std::uint16_t> free_ports(std::size_t count) {
  asio::io_context context;
  std::vector<std::uint16_t> ports;
  for (std::uint16_t port = first_port; ports.size() < count; ++port) {
    tcp::acceptor acceptor(context, tcp::v4());
    acceptor.set_option(tcp::acceptor::reuse_address(true));
    boost::system::error_code taken;
    acceptor.bind({asio::ip::make_address(own_address()), port}, taken);
    if (!taken) ports.push_back(port);
  }
  return ports;
}

EtcdCluster::EtcdCluster(std::size_t members, EtcdListens listens)
    : listens_(listens), ports_(free_ports(2 * members)), processes_(members, -1) {
  directory_.make_credentials("", own_address());
  for (std::size_t i = 0; i < members; ++i) start(i);
}

EtcdCluster::~EtcdCluster() {
  if (testing::Test::HasFailure()) std::fputs(logs().c_str(), stderr);
  for (std::size_t i = 0; i < processes_.size(); ++i) kill(i);
}

EtcdOptions EtcdCluster::options() const {
  EtcdOptions options;
  for (std::size_t i = 0; i < processes_.size(); ++i) options.servers.push_back({own_address(), ports_[i]});
  options.authority_file = directory_.file("ca.crt");
  if (listens_ == EtcdListens::for_certificates) {
    options.certificate_file = directory_.file("node.crt");
    options.key_file = directory_.file("node.key");
  }
  options.key = key;
  options.answer_max = milliseconds(10'000);
  options.pause = milliseconds(20);
  return options;
}

std::vector<std::string> EtcdCluster::command(std::size_t member) const {
  const bool plain = listens_ == EtcdListens::in_plain_text;
  const auto peer_url = [this](std::size_t i) {
    return "http://" + own_address() + ":" + std::to_string(ports_[processes_.size() + i]);
  };
  const std::string client_url =
      (plain ? "http://" : "https://") + own_address() + ":" + std::to_string(ports_[member]);
  std::string cluster;
  for (std::size_t i = 0; i < processes_.size(); ++i) {
    cluster += (i == 0 ? "" : ",") + numbered("m", i) + "=" + peer_url(i);
  }
  std::vector<std::string> words = {"etcd",
                                    "--name",
                                    numbered("m", member),
                                    "--data-dir",
                                    directory_.file(numbered("data", member)),
                                    "--listen-client-urls",
                                    client_url,
                                    "--advertise-client-urls",
                                    client_url,
                                    "--listen-peer-urls",
                                    peer_url(member),
                                    "--initial-advertise-peer-urls",
                                    peer_url(member),
                                    "--initial-cluster",
                                    cluster,
                                    "--heartbeat-interval",
                                    "50",
                                    "--election-timeout",
                                    "500"};
  if (plain) return words;
  words.insert(words.end(), {"--cert-file", directory_.file("node.crt"), "--key-file", directory_.file("node.key")});
  if (listens_ == EtcdListens::for_certificates) {
    words.insert(words.end(), {"--client-cert-auth", "--trusted-ca-file", directory_.file("ca.crt")});
  }
  return words;
}

void EtcdCluster::start(std::size_t member) {
  processes_[member] = spawn(command(member), directory_.file(numbered("log", member)));
}

void EtcdCluster::signal(std::size_t member, int number) const {
  ASSERT_GT(processes_[member], 0);
  ASSERT_EQ(::kill(processes_[member], number), 0);
}

void EtcdCluster::kill(std::size_t member) {
  if (processes_[member] < 0) return;
  signal(member, SIGKILL);
  ::waitpid(processes_[member], nullptr, 0);
  processes_[member] = -1;
}

void EtcdCluster::suspend(std::size_t member) const {
  signal(member, SIGSTOP);
  int status = 0;
  ::waitpid(processes_[member], &status, WUNTRACED);
  ASSERT_TRUE(WIFSTOPPED(status));
}

void EtcdCluster::resume(std::size_t member) const { signal(member, SIGCONT); }

std::string EtcdCluster::logs() const {
  std::string all;
  for (std::size_t i = 0; i < processes_.size(); ++i) {
    std::ifstream file(directory_.file(numbered("log", i)));
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    all += "etcd " + std::to_string(i) + ":\n" + text.substr(text.size() - std::min(text.size(), log_end_bytes)) + "\n";
  }
  return all;
}

PretendedEtcd::PretendedEtcd(std::vector<std::string> answers, const std::string& certified_host)
    : answers_(std::move(answers)),
      tls_(asio::ssl::context::tls_server),
      acceptor_(context_, tcp::endpoint(asio::ip::make_address(own_address()), 0)) {
  directory_.make_credentials("", certified_host);
  tls_.use_certificate_chain_file(directory_.file("node.crt"));
  tls_.use_private_key_file(directory_.file("node.key"), asio::ssl::context::pem);
  thread_ = std::thread([this] { run(); });
}

PretendedEtcd::~PretendedEtcd() {
  ending_ = true;
  tcp::socket(context_).connect(acceptor_.local_endpoint());
  thread_.join();
}

EtcdOptions PretendedEtcd::options() const {
  EtcdOptions options;
  options.servers = {{own_address(), acceptor_.local_endpoint().port()}};
  options.authority_file = directory_.file("ca.crt");
  options.key = key;
  options.answer_max = milliseconds(10'000);
  options.pause = milliseconds(1);
  return options;
}

void PretendedEtcd::run() {
  while (true) {
    tcp::socket socket(context_);
    acceptor_.accept(socket);
    if (ending_) return;
    asio::ssl::stream<tcp::socket&> stream(socket, tls_);
    boost::system::error_code refused;
    stream.handshake(asio::ssl::stream_base::server, refused);
    if (!refused) converse(stream);
  }
}

void PretendedEtcd::converse(asio::ssl::stream<tcp::socket&>& stream) {
  for (boost::system::error_code error; !error;) {
    std::string question;
    const std::size_t header = asio::read_until(stream, asio::dynamic_buffer(question), "\r\n\r\n", error);
    if (error) return;
    constexpr std::string_view length_field = "Content-Length: ";
    const std::size_t length = std::stoul(question.substr(question.find(length_field) + length_field.size()));
    const std::size_t missing = header + length - question.size();
    asio::read(stream, asio::dynamic_buffer(question), asio::transfer_exactly(missing), error);
    if (error || next_ == answers_.size() || answers_[next_].empty()) {
      next_ = std::min(next_ + 1, answers_.size());
      return;
    }
    asio::write(stream, asio::buffer(answers_[next_++]), error);
  }
}

std::string http_answer(const std::string& body, const std::string& status) {
  return "HTTP/1.1 " + status + "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

EtcdClient::EtcdClient(EtcdOptions options) {
  const auto tell = [this](SharedRecordEvent event) {
    const std::scoped_lock lock(mutex_);
    events_.push_back(std::move(event));
    changed_.notify_all();
  };
  const auto report = [this](Severity, const std::string& text) {
    const std::scoped_lock lock(mutex_);
    reports_.push_back(text);
    changed_.notify_all();
  };
  record_ = std::make_unique<EtcdRecord>(loop_, std::move(options), tell, report);
  record_->start();
  thread_ = std::thread([this] { loop_.run(); });
}

EtcdClient::~EtcdClient() {
  loop_.stop();
  thread_.join();
}

bool EtcdClient::reported(const std::string& part) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, etcd_patience, [&] {
    return std::any_of(reports_.begin(), reports_.end(),
                       [&](const std::string& text) { return text.find(part) != std::string::npos; });
  });
}

std::size_t EtcdClient::reports_with(const std::string& part) const {
  const std::scoped_lock lock(mutex_);
  return static_cast<std::size_t>(std::count_if(
      reports_.begin(), reports_.end(), [&](const std::string& text) { return text.find(part) != std::string::npos; }));
}

std::string EtcdClient::last_report() const {
  const std::scoped_lock lock(mutex_);
  return reports_.empty() ? "" : reports_.back();
}

void EtcdClient::on_loop(std::function<void(EtcdRecord&)> work) {
  loop_.post_from_any_thread([this, work = std::move(work)] {
    if (record_) work(*record_);
  });
}

SharedRecordEvent EtcdClient::answer_to(const std::function<void(EtcdRecord&)>& call) {
  std::unique_lock lock(mutex_);
  const std::size_t before = events_.size();
  on_loop(call);
  if (!changed_.wait_for(lock, etcd_patience, [&] { return events_.size() > before; })) return StoreDown{};
  return events_[before];
}

SharedRecordEvent EtcdClient::read() {
  return answer_to([](EtcdRecord& record) { record.read(); });
}

SharedRecordEvent EtcdClient::replace(Revision expected, const std::string& text) {
  return answer_to([expected, text](EtcdRecord& record) { record.replace(expected, Buffer::copy_of(text)); });
}

void EtcdClient::destroy_record() {
  std::atomic<bool> done = false;
  loop_.post_from_any_thread([this, &done] {
    record_.reset();
    done = true;
    done.notify_one();
  });
  done.wait(false);
}

}  // namespace lockstep::io
