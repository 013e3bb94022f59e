// Prints the role machine's table as a Mermaid diagram; ARCHITECTURE.md holds its output.
#include "engine/cluster/role_rows.h"

#include <cstdio>
#include <string>

int main() {
  const lockstep::engine::RoleRows table = lockstep::engine::role_rows();
  std::puts("stateDiagram-v2");
  std::printf("    [*] --> %s\n", std::string(table.initial).c_str());
  for (const lockstep::engine::RoleRow& row : table.rows) {
    std::string line = "    ";
    line.append(row.source).append(" --> ").append(row.target).append(" : ").append(row.event);
    if (!row.guard.empty()) line.append(" [").append(row.guard).append("]");
    if (!row.action.empty()) line.append(" / ").append(row.action);
    std::puts(line.c_str());
  }
}
