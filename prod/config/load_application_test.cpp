// The application by the name that something else knows it by.
#include "prod/config/configuration_test_tools.h"

#include <string>
#include <vector>

namespace lockstep::prod {
namespace {

using LoadApplicationTest = ConfigurationTest;

TEST_F(LoadApplicationTest, what_one_module_starts_no_other_does) {
  const auto module = [this](const std::string& name, const std::string& port, const std::string& application) {
    write("modules/" + name + ".toml",
          "directory = \"/srv/" + name + "\"\nport = " + port + "\n[application]\n" + application + "\n");
  };
  module("one", "7801", "service = \"web\"");
  module("two", "7802", "service = \"web.service\"");
  expect_error("modules/two.toml:4:11: service \"web\" is that of module \"one\": each starts and ends its own");
  module("two", "7802", "container = \"web\"");
  EXPECT_EQ(errors(), std::vector<std::string>{}) << "another kind is another thing";
}

TEST_F(LoadApplicationTest, an_application_can_be_given_by_its_name) {
  write("modules/data.toml", std::string(good_module) + R"([application]
service = "postgresql@15-Main.service"
prestart = "/usr/local/sbin/before"
stop_timeout = "1m"
)");
  ASSERT_EQ(errors(), std::vector<std::string>{});
  const ModuleConfiguration service = load().configuration.modules.at(0);
  ASSERT_TRUE(service.runner);
  EXPECT_EQ(service.runner->kind, RunnerKind::service);
  EXPECT_EQ(service.runner->name, "postgresql@15-Main");
  EXPECT_EQ(service.runner->line, 4);
  EXPECT_EQ(service.commands, (std::array<std::string, 5>{
                                  "/usr/local/sbin/before", "/usr/lib/lockstep/service start 'postgresql@15-Main'",
                                  "/usr/lib/lockstep/service stop 'postgresql@15-Main'", "",
                                  "/usr/lib/lockstep/service force_stop 'postgresql@15-Main'"}));
  ASSERT_EQ(service.settings.checks.size(), 1U);
  ASSERT_EQ(service.checks.size(), 1U);
  EXPECT_EQ(service.settings.checks[0].name, "postgresql-15-main");
  EXPECT_EQ(service.settings.checks[0].action, CheckAction::restart);
  EXPECT_EQ(std::get<io::ScriptCheck>(service.checks[0]).command,
            "/usr/lib/lockstep/service check 'postgresql@15-Main'");

  write("modules/data.toml", std::string(good_module) + R"([application]
container = "web"
[[check]]
kind = "tcp"
name = "web"
port = 80
)");
  ASSERT_EQ(errors(), std::vector<std::string>{});
  const ModuleConfiguration container = load().configuration.modules.at(0);
  EXPECT_EQ(container.commands[1], "/usr/lib/lockstep/container start 'web'");
  ASSERT_EQ(container.checks.size(), 1U) << "the file has a check of that name";
  EXPECT_TRUE(std::holds_alternative<io::TcpCheck>(container.checks[0]));

  write("modules/data.toml", std::string(good_module) + "[application]\ndomain = \"web\"\n");
  EXPECT_EQ(load().configuration.modules.at(0).commands[4], "/usr/lib/lockstep/domain force_stop 'web'");
}

TEST_F(LoadApplicationTest, mistakes_in_the_name_of_an_application) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"service = \"web\"\nstop = \"x\"", R"(5:8: "stop" has no place beside "service", which says how)"},
      {"force_stop = \"\"\ndomain = \"web\"", R"(4:14: "force_stop" has no place beside "domain")"},
      {"service = \"web\"\ncontainer = \"web\"", R"(5:13: "container" and "service" both say what)"},
      {"service = \"\"", "4:11: \"service\" is \"\", no name of a systemd unit"},
      {"service = \"-web\"", "no name of a systemd unit"},
      {"service = \"a b\"", "no name of a systemd unit"},
      {"service = \"a'; reboot'\"", "no name of a systemd unit"},
      {"service = \"a/b\"", "no name of a systemd unit"},
      {"service = \"" + std::string(248, 'a') + "\"", "no name of a systemd unit"},
      {"service = \"web.socket\"", "a unit of another type: name the service itself"},
      {"service = \"postgresql@\"", "a template: name one instance, as in \"postgresql@main\""},
      {"service = 1", "service"},
      {"container = \"-web\"", "no name of a container"},
      {"container = \"a$(b)\"", "no name of a container"},
      {"domain = \"7\"", "a number, which virsh takes for that of a running domain"},
      {"domain = \"--all\"", "no name of a domain"},
  };
  for (const auto& [lines, expected] : cases) {
    write("modules/data.toml", std::string(good_module) + "[application]\n" + lines + "\n");
    expect_error(expected);
  }
}

TEST_F(LoadApplicationTest, the_check_of_a_named_application_is_one_of_those_that_there_may_be) {
  std::string text = std::string(good_module) + "[application]\nservice = \"web\"\n";
  const auto check = [](int i) {
    return "[[check]]\nkind = \"tcp\"\nport = 80\nname = \"c" + std::to_string(i) + "\"\n";
  };
  for (int i = 0; i < 63; ++i) text += check(i);
  write("modules/data.toml", text);
  EXPECT_EQ(errors(), std::vector<std::string>{});
  EXPECT_EQ(load().configuration.modules.at(0).checks.size(), 64U);
  write("modules/data.toml", text + check(63));
  expect_error("64 checks, and the one that comes with \"service\": at most 64");
}

}  // namespace
}  // namespace lockstep::prod
