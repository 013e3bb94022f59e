#include "sim/scenario/toml_fields.h"

namespace lockstep::sim {

namespace {
std::string line_of(const toml::node& node) { return "line " + std::to_string(node.source().begin.line) + ": "; }
}  // namespace

const toml::node& TomlReader::get(std::string_view name) {
  read_.emplace(name);
  const toml::node* node = table_.get(name);
  if (node == nullptr) throw ScenarioError(line_of(table_) + path_ + std::string(name) + " is missing");
  return *node;
}

const toml::table& TomlReader::subtable(std::string_view name) {
  const toml::node& node = get(name);
  if (!node.is_table()) fail(node, name, "a table");
  return *node.as_table();
}

std::vector<const toml::table*> TomlReader::subtables(std::string_view name) {
  std::vector<const toml::table*> tables;
  if (!table_.contains(name)) return tables;
  const toml::node& node = get(name);
  if (!node.is_array()) fail(node, name, "an array of tables");
  for (const toml::node& element : *node.as_array()) {
    if (!element.is_table()) fail(element, name, "an array of tables");
    tables.push_back(element.as_table());
  }
  return tables;
}

std::string TomlReader::text(std::string_view name) {
  const toml::node& node = get(name);
  const auto text = node.value_exact<std::string>();
  if (!text) fail(node, name, "a text");
  return *text;
}

void TomlReader::fail(const toml::node& node, std::string_view name, const std::string& wanted) const {
  throw ScenarioError(line_of(node) + path_ + std::string(name) + " must be " + wanted);
}

void TomlReader::expect_no_more() const {
  for (const auto& [key, node] : table_) {
    if (!read_.contains(key.str())) {
      throw ScenarioError(line_of(node) + path_ + std::string(key.str()) + " is no field of a scenario");
    }
  }
}

}  // namespace lockstep::sim
