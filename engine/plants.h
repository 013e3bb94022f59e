// A table of planted bugs and which of them are switched on; the engine and the simulated world have one each.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace lockstep::engine {

struct PlantInfo {
  std::string_view name;
  std::string_view area;  ///< the part of the system that is wrong
  std::string_view what;  ///< goes wrong
};

template <std::size_t size>
class Plants {
 public:
  constexpr explicit Plants(const std::array<PlantInfo, size>& table) : table_(table) {}

  [[nodiscard]] bool on(std::size_t bug) const { return on_[bug]; }
  /// Switches a bug on; false if there is none of that name.
  bool plant(std::string_view name) {
    for (std::size_t i = 0; i < size; ++i) {
      if (table_[i].name == name) return on_[i] = true;
    }
    return false;
  }

 private:
  const std::array<PlantInfo, size>& table_;
  std::array<bool, size> on_{};
};

}  // namespace lockstep::engine
