#include "sim/checkers/checkers.h"

#include "sim/checkers/checks_are_followed.h"
#include "sim/checkers/gone_alone.h"
#include "sim/checkers/history.h"
#include "sim/checkers/i01_no_acknowledged_loss.h"
#include "sim/checkers/i02_one_primary_per_epoch.h"
#include "sim/checkers/i03_single_writer.h"
#include "sim/checkers/i04_replica_is_prefix.h"
#include "sim/checkers/i05_leave_before_lone_acknowledgement.h"
#include "sim/checkers/i06_acknowledgement_is_true.h"
#include "sim/checkers/i07_nothing_uncovered.h"
#include "sim/checkers/i08_resync_keeps_newer.h"
#include "sim/checkers/i09_resync_ends.h"
#include "sim/checkers/i10_names.h"
#include "sim/checkers/i11_equal_at_rest.h"
#include "sim/checkers/i12_applied_once.h"
#include "sim/checkers/i13_never_back.h"
#include "sim/checkers/i14_damage_is_refused.h"
#include "sim/checkers/i14_verify_is_right.h"
#include "sim/checkers/i15_lease_before_start.h"
#include "sim/checkers/i15_one_service.h"
#include "sim/checkers/i16_bounded_waiting.h"
#include "sim/checkers/i17_losers_data_is_kept.h"
#include "sim/checkers/i18_known_transitions.h"
#include "sim/checkers/one_healthy.h"
#include "sim/checkers/register_view.h"
#include "sim/checkers/stand_in_is_alone.h"
#include "sim/checkers/undisturbed.h"

namespace lockstep::sim {

Checkers::Checkers(World& world) {
  const auto add = [&]<typename Checker, typename... More>(std::type_identity<Checker>, More&... more) -> Checker& {
    auto checker = std::make_unique<Checker>(world, more...);
    Checker& result = *checker;
    world.observers().add(result);
    all_.push_back(std::move(checker));
    return result;
  };
  // Who knows what everything else is judged by comes first; a region is judged before the history takes it in.
  auto& reg = add(std::type_identity<RegisterView>{});
  auto& alone = add(std::type_identity<GoneAlone>{});
  auto history = std::make_unique<History>(world);
  History& past = *history;
  all_.push_back(std::move(history));
  add(std::type_identity<ResyncKeepsNewer>{}, past);
  world.observers().add(past);
  add(std::type_identity<KnownTransitions>{});
  add(std::type_identity<OnePrimaryPerEpoch>{});
  add(std::type_identity<NeverBack>{});
  add(std::type_identity<StandInIsAlone>{});
  add(std::type_identity<SingleWriter>{}, alone);
  add(std::type_identity<DamageIsRefused>{});
  add(std::type_identity<VerifyIsRight>{});
  add(std::type_identity<LeaseBeforeStart>{}, alone);
  add(std::type_identity<OneService>{}, alone);
  add(std::type_identity<LeaveBeforeLoneAcknowledgement>{}, past, reg, alone);
  add(std::type_identity<AcknowledgementIsTrue>{}, past, reg, alone);
  add(std::type_identity<NoAcknowledgedLoss>{}, past, reg, alone);
  add(std::type_identity<ReplicaIsPrefix>{}, past);
  add(std::type_identity<NothingUncovered>{}, past);
  add(std::type_identity<ResyncEnds>{});
  add(std::type_identity<AppliedOnce>{});
  add(std::type_identity<LosersDataIsKept>{}, past, alone);
  add(std::type_identity<Names>{});
  add(std::type_identity<BoundedWaiting>{});
  add(std::type_identity<EqualAtRest>{}, past);
  add(std::type_identity<OneHealthy>{}, alone);
  add(std::type_identity<Undisturbed>{});
  add(std::type_identity<ChecksAreFollowed>{});
}

Checkers::~Checkers() = default;

}  // namespace lockstep::sim
