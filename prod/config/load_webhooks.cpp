#include "prod/config/load.h"
#include "prod/config/toml_section.h"

#include <algorithm>
#include <optional>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace lockstep::prod {

namespace {

using Presence = TomlSection::Presence;

std::optional<std::string> explain(const std::string& url, WebhookConfiguration& webhook) {
  constexpr const char* remedy = ": write for example \"https://alerts.example.org/lockstep\"";
  const auto parsed = boost::urls::parse_uri(url);
  if (!parsed) return std::string("is no URL") + remedy;
  const boost::urls::url_view view = *parsed;
  if (view.scheme() != "https" && view.scheme() != "http") return std::string("is neither https nor http") + remedy;
  if (view.encoded_host().empty()) return std::string("names no host") + remedy;
  if (view.has_userinfo()) return "holds a user's name: who receives it can check the signature (secret_file) instead";
  webhook.url = url;
  webhook.tls = view.scheme() == "https";
  webhook.host = view.host_address();
  webhook.port = view.has_port() ? view.port_number() : (webhook.tls ? 443 : 80);
  if (webhook.port == 0) return std::string("has no usable port") + remedy;
  const auto target = view.encoded_target();
  webhook.target = target.empty() || target.front() != '/' ? "/" + std::string(target.data(), target.size())
                                                           : std::string(target.data(), target.size());
  return std::nullopt;
}

std::string known_kinds() {
  std::string text;
  for (const std::string_view name : event_kind_names)
    text += (text.empty() ? "\"" : ", \"") + std::string(name) + "\"";
  return text;
}

void load_events(TomlSection& section, std::vector<EventKind>& events) {
  const TomlEntry* entry = section.any("events");
  if (entry == nullptr) return;
  const auto* list = std::get_if<TomlValue::Array>(&entry->value.value);
  if (list == nullptr || list->empty()) {
    section.error(entry->value.position, "\"events\" should be a list of at least one of " + known_kinds());
    return;
  }
  events.clear();
  for (const TomlValue& value : *list) {
    const auto* name = std::get_if<std::string>(&value.value);
    const auto* found =
        name == nullptr ? event_kind_names.end() : std::find(event_kind_names.begin(), event_kind_names.end(), *name);
    if (found == event_kind_names.end()) {
      section.error(value.position, (name == nullptr ? value.kind() + " is" : "\"" + *name + "\" is") +
                                        " no kind of event: known are " + known_kinds());
      continue;
    }
    events.push_back(static_cast<EventKind>(found - event_kind_names.begin()));
  }
}

}  // namespace

void load_webhooks(const TomlEntry& entry, const std::string& shown_name, std::vector<WebhookConfiguration>& webhooks,
                   std::vector<ConfigurationError>& errors) {
  const auto* list = std::get_if<TomlValue::Array>(&entry.value.value);
  if (list == nullptr || list->size() > webhooks_max) {
    errors.push_back({shown_name, entry.position.line, entry.position.column,
                      list == nullptr ? "write [[webhook]] with two brackets: there may be several"
                                      : std::to_string(list->size()) + " webhooks: at most " +
                                            std::to_string(webhooks_max) + " are told"});
    return;
  }
  for (const TomlValue& value : *list) {
    WebhookConfiguration webhook;
    TomlSection section(value, shown_name, "[[webhook]]", errors);
    if (const auto url = section.text("url", Presence::required)) {
      if (const auto mistake = explain(*url, webhook)) {
        section.error(section.position_of("url"), "\"url\" " + *mistake);
      }
    }
    load_events(section, webhook.events);
    webhook.secret_file = section.path("secret_file", Presence::optional).value_or("");
    webhook.ca_file = section.path("ca_file", Presence::optional).value_or("");
    section.finish();
    webhooks.push_back(std::move(webhook));
  }
}

}  // namespace lockstep::prod
