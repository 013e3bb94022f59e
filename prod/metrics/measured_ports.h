// Ports between an engine and its real ports that count what passes. They change nothing of it.
#pragma once

#include "io/asio/event_loop.h"
#include "io/link.h"
#include "io/mount.h"
#include "prod/metrics/module_counters.h"

#include <utility>

namespace lockstep::prod {

/// Used on the module's thread. The real port and the counters outlive it.
class MeasuredMount final : public io::Mount {
 public:
  MeasuredMount(io::Mount& real, RequestMeter& meter) : real_(real), meter_(meter) {}

  void open() override { real_.open(); }
  void close() override {
    meter_.aborted();
    real_.close();
  }
  void reply(RequestId request, const io::Reply& reply) override {
    real_.reply(request, reply);
    meter_.answered(request, reply.error, reply.bytes, io::EventLoop::now());
  }

 private:
  io::Mount& real_;
  RequestMeter& meter_;
};

class MeasuredLink final : public io::Link {
 public:
  MeasuredLink(io::Link& real, ModuleCounters& counters) : real_(real), counters_(counters) {}

  void send(io::Endpoint to, io::Frame frame) override {
    counters_.connections[static_cast<std::size_t>(to)].sent_bytes.add(frame.head.size() + frame.body.size());
    real_.send(to, std::move(frame));
  }
  void reset(io::Endpoint to) override { real_.reset(to); }

 private:
  io::Link& real_;
  ModuleCounters& counters_;
};

}  // namespace lockstep::prod
