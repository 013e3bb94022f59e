// What lets another process go on with a mount when the one that serves it is killed, and how it does.
#include "io/linux/fuse_session.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/stat.h>
#include <unordered_map>
#include <utility>

#include <fuse_lowlevel.h>

namespace lockstep::linux_io {

void FuseSession::take_up(std::vector<HeldFile> files) {
  pinned_ = false;
  for (const HeldFile& file : files) kept_files_.insert(file.id);
  if (!session_) return lose("libfuse cannot begin a session");
  environment_.volume.on_last_name(this);
  environment_.volume.on_unknown([this](const FileId& id) { return nodes_.place_of(id); });
  // Killed before it had received the first message, a life has left nothing: this one begins.
  const bool begun = !state_.message().empty();
  if (begun) {
    if (const std::string why = replay(); !why.empty()) return lose(why);
  }
  pin_again(std::move(files));
  if (const int error = ask_to_resend(device_.native_handle()); error != 0) return lose(std::strerror(error));
  wait();
  if (begun && callbacks_.ready) callbacks_.ready();
}

/// Brings libfuse to where it was; the kernel has heard the answer.
std::string FuseSession::replay() {
  allot_receive_buffer();
  const auto message = state_.message();
  std::ranges::copy(message, receive_buffer_.get());
  current_ = read_raw_request({receive_buffer_.get(), message.size()}, false);
  fuse_buf buffer{};
  buffer.mem = current_.message.data();
  buffer.size = current_.message.size();
  replaying_ = processing_ = true;
  fuse_session_process_buf(session_.get(), &buffer);
  replaying_ = processing_ = false;
  if (ended_) {
    session_.reset();
    return "the session has ended";
  }
  return agreed_ ? "" : "this program agrees with the kernel on something else than the one before";
}

/// What was open stays usable although its name may go, or has gone. Where that is not so any more it counts as closed.
void FuseSession::pin_again(std::vector<HeldFile> files) {
  std::unordered_map<FileId, Descriptor> nameless;
  for (HeldFile& file : files) {
    struct stat status {};
    if (::fstat(file.descriptor.fd(), &status) == 0 && status.st_nlink == 0 && nodes_.is_open(file.id)) {
      nameless.emplace(file.id, std::move(file.descriptor));
    } else {
      drop_file(file.id);
    }
  }
  std::vector<std::pair<FileId, std::uint64_t>> open;
  nodes_.for_each_open([&](const FileId& id, std::uint64_t opens) { open.emplace_back(id, opens); });
  for (const auto& [id, opens] : open) {
    std::uint64_t pinned = 0;
    if (const auto found = nameless.find(id); found != nameless.end()) {
      if (environment_.volume.pin_nameless(id, std::move(found->second)) == 0) ++pinned;
    }
    while (pinned < opens && environment_.volume.pin(id) == 0) ++pinned;
    if (pinned == opens) continue;
    for (; pinned != 0; --pinned) environment_.volume.unpin(id);
    nodes_.lose_opens(id);
    drop_file(id);
  }
  pinned_ = true;
}

/// Once for each request, also if it comes again in another life.
int FuseSession::count_open(const FileId& id, std::uint64_t request, bool resent) {
  if (resent && state_.counted(request) && nodes_.is_open(id)) return 0;
  if (const int error = environment_.volume.pin(id); error != 0) return error;
  nodes_.opened(id);
  state_.set_counted(request);
  return 0;
}

/// As count_open(). Where these two leave a count that is not true, it is too high.
void FuseSession::count_release(const FileId& id, std::uint64_t request, bool resent) {
  if (resent && state_.counted(request)) return;
  state_.set_counted(request);
  if (nodes_.released(id)) environment_.volume.unpin(id);
}

/// Before the name goes: who is killed just behind it must not have lost the contents.
void FuseSession::losing_last_name(const FileId& id) {
  if (keeping_.keeper == nullptr || !nodes_.is_open(id) || kept_files_.contains(id)) return;
  const auto object = environment_.volume.open(id);
  if (!object.ok() || !keeping_.keeper->keep(keeping_.file_name(id), object.value->fd())) return;
  kept_files_.insert(id);
}

void FuseSession::lost_last_name(const FileId& id) {
  if (environment_.volume.pin(id) != 0) return;
  if (!nodes_.keep(id)) environment_.volume.unpin(id);
}

void FuseSession::kept_last_name(const FileId& id) { drop_file(id); }

void FuseSession::drop_file(FileId id) {
  if (kept_files_.erase(id) != 0 && keeping_.keeper != nullptr) keeping_.keeper->drop(keeping_.file_name(id));
}

void FuseSession::stop_keeping() {
  while (!kept_files_.empty()) drop_file(*kept_files_.begin());
  keeping_.keeper = nullptr;
}

}  // namespace lockstep::linux_io
