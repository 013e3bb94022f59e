#include "prod/config/load.h"
#include "prod/config/toml_section.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include <boost/asio/ip/address.hpp>

namespace lockstep::prod {

namespace {

using Presence = TomlSection::Presence;
using Server = io::EtcdServer;

constexpr std::size_t host_bytes_max = 253;
constexpr std::size_t label_bytes_max = 63;
constexpr std::size_t prefix_bytes_max = 200;
constexpr const char* servers_example = "servers = [\"10.0.0.3:2379\", \"10.0.0.4:2379\", \"10.0.0.5:2379\"]";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alphanumeric(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Parts between `separator`, of which none is empty or too long, each of characters that `fits` takes.
template <typename Fits>
bool consists_of(std::string_view text, char separator, std::size_t part_bytes_max, Fits fits) {
  while (true) {
    const std::string_view part = text.substr(0, text.find(separator));
    if (part.empty() || part.size() > part_bytes_max || !std::all_of(part.begin(), part.end(), fits)) return false;
    if (part.size() == text.size()) return true;
    text.remove_prefix(part.size() + 1);
  }
}

/// A name whose last part is a number is an address with a mistake.
bool is_host_name(std::string_view text) {
  const std::string_view last = text.substr(text.rfind('.') + 1);
  return text.size() <= host_bytes_max && !std::all_of(last.begin(), last.end(), is_digit) &&
         consists_of(text, '.', label_bytes_max, [](char c) { return is_alphanumeric(c) || c == '-' || c == '_'; });
}

/// A slash may begin it, as many write it.
bool is_prefix(std::string_view text) {
  if (text.starts_with('/')) text.remove_prefix(1);
  return text.size() <= prefix_bytes_max && consists_of(text, '/', prefix_bytes_max, [](char c) {
           return is_alphanumeric(c) || c == '-' || c == '_' || c == '.';
         });
}

void load_servers(TomlSection& section, std::vector<Server>& servers) {
  const TomlEntry* entry = section.any("servers");
  if (entry == nullptr) {
    section.error(section.position_of("servers"),
                  std::string("\"servers\" is missing in [etcd]: add for example ") + servers_example);
    return;
  }
  const auto* list = std::get_if<TomlValue::Array>(&entry->value.value);
  if (list == nullptr || list->empty() || list->size() > etcd_servers_max) {
    section.error(entry->value.position, "\"servers\" should be a list of 1 to " + std::to_string(etcd_servers_max) +
                                             " servers: write for example " + servers_example);
    return;
  }
  for (const TomlValue& value : *list) {
    const auto* text = std::get_if<std::string>(&value.value);
    if (text == nullptr) {
      section.error(value.position, "\"servers\" holds " + value.kind() + ": write for example " + servers_example);
      continue;
    }
    const auto parsed = parse_etcd_server(*text);
    const auto* server = std::get_if<Server>(&parsed);
    if (server == nullptr) {
      section.error(value.position, "\"servers\": \"" + *text + "\" " + std::get<std::string>(parsed));
    } else if (std::find(servers.begin(), servers.end(), *server) != servers.end()) {
      section.error(value.position, "\"servers\" has " + to_string(*server) + " twice: name each server once");
    } else {
      servers.push_back(*server);
    }
  }
}

}  // namespace

std::variant<Server, std::string> parse_etcd_server(const std::string& text) {
  constexpr const char* remedy = ": write for example \"10.0.0.3:2379\", \"etcd1.example.org\" or \"[fd00::3]:2379\"";
  if (text.find("://") != std::string::npos) {
    return std::string("is a URL: leave out what stands before the host, TLS is always spoken");
  }
  const bool printed = std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
  Server server;
  std::string_view rest = text;
  const bool bracketed = rest.starts_with('[');
  if (const std::size_t end = rest.find(']'); bracketed && end != std::string_view::npos) {
    server.host = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
  } else if (std::count(rest.begin(), rest.end(), ':') <= 1) {
    server.host = rest.substr(0, rest.find(':'));
    rest.remove_prefix(server.host.size());
  } else {
    return std::string("needs brackets, if it is an IPv6 address") + remedy;
  }
  if (!rest.empty()) {
    const char* end = rest.data() + rest.size();
    const auto [read, error] = std::from_chars(rest.data() + 1, end, server.port);
    if (rest.front() != ':' || error != std::errc() || read != end || server.port == 0) {
      return std::string("has no usable port") + remedy;
    }
  }
  boost::system::error_code no_address;
  const auto address = boost::asio::ip::make_address(server.host, no_address);
  const bool known = bracketed ? !no_address && address.is_v6() : !no_address || is_host_name(server.host);
  if (!known || !printed) {
    return std::string("is neither an IP address nor the name of a host") + remedy;
  }
  if (!no_address) server.host = address.to_string();
  return server;
}

void load_etcd(const TomlEntry& entry, const std::string& shown_name, EtcdConfiguration& etcd,
               std::vector<ConfigurationError>& errors) {
  TomlSection section(entry.value, shown_name, "[etcd]", errors);
  load_servers(section, etcd.servers);
  etcd.authority = section.path("authority", Presence::required).value_or("");
  etcd.certificate = section.path("certificate", Presence::optional).value_or("");
  etcd.key = section.path("key", Presence::optional).value_or("");
  for (const auto& [one, other] : {std::pair("certificate", "key"), std::pair("key", "certificate")}) {
    if (!section.has(one) || section.has(other)) continue;
    section.error(section.position_of(one), std::string("\"") + one + "\" without \"" + other +
                                                "\" in [etcd]: write both, or none if etcd asks for no certificate");
  }
  if (const auto prefix = section.text("prefix", Presence::optional)) {
    if (is_prefix(*prefix)) {
      etcd.prefix = *prefix;
    } else {
      section.error(section.position_of("prefix"),
                    "\"prefix\" is \"" + *prefix +
                        "\": use letters, digits and . - _, with / between the parts, at most 200 characters");
    }
  }
  section.finish();
}

}  // namespace lockstep::prod
