// A line of a module's timeline, as a crash may have left it, or a person changed it.
#include "engine/values/check.h"
#include "prod/common/wall_time.h"
#include "prod/events/module_event.h"
#include "props/fuzz/targets.h"

namespace lockstep::fuzz {

namespace {

bool accepts(const Buffer& input) {
  const auto event = prod::decode_event(std::string(input.text()));
  if (!event) return false;
  const std::string once = prod::encode(*event);
  const auto again = prod::decode_event(once);
  LOCKSTEP_CHECK(again && prod::encode(*again) == once, "an event comes back");
  LOCKSTEP_CHECK(again->number == event->number && again->time_ms == event->time_ms && again->kind == event->kind,
                 "an event keeps its number, time and kind");
  LOCKSTEP_CHECK(once.find('\n') == std::string::npos, "an event is one line");
  LOCKSTEP_CHECK(!prod::local_time(event->time_ms).empty() && !prod::local_time_short(event->time_ms, 0).empty(),
                 "its time can be told");
  return true;
}

std::vector<Buffer> seeds() {
  prod::ModuleEvent event{
      prod::EventKind::role, "role_changed", "became \"PRIM\"\n\xC3\xA4\x01", 1'796'000'000'123, 7, {}};
  const Buffer plain = Buffer::copy_of(prod::encode(event));
  event.kind = prod::EventKind::resync;
  event.facts = {{"bytes", 12345}, {"from", "s1"}, {"rate", 0.5}};
  return {plain, Buffer::copy_of(prod::encode(event))};
}

}  // namespace

const Target timeline_event{"timeline_event", accepts, seeds, 512, 14'000};

}  // namespace lockstep::fuzz
