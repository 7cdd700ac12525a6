//! Goes through a record commit by commit: each event is judged against what the request was before it, and
//! each commit against what it left behind.

use super::Findings;
use super::model::Model;
use super::steps::{self, Step};
use crate::crew::Crew;
use crate::ledger::{CommitNote, Look};
use crate::world::World;
use countersign_core::event::{Decision, Event};
use countersign_core::id::RequestId;
use countersign_core::policy::OutcomeName;
use countersign_core::request::fold;
use countersign_store::{Loaded, StatusName};
use std::collections::VecDeque;
use std::sync::Arc;

/// Judges one record.
pub(crate) fn judge(world: &World, id: RequestId, loaded: &Loaded, findings: &mut Findings) {
    if let Err(illegal) = fold(id, &loaded.events) {
        findings.fail(27, format!("{id}: {illegal}"));
    }
    let notes: Vec<(usize, CommitNote)> = {
        let ledger = world.ledger();
        let own = ledger.commits.iter().enumerate().filter(|(_, note)| note.id == id);
        own.map(|(place, note)| (place, note.clone())).collect()
    };
    let mut looks: VecDeque<Look> = world.ledger().looks.clone().into();
    let mut model: Option<Model> = None;
    let mut next = 1;
    let mut last: Option<&(usize, CommitNote)> = None;
    for known in &notes {
        let (place, note) = known;
        while looks.front().is_some_and(|look| look.ended <= *place) {
            let Some(look) = looks.pop_front() else { break };
            looked(world, model.as_ref(), last, look, findings);
        }
        last = Some(known);
        if note.events.0 != next {
            return findings.fail(20, format!("{id}: a commit wrote events {:?} where {next} was next", note.events));
        }
        next = note.events.1 + 1;
        let range = usize::try_from(note.events.0 - 1).unwrap()..usize::try_from(note.events.1).unwrap();
        let Some(batch) = loaded.events.get(range) else {
            return findings.fail(20, format!("{id}: events {:?} were committed and are gone", note.events));
        };
        let crews: Vec<Arc<Crew>> = world.crew_of(note.crew).into_iter().collect();
        for (index, (at, event)) in batch.iter().enumerate() {
            let step = Step { world, id, at: at.as_millisecond(), note, crews: &crews, batch, index, contents: &loaded.contents };
            findings.hold(16, *at <= note.taken_at, || format!("{id}: an event of {at} was taken at {}", note.taken_at));
            steps::take(&step, &mut model, event, findings);
        }
        let Some(model) = &model else { return };
        // A commit without events only says anew what lists show.
        let at = batch.last().map_or(note.taken_at, |(at, _)| *at).as_millisecond();
        after(model, note, at, &crews, batch, findings);
    }
    looks.into_iter().for_each(|look| looked(world, model.as_ref(), last, look, findings));
    findings.hold(27, next == loaded.events.len() as u64 + 1, || format!("{id}: events that no commit wrote"));
}

/// After a look with a directory: too few of its people have been noticed, and lists show who may decide. What was
/// on its way with an older directory while the look went by is judged at its own commit.
fn looked(world: &World, model: Option<&Model>, last: Option<&(usize, CommitNote)>, look: Look, findings: &mut Findings) {
    let (Some(model), Some((place, note))) = (model, last) else { return };
    let crew = world.crews.lock().unwrap().iter().find(|crew| crew.version == look.version).cloned();
    let overtaken = *place >= look.begun && note.crew < look.version;
    let Some(crew) = crew.filter(|_| model.settled.is_none() && !model.returned && !overtaken) else { return };
    for opening in model.openings.iter().filter(|opening| opening.closed.is_none()) {
        let short = !super::model::fill(&model.reach(opening, &crew), &opening.law.counts());
        findings.hold(6, !short || opening.unroutable, || {
            format!("{}: stage {} lacks people in directory {}, and the look at it did nothing", model.id, opening.id, look.version)
        });
    }
    findings.hold(6, model.waiting(&crew) == note.waiting, || format!("{}: after a look the row waits for {:?}", model.id, note.waiting));
}

/// What a commit leaves behind.
fn after(model: &Model, note: &CommitNote, at: i64, crews: &[Arc<Crew>], batch: &[(jiff::Timestamp, Event)], findings: &mut Findings) {
    let id = model.id;
    let timer = model.next_timer(at);
    findings.hold(14, note.next_wakeup.map(|due| due.as_millisecond()) == timer, || {
        format!("{id}: next wake-up {:?}, by the rules {timer:?}", note.next_wakeup)
    });
    let status = status(model);
    findings.hold(20, note.status == status, || format!("{id}: the row says {:?}, the events {status:?}", note.status));
    findings.hold(20, crews.iter().any(|crew| model.waiting(crew) == note.waiting), || format!("{id}: the row waits for {:?}", note.waiting));
    if model.settled.is_some() || model.returned {
        return;
    }
    for opening in model.openings.iter().filter(|opening| opening.closed.is_none()) {
        let counts = opening.law.counts();
        let touched = batch.iter().any(|(_, event)| matches!(event, Event::StageOpened(_) | Event::Escalated(_) | Event::Decided(_)));
        let short = crews.iter().all(|crew| !super::model::fill(&model.reach(opening, crew), &counts));
        if touched && short {
            let fired = (0..opening.law.escalate.len()).all(|level| opening.fired(level));
            findings.hold(6, fired && opening.unroutable, || format!("{id}: too few can decide stage {} and nothing was done", opening.id));
        }
        let spoke = batch.iter().any(|(_, event)| matches!(event, Event::Decided(decided) if decided.stages.contains(&opening.id)));
        if spoke {
            let full = crews.iter().all(|crew| super::model::fill(&model.heard(opening, crew), &counts));
            findings.hold(1, !full, || format!("{id}: stage {} has its quorum and is open", opening.id));
            let no = crews.iter().all(|crew| {
                let ever = model.objecting(opening, crew, false);
                opening.said(Decision::Reject).iter().filter(|person| ever.contains(*person)).count() >= opening.law.reject_quorum
            });
            findings.hold(12, !no, || format!("{id}: stage {} has enough rejections and is open", opening.id));
        }
    }
}

fn status(model: &Model) -> StatusName {
    match model.settled {
        Some((OutcomeName::Approved, _)) => StatusName::Approved,
        Some((OutcomeName::Rejected, _)) => StatusName::Rejected,
        Some((OutcomeName::Expired, _)) => StatusName::Expired,
        Some((OutcomeName::Withdrawn, _)) => StatusName::Withdrawn,
        None if model.returned => StatusName::Returned,
        None if model.openings.iter().any(|opening| opening.closed.is_none() && opening.unroutable) => StatusName::Unroutable,
        None => StatusName::Pending,
    }
}
