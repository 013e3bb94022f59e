#include "io/linux/object_index.h"

#include "io/linux/index_environment.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/filter_policy.h>
#include <leveldb/write_batch.h>
#include <unistd.h>
#include <utility>

namespace lockstep::linux_io {
namespace {

constexpr std::size_t batch_changes = 16384;
/// A disk that cannot follow is not given more of them; the changes wait in memory.
constexpr std::size_t batches_max = 4;
constexpr std::size_t cache_bytes = std::size_t{8} << 20U;
constexpr int files_open_max = 64;
constexpr int filter_bits = 10;

/// LevelDB's first file, beneath the directory: without it there is no index.
std::string beginning() { return std::string(index_name) + "/CURRENT"; }

// No identity is so short.
constexpr const char* origin_key = "origin";
constexpr const char* complete_key = "complete";

leveldb::Slice slice(const IdentityBytes& bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

struct PlaceHeader {
  std::uint32_t type = 0;
  std::int32_t handle_type = 0;
};

std::string encoded(const ObjectIndex::Place& place) {
  const PlaceHeader header{place.type, place.handle.type};
  std::string value(sizeof header + place.handle.size, '\0');
  std::memcpy(value.data(), &header, sizeof header);
  std::memcpy(value.data() + sizeof header, place.handle.bytes.data(), place.handle.size);
  return value;
}

std::optional<ObjectIndex::Place> decoded(const std::string& value) {
  PlaceHeader header;
  if (value.size() < sizeof header || value.size() > sizeof header + ObjectHandle::bytes_max) return std::nullopt;
  std::memcpy(&header, value.data(), sizeof header);
  ObjectIndex::Place place;
  place.type = header.type;
  place.handle.type = header.handle_type;
  place.handle.size = static_cast<std::uint8_t>(value.size() - sizeof header);
  std::memcpy(place.handle.bytes.data(), value.data() + sizeof header, place.handle.size);
  return place;
}

/// Of a copy of the tree, made with its attributes, the number is the same, but not the directory's handle.
std::string origin_of(int directory, std::uint64_t tree) {
  const auto handle = handle_of(directory, "");
  return "1 " + std::to_string(tree) + ' ' + encoded({handle.value, S_IFDIR});
}

}  // namespace

ObjectIndex::ObjectIndex() = default;
ObjectIndex::~ObjectIndex() = default;

void ObjectIndex::open(int directory, std::uint64_t tree) {
  directory_ = Descriptor(::fcntl(directory, F_DUPFD_CLOEXEC, 0));
  if (!directory_.valid()) return;
  const std::string path(DescriptorPath(directory_.fd(), index_name).c_str());
  const std::string origin = origin_of(directory, tree);
  // Without this file LevelDB would make a new database of what an old one has left.
  const bool exists = ::faccessat(directory, beginning().c_str(), F_OK, 0) == 0;
  bool usable = exists && open_database(path, origin);
  if (!usable) {
    leveldb::DestroyDB(path, {});
    usable = open_database(path, origin);
  }
  readable_ = usable;
  writable_ = usable;
}

/// False, and nothing is open: damaged, or of somebody else, or the disk does not take it.
bool ObjectIndex::open_database(const std::string& path, const std::string& origin) {
  environment_ = std::make_unique<IndexEnvironment>();
  cache_.reset(leveldb::NewLRUCache(cache_bytes));
  filter_.reset(leveldb::NewBloomFilterPolicy(filter_bits));
  leveldb::Options options;
  options.create_if_missing = true;
  options.paranoid_checks = true;
  options.env = environment_.get();
  options.block_cache = cache_.get();
  options.filter_policy = filter_.get();
  options.max_open_files = files_open_max;
  options.compression = leveldb::kNoCompression;  // identities are random
  leveldb::DB* opened = nullptr;
  if (!leveldb::DB::Open(options, path, &opened).ok()) return false;
  database_.reset(opened);
  std::string found;
  auto status = database_->Get({}, origin_key, &found);
  if (status.IsNotFound()) {
    found = origin;
    status = database_->Put({}, origin_key, origin);
  }
  if (!status.ok() || found != origin) {
    database_.reset();
    return false;
  }
  marked_ = database_->Get({}, complete_key, &found).ok();
  complete_ = marked_;
  return true;
}

std::optional<ObjectIndex::Place> ObjectIndex::find(const FileId& id) {
  const auto changed = changes_.find(id);
  return changed != changes_.end() ? changed->second : find_beneath(id);
}

std::optional<ObjectIndex::Place> ObjectIndex::find_beneath(const FileId& id) {
  if (batches_ != 0) {
    const std::lock_guard lock(handed_over_mutex_);
    for (auto batch = handed_over_.rbegin(); batch != handed_over_.rend(); ++batch) {
      const auto changed = (*batch)->changes.find(id);
      if (changed != (*batch)->changes.end()) return changed->second;
    }
  }
  return readable_ ? find_on_disk(id) : std::nullopt;
}

std::optional<ObjectIndex::Place> ObjectIndex::find_on_disk(const FileId& id) {
  leveldb::ReadOptions checked;
  checked.verify_checksums = true;
  std::string value;
  const auto status = database_->Get(checked, slice(identity_bytes(id)), &value);
  if (status.IsNotFound()) return std::nullopt;
  auto place = status.ok() ? decoded(value) : std::nullopt;
  if (!place && !std::exchange(damaged_, true)) {
    complete_ = false;
    writable_ = false;
  }
  return place;
}

// Without a disk that takes it a word that hides nothing would be kept for ever.
void ObjectIndex::erase(const FileId& id) {
  changes_.erase(id);
  if (writable_ || find_beneath(id)) changes_[id] = std::nullopt;
}

bool ObjectIndex::swells() const { return writable_ && changes_.size() >= batch_changes && batches_ < batches_max; }

void ObjectIndex::hand_over() {
  const bool completes = complete_ && !told_complete_;
  if (!writable_ || (changes_.empty() && !completes)) return;
  auto batch = std::make_shared<Batch>();
  batch->changes = std::exchange(changes_, {});
  batch->completes = complete_;
  told_complete_ = complete_;
  const std::lock_guard lock(handed_over_mutex_);
  handed_over_.push_back(std::move(batch));
  batches_ = handed_over_.size();
}

ObjectIndex::Written ObjectIndex::write_out() {
  const std::lock_guard writing(writing_);
  write_batches();
  return {discard(), completed_ && writable_};
}

void ObjectIndex::write_batches() {
  while (database_ && writable_) {
    std::shared_ptr<const Batch> batch;
    {
      const std::lock_guard lock(handed_over_mutex_);
      if (handed_over_.empty()) return;
      batch = handed_over_.front();
    }
    if (!write(batch->changes)) {
      writable_ = false;  // what was handed over stays where it is found
      return;
    }
    completed_ = completed_ || batch->completes;
    const std::lock_guard lock(handed_over_mutex_);
    handed_over_.pop_front();
    batches_ = handed_over_.size();
  }
}

bool ObjectIndex::write(const Changes& changes) {
  leveldb::WriteBatch batch;
  for (const auto& [id, place] : changes) {
    if (place) {
      batch.Put(slice(identity_bytes(id)), encoded(*place));
    } else {
      batch.Delete(slice(identity_bytes(id)));
    }
  }
  return database_->Write({}, &batch).ok();
}

// Only now: LevelDB begins new files by itself, and a crash might keep the word and lose an earlier one of them.
void ObjectIndex::mark_complete() {
  const std::lock_guard writing(writing_);
  if (!database_ || !writable_ || marked_) return;
  marked_ = database_->Put({}, complete_key, "").ok();
  if (!marked_) writable_ = false;
}

void ObjectIndex::distrust() {
  writable_ = false;
  const std::lock_guard writing(writing_);
  discard();
}

/// Once it has been given up, makes sure that nobody believes it. Works on a full disk, too.
int ObjectIndex::discard() {
  if (writable_ || discarded_ || !directory_.valid()) return 0;
  if (::unlinkat(directory_.fd(), beginning().c_str(), 0) != 0 && errno != ENOENT) return errno;
  discarded_ = true;
  return 0;
}

void ObjectIndex::close() {
  const std::lock_guard writing(writing_);
  write_batches();
  discard();
  database_.reset();
}

}  // namespace lockstep::linux_io
