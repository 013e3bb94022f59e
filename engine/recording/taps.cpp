#include "engine/recording/taps.h"

#include <utility>

namespace lockstep::recording {

void TappedTimers::arm(io::TimerId timer, Instant deadline) {
  decisions_.begin(Call::arm_timer);
  decisions_.add(static_cast<std::uint64_t>(timer));
  decisions_.add(static_cast<std::uint64_t>(deadline.ns));
  real_.arm(timer, deadline);
}
void TappedTimers::cancel(io::TimerId timer) {
  decisions_.begin(Call::cancel_timer);
  decisions_.add(static_cast<std::uint64_t>(timer));
  real_.cancel(timer);
}

void TappedLink::send(io::Endpoint to, io::Frame frame) {
  decisions_.begin(Call::send);
  decisions_.add(static_cast<std::uint64_t>(to));
  decisions_.add(frame);
  real_.send(to, std::move(frame));
}
void TappedLink::reset(io::Endpoint to) {
  decisions_.begin(Call::reset_link);
  decisions_.add(static_cast<std::uint64_t>(to));
  ++resets_;
  real_.reset(to);
}

void TappedJournal::store(Ticket ticket, Buffer record) {
  decisions_.begin(Call::store_journal);
  decisions_.add(ticket.value);
  decisions_.add(record.text());
  real_.store(ticket, std::move(record));
}

void TappedTouchLog::append(Ticket ticket, Buffer records) {
  decisions_.begin(Call::append_touches);
  decisions_.add(ticket.value);
  decisions_.add(records.text());
  real_.append(ticket, std::move(records));
}
void TappedTouchLog::replace(Ticket ticket, Buffer records) {
  decisions_.begin(Call::replace_touches);
  decisions_.add(ticket.value);
  decisions_.add(records.text());
  real_.replace(ticket, std::move(records));
}

void TappedVolume::apply(Ticket ticket, const Operation& operation, io::Origin origin) {
  decisions_.begin(Call::apply);
  decisions_.add(ticket.value << 1U | static_cast<std::uint64_t>(origin));
  decisions_.add(operation);
  real_.apply(ticket, operation, origin);
}
void TappedVolume::sync(Ticket ticket, FileId file, bool data_only) {
  decisions_.begin(Call::sync);
  decisions_.add(ticket.value << 1U | std::uint64_t{data_only});
  decisions_.add(file);
  real_.sync(ticket, file, data_only);
}
void TappedVolume::scan(Ticket ticket) {
  decisions_.begin(Call::scan);
  decisions_.add(ticket.value);
  real_.scan(ticket);
}
void TappedVolume::survey(Ticket ticket, const SurveyRequest& request) {
  decisions_.begin(Call::survey);
  decisions_.add(ticket.value);
  for (const FileId& directory : request.directories) decisions_.add(directory);
  for (const FileId& object : request.objects) decisions_.add(object);
  decisions_.add(request.young_from);
  real_.survey(ticket, request);
}
void TappedVolume::list(Ticket ticket, FileId directory, const std::string& from, std::uint32_t entries_max) {
  decisions_.begin(Call::list);
  decisions_.add(ticket.value);
  decisions_.add(directory);
  decisions_.add(std::string_view(from));
  decisions_.add(std::uint64_t{entries_max});
  real_.list(ticket, directory, from, entries_max);
}
void TappedVolume::identify_in(Period period) {
  decisions_.begin(Call::identify_in);
  decisions_.add(period);
  real_.identify_in(period);
}
void TappedVolume::digest(Ticket ticket, FileId file, std::uint64_t offset, std::uint64_t length,
                          std::uint32_t chunk_bytes) {
  decisions_.begin(Call::digest);
  decisions_.add(ticket.value);
  decisions_.add(file);
  decisions_.add(offset);
  decisions_.add(length);
  decisions_.add(std::uint64_t{chunk_bytes});
  real_.digest(ticket, file, offset, length, chunk_bytes);
}
void TappedVolume::read(Ticket ticket, FileId file, std::uint64_t offset, std::uint64_t length,
                        std::uint32_t chunk_bytes) {
  decisions_.begin(Call::read);
  decisions_.add(ticket.value);
  decisions_.add(file);
  decisions_.add(offset);
  decisions_.add(length);
  decisions_.add(std::uint64_t{chunk_bytes});
  real_.read(ticket, file, offset, length, chunk_bytes);
}

void TappedVolume::set_aside(Ticket ticket, FileId object, const Conflict& conflict) {
  decisions_.begin(Call::set_aside);
  decisions_.add(ticket.value);
  decisions_.add(object);
  decisions_.add(conflict.number);
  decisions_.add(conflict.own.value);
  decisions_.add(conflict.winner.value);
  real_.set_aside(ticket, object, conflict);
}

void TappedMount::open() {
  decisions_.begin(Call::open_mount);
  real_.open();
}
void TappedMount::close() {
  decisions_.begin(Call::close_mount);
  real_.close();
}
void TappedMount::reply(RequestId request, const io::Reply& reply) {
  decisions_.begin(Call::reply);
  decisions_.add(request.value);
  decisions_.add(static_cast<std::uint64_t>(reply.error));
  decisions_.add(reply.bytes);
  decisions_.add(reply.file);
  real_.reply(request, reply);
}

void TappedApplication::run(Ticket ticket, io::Phase phase) {
  decisions_.begin(Call::run_phase);
  decisions_.add(ticket.value);
  decisions_.add(static_cast<std::uint64_t>(phase));
  real_.run(ticket, phase);
}

void TappedChecks::begin(std::size_t check) {
  decisions_.begin(Call::begin_check);
  decisions_.add(std::uint64_t{check});
  real_.begin(check);
}
void TappedChecks::run(Ticket ticket, std::size_t check) {
  decisions_.begin(Call::run_check);
  decisions_.add(ticket.value);
  decisions_.add(std::uint64_t{check});
  real_.run(ticket, check);
}
void TappedChecks::end(std::size_t check) {
  decisions_.begin(Call::end_check);
  decisions_.add(std::uint64_t{check});
  real_.end(check);
}

void TappedConsole::answer(io::CommandId command, bool accepted, std::string text) {
  decisions_.begin(Call::answer);
  decisions_.add(command.value);
  // The text may quote what a phase of the application said.
  decisions_.add(std::uint64_t{text.size()} << 1U | std::uint64_t{accepted});
  real_.answer(command, accepted, std::move(text));
}

void TappedTrace::record(const io::TraceEvent& event) {
  // Only test builds have marks: a recording of one must be the same as that of a release.
  if (!std::holds_alternative<io::Mark>(event)) {
    decisions_.begin(Call::trace);
    decisions_.add(event);
  }
  real_.record(event);
}

void TappedBackground::run(Ticket ticket, std::function<void()> work) {
  decisions_.begin(Call::run_work);
  decisions_.add(ticket.value);
  real_.run(ticket, std::move(work));
}

NodeTaps::NodeTaps(const engine::NodePorts& real, Decisions& decisions)
    : timers_(real.timers, decisions),
      link_(real.link, decisions),
      journal_(real.journal, decisions),
      touches_(real.touches, decisions),
      volume_(real.volume, decisions),
      mount_(real.mount, decisions),
      application_(real.application, decisions),
      checks_(real.checks, decisions),
      console_(real.console, decisions),
      trace_(real.trace, decisions),
      background_(real.background, decisions) {}

WitnessTaps::WitnessTaps(const engine::WitnessPorts& real, Decisions& decisions)
    : link_(real.link, decisions), journal_(real.journal, decisions), trace_(real.trace, decisions) {}

}  // namespace lockstep::recording
