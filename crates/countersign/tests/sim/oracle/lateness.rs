//! Rule 23, the upper bound: a notice leaves at most its budget after it was decided, plus what the faults of the
//! meantime explain. Judged where no clock jumped: there the store's time is true.

use super::Findings;
use crate::faults::Kind;
use crate::node::BUDGET;
use crate::world::World;
use countersign_core::event::{Event, NoticeKind};
use countersign_core::id::{EffectId, RequestId};
use countersign_store::Loaded;

/// A worker that nobody rang looks again within a second; reading and committing take a moment.
const SLACK: i64 = 2_000;

/// What one fault may cost, in milliseconds; for so long it is felt.
fn costs(kind: Kind) -> i64 {
    match kind {
        Kind::Stall => 400_000,
        // Up to an hour until somebody looks, five minutes until it is up, and what it held was leased for twenty seconds.
        Kind::CrashBeforeCommit | Kind::CrashAfterCommit | Kind::Restart => 3_921_000,
        // The row waits for the end of its lease, and the next look.
        Kind::StoreFails | Kind::CommitInDoubt => 21_000,
        Kind::SlowStore => 60,
        _ => 0,
    }
}

/// Judges the notices of one record.
pub(crate) fn judge(world: &World, id: RequestId, loaded: &Loaded, findings: &mut Findings) {
    let weather = world.weather();
    if weather.struck.contains_key(&Kind::ClockForward) || weather.struck.contains_key(&Kind::ClockBack) {
        return;
    }
    let knocks = world.ledger().knocks.clone();
    for (_, event) in &loaded.events {
        let (Event::NoticeDelivered { effect, kind, .. } | Event::NoticeFailed { effect, kind, .. }) = event else { continue };
        let Some(left) = knocks.get(&effect.to_string()) else { continue };
        let decided = decided_at(effect);
        let budget = if *kind == NoticeKind::Requested { i64::try_from(BUDGET.as_millis()).unwrap() } else { 0 };
        let felt = weather.log.iter().filter(|(at, fault)| (decided - costs(*fault)..=*left).contains(at));
        let explained: i64 = felt.map(|(_, fault)| costs(*fault)).sum();
        findings.hold(23, left - decided <= budget + SLACK + explained, || {
            format!("{id}: {kind:?} {effect} left {} ms after it was decided; its budget is {budget}, faults explain {explained}", left - decided)
        });
    }
}

/// The moment that the effect's id bears: that of the decision which owed it.
fn decided_at(effect: &EffectId) -> i64 {
    effect.bytes()[..6].iter().fold(0, |ms, byte| ms << 8 | i64::from(*byte))
}
