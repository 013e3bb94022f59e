// A value or an errno: how the volume's own layers report errors of the world.
#pragma once

#include <utility>

namespace lockstep::linux_io {

/// `error` 0: `value` holds the result. Otherwise `error` is an errno and `value` means nothing.
template <typename Value>
struct Outcome {
  int error = 0;
  Value value{};

  static Outcome of(Value result) { return {0, std::move(result)}; }
  static Outcome failed(int error_number) { return {error_number, Value{}}; }
  [[nodiscard]] bool ok() const { return error == 0; }
};

}  // namespace lockstep::linux_io
