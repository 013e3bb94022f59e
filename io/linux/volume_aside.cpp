// Setting objects aside: what they are is looked at on the loop's thread, copying waits for the disk on the workers.
#include "io/linux/volume.h"
#include "io/linux/volume_walk.h"

#include <cerrno>
#include <ctime>
#include <fcntl.h>
#include <utility>

#include <boost/asio/post.hpp>

namespace lockstep::linux_io {

namespace {

std::int64_t wall_clock_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return nanoseconds(now);
}

/// The same file with a position of its own.
Descriptor reopened(const OpenObject& file) {
  return Descriptor(::open(DescriptorPath(file.fd()).c_str(), O_RDONLY | O_NOATIME | O_CLOEXEC));
}

}  // namespace

Outcome<std::string> LinuxVolume::path_of(const FileId& id) {
  std::string path;
  for (FileId at = id; at != FileId::root();) {
    const auto found = places_.find(at);
    if (found == places_.end()) return Outcome<std::string>::failed(ENOENT);
    const Place& place = found->second;
    const bool parked = place.parent == FileId::staging();
    std::string name = parked ? "lockstep-recovered-" + to_string(at) : place.name;
    if (!path.empty()) name.append("/").append(path);
    path = std::move(name);
    if (parked) break;
    at = place.parent;
  }
  return Outcome<std::string>::of(std::move(path));
}

int LinuxVolume::describe_aside(const FileId& id, ConflictRecord& record, Descriptor& contents) {
  settle_one(id);
  const auto object = resolve(id);
  if (!object.ok()) return object.error;
  const auto status = status_of(*object.value);
  if (!status.ok()) return status.error;
  if (status.value.st_nlink == 0) return ENOENT;
  auto path = path_of(id);
  if (!path.ok()) return path.error;
  auto xattrs = attributes_of(*object.value);
  if (!xattrs.ok()) return xattrs.error;
  record.object = id;
  record.path = std::move(path.value);
  record.kept_at_ns = wall_clock_ns();
  record.attributes = describe_attributes(status.value);
  record.xattrs = std::move(xattrs.value);
  if (S_ISLNK(status.value.st_mode)) {
    auto target = link_target(id);
    if (!target.ok()) return target.error;
    record.symlink_target = std::move(target.value);
  }
  if (!S_ISREG(status.value.st_mode)) return 0;
  contents = reopened(*object.value);
  return contents.valid() ? 0 : errno;
}

// The table finds objects by identity, not by name; nothing else needs to know where they lie. So the tree is walked
// once, when the first of them is set aside.
void LinuxVolume::set_aside(Ticket ticket, FileId object, const Conflict& conflict) {
  if (postponed(Needs::order, [this, ticket, object, conflict] { set_aside(ticket, object, conflict); })) return;
  if (!places_.empty()) return set_aside_in_place(ticket, object, conflict);
  Walk walk = whole_tree();
  walk.places = &places_;
  begin_walk(std::move(walk), [this, ticket, object, conflict](Walk&, int error) {
    if (error == 0) return set_aside_in_place(ticket, object, conflict);
    places_.clear();  // a part of the tree would hide the rest
    sink_.post(io::SetAside{ticket, error});
  });
}

void LinuxVolume::set_aside_in_place(Ticket ticket, FileId object, const Conflict& conflict) {
  ConflictRecord record;
  record.conflict = conflict;
  Descriptor contents;
  if (const int error = describe_aside(object, record, contents); error != 0) {
    sink_.post(io::SetAside{ticket, error});
    return;
  }
  boost::asio::post(workers_, [this, ticket, record = std::move(record), contents = std::move(contents),
                               store = conflicts_, alive = std::weak_ptr<bool>(alive_), &loop = loop_] {
    const int error = store->keep(record, contents);
    boost::asio::post(loop, [this, ticket, error, alive] {
      if (alive.lock()) sink_.post(io::SetAside{ticket, error});
    });
  });
}

}  // namespace lockstep::linux_io
