// Prints the role machine's table as a Mermaid diagram; ARCHITECTURE.md holds its output.
#define BOOST_MPL_CFG_NO_PREPROCESSED_HEADERS
#define BOOST_MPL_LIMIT_VECTOR_SIZE 40
#define BOOST_MPL_LIMIT_MAP_SIZE 40

#include "engine/cluster/role_table.h"

#include <cstdio>
#include <string>
#include <typeinfo>

#include <boost/core/demangle.hpp>
#include <boost/mpl/for_each.hpp>

namespace {

using namespace lockstep::engine;

template <typename T>
std::string name_of() {
  const std::string full = boost::core::demangle(typeid(T).name());
  return full.substr(full.rfind(':') + 1);
}

struct PrintRow {
  template <typename R>
  void operator()(R* /*row*/) const {
    const bool internal = std::is_same_v<typename R::Target, role::None>;
    const std::string source = name_of<typename R::Source>();
    std::string line = "    " + source + " --> " + (internal ? source : name_of<typename R::Target>()) + " : " +
                       name_of<typename R::Evt>();
    if (!std::is_same_v<typename R::Guard, role::None>) line += " [" + name_of<typename R::Guard>() + "]";
    if (!std::is_same_v<typename R::Action, role::None>) line += " / " + name_of<typename R::Action>();
    std::puts(line.c_str());
  }
};

}  // namespace

int main() {
  std::puts("stateDiagram-v2");
  std::printf("    [*] --> %s\n", name_of<role::Definition::initial_state>().c_str());
  boost::mpl::for_each<role::Definition::transition_table, std::add_pointer<boost::mpl::_1>>(PrintRow{});
}
