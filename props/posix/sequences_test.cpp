// Whatever sequence of calls is drawn, both sides give the same results, and have the same tree at the end.
#include "props/posix/both.h"
#include "props/posix/sequence.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace lockstep::posix {
namespace {

constexpr int size_max = 40'000;

rc::Gen<Call> arbitrary_call() {
  return rc::gen::build<Call>(
      rc::gen::set(&Call::kind,
                   rc::gen::map(rc::gen::inRange(0, call_kinds), [](int kind) { return static_cast<CallKind>(kind); })),
      rc::gen::set(&Call::name, rc::gen::inRange(0, call_names)),
      rc::gen::set(&Call::other, rc::gen::inRange(0, call_names)),
      rc::gen::set(&Call::slot, rc::gen::inRange(0, call_slots)),
      rc::gen::set(&Call::number, rc::gen::inRange(0, size_max)), rc::gen::set(&Call::flags, rc::gen::inRange(0, 16)));
}

/// Every sequence begins with something to work on.
std::vector<Call> beginning() {
  std::vector<Call> calls;
  calls.push_back({.kind = CallKind::make_directory, .name = 3});
  calls.push_back({.kind = CallKind::make_directory, .name = 4});
  for (int slot = 0; slot < call_slots; ++slot) {
    calls.push_back({.kind = CallKind::open, .name = slot, .slot = slot});
    calls.push_back({.kind = CallKind::write, .slot = slot, .number = 6000 + slot});
  }
  return calls;
}

RC_GTEST_PROP(Sequences, GiveTheSameOnBothSides, ()) {
  const auto calls = *rc::gen::container<std::vector<Call>>(rc::gen::resize(rc::kNominalSize, arbitrary_call()));
  const std::string text = difference([&](Scene& scene) {
    Caller caller(scene);
    for (const Call& call : beginning()) caller.make(call);
    for (const Call& call : calls) caller.make(call);
  });
  if (!text.empty()) RC_FAIL(text);
}

}  // namespace
}  // namespace lockstep::posix
