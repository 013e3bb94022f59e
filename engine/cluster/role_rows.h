// The rows of the role machine's table as text: for the diagram, and for coverage.
#pragma once

#include <string_view>
#include <vector>

namespace lockstep::engine {

struct RoleRow {
  std::string_view source, event;
  std::string_view target;         ///< of an internal transition: its source
  std::string_view action, guard;  ///< empty: none
};

struct RoleRows {
  std::string_view initial;  ///< state
  std::vector<RoleRow> rows;
};

/// Read from role_table.h when this is compiled, in its order.
RoleRows role_rows();

}  // namespace lockstep::engine
