// All modules of a cluster on its witness: one thread, an engine and a journal for each module that a node asked for.
#pragma once

#include "io/tls/context.h"
#include "prod/config/configuration.h"

#include <cstddef>
#include <memory>
#include <string>

namespace lockstep::prod {

/// Each costs a few kilobytes; a cluster has a handful. A limit all the same, since who connects decides.
inline constexpr std::size_t witness_modules_max = 256;

class WitnessHost {
 public:
  /// Votes are kept in STATE/witness-MODULE.journal.
  WitnessHost(ClusterConfiguration cluster, std::string state_directory, tls::Context tls);
  ~WitnessHost();

  /// Listens. A failure is a sentence with a remedy. A module's votes are read when a node first asks for it.
  std::string prepare();
  void start();
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lockstep::prod
