// The store of the shared third vote, as the program of the third machine: one record, on its disk before anybody is
// told of it.
//
// It takes the number that the record itself counts by for its revision: so a store that is set back to an older copy
// gives revisions again, as etcd does.
#pragma once

#include "io/events.h"
#include "io/journal.h"
#include "io/link.h"
#include "sim/ports/store_wire.h"

#include <deque>

namespace lockstep::sim {

class SimStore {
 public:
  SimStore(io::Link& link, io::Journal& journal, Buffer record)
      : link_(link), journal_(journal), newest_(std::move(record)) {}

  void step(const io::Event& event);

 private:
  struct Asked {
    io::Endpoint by;
    StoreQuestion what;
    bool answered_to = true;  ///< its connection is still the one that it came by
  };

  void serve();
  void answer(const Asked& asked, const StoreAnswer& answer);

  io::Link& link_;
  io::Journal& journal_;
  Buffer newest_;
  std::deque<Asked> asked_;  ///< the first is being stored, if `storing_`
  bool storing_ = false;
  Ticket ticket_;
};

/// Its number in the store; 0 for no record.
io::Revision revision_of(const Buffer& record);

}  // namespace lockstep::sim
