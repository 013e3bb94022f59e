// What reaches the HTTP API behind TLS and HTTP: whether it is let in, and what becomes of it. And the file of tokens.
#include "engine/values/check.h"
#include "io/tls/credentials.h"
#include "prod/api/gate.h"
#include "prod/config/toml_section.h"
#include "props/fuzz/targets.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>

namespace lockstep::fuzz {

namespace {

namespace fs = std::filesystem;

/// Of everybody: the secret is "s".
constexpr const char* tokens =
    "# name, role, day, salt, hash\n"
    "eye monitor 2026-11-28 00 b07edc2680c04f9cd39d6675a8a616503f86d47fd08383c72583662622c56896\n"
    "hand control 2026-11-28 00 b07edc2680c04f9cd39d6675a8a616503f86d47fd08383c72583662622c56896\n"
    "root admin 2026-11-28 00 b07edc2680c04f9cd39d6675a8a616503f86d47fd08383c72583662622c56896\n";

/// A directory of a configuration with nothing but tokens, as long as this process lives.
class TokensDirectory {
 public:
  TokensDirectory() {
    std::string name = (fs::temp_directory_path() / "lockstep-fuzz.XXXXXX").string();
    LOCKSTEP_CHECK(::mkdtemp(name.data()) != nullptr, "there is room for a directory");
    path_ = name;
    fs::create_directory(file().parent_path());
    write("");
    fs::permissions(file(), fs::perms::owner_read | fs::perms::owner_write);
  }
  ~TokensDirectory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TokensDirectory(const TokensDirectory&) = delete;
  TokensDirectory& operator=(const TokensDirectory&) = delete;

  void write(std::string_view text) { std::ofstream(file(), std::ios::binary | std::ios::trunc) << text; }
  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  [[nodiscard]] fs::path file() const { return path_ / tls::credentials_folder / prod::tokens_file; }

  fs::path path_;
};

bool changes_nothing(const std::string& verb) { return verb == "metrics" || verb == "status" || verb == "log"; }

void check_call(const prod::ApiCall& call, const prod::ApiRequest& request, const std::string& authorization) {
  LOCKSTEP_CHECK(
      authorization == "Bearer eye.s" || authorization == "Bearer hand.s" || authorization == "Bearer root.s",
      "nobody is let in without a token");
  const prod::ApiRole given = authorization == "Bearer eye.s"    ? prod::ApiRole::monitor
                              : authorization == "Bearer hand.s" ? prod::ApiRole::control
                                                                 : prod::ApiRole::admin;
  LOCKSTEP_CHECK(call.role <= given, "nobody does what his role may not");
  const prod::ControlRequest& asked = call.request;
  LOCKSTEP_CHECK(changes_nothing(asked.verb) || (request.method == "POST" && given != prod::ApiRole::monitor),
                 "only a POST changes anything, and not with a monitor's token");
  LOCKSTEP_CHECK(!(asked.force || asked.full || asked.repair) || given == prod::ApiRole::admin,
                 "only an administrator gives data up");
  LOCKSTEP_CHECK(asked.by == "the API's eye" || asked.by == "the API's hand" || asked.by == "the API's root",
                 "the timeline can say who it was");
}

/// Three lines, and the body: the header with the token, the method, the path.
bool accepts_request(const Buffer& input) {
  static TokensDirectory directory;
  static prod::Gate gate(
      [] {
        directory.write(tokens);
        return directory.path();
      }(),
      [](const std::string& said) { LOCKSTEP_CHECK(!said.empty(), "what is said is a sentence"); });
  static Instant now;
  std::string rest(input.text());
  const auto line = [&rest] {
    const std::string text = rest.substr(0, rest.find('\n'));
    rest.erase(0, text.size() + 1);
    return text;
  };
  const std::string authorization = line();
  prod::ApiRequest request;
  request.method = line();
  request.path = line();
  request.body = rest;
  now = now + milliseconds(60'000);  // no limit of rate is reached
  const auto admitted = gate.admit(request, authorization, "10.0.0.9", now);
  if (const auto* error = std::get_if<prod::ApiError>(&admitted)) {
    LOCKSTEP_CHECK(error->status >= 400 && error->status < 500 && error->status != 429 && !error->text.empty(),
                   "a refusal has its reason");
    return false;
  }
  check_call(std::get<prod::ApiCall>(admitted), request, authorization);
  return true;
}

std::vector<Buffer> request_seeds() {
  std::vector<Buffer> all;
  for (const char* text :
       {"Bearer eye.s\nGET\n/metrics\n", "Bearer eye.s\nHEAD\n/v1/status\n", "Bearer hand.s\nGET\n/v1/status/shop\n",
        "Bearer hand.s\nGET\n/v1/modules/shop/log\n", "Bearer hand.s\nPOST\n/v1/modules/shop/swap\n",
        "Bearer root.s\nPOST\n/v1/modules/shop/prim\n{\"force\": true}",
        "Bearer root.s\nPOST\n/v1/modules/shop/second\n{\"full\": true}",
        "Bearer root.s\nPOST\n/v1/modules/shop/verify\n{\"repair\": true, \"cancel\": false}",
        "Bearer root.s\nPOST\n/v1/modules/shop/conflicts-drop\n{\"key\": \"a/b\", \"all\": false}"}) {
    all.push_back(Buffer::copy_of(text));
  }
  return all;
}

bool accepts_tokens(const Buffer& input) {
  static TokensDirectory directory;
  directory.write(input.text());
  const prod::ApiTokens read = prod::read_tokens(directory.path());
  LOCKSTEP_CHECK(read.problem.empty() || read.tokens.empty(), "nobody is let in by a file that is wrong somewhere");
  for (const prod::ApiToken& token : read.tokens) {
    LOCKSTEP_CHECK(prod::is_name(token.name), "who has a token has a name");
    const prod::ApiToken* found = read.find(token.name + ".s");
    LOCKSTEP_CHECK(found == nullptr || found->name == token.name, "a token is found by its name");
    LOCKSTEP_CHECK(read.find(token.name + ".t") == nullptr || found == nullptr, "a token has one secret");
  }
  return read.problem.empty();
}

std::vector<Buffer> tokens_seeds() { return {Buffer::copy_of(tokens)}; }

}  // namespace

const Target api_request{"api_request", accepts_request, request_seeds, 512, 15'000};
const Target api_tokens{"api_tokens", accepts_tokens, tokens_seeds, 512, 3'500};

}  // namespace lockstep::fuzz
