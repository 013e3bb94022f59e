// Contents that a resync brings are written beside the loop, and the names that it makes meanwhile are not held up.
#include "io/linux/volume.h"

#include <cerrno>
#include <utility>

#include <boost/asio/post.hpp>

namespace lockstep::linux_io {

using io::Origin;

/// False, and nothing has happened: it is to be applied like everything else.
bool LinuxVolume::fill_beside(Ticket ticket, const Operation& operation) {
  if (stream_broken_) return false;
  auto object = table_->open(operation.file);
  if (!object.ok()) return false;
  Answer& answer = answers_.emplace_back();
  answer.applied.ticket = ticket;
  answer.applied.effect = operation;
  answer.written = false;
  writer_->write(std::move(object.value), operation.offset, operation.data);
  return true;
}

/// What may take effect while contents are written: further contents, and a resync's new names. All else waits: a name
/// that an application has made, which comes with its directory's time; and contents without a time of their own, which
/// leave that of the file, to be read in its turn.
bool LinuxVolume::goes_beside_fills(const Operation& operation, Origin origin) {
  if (origin != Origin::stream) return false;
  if (operation.kind == OperationKind::fill) return (operation.attributes.mask & attribute_mtime) != 0;
  return operation.kind == OperationKind::create && operation.parent_mtime_ns == 0;
}

void LinuxVolume::apply_behind_fills(Ticket ticket, const Operation& operation) {
  postponed_.push_front({Needs::index, [this, ticket, operation] { apply(ticket, operation, Origin::stream); }});
}

void LinuxVolume::answer(io::Applied applied) {
  if (answers_.empty()) return sink_.post(std::move(applied));
  answers_.push_back({std::move(applied), true});
}

void LinuxVolume::finish_fills() {
  if (answers_.empty()) return;
  writer_->wait();
  tell_of_fills();
}

void LinuxVolume::filled() {
  tell_of_fills();
  go_on_with_postponed();
}

void LinuxVolume::tell_of_fills() {
  auto next = answers_.begin();
  for (const int error : writer_->take()) {
    while (next->written) ++next;
    next->written = true;
    next->applied.error = error;
    const Operation& operation = next->applied.effect;
    if (error != ECANCELED) {
      note_unsynced(operation);
      owe_mtime(operation.file, operation.attributes.mtime_ns);
    }
    if (error != 0) stream_broken_ = true;
  }
  for (; !answers_.empty() && answers_.front().written; answers_.pop_front()) {
    sink_.post(std::move(answers_.front().applied));
  }
}

std::unique_ptr<ContentsWriter> LinuxVolume::make_writer() {
  return std::make_unique<ContentsWriter>([this, alive = std::weak_ptr<bool>(alive_), &loop = loop_] {
    boost::asio::post(loop, [this, alive] {
      if (alive.lock()) filled();
    });
  });
}

}  // namespace lockstep::linux_io
