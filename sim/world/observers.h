// Passes everything that is seen on to many observers, in the order in which they were added. What happens all the time
// is passed on only to those whose type looks at it.
#pragma once

#include "sim/world/observer.h"

#include <concepts>
#include <vector>

namespace lockstep::sim {

class Observers : public Observer {
 public:
  template <std::derived_from<Observer> Seeing>
  void add(Seeing& observer) {
    all_.push_back(&observer);
    if constexpr (overridden(&Seeing::delivering)) of_deliveries_.push_back(&observer);
    if constexpr (overridden(&Seeing::stepped)) of_steps_.push_back(&observer);
    if constexpr (overridden(&Seeing::traced)) of_traces_.push_back(&observer);
    if constexpr (overridden(&Seeing::frame_sent)) of_frames_.push_back(&observer);
  }

  void delivering(Place to, const io::Event& event) override {
    for (Observer* each : of_deliveries_) each->delivering(to, event);
  }
  void stepped(Place place) override {
    for (Observer* each : of_steps_) each->stepped(place);
  }
  void traced(Place by, const io::TraceEvent& event) override {
    for (Observer* each : of_traces_) each->traced(by, event);
  }
  void applied(NodeId node, std::uint64_t sequence, const Operation& effect, io::Origin origin,
               bool replicated) override {
    for (Observer* each : all_) each->applied(node, sequence, effect, origin, replicated);
  }
  void rotted(NodeId node, FileId file, std::uint64_t offset, std::uint64_t length) override {
    for (Observer* each : all_) each->rotted(node, file, offset, length);
  }
  void phase_begins(NodeId node, io::Phase phase) override {
    for (Observer* each : all_) each->phase_begins(node, phase);
  }
  void check_looks(NodeId node, std::size_t check, Ticket ticket) override {
    for (Observer* each : all_) each->check_looks(node, check, ticket);
  }
  void requested(NodeId node, RequestId request) override {
    for (Observer* each : all_) each->requested(node, request);
  }
  void aborted(NodeId node, RequestId request) override {
    for (Observer* each : all_) each->aborted(node, request);
  }
  void replied(NodeId node, RequestId request, const io::Reply& reply) override {
    for (Observer* each : all_) each->replied(node, request, reply);
  }
  void frame_sent(Place from, io::Endpoint to, const io::Frame& frame) override {
    for (Observer* each : of_frames_) each->frame_sent(from, to, frame);
  }
  void witness_said(const io::Frame& frame) override {
    for (Observer* each : all_) each->witness_said(frame);
  }
  void frame_damaged(Place to, io::Endpoint from) override {
    for (Observer* each : all_) each->frame_damaged(to, from);
  }
  void gave_up(Place place, io::Endpoint connection) override {
    for (Observer* each : all_) each->gave_up(place, connection);
  }
  void journal_durable(Place place, const Buffer& record) override {
    for (Observer* each : all_) each->journal_durable(place, record);
  }
  void touches_durable(NodeId node) override {
    for (Observer* each : all_) each->touches_durable(node);
  }
  void faulted(const Fault& fault) override {
    for (Observer* each : all_) each->faulted(fault);
  }
  void directed(const std::string& text) override {
    for (Observer* each : all_) each->directed(text);
  }
  void healed() override {
    for (Observer* each : all_) each->healed();
  }
  void started(Place place) override {
    for (Observer* each : all_) each->started(place);
  }
  void stopped(Place place, bool power_lost) override {
    for (Observer* each : all_) each->stopped(place, power_lost);
  }
  void disk_exchanged(Place place) override {
    for (Observer* each : all_) each->disk_exchanged(place);
  }
  void at_rest() override {
    for (Observer* each : all_) each->at_rest();
  }

 private:
  template <typename Class, typename... Seen>
  static constexpr bool overridden(void (Class::*)(Seen...)) {
    return !std::same_as<Class, Observer>;
  }

  std::vector<Observer*> all_;
  std::vector<Observer*> of_deliveries_;
  std::vector<Observer*> of_steps_;
  std::vector<Observer*> of_traces_;
  std::vector<Observer*> of_frames_;
};

}  // namespace lockstep::sim
