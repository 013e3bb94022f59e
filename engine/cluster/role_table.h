// The role machine: the specification of what a module on a node is, and what may happen to it.
// ARCHITECTURE.md's diagram is generated from this table. An event that a state has no row for never happens (I18).
#pragma once

#include "engine/cluster/role_actions.h"

#include <boost/mpl/vector.hpp>
#include <boost/msm/front/functor_row.hpp>
#include <boost/msm/front/state_machine_def.hpp>
#include <boost/msm/front/states.hpp>

namespace lockstep::engine::role {

// --- events ---
struct StartRequested {};  ///< an administrator's start, or the boot
struct StopRequested {};   ///< an administrator's stop of a node that is not primary
struct ResyncBegan {};     ///< the primary takes this node in; its tree is being brought up to date
struct StreamResumed {};   ///< the primary goes on where the stream broke; nothing was missed
struct StreamLost {};      ///< the connection that carried the stream is gone, or the primary left this node out
struct Admitted {};        ///< decided: this node is in sync
struct Elected {};         ///< decided: this node is the primary
struct ServiceReady {};    ///< the application runs
struct ServiceFailed {};   ///< the mount or the application could not be started
struct PeerAdmitted {};    ///< decided: the other node is in sync again
struct PeerLeft {};        ///< decided: the other node is left out
struct StepDown {};        ///< stop, swap or a failing disk: give the primary's role up in order
struct LeaseLost {};       ///< no majority confirms this primary any more, or another was elected
struct SteppedDown {};     ///< application ended, mount closed, role handed over where that was possible

// --- states ---

struct Stopped : boost::msm::front::state<> {};    ///< STOP
struct Waiting : boost::msm::front::state<> {};    ///< WAIT: not up to date, or cannot prove that it is
struct Joining : boost::msm::front::state<> {};    ///< SECOND, transient: resync
struct Secondary : boost::msm::front::state<> {};  ///< SECOND: holds every acknowledged operation
struct Promoting : boost::msm::front::state<> {};  ///< ALONE or PRIM, transient: service on its way
struct Alone : boost::msm::front::state<> {};      ///< ALONE: serves, unprotected
struct Prim : boost::msm::front::state<> {};       ///< PRIM: serves, the other node is in sync
struct Demoting : boost::msm::front::state<> {};   ///< on the way from primary to WAIT or STOP

// --- guards, mutually exclusive in pairs ---
struct PeerInSync {
  template <typename Event, typename Machine, typename Source, typename Target>
  bool operator()(const Event&, Machine& machine, Source&, Target&) const {
    return machine.actions->peer_in_sync();
  }
};
struct PeerOut {
  template <typename Event, typename Machine, typename Source, typename Target>
  bool operator()(const Event&, Machine& machine, Source&, Target&) const {
    return !machine.actions->peer_in_sync();
  }
};
struct WantsToRun {
  template <typename Event, typename Machine, typename Source, typename Target>
  bool operator()(const Event&, Machine& machine, Source&, Target&) const {
    return machine.actions->wants_to_run();
  }
};
struct WantsToStop {
  template <typename Event, typename Machine, typename Source, typename Target>
  bool operator()(const Event&, Machine& machine, Source&, Target&) const {
    return !machine.actions->wants_to_run();
  }
};

// --- actions ---
struct StartService {
  template <typename Event, typename Machine, typename Source, typename Target>
  void operator()(const Event&, Machine& machine, Source&, Target&) const {
    machine.actions->start_service();
  }
};
struct StopService {
  template <typename Event, typename Machine, typename Source, typename Target>
  void operator()(const Event&, Machine& machine, Source&, Target&) const {
    machine.actions->stop_service();
  }
};
struct AbortService {
  template <typename Event, typename Machine, typename Source, typename Target>
  void operator()(const Event&, Machine& machine, Source&, Target&) const {
    machine.actions->abort_service();
  }
};

using None = boost::msm::front::none;
template <typename Source, typename Event, typename Target, typename Action = None, typename Guard = None>
using Row = boost::msm::front::Row<Source, Event, Target, Action, Guard>;

struct Definition : boost::msm::front::state_machine_def<Definition> {
  Actions* actions = nullptr;

  using initial_state = Stopped;

  // clang-format off
  using transition_table = boost::mpl::vector<
    //   state      event           next       action        guard
    Row< Stopped  , StartRequested, Waiting                               >,

    Row< Waiting  , ResyncBegan   , Joining                               >,
    Row< Waiting  , StreamResumed , Secondary                             >,
    Row< Waiting  , Elected       , Promoting, StartService               >,
    Row< Waiting  , StopRequested , Stopped                               >,

    Row< Joining  , Admitted      , Secondary                             >,
    Row< Joining  , StreamLost    , Waiting                               >,
    Row< Joining  , StopRequested , Stopped                               >,

    Row< Secondary, Elected       , Promoting, StartService               >,
    Row< Secondary, StreamLost    , Waiting                               >,
    Row< Secondary, StopRequested , Stopped                               >,

    Row< Promoting, ServiceReady  , Prim     , None        , PeerInSync   >,
    Row< Promoting, ServiceReady  , Alone    , None        , PeerOut      >,
    Row< Promoting, PeerLeft      , None                                  >,
    Row< Promoting, ServiceFailed , Demoting , StopService                >,
    Row< Promoting, StepDown      , Demoting , StopService                >,
    Row< Promoting, LeaseLost     , Demoting , AbortService               >,

    Row< Alone    , PeerAdmitted  , Prim                                  >,
    Row< Alone    , PeerLeft      , None                                  >,
    Row< Alone    , ServiceFailed , Demoting , StopService                >,
    Row< Alone    , StepDown      , Demoting , StopService                >,
    Row< Alone    , LeaseLost     , Demoting , AbortService               >,

    Row< Prim     , PeerLeft      , Alone                                 >,
    Row< Prim     , ServiceFailed , Demoting , StopService                >,
    Row< Prim     , StepDown      , Demoting , StopService                >,
    Row< Prim     , LeaseLost     , Demoting , AbortService               >,

    Row< Demoting , PeerLeft      , None                                  >,
    Row< Demoting , PeerAdmitted  , None                                  >,
    Row< Demoting , LeaseLost     , None     , AbortService               >,
    Row< Demoting , SteppedDown   , Waiting  , None        , WantsToRun   >,
    Row< Demoting , SteppedDown   , Stopped  , None        , WantsToStop  >
  >;
  // clang-format on

  template <typename Machine, typename Event>
  void no_transition(const Event&, Machine& machine, int state);
  template <typename Machine, typename Event>
  void exception_caught(const Event&, Machine& machine, std::exception& error);
};

}  // namespace lockstep::engine::role
