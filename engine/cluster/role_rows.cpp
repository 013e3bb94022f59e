#define BOOST_MPL_CFG_NO_PREPROCESSED_HEADERS
#define BOOST_MPL_LIMIT_VECTOR_SIZE 40
#define BOOST_MPL_LIMIT_MAP_SIZE 40

#include "engine/cluster/role_rows.h"

#include "engine/cluster/role_table.h"

#include <type_traits>

#include <boost/mpl/for_each.hpp>

namespace lockstep::engine {

namespace {

/// Without its namespaces. GCC and Clang put "T = lockstep::engine::role::Waiting" into the function's own name.
template <typename T>
constexpr std::string_view name_of() {
  if constexpr (std::is_same_v<T, role::None>) {
    return {};
  } else {
    std::string_view text = __PRETTY_FUNCTION__;
    text.remove_prefix(text.find("T = "));
    text = text.substr(0, text.find_first_of(";]"));
    return text.substr(text.rfind(':') + 1);
  }
}
static_assert(name_of<role::Waiting>() == "Waiting");

struct Collect {
  std::vector<RoleRow>& rows;

  template <typename Row>
  void operator()(Row* /*row*/) const {
    constexpr bool internal = std::is_same_v<typename Row::Target, role::None>;
    using Target = std::conditional_t<internal, typename Row::Source, typename Row::Target>;
    rows.push_back({name_of<typename Row::Source>(), name_of<typename Row::Evt>(), name_of<Target>(),
                    name_of<typename Row::Action>(), name_of<typename Row::Guard>()});
  }
};

}  // namespace

RoleRows role_rows() {
  RoleRows result{name_of<role::Definition::initial_state>(), {}};
  boost::mpl::for_each<role::Definition::transition_table, std::add_pointer<boost::mpl::_1>>(Collect{result.rows});
  return result;
}

}  // namespace lockstep::engine
