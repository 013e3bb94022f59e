// Values with every field set, for the encoders to make seeds of.
#pragma once

#include "engine/cluster/journal_record.h"
#include "engine/resync/touch.h"
#include "engine/wire/message.h"
#include "io/events.h"

#include <vector>

namespace lockstep::fuzz {

/// One of each kind, as it goes over the wire.
std::vector<Operation> sample_operations();
Manifest sample_manifest();
std::vector<engine::Touch> sample_touches();
engine::JournalRecord sample_journal_record();
/// One of each kind, and of a stream's operations one for each of theirs.
std::vector<engine::Message> sample_messages();
/// One of each kind.
std::vector<io::Event> sample_events();

}  // namespace lockstep::fuzz
