//! Rule 22 for the webhooks that take every event: each hears of each event once, or the failure is on record; and
//! what is said to have arrived did.

use super::Findings;
use crate::ledger::kind_word;
use crate::world::World;
use countersign_core::event::{Event, NoticeKind};
use countersign_core::id::{EffectId, RequestId};
use countersign_store::Loaded;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Judges what the hooks heard of one record.
pub(crate) fn judge(world: &World, id: RequestId, loaded: &Loaded, findings: &mut Findings) {
    let ledger = world.ledger();
    let keys: BTreeSet<&str> = ledger.arrivals.iter().map(|arrival| arrival.key.as_str()).collect();
    let mut heard: BTreeMap<NoticeKind, BTreeSet<EffectId>> = BTreeMap::new();
    for (_, event) in &loaded.events {
        if let Event::NoticeDelivered { effect, .. } = event {
            let name = effect.to_string();
            findings.hold(22, keys.contains(name.as_str()), || format!("{id}: {name} is on record and reached nobody"));
        }
        if let Event::NoticeDelivered { effect, kind, to: None, .. } | Event::NoticeFailed { effect, kind, to: None, .. } = event {
            heard.entry(*kind).or_default().insert(*effect);
        }
    }
    let owed = owed(loaded);
    for kind in owed.keys().chain(heard.keys()).collect::<BTreeSet<_>>() {
        // Both hooks take new requests; the flat one takes nothing else.
        let hooks = if *kind == NoticeKind::Requested { 2 } else { 1 };
        let (times, had) = (owed.get(kind).copied().unwrap_or(0), heard.get(kind).map_or(0, BTreeSet::len));
        findings.hold(22, had == times * hooks, || format!("{id}: hooks were owed {} of {} and had {had}", times * hooks, kind_word(*kind)));
    }
}

/// Whatever request it was about: the flat hook is sent its four fields and nothing else.
pub(crate) fn flat(world: &World, findings: &mut Findings) {
    for arrival in world.ledger().arrivals.iter().filter(|arrival| arrival.url == "http://flat.example/hook") {
        let body: Value = serde_json::from_slice(&arrival.body).unwrap_or(Value::Null);
        let bare = body.as_object().is_some_and(|fields| fields.keys().eq(["action_type", "approval_id", "created_at", "summary"]));
        findings.hold(23, bare, || format!("the flat hook was sent {body}"));
    }
}

/// From the events alone: how often each kind is published.
fn owed(loaded: &Loaded) -> BTreeMap<NoticeKind, usize> {
    let (mut owed, mut first) = (BTreeMap::new(), true);
    for (_, event) in &loaded.events {
        let kind = match event {
            Event::StageOpened(_) => std::mem::replace(&mut first, false).then_some(NoticeKind::Requested),
            Event::Revised { lapsed, .. } => {
                first = true;
                (!lapsed.is_empty()).then_some(NoticeKind::Lapsed)
            }
            Event::Reminded { .. } => Some(NoticeKind::Reminded),
            Event::Escalated(_) => Some(NoticeKind::Escalated),
            Event::Settled { .. } => Some(NoticeKind::Settled),
            Event::Returned { .. } => Some(NoticeKind::Returned),
            Event::Unroutable { .. } => Some(NoticeKind::Unroutable),
            Event::ExecutionDeadLettered(_) => Some(NoticeKind::DeadLettered),
            _ => None,
        };
        if let Some(kind) = kind {
            *owed.entry(kind).or_default() += 1;
        }
    }
    owed
}
