#include "props/exerciser/exerciser.h"

#include "props/exerciser/draw.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace lockstep::exerciser {
namespace {

constexpr std::size_t recent_max = 20;

/// What callers get from a mount that ends, or has ended.
bool is_interruption(int error) {
  return error == ENOTCONN || error == ECONNABORTED || error == ENODEV || error == EIO;
}

std::string describe_result(std::int64_t result) {
  return result < 0 ? std::strerror(static_cast<int>(-result)) : std::to_string(result);
}

const char* describe_way(ReadBy how) {
  switch (how) {
    case ReadBy::cache: return "read from the cache";
    case ReadBy::direct: return "read with O_DIRECT";
    case ReadBy::fresh_cache: return "read after the cache was dropped";
  }
  return "";
}

}  // namespace

Exerciser::Exerciser(Settings settings) : settings_(std::move(settings)), live_(settings_.directory) {}

void Exerciser::begin() {
  if (!std::filesystem::is_empty(live_.path())) {
    throw std::system_error(ENOTEMPTY, std::generic_category(), settings_.directory);
  }
  std::filesystem::create_directory(live_.path() + "/" + subdirectory);
}

void Exerciser::run(const std::function<void(std::uint64_t)>& report) {
  try {
    while (made_ < settings_.operations) {
      make(draw_call(settings_.seed, made_ + 1, model_));
      if (++made_ % settings_.check_every == 0) check_everything();
      report(made_);
    }
    check_everything();
  } catch (const std::system_error& error) {
    if (is_interruption(error.code().value())) throw Interrupted(error.what());
    mismatch(error.what());
  }
}

void Exerciser::make(Call call) {
  remember(call);
  const Bytes data = data_of(settings_.seed, call);
  const Outcome was = live_.make(call, data);
  if (is_interruption(static_cast<int>(-was.result))) throw Interrupted(describe_result(was.result));
  const Outcome wanted = model_.apply(call, data);
  const OpenFile& open = model_.open_file(call.slot);
  std::string name = call.name;
  if (name.empty() && open.is_open()) name = model_.name_of(*open.file);
  if (was.result != wanted.result) {
    const std::string result = describe_result(was.result);
    mismatch(
        fmt::format("file {}, offset {}: {} instead of {}", name, call.offset, result, describe_result(wanted.result)));
  }
  const auto wrong = std::mismatch(was.data.begin(), was.data.end(), wanted.data.begin()).first;
  if (wrong != was.data.end()) {
    const std::uint64_t at = call.offset + static_cast<std::uint64_t>(wrong - was.data.begin());
    Bytes found = open.file->content();
    std::copy(was.data.begin(), was.data.end(), found.begin() + static_cast<std::ptrdiff_t>(call.offset));
    mismatch(describe_difference(name, *open.file, found, at));
  }
  check_size(call.slot);
  check_size(call.target_slot);
}

void Exerciser::check_size(std::size_t slot) {
  const OpenFile& open = model_.open_file(slot);
  if (!open.is_open()) return;
  const std::uint64_t size = live_.size_of(slot);
  if (size == open.file->size()) return;
  const std::uint64_t common = std::min(size, open.file->size());
  mismatch(fmt::format("file {}, offset {}: {} bytes long instead of {}", model_.name_of(*open.file), common, size,
                       open.file->size()));
}

void Exerciser::check_everything() {
  for (const ReadBy how : {ReadBy::cache, ReadBy::direct, ReadBy::fresh_cache}) {
    const auto wrong = difference(model_, read_tree(live_.path(), how), Expect::exact);
    if (wrong) mismatch(fmt::format("{} ({})", *wrong, describe_way(how)));
  }
  check_nameless();
}

void Exerciser::check_nameless() {
  for (std::size_t slot = 0; slot < slots; ++slot) {
    const OpenFile& open = model_.open_file(slot);
    if (!open.is_open() || model_.links(*open.file) != 0) continue;
    const Bytes found = live_.read_open(slot);
    const auto offset = open.file->first_difference(found, Expect::exact);
    if (offset)
      mismatch(describe_difference(fmt::format("without a name in slot {}", slot), *open.file, found, *offset));
  }
}

void Exerciser::remember(const Call& call) {
  if (recent_.size() == recent_max) recent_.pop_front();
  recent_.push_back(call);
}

void Exerciser::mismatch(const std::string& what) const {
  const std::string at = recent_.empty() ? "the beginning" : describe(recent_.back());
  throw Mismatch(fmt::format("{}; at {}, seed {}", what, at, settings_.seed));
}

}  // namespace lockstep::exerciser
