// The third vote without a third program: a life of the witness in each node's, that share one record in a store which
// both can reach. Whatever one of them promises is in the store before it is said, and a life that was overtaken by the
// other goes on from what that has promised; so they are one voter, which outlives any of them.
#pragma once

#include "engine/settings.h"
#include "engine/values/buffer.h"
#include "engine/values/time.h"
#include "engine/witness_engine.h"
#include "io/journal.h"
#include "io/link.h"
#include "io/shared_record.h"
#include "io/trace.h"

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace lockstep::engine {

/// The node that a seat is for, which knows nothing of the store: it has a link to a witness. Called from within
/// step() only.
class SeatedNode {
 public:
  virtual ~SeatedNode() = default;
  virtual void witness_up() = 0;
  virtual void witness_down() = 0;
  virtual void witness_says(Buffer frame) = 0;
};

struct SeatPorts {
  io::SharedRecord& record;
  io::Trace& trace;  ///< of the witness's own doings
  SeatedNode& node;
};

/// One object a module, in the thread of its node's engine; not recorded, as the witness's program is not for a node.
class WitnessSeat final : private io::Journal, private io::Link {
 public:
  /// `settings`: the node's. `life`: drawn at the start of the program, as io::Booted::seed.
  WitnessSeat(const Settings& settings, SeatPorts ports, std::uint64_t life);

  void step(Instant now, io::SharedRecordEvent event);

  // --- the node's end of its link to the witness: nothing is answered from within these ---
  void hear(Instant now, Buffer frame);
  void give_up() { ports_.record.reset(); }

 private:
  struct Store {
    Ticket ticket;
    Buffer record;
  };

  void on(const io::StoreUp& event);
  void on(const io::StoreDown& event);
  void on(const io::RecordRead& event);
  void on(const io::RecordReplaced& event);
  void on(const io::RecordSuperseded& event);
  /// Whether the engine could take in what the store holds.
  bool take_in(io::Revision revision, const Buffer& record);
  void go_on();
  Buffer next_frame();

  // --- the engine's ports ---
  void store(Ticket ticket, Buffer record) override;
  void send(io::Endpoint to, io::Frame frame) override;
  void reset(io::Endpoint to) override;

  SeatPorts ports_;
  io::Endpoint node_;  ///< as the engine knows it
  std::uint64_t life_;
  WitnessEngine engine_;
  Instant now_;
  bool stepping_ = false;
  bool up_ = false;       ///< the store answers
  bool booted_ = false;   ///< the engine has been given a record
  bool seated_ = false;   ///< the node has been told that its witness is there
  bool calling_ = false;  ///< the store is asked something
  bool fresh_ = false;    ///< it was read for the frame that is next
  bool told_of_foreign_ = false;
  bool overtaken_ = false;
  bool doubtful_ = true;  ///< a replacement may have come about of which nothing was heard
  io::Revision revision_;
  Buffer known_;                     ///< the record of that revision
  std::deque<Buffer> votes_;         ///< what the node asks to be voted for
  std::optional<Buffer> heartbeat_;  ///< the newest only: an answer to an older one nobody waits for
  std::vector<Store> wanted_;        ///< handed over by the engine; each record includes the ones before
  std::vector<Store> in_flight_;     ///< those that the call under way stores
};

}  // namespace lockstep::engine
