#include "sim/recording/null_ports.h"

#include "engine/wire/codec.h"
#include "sim/world/describe.h"

#include <string_view>

namespace lockstep::sim {

namespace {

std::string number(std::uint64_t value) { return std::to_string(value); }

std::string region(const FileId& file, std::uint64_t offset, std::uint64_t length) {
  return " " + to_string(file) + " @" + number(offset) + "+" + number(length);
}

std::string words_of(const io::Frame& frame) { return describe_frame(engine::frame_bytes(frame)); }

}  // namespace

void NullPorts::arm(io::TimerId timer, Instant deadline) {
  say([&] { return "arms timer " + name_of(timer) + " for " + std::to_string(deadline.ns); });
}
void NullPorts::cancel(io::TimerId timer) {
  say([&] { return "cancels timer " + name_of(timer); });
}
void NullPorts::send(io::Endpoint to, io::Frame frame) {
  say([&] { return "sends to " + name_of(to) + ": " + words_of(frame); });
}
void NullPorts::reset(io::Endpoint to) {
  say([&] { return "gives up the connection to " + name_of(to); });
}
void NullPorts::store(Ticket ticket, Buffer /*record*/) {
  say([&] { return "stores its journal, ticket " + number(ticket.value); });
}
void NullPorts::append(Ticket ticket, Buffer records) {
  say([&] { return "lists touches, " + number(records.size()) + " bytes more, ticket " + number(ticket.value); });
}
void NullPorts::replace(Ticket ticket, Buffer records) {
  say([&] { return "lists touches anew, " + number(records.size()) + " bytes, ticket " + number(ticket.value); });
}
void NullPorts::apply(Ticket ticket, const Operation& operation, io::Origin origin) {
  say([&] {
    return "applies " + number(ticket.value) + (origin == io::Origin::stream ? " (stream) " : " (application) ") +
           describe(operation);
  });
}
void NullPorts::sync(Ticket ticket, FileId file, bool data_only) {
  say([&] { return "syncs " + number(ticket.value) + " " + to_string(file) + (data_only ? ", data only" : ""); });
}
void NullPorts::survey(Ticket ticket, const SurveyRequest& request) {
  say([&] { return "surveys " + number(request.directories.size()) + " directories, ticket " + number(ticket.value); });
}
void NullPorts::list(Ticket ticket, FileId directory, const std::string& from, std::uint32_t entries_max) {
  say([&] {
    return "lists " + number(entries_max) + " entries of " + to_string(directory) + " from '" + from + "' on, ticket " +
           number(ticket.value);
  });
}
void NullPorts::scan(Ticket ticket) {
  say([&] { return "scans, ticket " + number(ticket.value); });
}
void NullPorts::digest(Ticket ticket, FileId file, std::uint64_t offset, std::uint64_t length,
                       std::uint32_t /*chunk_bytes*/) {
  say([&] { return "digests " + number(ticket.value) + region(file, offset, length); });
}
void NullPorts::read(Ticket ticket, FileId file, std::uint64_t offset, std::uint64_t length, std::uint32_t) {
  say([&] { return "reads " + number(ticket.value) + region(file, offset, length); });
}
void NullPorts::set_aside(Ticket ticket, FileId object, const Conflict& /*conflict*/) {
  say([&] { return "sets aside " + to_string(object) + ", ticket " + number(ticket.value); });
}
void NullPorts::open() {
  say([] { return std::string("opens the mount"); });
}
void NullPorts::close() {
  say([] { return std::string("closes the mount"); });
}
void NullPorts::reply(RequestId request, const io::Reply& reply) {
  say([&] { return "replies to request " + number(request.value) + ", error " + std::to_string(reply.error); });
}
void NullPorts::run(Ticket ticket, io::Phase phase) {
  say([&] { return "runs " + std::string(to_string(phase)) + ", ticket " + number(ticket.value); });
}
void NullPorts::begin(std::size_t check) {
  say([&] { return "begins check " + number(check); });
}
void NullPorts::run(Ticket ticket, std::size_t check) {
  say([&] { return "looks with check " + number(check) + ", ticket " + number(ticket.value); });
}
void NullPorts::end(std::size_t check) {
  say([&] { return "ends check " + number(check); });
}
void NullPorts::answer(io::CommandId command, bool accepted, std::string text) {
  say([&] { return "answers command " + number(command.value) + (accepted ? ": " : ", refused: ") + text; });
}
void NullPorts::record(const io::TraceEvent& event) {
  listener_.traced(event);
  say([&] { return "says " + describe_trace(event); });
}
void NullPorts::run(Ticket ticket, std::function<void()> work) {
  work();
  say([&] { return "computes, ticket " + number(ticket.value); });
}

}  // namespace lockstep::sim
