#include "prod/daemon/kept_service.h"

#include "io/linux/guard_mounts.h"

#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

namespace lockstep::prod {

namespace {

constexpr std::string_view file_prefix = "file.";
constexpr std::size_t half_digits = 16;

std::optional<FileId> file_of(std::string_view digits) {
  if (digits.size() != 2 * half_digits) return std::nullopt;
  FileId id;
  for (auto* half : {&id.high, &id.low}) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + half_digits, *half, 16);
    if (error != std::errc{} || end != digits.data() + half_digits) return std::nullopt;
    digits.remove_prefix(half_digits);
  }
  return id;
}

}  // namespace

std::string kept_name(const std::string& module, const std::string& what) { return module + "." + what; }

KeptService take_service(KeptDescriptors& kept, const std::string& module) {
  KeptService service;
  const std::string prefix = kept_name(module, "");
  for (auto next = kept.lower_bound(prefix); next != kept.end() && next->first.starts_with(prefix);) {
    const std::string_view what = std::string_view(next->first).substr(prefix.size());
    linux_io::Descriptor descriptor = std::move(next->second);
    service.names.push_back(next->first);
    if (what == kept_mount) {
      service.mount.device = std::move(descriptor);
    } else if (what == kept_state) {
      service.mount.state = std::move(descriptor);
    } else if (what == kept_directory) {
      service.directory = std::move(descriptor);
    } else if (what == kept_output) {
      service.output = std::move(descriptor);
    } else if (what.starts_with(file_prefix)) {
      if (const auto id = file_of(what.substr(file_prefix.size()))) {
        service.mount.files.push_back({*id, std::move(descriptor)});
      }
    }
    next = kept.erase(next);
  }
  return service;
}

std::vector<std::string> end_others(KeptDescriptors&& kept, linux_io::DescriptorKeeper& keeper) {
  const KeptDescriptors others = std::move(kept);  // closed at the end
  std::vector<std::string> modules;
  const std::string ending = kept_name("", kept_mount);
  for (const auto& [name, descriptor] : others) {
    keeper.drop(name);
    if (!name.ends_with(ending)) continue;
    modules.push_back(name.substr(0, name.size() - ending.size()));
    linux_io::end_fuse_mount(modules.back(), descriptor.fd());
  }
  return modules;
}

}  // namespace lockstep::prod
