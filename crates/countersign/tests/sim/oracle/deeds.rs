//! What callers were told, against the record: what was promised is there, what was refused is not.

use super::Findings;
use crate::ledger::{Asked, Deed, Told};
use crate::world::World;
use countersign_core::event::{Decision, Event};
use countersign_core::id::{PersonId, RequestId, StageId};
use countersign_core::policy::OutcomeName;
use countersign_core::refusal::Refusal;
use countersign_store::Loaded;
use std::collections::BTreeMap;

/// Judges every command that a caller sent.
pub(crate) fn judge(world: &World, records: &[(RequestId, Loaded)], findings: &mut Findings) {
    let deeds = world.ledger().deeds.clone();
    let mut keys: BTreeMap<&str, RequestId> = BTreeMap::new();
    for deed in &deeds {
        if let (Asked::Submit { key: Some(key), .. }, Told::Done(_), Some(id)) = (&deed.asked, &deed.told, deed.id) {
            let same = *keys.entry(key).or_insert(id) == id;
            findings.hold(20, same, || format!("the key {key} made two requests"));
        }
        let loaded = deed.id.and_then(|id| records.iter().find(|(known, _)| *known == id)).map(|(_, loaded)| loaded);
        match (&deed.told, loaded) {
            (Told::Done(_), None) => findings.fail(20, format!("{:?} was made and is gone: {:?}", deed.id, deed.asked)),
            (Told::Done(events), Some(loaded)) => done(deed, *events, loaded, findings),
            (Told::Refused(refusal), Some(loaded)) => refused(deed, refusal, loaded, findings),
            (Told::Forbidden, _) if deed.asked == Asked::DecideAsMachine => findings.saw(5),
            _ => {}
        }
    }
}

fn wrote(deed: &Deed, loaded: &Loaded) -> bool {
    let Some(mark) = &deed.mark else { return false };
    let named = |event: &Event| match event {
        Event::Decided(decided) => decided.comment,
        Event::Commented { comment, .. } => Some(*comment),
        _ => None,
    };
    let ids: Vec<_> = loaded.events.iter().filter_map(|(_, event)| named(event)).collect();
    loaded.contents.iter().any(|content| content.bytes == mark.as_bytes() && ids.contains(&content.id))
}

/// Rules 10 and 20: done is done.
fn done(deed: &Deed, events: usize, loaded: &Loaded, findings: &mut Findings) {
    let id = deed.id;
    match &deed.asked {
        Asked::Submit { .. } => findings.saw(20),
        Asked::Decide { person, decision, revision, .. } => {
            let said = |event: &Event| matches!(event, Event::Decided(decided) if decided.person == *person && decided.decision == *decision && decided.revision == *revision);
            findings.hold(20, loaded.events.iter().any(|(_, event)| said(event)), || {
                format!("{id:?}: {person} was told that {decision:?} is done, and it is not on record")
            });
            if events > 0 {
                findings.hold(20, wrote(deed, loaded), || format!("{id:?}: the words of {person} are not on record"));
            } else {
                findings.saw(10);
            }
        }
        Asked::DecideAsMachine => findings.fail(5, format!("{id:?}: a machine decided")),
        Asked::Comment => {
            let marks = deed.mark.iter().flat_map(|mark| loaded.contents.iter().filter(move |content| content.bytes == mark.as_bytes()));
            findings.hold(20, wrote(deed, loaded) && marks.count() == 1, || format!("{id:?}: a comment is not on record once"));
        }
        Asked::Revise { person } => {
            let revised =
                loaded.events.iter().any(|(_, event)| matches!(event, Event::Revised { by, .. } if by.human() == Some(&loaded.row.requester)));
            findings.hold(20, revised, || format!("{id:?}: the revision of {person} is not on record"));
        }
        Asked::Withdraw { person } => {
            let right = loaded.row.status == countersign_store::StatusName::Withdrawn && *person == loaded.row.requester;
            findings.hold(20, right, || format!("{id:?}: withdrawn by {person}, and it is {:?}", loaded.row.status));
        }
        Asked::Operate(_) => findings.saw(20),
    }
}

/// Rule 29, and what the refusal says is true.
fn refused(deed: &Deed, refusal: &Refusal, loaded: &Loaded, findings: &mut Findings) {
    let id = deed.id;
    if deed.mark.is_some() {
        findings.hold(29, !wrote(deed, loaded), || format!("{id:?}: refused with `{}`, and on record all the same", refusal.code()));
    }
    match refusal {
        Refusal::OwnRequest => findings.saw(2),
        Refusal::StaleRevision { seen, current } => {
            let there = *current == countersign_core::id::Revision::FIRST
                || loaded.events.iter().any(|(_, event)| matches!(event, Event::Revised { revision, .. } if revision == current));
            findings.hold(7, seen != current && there, || format!("{id:?}: stale, says the refusal: saw {seen}, stands at {current}"));
        }
        Refusal::AlreadySettled { outcome, at, by } => {
            let how =
                loaded.events.iter().find_map(|(at, event)| if let Event::Settled { outcome, .. } = event { Some((*outcome, *at)) } else { None });
            findings.hold(11, how == Some((*outcome, *at)), || format!("{id:?}: refused as {outcome:?} at {at}, on record is {how:?}"));
            let said = |wanted: Decision| {
                let decided = |person: &PersonId| {
                    let named = |event: &Event| matches!(event, Event::Decided(decided) if decided.person == *person && decided.decision == wanted);
                    loaded.events.iter().any(|(_, event)| named(event))
                };
                by.iter().all(decided)
            };
            let true_who = match outcome {
                OutcomeName::Approved => said(Decision::Approve),
                OutcomeName::Rejected => said(Decision::Reject),
                OutcomeName::Withdrawn => *by == [loaded.row.requester.clone()],
                OutcomeName::Expired => by.is_empty(),
            };
            findings.hold(11, true_who, || format!("{id:?}: {outcome:?} by {by:?}, says the refusal"));
        }
        Refusal::StageClosed => {
            let closed = loaded.events.iter().any(|(_, event)| matches!(event, Event::StageClosed { stage, .. } if *stage != StageId(0)));
            findings.hold(11, closed, || format!("{id:?}: no stage was closed"));
        }
        Refusal::TooLate { expired_at } => {
            let deadline = |event: &Event| match event {
                Event::StageOpened(opened) => opened.expires_at == *expired_at,
                Event::Escalated(escalated) => escalated.expires_at == Some(*expired_at),
                _ => false,
            };
            findings.hold(16, loaded.events.iter().any(|(_, event)| deadline(event)), || format!("{id:?}: no deadline at {expired_at}"));
        }
        _ => {}
    }
}
