//! Who had to be told, and whether they were, or the failure is on record (rules 6, 12, 18, 22, 23).

use super::Findings;
use crate::crew::{P, has_route};
use crate::ledger::kind_word;
use crate::node::BUDGET;
use crate::world::World;
use countersign_core::event::{Event, NoticeKind};
use countersign_core::id::{EffectId, RequestId, StageId};
use countersign_store::Loaded;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Judges the notices of one record.
pub(crate) fn judge(questions: &[Asked], id: RequestId, loaded: &Loaded, findings: &mut Findings) {
    let owed = owed(loaded);
    let mut told: BTreeMap<(NoticeKind, P), u64> = BTreeMap::new();
    let (mut counted, mut by_hand): (BTreeSet<EffectId>, BTreeSet<EffectId>) = Default::default();
    // How each notice ended: `true` where it failed for good, which an operator may undo.
    let mut ends: BTreeMap<EffectId, bool> = BTreeMap::new();
    for (_, event) in &loaded.events {
        match event {
            Event::NoticeDelivered { effect, kind, to, .. } | Event::NoticeFailed { effect, kind, to, .. } => {
                let before = ends.insert(*effect, matches!(event, Event::NoticeFailed { .. }));
                findings.hold(22, before.is_none(), || format!("{id}: one notice ended twice"));
                to.iter().for_each(|to| *told.entry((*kind, to.clone())).or_default() += u64::from(counted.insert(*effect)));
            }
            Event::NoticeRetried { effect, .. } => {
                findings.hold(22, ends.remove(effect) == Some(true), || format!("{id}: {effect} was tried again and was no dead letter"));
                by_hand.insert(*effect);
            }
            Event::NoticeAbandoned { effect, .. } => {
                findings.hold(22, ends.insert(*effect, false) == Some(true), || format!("{id}: {effect} was given up and was no dead letter"));
            }
            _ => {}
        }
    }
    let forgotten: Vec<_> = by_hand.iter().filter(|effect| !ends.contains_key(effect)).collect();
    findings.hold(22, forgotten.is_empty(), || format!("{id}: tried again by hand and then forgotten: {forgotten:?}"));
    for ((kind, to), times) in &owed {
        let had = told.get(&(*kind, to.clone())).copied().unwrap_or(0);
        // What has been answered before it leaves asks nobody any more.
        let may_lapse = matches!(kind, NoticeKind::Requested | NoticeKind::Reminded | NoticeKind::Escalated);
        let right = if has_route(to) { had == *times || (may_lapse && had < *times) } else { had == 0 };
        let rule = if *kind == NoticeKind::Escalated { 18 } else { 22 };
        findings.hold(rule, right, || format!("{id}: {to} was owed {times} of {} and had {had}", kind_word(*kind)));
    }
    let loud = |kind: &NoticeKind| matches!(kind, NoticeKind::Unroutable | NoticeKind::DeadLettered);
    for (kind, to) in told.keys().filter(|(kind, _)| !loud(kind)) {
        findings.hold(23, owed.contains_key(&(*kind, to.clone())), || format!("{id}: {to} was told {} and nobody owed it", kind_word(*kind)));
    }
    guardians(id, loaded, &told, findings);
    budget(questions, id, loaded, findings);
}

/// From the events alone: whom each must reach, and how often.
fn owed(loaded: &Loaded) -> BTreeMap<(NoticeKind, P), u64> {
    let mut owed: BTreeMap<(NoticeKind, P), u64> = BTreeMap::new();
    let mut asked: BTreeMap<StageId, BTreeSet<P>> = BTreeMap::new();
    let mut requester = None;
    let mut owe = |kind: NoticeKind, to: BTreeSet<P>| to.into_iter().for_each(|to| *owed.entry((kind, to)).or_default() += 1);
    for (_, event) in &loaded.events {
        match event {
            Event::Submitted { requester: who, .. } => requester = Some(who.clone()),
            Event::StageOpened(opened) => {
                let people: BTreeSet<P> = opened.asked.iter().flatten().cloned().collect();
                asked.insert(opened.stage, people.clone());
                owe(NoticeKind::Requested, people);
            }
            Event::Rerouted { stage, asked: now, escalated, .. } => {
                let people: BTreeSet<P> = now.iter().flatten().chain(escalated.iter().flatten()).cloned().collect();
                asked.insert(*stage, people.clone());
                owe(NoticeKind::Requested, people);
            }
            Event::Reminded { to, .. } => owe(NoticeKind::Reminded, to.iter().cloned().collect()),
            Event::Escalated(escalated) => {
                let all = asked.entry(escalated.stage).or_default();
                all.extend(escalated.to.iter().cloned());
                owe(NoticeKind::Escalated, all.clone());
            }
            Event::Revised { lapsed, .. } => owe(NoticeKind::Lapsed, lapsed.iter().cloned().collect()),
            Event::Returned { .. } => owe(NoticeKind::Returned, requester.iter().cloned().collect()),
            Event::Settled { .. } => owe(NoticeKind::Settled, requester.iter().cloned().collect()),
            _ => {}
        }
    }
    owed
}

/// Rules 6 and 22: operators and owners hear of trouble. `ops` is an operator in every directory.
fn guardians(id: RequestId, loaded: &Loaded, told: &BTreeMap<(NoticeKind, P), u64>, findings: &mut Findings) {
    let ops = P::from("ops");
    let count = |wanted: fn(&Event) -> bool| loaded.events.iter().filter(|(_, event)| wanted(event)).count() as u64;
    let stuck = count(|event| matches!(event, Event::Unroutable { .. }));
    let dead = count(|event| {
        matches!(event, Event::ExecutionDeadLettered(_)) || matches!(event, Event::NoticeFailed { kind, .. } if *kind != NoticeKind::DeadLettered)
    });
    let dead = dead + u64::from(given_up(loaded));
    for (rule, kind, times) in [(6, NoticeKind::Unroutable, stuck), (22, NoticeKind::DeadLettered, dead)] {
        let had = told.get(&(kind, ops.clone())).copied().unwrap_or(0);
        findings.hold(rule, had == times, || format!("{id}: the operator was owed {times} of {} and had {had}", kind_word(kind)));
    }
}

/// Whether actions were given up because one before them was: said once, by the last of them.
fn given_up(loaded: &Loaded) -> bool {
    let abandoned = loaded.events.iter().filter(|(_, event)| matches!(event, Event::ExecutionAbandoned { .. })).count();
    abandoned > 1
}

/// A question as it arrived somewhere: of which request, when, and whether a summary came with it.
pub(crate) struct Asked {
    request: String,
    at: Timestamp,
    summarised: bool,
}

/// The questions among all that arrived, read once for all records.
pub(crate) fn questions(world: &World) -> Vec<Asked> {
    let ledger = world.ledger();
    let bodies = ledger.arrivals.iter().filter(|arrival| !arrival.action).map(|arrival| (arrival.at, &arrival.body));
    let read = bodies.map(|(at, body)| (at, serde_json::from_slice(body).unwrap_or(Value::Null)));
    let questions = read.filter(|(_, body): &(_, Value)| body["type"] == kind_word(NoticeKind::Requested));
    let asked = questions.map(|(at, body)| {
        let text = |name: &str| body["data"][name].as_str().unwrap_or_default();
        Asked { request: text("approval_id").to_owned(), at, summarised: text("summary").starts_with("SUMMARY: ") }
    });
    asked.collect()
}

/// Rule 23: a notice that asks waits for the model's words, at most its budget, and carries a summary.
fn budget(questions: &[Asked], id: RequestId, loaded: &Loaded, findings: &mut Findings) {
    let words = loaded.events.iter().find(|(_, event)| matches!(event, Event::Summarised { .. } | Event::SummaryDeclined { .. })).map(|(at, _)| *at);
    let opened = loaded.events.iter().find(|(_, event)| matches!(event, Event::StageOpened(_))).map(|(at, _)| *at);
    let name = id.to_string();
    for asked in questions.iter().filter(|asked| asked.request == name) {
        findings.hold(23, asked.summarised, || format!("{id}: a notice without a summary"));
        if let Some(opened) = opened {
            let full = opened.saturating_add(BUDGET).unwrap();
            let from = words.map_or(full, |words| words.min(full));
            findings.hold(23, asked.at >= from, || format!("{id}: asked at {}, before the summary's time {from}", asked.at));
        }
    }
}
