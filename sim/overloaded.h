// One visitor out of several lambdas.
#pragma once

namespace lockstep::sim {

template <typename... Parts>
struct Overloaded : Parts... {
  using Parts::operator()...;
};
template <typename... Parts>
Overloaded(Parts...) -> Overloaded<Parts...>;

}  // namespace lockstep::sim
