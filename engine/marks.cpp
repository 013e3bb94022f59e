#include "engine/marks.h"

namespace lockstep::engine {

#ifdef LOCKSTEP_TEST_BUILD
void MarkSink::tell(Mark mark) const {
  const auto number = static_cast<std::uint16_t>(mark);
  trace_->record(io::Mark{marks[number].name, number});
}
#endif

}  // namespace lockstep::engine
