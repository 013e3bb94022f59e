#include "io/linux/volume_test_tools.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <future>
#include <sched.h>
#include <sstream>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <tuple>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

namespace lockstep::linux_io::test {

bool prepared() {
  static const bool ready = ::geteuid() == 0 && ::unshare(CLONE_NEWNS) == 0 &&
                            ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
  return ready;
}

int shell(const std::string& command) {
  const int status = std::system(command.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string shell_output(const std::string& command) {
  std::string output;
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return output;
  std::array<char, 4096> part{};
  while (const std::size_t size = std::fread(part.data(), 1, part.size(), pipe)) output.append(part.data(), size);
  ::pclose(pipe);
  return output;
}

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

int write_text(const std::string& path, const std::string& text) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!file.valid()) return errno;
  return ::write(file.fd(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : errno;
}

LoopFilesystem::LoopFilesystem(const std::string& type) {
  std::string name = "/tmp/lockstep-test-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
  base_ = name;
  mount_point_ = base_ + "/disk";
  const std::string image = base_ + "/image";
  const std::string make = type == "xfs" ? "mkfs.xfs -q -m bigtime=1 " : "mkfs.ext4 -q -F ";
  const std::string command = "truncate -s 320M " + image + " && " + make + image + " >/dev/null && mkdir " +
                              mount_point_ + " && mount -o loop " + image + " " + mount_point_ + " && rm -rf " +
                              mount_point_ + "/lost+found";
  if (shell(command) != 0) throw std::runtime_error("cannot make a filesystem: " + command);
}

LoopFilesystem::~LoopFilesystem() {
  ::umount2(mount_point_.c_str(), MNT_DETACH);
  shell("rm -rf --one-file-system " + base_);
}

TestVolume::TestVolume(const std::string& type) : filesystem_(type) { reopen(); }

TestVolume::~TestVolume() {
  if (volume_) volume_->close();
  volume_.reset();
  workers_.join();
}

void TestVolume::reopen(VolumeLimits limits, const std::function<void()>& meanwhile) {
  if (volume_) {
    volume_->settle();
    volume_->close();
    std::promise<void> closed;
    boost::asio::post(workers_, [&closed] { closed.set_value(); });
    closed.get_future().wait();
    volume_.reset();
    meanwhile();
  }
  Descriptor directory(::open(path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  volume_.emplace(loop_, workers_, sink_, std::move(directory), limits);
  const std::string text = volume_->prepare();
  EXPECT_EQ(text, "");
}

void TestVolume::run_until_answers(std::size_t count) {
  while (sink_.events.size() < count) {
    loop_.restart();
    loop_.run_one_for(std::chrono::seconds(10));
  }
}

void TestVolume::take(std::size_t count) {
  sink_.events.erase(sink_.events.begin(), sink_.events.begin() + static_cast<std::ptrdiff_t>(count));
}

template <typename Wanted>
Wanted TestVolume::await() {
  run_until_answers(1);
  Wanted wanted = std::get<Wanted>(std::move(sink_.events.front()));
  sink_.events.pop_front();
  return wanted;
}

io::Applied TestVolume::apply(const Operation& operation, io::Origin origin) {
  volume_->apply(Ticket(1), operation, origin);
  return await<io::Applied>();
}

int TestVolume::sync(FileId file, bool data_only) {
  volume_->sync(Ticket(2), file, data_only);
  return await<io::Synced>().error;
}

Manifest TestVolume::scan() {
  volume_->scan(Ticket(3));
  return scanned();
}

Manifest TestVolume::scanned() {
  Manifest whole;
  bool last = false;
  while (!last) {
    const auto part = await<io::Scanned>();
    EXPECT_EQ(part.error, 0);
    whole.objects.insert(whole.objects.end(), part.manifest.objects.begin(), part.manifest.objects.end());
    whole.entries.insert(whole.entries.end(), part.manifest.entries.begin(), part.manifest.entries.end());
    last = part.last;
  }
  return whole;
}

Manifest TestVolume::survey(const SurveyRequest& request) {
  volume_->survey(Ticket(3), request);
  auto scanned = await<io::Scanned>();
  EXPECT_EQ(scanned.error, 0);
  return std::move(scanned.manifest);
}

io::Digested TestVolume::digested() { return await<io::Digested>(); }

io::Scanned TestVolume::list(FileId directory, const std::string& from, std::uint32_t entries_max) {
  volume_->list(Ticket(6), directory, from, entries_max);
  return await<io::Scanned>();
}

std::vector<std::uint64_t> TestVolume::digest(FileId file, std::uint64_t offset, std::uint64_t length,
                                              std::uint32_t chunk) {
  volume_->digest(Ticket(4), file, offset, length, chunk);
  auto digested = await<io::Digested>();
  EXPECT_EQ(digested.error, 0);
  return std::move(digested.digests);
}

io::RegionRead TestVolume::read(FileId file, std::uint64_t offset, std::uint64_t length, std::uint32_t chunk) {
  volume_->read(Ticket(5), file, offset, length, chunk);
  return await<io::RegionRead>();
}

int TestVolume::set_aside(FileId object, const Conflict& conflict) {
  volume_->set_aside(Ticket(6), object, conflict);
  return await<io::SetAside>().error;
}

FileId TestVolume::find(const FileId& parent, const std::string& name) {
  return volume_->lookup(parent, name).value.id;
}

RestlessApplication::RestlessApplication(TestVolume& volume, unsigned seed) : volume_(volume), random_(seed) {
  for (int i = 0; i < directories; ++i) {
    const FileId parent = i < 5 ? FileId::root() : pick(directories_);
    const Operation made = create_operation(parent, "d" + std::to_string(i), S_IFDIR | 0755U);
    directories_.push_back(volume_.request(made).effect.file);
  }
  for (int i = 0; i < files; ++i) {
    const Operation made = create_operation(pick(directories_), drawn_name(), S_IFREG | 0644U);
    if (const auto applied = volume_.request(made); applied.error == 0) files_.push_back(applied.effect.file);
  }
}

Operation RestlessApplication::drawn_operation() {
  Attributes attributes;
  switch (below(9)) {
    case 0: return create_operation(pick(directories_), drawn_name(), S_IFREG | 0644U);
    case 1: return create_operation(pick(directories_), drawn_directory(), S_IFDIR | 0755U);
    case 2: return unlink_operation(pick(directories_), drawn_name());
    case 3: return unlink_operation(pick(directories_), drawn_directory(), flag_remove_directory);
    case 4: return link_operation(pick(files_), pick(directories_), drawn_name());
    case 5: return rename_operation(pick(directories_), drawn_name(), pick(directories_), drawn_name());
    case 6: {
      const std::uint32_t flags = below(3) == 0 ? std::uint32_t{flag_exchange} : 0U;
      return rename_operation(pick(directories_), drawn_directory(), pick(directories_), drawn_directory(), flags);
    }
    case 7: return write_operation(pick(files_), below(100), "text");
    default:
      attributes.mask = attribute_mode;
      attributes.mode = 0600U + below(0177);
      return attributes_operation(below(2) == 0 ? pick(files_) : pick(directories_), attributes);
  }
}

void RestlessApplication::learn(const Operation& effect) {
  if (effect.kind != OperationKind::create) return;
  (S_ISDIR(effect.attributes.mode) ? directories_ : files_).push_back(effect.file);
}

Manifest in_order(Manifest manifest) {
  std::sort(manifest.objects.begin(), manifest.objects.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  std::sort(manifest.entries.begin(), manifest.entries.end(),
            [](const auto& a, const auto& b) { return std::tie(a.parent, a.name) < std::tie(b.parent, b.name); });
  std::sort(manifest.listed.begin(), manifest.listed.end());
  return manifest;
}

Operation create_operation(FileId parent, const std::string& name, std::uint32_t mode, const std::string& target) {
  Operation operation;
  operation.kind = OperationKind::create;
  operation.parent = parent;
  operation.name = name;
  operation.attributes.mask = attribute_mode | attribute_uid | attribute_gid;
  operation.attributes.mode = mode;
  operation.data = Buffer::copy_of(target);
  return operation;
}

Operation write_operation(FileId file, std::uint64_t offset, const std::string& text) {
  Operation operation;
  operation.kind = OperationKind::write;
  operation.file = file;
  operation.offset = offset;
  operation.data = Buffer::copy_of(text);
  return operation;
}

Operation link_operation(FileId file, FileId parent, const std::string& name) {
  Operation operation;
  operation.kind = OperationKind::link;
  operation.file = file;
  operation.parent = parent;
  operation.name = name;
  return operation;
}

Operation unlink_operation(FileId parent, const std::string& name, std::uint32_t flags) {
  Operation operation;
  operation.kind = OperationKind::unlink;
  operation.flags = flags;
  operation.parent = parent;
  operation.name = name;
  return operation;
}

Operation rename_operation(FileId parent, const std::string& name, FileId new_parent, const std::string& new_name,
                           std::uint32_t flags) {
  Operation operation;
  operation.kind = OperationKind::rename;
  operation.flags = flags;
  operation.parent = parent;
  operation.name = name;
  operation.new_parent = new_parent;
  operation.new_name = new_name;
  return operation;
}

Operation attributes_operation(FileId file, const Attributes& attributes) {
  Operation operation;
  operation.kind = OperationKind::set_attributes;
  operation.file = file;
  operation.attributes = attributes;
  return operation;
}

Operation xattr_operation(FileId file, const std::string& name, const std::string& value) {
  Operation operation;
  operation.kind = OperationKind::set_xattr;
  operation.file = file;
  operation.name = name;
  operation.data = Buffer::copy_of(value);
  return operation;
}

}  // namespace lockstep::linux_io::test
