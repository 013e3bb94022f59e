#include "io/linux/fuse_state.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <new>
#include <sys/mman.h>
#include <sys/stat.h>
#include <type_traits>
#include <utility>

namespace lockstep::linux_io {
namespace {

constexpr std::uint64_t magic = 0x4653'5445'5453'4B4CULL;
/// Of what is in the memory, and of what it means. One that this program does not know is refused.
constexpr std::uint32_t layout = 1;
constexpr std::uint64_t page_bytes = 4096;
constexpr std::uint64_t capacity_min = 1024;
/// Beyond any kernel's memory; keeps sums and products of what is read from overflowing.
constexpr std::uint64_t capacity_max = std::uint64_t{1} << 32U;
/// More open files than any kernel allows of one object.
constexpr std::uint64_t opens_max = std::uint64_t{1} << 24U;
constexpr std::size_t messages_bytes_max = 256;
constexpr std::size_t exchanges_max = 1024;
constexpr int mapped_for = PROT_READ | PROT_WRITE;

static_assert(sizeof(FuseState::Node) == 64, "a line of the processor's cache");

struct Area {
  std::uint64_t offset;  ///< in the file, a multiple of the page size
  std::uint64_t capacity;
};

constexpr std::uint64_t bytes_of(std::uint64_t capacity) {
  return (capacity * sizeof(FuseState::Node) + page_bytes - 1) / page_bytes * page_bytes;
}

}  // namespace

struct FuseState::Exchange {
  std::uint64_t request;  ///< 0: none
  std::uint64_t id_high;
  std::uint64_t id_low;
};

struct FuseState::Header {
  std::uint64_t magic;
  std::uint32_t layout;
  std::uint32_t header_bytes;
  std::uint32_t node_bytes;
  std::uint32_t unused;
  std::uint64_t current;  ///< which of the two areas holds the table
  std::array<Area, 2> areas;
  std::uint64_t last_listing;
  std::uint64_t last_counted;
  std::uint64_t agreed;  ///< whether the following counts
  std::uint32_t message_bytes;
  std::uint32_t answer_bytes;
  std::array<std::byte, messages_bytes_max> message;
  std::array<std::byte, messages_bytes_max> answer;
  std::array<Exchange, exchanges_max> exchanges;
};

namespace {

constexpr std::uint64_t header_bytes = 8 * page_bytes;
constexpr std::uint64_t table_begin = header_bytes;

}  // namespace

void FuseState::publish(std::uint64_t& word, std::uint64_t value) {
  std::atomic_ref<std::uint64_t>(word).store(value, std::memory_order_release);
}

FuseState::~FuseState() { unmap(); }

FuseState::FuseState(FuseState&& other) noexcept { *this = std::move(other); }

FuseState& FuseState::operator=(FuseState&& other) noexcept {
  if (this == &other) return *this;
  unmap();
  memory_ = std::move(other.memory_);
  header_ = std::exchange(other.header_, nullptr);
  table_ = std::exchange(other.table_, nullptr);
  capacity_ = std::exchange(other.capacity_, 0);
  nodes_ = std::exchange(other.nodes_, 0);
  removed_ = std::exchange(other.removed_, 0);
  return *this;
}

void FuseState::unmap() {
  if (table_ != nullptr) ::munmap(table_, bytes_of(capacity_));
  if (header_ != nullptr) ::munmap(header_, header_bytes);
  table_ = nullptr;
  header_ = nullptr;
}

int FuseState::map_header() {
  static_assert(sizeof(Header) <= header_bytes && std::is_trivially_copyable_v<Header>);
  void* const mapped = ::mmap(nullptr, header_bytes, mapped_for, MAP_SHARED, memory_.fd(), 0);
  if (mapped == MAP_FAILED) return errno;
  header_ = static_cast<Header*>(mapped);
  return 0;
}

int FuseState::map_table(std::uint64_t offset, std::uint64_t capacity, Node*& table) const {
  void* const mapped =
      ::mmap(nullptr, bytes_of(capacity), mapped_for, MAP_SHARED, memory_.fd(), static_cast<off_t>(offset));
  if (mapped == MAP_FAILED) return errno;
  table = static_cast<Node*>(mapped);
  return 0;
}

Outcome<FuseState> FuseState::fresh() {
  FuseState state;
  state.memory_ = Descriptor(::memfd_create("lockstep-mount", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  // What cannot get shorter cannot fault, whoever holds it too.
  if (!state.memory_.valid() ||
      ::ftruncate(state.memory_.fd(), static_cast<off_t>(table_begin + bytes_of(capacity_min))) != 0 ||
      ::fcntl(state.memory_.fd(), F_ADD_SEALS, F_SEAL_SHRINK) != 0) {
    return Outcome<FuseState>::failed(errno);
  }
  int error = state.map_header();
  if (error == 0) error = state.map_table(table_begin, capacity_min, state.table_);
  if (error != 0) return Outcome<FuseState>::failed(error);
  state.capacity_ = capacity_min;
  Header& header = *state.header_;
  header.layout = layout;
  header.header_bytes = header_bytes;
  header.node_bytes = sizeof(Node);
  header.areas[0] = {table_begin, capacity_min};
  publish(header.magic, magic);
  return Outcome<FuseState>::of(std::move(state));
}

std::optional<FuseState> FuseState::take_over(Descriptor memory, std::string& why) {
  FuseState state;
  state.memory_ = std::move(memory);
  struct stat status {};
  const int seals = ::fcntl(state.memory_.fd(), F_GET_SEALS);
  if (seals < 0 || (seals & F_SEAL_SHRINK) == 0 || ::fstat(state.memory_.fd(), &status) != 0 ||
      static_cast<std::uint64_t>(status.st_size) < table_begin) {
    why = "it is no such memory";
    return std::nullopt;
  }
  if (const int error = state.map_header(); error != 0) {
    why = std::strerror(error);
    return std::nullopt;
  }
  const Header& header = *state.header_;
  if (header.magic != magic || header.layout != layout || header.header_bytes != header_bytes ||
      header.node_bytes != sizeof(Node)) {
    why = "another version of this program made it, whose way of keeping it is not known here";
    return std::nullopt;
  }
  const bool in_order = header.current < header.areas.size() && header.message_bytes <= messages_bytes_max &&
                        header.answer_bytes <= messages_bytes_max;
  const Area area = in_order ? header.areas[header.current] : Area{};
  if (area.capacity == 0 || area.capacity > capacity_max || area.offset < table_begin ||
      area.offset % page_bytes != 0 || area.offset > static_cast<std::uint64_t>(status.st_size) ||
      bytes_of(area.capacity) > static_cast<std::uint64_t>(status.st_size) - area.offset) {
    why = "it is damaged";
    return std::nullopt;
  }
  if (const int error = state.map_table(area.offset, area.capacity, state.table_); error != 0) {
    why = std::strerror(error);
    return std::nullopt;
  }
  state.capacity_ = area.capacity;
  state.count();
  why = state.check();
  if (!why.empty()) return std::nullopt;
  state.clear_rest();
  return state;
}

void FuseState::count() {
  nodes_ = 0;
  removed_ = 0;
  for (const Node* node = table_; node != table_ + capacity_; ++node) {
    if (node->number == number_removed) {
      ++removed_;
    } else if (node->number != number_free) {
      ++nodes_;
    }
  }
}

std::string FuseState::check() const {
  if (nodes_ + removed_ >= capacity_) return "it is damaged";  // searches would not end
  for (Node* node = table_; node != table_ + capacity_; ++node) {
    if (node->number == number_free || node->number == number_removed) continue;
    const bool is_root = node->id() == FileId::root();
    const bool sound = node->id() != FileId::none() && (node->number == number_root) == is_root &&
                       node->opens() <= opens_max && find(node->number) == node;
    if (!sound) return "it is damaged";
  }
  return {};
}

/// A process that was killed while it made a new table may have left part of one.
void FuseState::clear_rest() const {
  struct stat status {};
  if (::fstat(memory_.fd(), &status) != 0) return;
  const Area& area = header_->areas[header_->current];
  const std::uint64_t end = area.offset + bytes_of(area.capacity);
  const auto clear = [&](std::uint64_t from, std::uint64_t to) {
    if (from >= to) return;
    ::fallocate(memory_.fd(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(from),
                static_cast<off_t>(to - from));
  };
  clear(table_begin, area.offset);
  clear(end, static_cast<std::uint64_t>(status.st_size));
}

bool FuseState::agree(std::span<const std::byte> message, std::span<const std::byte> answer) {
  if (message.size() > messages_bytes_max || answer.size() > messages_bytes_max) return false;
  std::copy(message.begin(), message.end(), header_->message.begin());
  std::copy(answer.begin(), answer.end(), header_->answer.begin());
  header_->message_bytes = static_cast<std::uint32_t>(message.size());
  header_->answer_bytes = static_cast<std::uint32_t>(answer.size());
  publish(header_->agreed, 1);
  return true;
}

std::span<const std::byte> FuseState::message() const {
  return std::span(header_->message).first(header_->agreed == 1 ? header_->message_bytes : 0);
}

std::span<const std::byte> FuseState::answer() const {
  return std::span(header_->answer).first(header_->agreed == 1 ? header_->answer_bytes : 0);
}

std::uint64_t FuseState::next_listing() {
  publish(header_->last_listing, header_->last_listing + 1);
  return header_->last_listing;
}

bool FuseState::begin_exchange(std::uint64_t request, const FileId& first) {
  for (Exchange& exchange : header_->exchanges) {
    if (exchange.request != 0) continue;
    exchange.id_high = first.high;
    exchange.id_low = first.low;
    publish(exchange.request, request);
    return true;
  }
  return false;
}

FileId FuseState::exchanging(std::uint64_t request) const {
  for (const Exchange& exchange : header_->exchanges) {
    if (exchange.request == request) return {exchange.id_high, exchange.id_low};
  }
  return FileId::none();
}

void FuseState::end_exchange(std::uint64_t request) {
  for (Exchange& exchange : header_->exchanges) {
    if (exchange.request == request) return publish(exchange.request, 0);
  }
}

void FuseState::set_counted(std::uint64_t request) { publish(header_->last_counted, request); }

bool FuseState::counted(std::uint64_t request) const { return header_->last_counted == request; }

/// Numbers are as good as random in their lower bits only.
std::uint64_t FuseState::home(std::uint64_t number) const {
  const std::uint64_t spread = number * 0x9E3779B97F4A7C15ULL;
  return ((spread >> 32U) * capacity_) >> 32U;
}

FuseState::Node* FuseState::find(std::uint64_t number) const {
  if (number == number_free || number == number_removed) return nullptr;
  for (Node* node = table_ + home(number);; node = after(node)) {
    if (node->number == number) return node;
    if (node->number == number_free) return nullptr;
  }
}

FuseState::Node* FuseState::place_for(std::uint64_t number) const {
  Node* node = table_ + home(number);
  while (node->number != number_free && node->number != number_removed) node = after(node);
  return node;
}

std::optional<ObjectIndex::Place> FuseState::Node::place() const {
  if (handle_size == 0 || handle_size > handle.size()) return std::nullopt;
  ObjectIndex::Place place;
  place.handle.type = handle_type;
  place.handle.size = handle_size;
  std::copy_n(handle.begin(), handle_size, place.handle.bytes.begin());
  place.type = object_type;
  return place;
}

FuseState::Node* FuseState::insert(std::uint64_t number, const FileId& id, const ObjectIndex::Place& place,
                                   std::uint64_t lookups) {
  const bool crowded = (nodes_ + removed_ + 1) * 5 > capacity_ * 4;
  if (crowded && !rebuild() && nodes_ + removed_ + 1 >= capacity_) throw std::bad_alloc();
  Node* const node = place_for(number);
  if (node->number == number_removed) --removed_;
  ++nodes_;
  node->id_high = id.high;
  node->id_low = id.low;
  node->lookups = lookups;
  node->opens_and_flags = 0;
  const bool fits =
      place.handle.size <= node->handle.size() && place.handle.type >= 0 && place.handle.type <= UINT8_MAX;
  node->handle_type = fits ? static_cast<std::uint8_t>(place.handle.type) : std::uint8_t{0};
  node->handle_size = fits ? place.handle.size : std::uint8_t{0};
  node->object_type = static_cast<std::uint16_t>(place.type);
  std::copy_n(place.handle.bytes.begin(), node->handle_size, node->handle.begin());
  publish(node->number, number);
  return node;
}

void FuseState::erase(Node* node) {
  --nodes_;
  if (after(node)->number != number_free) {
    ++removed_;
    publish(node->number, number_removed);
  } else {
    publish(node->number, number_free);
    // Those before it are passed for nothing now, too.
    while (true) {
      node = node == table_ ? table_ + capacity_ - 1 : node - 1;
      if (node->number != number_removed) break;
      --removed_;
      publish(node->number, number_free);
    }
  }
  if (capacity_ > capacity_min && nodes_ * 8 < capacity_) rebuild();
}

void FuseState::for_each(const std::function<void(Node&)>& visit) const {
  for (Node* node = table_; node != table_ + capacity_; ++node) {
    if (node->number != number_free && node->number != number_removed) visit(*node);
  }
}

/// Into another area of the file, which counts from one store on; then the former one is given back.
bool FuseState::rebuild() {
  const std::uint64_t former_capacity = capacity_;
  const Area former = header_->areas[header_->current];
  Area next{table_begin, std::max<std::uint64_t>(capacity_min, (nodes_ + 1) * 15 / 8)};
  if (next.offset + bytes_of(next.capacity) > former.offset) next.offset = former.offset + bytes_of(former.capacity);

  struct stat status {};
  if (::fstat(memory_.fd(), &status) != 0) return false;
  const auto end = static_cast<off_t>(next.offset + bytes_of(next.capacity));
  if (status.st_size < end && ::ftruncate(memory_.fd(), end) != 0) return false;
  const auto clear = [&](const Area& area) {
    return ::fallocate(memory_.fd(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(area.offset),
                       static_cast<off_t>(bytes_of(area.capacity)));
  };
  Node* table = nullptr;
  if (clear(next) != 0 || map_table(next.offset, next.capacity, table) != 0) return false;

  Node* const former_table = std::exchange(table_, table);
  capacity_ = next.capacity;
  removed_ = 0;
  for (const Node* node = former_table; node != former_table + former_capacity; ++node) {
    if (node->number != number_free && node->number != number_removed) *place_for(node->number) = *node;
  }
  const std::uint64_t other = 1 - header_->current;
  header_->areas[other] = next;
  publish(header_->current, other);
  ::munmap(former_table, bytes_of(former_capacity));
  clear(former);
  return true;
}

}  // namespace lockstep::linux_io
