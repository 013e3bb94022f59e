#include "engine/planted.h"

namespace lockstep::engine {

#ifdef LOCKSTEP_TEST_BUILD
Plants<planted_bugs.size()> switched_on{planted_bugs};
#endif

}  // namespace lockstep::engine
