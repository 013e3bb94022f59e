// A cluster is set up and joined over loopback, with the commands' own code; and every way to be refused.
#include "prod/setup/setup.h"

#include "io/tls/credentials.h"
#include "prod/config/configuration.h"
#include "prod/setup/enrolment.h"
#include "prod/setup/files.h"
#include "prod/setup/join_token.h"
#include "prod/setup/service_start.h"

#include <atomic>
#include <filesystem>
#include <mutex>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include <gtest/gtest.h>

namespace lockstep::prod {
namespace {

namespace fs = std::filesystem;

class Setup : public ::testing::Test {
 protected:
  Setup() : root_(fs::temp_directory_path() / ("setup_test." + std::to_string(::getpid()))) {
    fs::create_directories(root_);
  }
  ~Setup() override {
    if (serving_.joinable()) serving_.join();
    fs::remove_all(root_);
  }

  std::string place(const std::string& host) const { return (root_ / host).string(); }

  InitOptions options() const {
    InitOptions init;
    init.invite.configuration = place("s1");
    init.name = "office";
    init.nodes = {"s1=127.0.0.1", "s2=127.0.0.2"};
    init.witness = "127.0.0.3:7799";
    init.module = "shop";
    init.directory = "/srv/shop";
    init.wait = false;
    return init;
  }

  void make_inviter() {
    const LoadedConfiguration loaded = load_configuration(place("s1"), LoadScope::cluster_only);
    cluster_ = loaded.configuration.cluster;
    inviter_ = std::make_unique<Inviter>(
        Inviter::Options{cluster_, place("s1"), *tls::load_authority(place("s1")).authority,
                         *tls::load_credentials(place("s1"), {"office", "first"}).credentials},
        [this](const std::string& text) {
          const std::scoped_lock lock(mutex_);
          said_ += text + "\n";
        });
    EXPECT_EQ(inviter_->listen(0), "");
  }
  JoinToken token_for(const std::string& who, std::int64_t seconds = 60) {
    const Place guest = who == "witness" ? witness_place(cluster_) : place_of(cluster_, NodeId::second);
    return inviter_->invite(guest, "127.0.0.1", seconds);
  }
  /// In the background, until every invitation is used or over.
  void serve() {
    serving_ = std::thread([this] { all_joined_ = inviter_->serve(); });
  }
  JoinToken invite(const std::string& who, std::int64_t seconds = 60) {
    make_inviter();
    JoinToken token = token_for(who, seconds);
    serve();
    return token;
  }
  JoinOptions joining(const std::string& host, const JoinToken& token) const {
    JoinOptions joining;
    joining.configuration = place(host);
    joining.token = to_string(token);
    return joining;
  }
  std::string why(const JoinToken& token) {
    const auto result = join(token);
    const auto* error = std::get_if<std::string>(&result);
    return error == nullptr ? "it was let in" : *error;
  }
  void end_serving() { serving_.join(); }

  const fs::path root_;
  ClusterConfiguration cluster_;
  std::unique_ptr<Inviter> inviter_;
  std::thread serving_;
  std::atomic<bool> all_joined_{false};
  std::mutex mutex_;
  std::string said_;
};

bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

mode_t mode_of(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
}

TEST_F(Setup, gives_every_machine_its_keys_and_configuration) {
  ASSERT_TRUE(run_init(options()));
  EXPECT_EQ(mode_of(place("s1/tls")), 0700U);
  EXPECT_EQ(mode_of(place("s1/tls/ca.key")), 0600U);
  EXPECT_EQ(mode_of(place("s1/tls/node.key")), 0600U);
  const LoadedConfiguration written = load_configuration(place("s1"), LoadScope::cluster_and_modules);
  EXPECT_EQ(written.errors, std::vector<ConfigurationError>{});
  EXPECT_EQ(written.configuration.cluster.witness_port, 7799);
  ASSERT_EQ(written.configuration.modules.size(), 1U);
  EXPECT_EQ(written.configuration.modules[0].directory, "/srv/shop");

  ASSERT_TRUE(run_join(joining("s2", invite("s2")), Joining::server));
  end_serving();
  EXPECT_TRUE(all_joined_);
  EXPECT_TRUE(says(said_, "127.0.0.1 has joined as the second, s2")) << said_;
  EXPECT_EQ(tls::load_credentials(place("s2"), {"office", "second"}).problems, std::vector<std::string>{});
  EXPECT_EQ(mode_of(place("s2/tls/node.key")), 0600U);
  EXPECT_FALSE(fs::exists(place("s2/tls/ca.key")));
  for (const char* file : {"cluster.toml", "modules/shop.toml"}) {
    EXPECT_EQ(read_text(place("s2/") + file), read_text(place("s1/") + file));
  }

  ASSERT_TRUE(run_join(joining("w", invite("witness")), Joining::witness));
  end_serving();
  EXPECT_EQ(tls::load_credentials(place("w"), {"office", "witness"}).problems, std::vector<std::string>{});
  EXPECT_FALSE(fs::exists(place("w/modules")));
}

TEST_F(Setup, nobody_has_to_have_a_third_vote) {
  InitOptions init = options();
  init.no_witness = true;
  EXPECT_FALSE(run_init(init)) << "a witness, and none";
  init.witness.clear();
  ASSERT_TRUE(run_init(init));
  const LoadedConfiguration written = load_configuration(place("s1"), LoadScope::cluster_and_modules);
  EXPECT_EQ(written.errors, std::vector<ConfigurationError>{});
  EXPECT_FALSE(written.configuration.cluster.has_third_vote());
  EXPECT_EQ(written.configuration.modules.at(0).settings.isolation, engine::Isolation::wait);
  EXPECT_TRUE(says(read_text(place("s1/modules/shop.toml")), "isolation = \"wait\""));

  InviteOptions invitation;
  invitation.configuration = place("s1");
  invitation.places = {"witness"};
  EXPECT_FALSE(run_invite(invitation)) << "nobody is waited for";
}

TEST_F(Setup, etcd_can_be_the_third_vote) {
  InitOptions init = options();
  init.etcd = {"10.0.0.3", "[fd00::4]:12379"};
  EXPECT_FALSE(run_init(init)) << "two third votes";
  init.witness.clear();
  ASSERT_TRUE(run_init(init));
  LoadedConfiguration written = load_configuration(place("s1"), LoadScope::cluster_and_modules);
  EXPECT_EQ(written.errors, std::vector<ConfigurationError>{});
  ASSERT_TRUE(written.configuration.cluster.etcd.has_value());
  EXPECT_EQ(written.configuration.cluster.etcd->servers,
            (std::vector<io::EtcdServer>{{"10.0.0.3", 2379}, {"fd00::4", 12379}}));
  EXPECT_EQ(written.configuration.cluster.etcd->authority, place("s1/etcd/ca.crt"));
  EXPECT_EQ(written.configuration.cluster.etcd->key, "");

  InviteOptions invitation;
  invitation.configuration = place("s1");
  invitation.places = {"witness"};
  EXPECT_FALSE(run_invite(invitation)) << "nobody is waited for";

  ASSERT_EQ(write_files(place("s1"), {{"etcd/client.key", "", 0600}}), "");
  init.force = true;
  ASSERT_TRUE(run_init(init));
  written = load_configuration(place("s1"), LoadScope::cluster_and_modules);
  EXPECT_EQ(written.errors, std::vector<ConfigurationError>{});
  EXPECT_EQ(written.configuration.cluster.etcd->certificate, place("s1/etcd/client.crt"));
  EXPECT_EQ(written.configuration.cluster.etcd->key, place("s1/etcd/client.key"));
}

TEST_F(Setup, never_replaces_what_is_there_unasked) {
  ASSERT_TRUE(run_init(options()));
  const std::string key = read_text(place("s1/tls/ca.key"));
  EXPECT_FALSE(run_init(options()));
  EXPECT_EQ(read_text(place("s1/tls/ca.key")), key);
  InitOptions again = options();
  again.force = true;
  EXPECT_TRUE(run_init(again));
  EXPECT_NE(read_text(place("s1/tls/ca.key")), key);
  EXPECT_EQ(read_text(place("s1/tls/ca.key.old")), key);

  const JoinToken token = invite("s2");
  ASSERT_EQ(write_files(place("s2"), {{"cluster.toml", "mine"}}), "");
  EXPECT_FALSE(run_join(joining("s2", token), Joining::server));
  EXPECT_EQ(read_text(place("s2/cluster.toml")), "mine");
  JoinOptions keys_only = joining("s2", token);
  keys_only.keys_only = true;
  EXPECT_TRUE(run_join(keys_only, Joining::server));  // the token was not used up by the refusal
  EXPECT_EQ(read_text(place("s2/cluster.toml")), "mine");
  EXPECT_TRUE(fs::exists(place("s2/tls/node.crt")));
}

TEST_F(Setup, refuses_mistakes_before_it_writes) {
  const auto refused = [&](auto change) {
    InitOptions wrong = options();
    change(wrong);
    return !run_init(wrong) && !fs::exists(place("s1"));
  };
  EXPECT_TRUE(refused([](InitOptions& o) { o.nodes.pop_back(); }));
  EXPECT_TRUE(refused([](InitOptions& o) { o.nodes[1] = "s2"; }));
  EXPECT_TRUE(refused([](InitOptions& o) { o.nodes[1] = "s2=elsewhere"; }));
  EXPECT_TRUE(refused([](InitOptions& o) { o.nodes[1] = "s2=127.0.0.1"; }));
  EXPECT_TRUE(refused([](InitOptions& o) { o.name = "Not a name"; }));
  EXPECT_TRUE(refused([](InitOptions& o) { o.witness = "127.0.0.3:port"; }));
  EXPECT_TRUE(refused([](InitOptions& o) { o.witness.clear(); }));
  EXPECT_TRUE(refused([](InitOptions& o) {
    o.witness.clear();
    o.etcd = {"https://10.0.0.3:2379"};
  }));
  EXPECT_TRUE(refused([](InitOptions& o) { o.directory = "relative"; }));
  EXPECT_TRUE(refused([](InitOptions& o) { o.directory.clear(); }));
}

TEST_F(Setup, writes_a_module_that_runs_postgresql) {
  InitOptions init = options();
  init.module.clear();
  init.directory.clear();
  init.postgresql = "/srv/my database";
  EXPECT_FALSE(run_init(init));
  init.postgresql = place("data");
  ASSERT_TRUE(run_init(init));
  const LoadedConfiguration written = load_configuration(place("s1"), LoadScope::cluster_and_modules);
  ASSERT_EQ(written.errors, std::vector<ConfigurationError>{});
  const ModuleConfiguration& module = written.configuration.modules.at(0);
  EXPECT_EQ(module.name, "postgresql");
  EXPECT_EQ(module.directory, place("data"));
  EXPECT_EQ(module.commands[1], "/usr/lib/lockstep/postgresql start " + place("data"));
  EXPECT_EQ(module.checks.size(), 2U);
}

TEST_F(Setup, writes_a_module_that_runs_something_by_its_name) {
  const auto with = [this](void (*say)(InitOptions&)) {
    InitOptions init = options();
    say(init);
    return init;
  };
  EXPECT_FALSE(run_init(with([](InitOptions& o) { o.service = "a b"; })));
  EXPECT_FALSE(run_init(with([](InitOptions& o) { o.service = o.domain = "shop"; })));
  EXPECT_FALSE(run_init(with([](InitOptions& o) { o.service = "shop", o.module.clear(), o.directory.clear(); })));
  EXPECT_FALSE(run_init(with([](InitOptions& o) {
    o.service = "shop";
    o.module.clear();
    o.postgresql = std::exchange(o.directory, "");
  })));
  ASSERT_TRUE(run_init(with([](InitOptions& o) { o.container = "shop_web"; })));
  const LoadedConfiguration written = load_configuration(place("s1"), LoadScope::cluster_and_modules);
  ASSERT_EQ(written.errors, std::vector<ConfigurationError>{});
  const ModuleConfiguration& module = written.configuration.modules.at(0);
  ASSERT_TRUE(module.runner);
  EXPECT_EQ(module.runner->kind, RunnerKind::container);
  EXPECT_EQ(module.runner->name, "shop_web");
}

TEST_F(Setup, makes_the_directories_of_modules_before_their_service_starts) {
  InitOptions init = options();
  init.directory = place("new/shop");
  ASSERT_TRUE(run_init(init));
  EXPECT_FALSE(starts_service(place("s1"), true));  // no service of the system looks there
  EXPECT_TRUE(starts_service("/etc/lockstep", true));
  EXPECT_FALSE(starts_service("/etc/lockstep", false));
  ASSERT_TRUE(prepare_modules(place("s1")));
  EXPECT_TRUE(fs::is_directory(place("new/shop")));
  EXPECT_TRUE(prepare_modules(place("s1")));
}

TEST_F(Setup, a_token_is_good_once_for_one_place_for_a_while) {
  ASSERT_TRUE(run_init(options()));
  const JoinToken token = invite("s2", 3);
  JoinToken wrong = token;
  wrong.place = "witness";
  EXPECT_TRUE(says(why(wrong), "this token is for the second, and not for the witness")) << why(wrong);
  wrong = token;
  wrong.secret = random_secret();
  EXPECT_TRUE(says(why(wrong), "was not given by the command that runs now")) << why(wrong);
  wrong = token;
  wrong.fingerprint = tls::Authority::create("office").certificate.fingerprint();
  EXPECT_TRUE(says(why(wrong), "is not the server that this token is of")) << why(wrong);
  EXPECT_FALSE(run_join(joining("w", token), Joining::witness));
  end_serving();  // three seconds later nobody has joined
  EXPECT_FALSE(all_joined_);
  inviter_.reset();
  EXPECT_TRUE(says(why(token), "cannot be reached")) << why(token);

  const JoinToken fresh = invite("s2");
  EXPECT_EQ(why(fresh), "it was let in");
  end_serving();
}

TEST_F(Setup, used_and_expired_tokens_are_told_apart) {
  ASSERT_TRUE(run_init(options()));
  make_inviter();
  const JoinToken first = token_for("witness");
  const JoinToken second = token_for("s2");
  const JoinToken expired = token_for("s2", -1);
  serve();
  EXPECT_EQ(why(second), "it was let in");
  EXPECT_TRUE(says(why(second), "was used already")) << why(second);
  EXPECT_TRUE(says(why(expired), "has expired")) << why(expired);
  EXPECT_EQ(why(first), "it was let in");
  end_serving();
}

TEST_F(Setup, renews_the_first_servers_certificate_for_the_same_key) {
  ASSERT_TRUE(run_init(options()));
  const std::string key = read_text(place("s1/tls/node.key"));
  const std::string before = read_text(place("s1/tls/node.crt"));
  ASSERT_TRUE(run_renew(place("s1")));
  EXPECT_NE(read_text(place("s1/tls/node.crt")), before);
  EXPECT_EQ(read_text(place("s1/tls/node.key")), key);
  EXPECT_EQ(tls::load_credentials(place("s1"), {"office", "first"}).problems, std::vector<std::string>{});
  fs::remove(place("s1/tls/ca.key"));
  EXPECT_FALSE(run_renew(place("s1")));
}

TEST(JoinToken, survives_the_command_line_and_nothing_else_passes) {
  const JoinToken token{"second", "10.0.1.1", 7791, 1800000000, std::string(64, 'a'), random_secret()};
  const std::string text = to_string(token);
  EXPECT_EQ(std::get<JoinToken>(parse_join_token(text + "\n")), token);
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_TRUE(std::holds_alternative<std::string>(parse_join_token(text.substr(0, size)))) << size;
  }
  EXPECT_TRUE(std::holds_alternative<std::string>(parse_join_token(text + "/more")));
}

}  // namespace
}  // namespace lockstep::prod
