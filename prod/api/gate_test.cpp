// Who gets in, and to what.
#include "prod/api/gate.h"

#include "io/tls/credentials.h"

#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace lockstep::prod {
namespace {

namespace fs = std::filesystem;

class GateTest : public ::testing::Test {
 protected:
  GateTest()
      : configuration_((fs::temp_directory_path() / ("gate_test." + std::to_string(::getpid()))).string()),
        gate_(configuration_, [this](const std::string& text) { said_ += text + "\n"; }) {
    for (const ApiRole role : {ApiRole::monitor, ApiRole::control, ApiRole::admin}) {
      NewApiToken made = make_token(std::string(to_string(role)), role);
      presented_.push_back(made.presented);
      tokens_.push_back(made.token);
    }
    EXPECT_EQ(write_tokens(configuration_, tokens_), "");
  }
  ~GateTest() override { fs::remove_all(configuration_); }

  std::string path() const { return configuration_ + "/" + tls::credentials_folder + "/" + tokens_file; }
  const std::string& token(ApiRole role) const { return presented_[static_cast<std::size_t>(role)]; }

  /// 200, or the status of the refusal. The clock goes on by a second each time.
  unsigned knock(const std::string& authorization, const std::string& method, const std::string& path,
                 const std::string& body = {}) {
    now_ = now_ + milliseconds(1000);
    return knock_at(now_, "10.0.0.9", authorization, method, path, body);
  }
  unsigned knock_at(Instant now, const std::string& remote, const std::string& authorization, const std::string& method,
                    const std::string& path, const std::string& body = {}) {
    const auto result = gate_.admit({method, path, body}, authorization, remote, now);
    const auto* error = std::get_if<ApiError>(&result);
    return error == nullptr ? 200 : error->status;
  }

  const std::string configuration_;
  std::vector<ApiToken> tokens_;
  std::vector<std::string> presented_;
  std::string said_;
  Gate gate_;
  Instant now_{};
};

TEST_F(GateTest, each_role_may_do_what_is_its_own) {
  struct Case {
    std::string method;
    std::string path;
    std::string body;
    ApiRole least;
  };
  const std::vector<Case> cases = {
      {"GET", "/v1/status", "", ApiRole::monitor},
      {"GET", "/v1/status/shop", "", ApiRole::monitor},
      {"GET", "/v1/modules/shop/log", "", ApiRole::monitor},
      {"POST", "/v1/modules/shop/start", "", ApiRole::control},
      {"POST", "/v1/modules/shop/stop", "", ApiRole::control},
      {"POST", "/v1/modules/shop/swap", "{}", ApiRole::control},
      {"POST", "/v1/modules/shop/prim", "", ApiRole::control},
      {"POST", "/v1/modules/shop/prim", R"({"force": false})", ApiRole::control},
      {"POST", "/v1/modules/shop/prim", R"({"force": true})", ApiRole::admin},
      {"POST", "/v1/modules/shop/second", R"({"full": true})", ApiRole::admin},
      {"POST", "/v1/modules/shop/verify", R"({"cancel": true})", ApiRole::control},
      {"POST", "/v1/modules/shop/verify", R"({"repair": true})", ApiRole::admin},
      {"POST", "/v1/modules/shop/resync", "", ApiRole::admin},
      {"POST", "/v1/reload", "", ApiRole::admin},
      {"POST", "/v1/modules/shop/conflicts-drop", R"({"all": true})", ApiRole::admin},
      {"POST", "/v1/modules/shop/conflicts-drop", R"({"key": "7-1"})", ApiRole::admin},
  };
  for (const Case& c : cases) {
    for (const ApiRole role : {ApiRole::monitor, ApiRole::control, ApiRole::admin}) {
      EXPECT_EQ(knock("Bearer " + token(role), c.method, c.path, c.body), role >= c.least ? 200U : 403U)
          << c.method << " " << c.path << " " << c.body << " as " << to_string(role);
    }
  }
}

TEST_F(GateTest, nobody_gets_in_without_a_valid_token) {
  const std::string good = token(ApiRole::admin);
  std::string wrong = good;
  wrong.back() = wrong.back() == '0' ? '1' : '0';
  for (const std::string& bad :
       {std::string(), std::string("Bearer "), "Bearer " + wrong, "Bearer " + good + "0", "Basic " + good, good,
        "bearer" + good, "Bearer monitor" + good.substr(good.find('.')), "Bearer " + tokens_[2].hash,
        "Bearer admin." + tokens_[2].hash, std::string("Bearer admin."), std::string("Bearer .")}) {
    now_ = now_ + milliseconds(20'000);
    EXPECT_EQ(knock(bad, "GET", "/v1/status"), 401U) << bad;
  }
  EXPECT_EQ(knock("Bearer " + good, "GET", "/v1/status"), 200U);
  EXPECT_EQ(said_.find(good.substr(good.find('.') + 1)), std::string::npos) << "a secret was logged";
}

TEST_F(GateTest, who_asks_too_often_waits) {
  const std::string good = "Bearer " + token(ApiRole::monitor);
  now_ = now_ + milliseconds(1000);
  int answered = 0;
  for (int i = 0; i < 200; ++i) answered += knock_at(now_, "10.0.0.9", good, "GET", "/v1/status") == 200 ? 1 : 0;
  EXPECT_EQ(answered, static_cast<int>(RateLimit::requests_max));
  EXPECT_EQ(knock_at(now_, "10.0.0.10", good, "GET", "/v1/status"), 200U);  // another address is not affected
  EXPECT_EQ(knock_at(now_ + milliseconds(1000), "10.0.0.9", good, "GET", "/v1/status"), 200U);
}

TEST_F(GateTest, who_guesses_is_kept_out_for_a_while) {
  now_ = now_ + milliseconds(1000);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(knock_at(now_, "10.0.0.9", "Bearer admin.guess", "GET", "/v1/status"), 401U);
  const std::string good = "Bearer " + token(ApiRole::admin);
  EXPECT_EQ(knock_at(now_, "10.0.0.9", good, "GET", "/v1/status"), 429U);
  EXPECT_EQ(knock_at(now_, "10.0.0.10", good, "GET", "/v1/status"), 200U);
  EXPECT_EQ(knock_at(now_ + milliseconds(11'000), "10.0.0.9", good, "GET", "/v1/status"), 200U);
}

TEST_F(GateTest, takes_note_of_changes) {
  const std::string good = "Bearer " + token(ApiRole::admin);
  EXPECT_EQ(knock(good, "GET", "/v1/status"), 200U);
  ASSERT_EQ(write_tokens(configuration_, {tokens_[0]}), "");
  EXPECT_EQ(knock(good, "GET", "/v1/status"), 401U);
  EXPECT_EQ(knock("Bearer " + token(ApiRole::monitor), "GET", "/v1/status"), 200U);
  fs::remove(path());
  EXPECT_EQ(knock("Bearer " + token(ApiRole::monitor), "GET", "/v1/status"), 401U);
}

TEST_F(GateTest, a_file_with_a_mistake_lets_nobody_in) {
  std::ofstream(path(), std::ios::app) << "mallory admin\n";
  EXPECT_EQ(knock("Bearer " + token(ApiRole::admin), "GET", "/v1/status"), 401U);
  EXPECT_NE(said_.find("api-tokens:5:1"), std::string::npos) << said_;
  ASSERT_EQ(write_tokens(configuration_, tokens_), "");
  ::chmod(path().c_str(), 0644);
  EXPECT_NE(read_tokens(configuration_).problem.find("chmod 600"), std::string::npos);
}

TEST_F(GateTest, what_is_not_there_or_not_meant_is_explained) {
  const std::string good = "Bearer " + token(ApiRole::admin);
  for (const std::string path : {"/", "/v2/status", "/v1", "/v1/status/a/b", "/v1/modules/shop", "/v1/modules//start",
                                 "/v1/modules/shop/explode", "/v1/modules/shop/start/now"}) {
    EXPECT_EQ(knock(good, "POST", path), 404U) << path;
  }
  EXPECT_EQ(knock(good, "POST", "/v1/status"), 405U);
  EXPECT_EQ(knock(good, "GET", "/v1/modules/shop/stop"), 405U);
  EXPECT_EQ(knock(good, "DELETE", "/v1/modules/shop/log"), 405U);
  EXPECT_EQ(knock(good, "GET", "/v1/reload"), 405U);
  EXPECT_EQ(knock(good, "POST", "/v1/reload", R"({"force": true})"), 400U);
  for (const std::string body : {"[]", "{", R"({"force": 1})", R"({"full": true})", R"({"surprise": true})"}) {
    EXPECT_EQ(knock(good, "POST", "/v1/modules/shop/prim", body), 400U) << body;
  }
  EXPECT_EQ(knock(good, "POST", "/v1/modules/shop/conflicts-drop"), 400U);
}

TEST(ApiTokens, holds_no_secret) {
  const NewApiToken made = make_token("shop", ApiRole::control);
  const std::string secret = made.presented.substr(made.presented.find('.') + 1);
  EXPECT_EQ(secret.size(), 32U);
  EXPECT_EQ(made.token.hash.find(secret), std::string::npos);
  EXPECT_NE(made.token.salt, secret);
  EXPECT_NE(make_token("shop", ApiRole::control).presented, made.presented);
}

}  // namespace
}  // namespace lockstep::prod
