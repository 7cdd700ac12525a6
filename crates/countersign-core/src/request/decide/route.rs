//! Who is asked: opening stages, resolving selectors, who may decide now, and what happens when too few can
//! (rules 1, 3 and 6).

use super::{Draft, Facts, settle};
use crate::event::{Cause, Decision, Escalated, EscalationCause, Event, StageOpened, StageResult};
use crate::id::{PersonId, StageId};
use crate::policy::select::Asking;
use crate::policy::{LevelMode, OutcomeName, Selector, StageSpec};
use crate::refusal::Refusal;
use crate::request::Request;
use crate::stage::{Stage, Standing, places, seats_filled};
use std::collections::BTreeSet;

/// Opens every stage whose turn has come; approves the request when none is left, for this cause.
pub(super) fn open_stages(draft: &mut Draft<'_>, cause: Cause) -> Result<(), Refusal> {
    let specs = specs(draft.request()?, draft.facts);
    while let Some(index) = next_to_open(draft.request()?, &specs) {
        open(draft, index, &specs)?;
    }
    let request = draft.request()?;
    let all_approved = request.stages.len() == specs.len() && request.stages.iter().all(approved);
    if all_approved && request.settled.is_none() {
        return settle::settle(draft, OutcomeName::Approved, cause);
    }
    Ok(())
}

fn next_to_open(request: &Request, specs: &[StageSpec]) -> Option<usize> {
    if request.settled.is_some() {
        return None;
    }
    let opened = |index: usize| request.stages.iter().find(|stage| stage.spec == index);
    specs.iter().enumerate().find_map(|(index, spec)| {
        if opened(index).is_some() {
            return None;
        }
        let turn = match spec.with {
            Some(beside) => opened(beside).is_some(),
            None => (0..index).all(|earlier| opened(earlier).is_some_and(approved)),
        };
        turn.then_some(index)
    })
}

fn approved(stage: &Stage) -> bool {
    matches!(stage.closed, Some((StageResult::Approved, _)))
}

fn open(draft: &mut Draft<'_>, index: usize, specs: &[StageSpec]) -> Result<(), Refusal> {
    let Some(spec) = specs.get(index) else { return Ok(()) };
    let request = draft.request()?;
    let barred = barred(request, spec, None);
    let asked = spec.seats.iter().map(|seat| ask(&seat.from, request, draft.facts, &barred)).collect();
    let stage = StageId(request.stages_opened + 1);
    let expires_at = draft.facts.now.saturating_add(spec.expire_after).unwrap_or(jiff::Timestamp::MAX);
    let (directory, require_passkey) = (draft.facts.roster.version, spec.require_passkey);
    draft.record(Event::StageOpened(StageOpened { stage, spec: index, asked, directory, expires_at, require_passkey }));
    check_route(draft, stage)
}

/// The stages of the rule that holds.
pub(in crate::request) fn specs(request: &Request, facts: &Facts<'_>) -> Vec<StageSpec> {
    facts.policy.stages(&request.rule).into_owned()
}

/// Whom these selectors name now, without those who may not decide here.
pub(in crate::request) fn ask(selectors: &[Selector], request: &Request, facts: &Facts<'_>, barred: &BTreeSet<PersonId>) -> Vec<PersonId> {
    resolve(selectors, request, facts).into_iter().filter(|person| !request.excludes(person) && !barred.contains(person)).collect()
}

fn resolve(selectors: &[Selector], request: &Request, facts: &Facts<'_>) -> BTreeSet<PersonId> {
    let asking = Asking { requester: &request.requester, payload: facts.payload, roster: facts.roster, now: facts.now };
    facts.policy.resolve(selectors, &asking)
}

/// Those whose approval already fills a seat in another stage of this revision, unless voices may repeat. Who
/// has approved here was free to, whatever they approved since.
pub(in crate::request) fn barred(request: &Request, spec: &StageSpec, this: Option<StageId>) -> BTreeSet<PersonId> {
    if spec.repeat_allowed {
        return BTreeSet::new();
    }
    let here = this.and_then(|id| request.stage(id));
    let others = request.stages.iter().filter(|stage| Some(stage.id) != this).flat_map(|stage| stage.said(Decision::Approve));
    others.filter(|person| !here.is_some_and(|stage| stage.said(Decision::Approve).any(|already| already == *person))).cloned().collect()
}

/// Who may fill which seat. `now` heeds replacement: only those asked since the last replacing escalation.
/// Without it, those who were ever asked and are still selected: what a voice already given needs to count.
pub(in crate::request) fn standing(request: &Request, stage: &Stage, facts: &Facts<'_>, now: bool) -> Standing {
    let specs = specs(request, facts);
    let Some(spec) = specs.get(stage.spec) else { return Standing::new() };
    let barred = barred(request, spec, Some(stage.id));
    let replaced_at = stage.escalations.iter().rposition(|escalation| escalation.mode == LevelMode::Replace).filter(|_| now);
    let mut standing = Standing::new();
    let mut grant = |asked: &[PersonId], still: &dyn Fn(&PersonId) -> bool, seats: &[usize]| {
        let may = |person: &&PersonId| !request.excludes(person) && !barred.contains(*person) && facts.roster.is_active(person) && still(person);
        for person in asked.iter().filter(may) {
            standing.entry(person.clone()).or_default().extend(seats);
        }
    };
    if replaced_at.is_none() {
        for (index, (asked, seat)) in stage.asked.iter().zip(&spec.seats).enumerate() {
            let selected = resolve(&seat.from, request, facts);
            grant(asked, &|person| selected.contains(person), &[index]);
        }
    }
    let all_seats: Vec<usize> = (0..spec.seats.len()).collect();
    for escalation in stage.escalations.iter().skip(replaced_at.unwrap_or(0)) {
        let selected = escalation.level.and_then(|level| spec.escalate.get(level)).map(|level| resolve(&level.to, request, facts));
        grant(&escalation.to, &|person| selected.as_ref().is_none_or(|set| set.contains(person)), &all_seats);
    }
    standing
}

/// The counts of a stage's seats.
pub(in crate::request) fn counts(spec: &StageSpec) -> Vec<u16> {
    spec.seats.iter().map(|seat| seat.count).collect()
}

/// Those who have approved and still stand, with those who may still decide.
pub(super) fn within_reach(request: &Request, stage: &Stage, facts: &Facts<'_>) -> Standing {
    let mut reach = standing(request, stage, facts, true);
    let ever = standing(request, stage, facts, false);
    for person in stage.said(Decision::Approve) {
        if let Some(seats) = ever.get(person) {
            reach.entry(person.clone()).or_default().extend(seats);
        }
    }
    reach
}

/// Whether enough people can decide, or have, to fill every place.
pub(super) fn decidable(request: &Request, stage: &Stage, spec: &StageSpec, facts: &Facts<'_>) -> bool {
    let counts = counts(spec);
    seats_filled(&within_reach(request, stage, facts), &counts) >= places(&counts)
}

/// Rule 6: while fewer people can decide than the quorum needs, escalation opens at once; with no level
/// left the stage is unroutable, said once until people are found again.
pub(super) fn check_route(draft: &mut Draft<'_>, id: StageId) -> Result<(), Refusal> {
    loop {
        let request = draft.request()?;
        let specs = specs(request, draft.facts);
        let Some(stage) = request.stage(id).filter(|stage| stage.closed.is_none()) else { return Ok(()) };
        let Some(spec) = specs.get(stage.spec) else { return Ok(()) };
        let (counts, reach) = (counts(spec), within_reach(request, stage, draft.facts));
        let (filled, needed) = (seats_filled(&reach, &counts), places(&counts));
        if filled >= needed {
            return Ok(());
        }
        let next = (0..spec.escalate.len()).find(|level| !stage.fired(*level));
        if let Some(level) = next {
            escalate(draft, id, level, spec, EscalationCause::TooFewEligible, draft.facts.now)?;
            continue;
        }
        if !stage.unroutable {
            let eligible = u32::try_from(reach.len()).unwrap_or(u32::MAX);
            let needed = u32::try_from(needed).unwrap_or(u32::MAX);
            draft.record(Event::Unroutable { stage: id, eligible, needed });
        }
        return Ok(());
    }
}

/// Fires one level: whom it names now is asked; its own deadline counts from the moment it was due.
pub(super) fn escalate(
    draft: &mut Draft<'_>,
    id: StageId,
    level: usize,
    spec: &StageSpec,
    cause: EscalationCause,
    due: jiff::Timestamp,
) -> Result<(), Refusal> {
    let Some(step) = spec.escalate.get(level) else { return Ok(()) };
    let request = draft.request()?;
    let to = ask(&step.to, request, draft.facts, &barred(request, spec, Some(id)));
    let expires_at = step.expire_after.map(|after| due.saturating_add(after).unwrap_or(jiff::Timestamp::MAX));
    let directory = draft.facts.roster.version;
    draft.record(Event::Escalated(Escalated { stage: id, level: Some(level), mode: step.mode, to, cause, directory, expires_at }));
    Ok(())
}

/// After the directory changed: an unroutable stage asks whom its selectors name now, if that helps.
pub(super) fn reroute(draft: &mut Draft<'_>, id: StageId) -> Result<(), Refusal> {
    let request = draft.request()?;
    let specs = specs(request, draft.facts);
    let Some(stage) = request.stage(id).filter(|stage| stage.closed.is_none() && stage.unroutable) else {
        return check_route(draft, id);
    };
    let Some(spec) = specs.get(stage.spec) else { return Ok(()) };
    let barred = barred(request, spec, Some(id));
    let asked: Vec<_> = spec.seats.iter().map(|seat| ask(&seat.from, request, draft.facts, &barred)).collect();
    let escalated: Vec<_> = stage.escalations.iter().map(|fired| asked_by(fired, spec, request, draft.facts, &barred)).collect();
    let before: Vec<_> = stage.escalations.iter().map(|fired| fired.to.clone()).collect();
    if asked != stage.asked || escalated != before {
        let mut probe = stage.clone();
        probe.asked.clone_from(&asked);
        for (escalation, to) in probe.escalations.iter_mut().zip(&escalated) {
            escalation.to.clone_from(to);
        }
        let counts = counts(spec);
        if seats_filled(&within_reach(request, &probe, draft.facts), &counts) >= places(&counts) {
            let directory = draft.facts.roster.version;
            draft.record(Event::Rerouted { stage: id, asked, escalated, directory });
        }
    }
    Ok(())
}

fn asked_by(fired: &crate::stage::Escalation, spec: &StageSpec, request: &Request, facts: &Facts<'_>, barred: &BTreeSet<PersonId>) -> Vec<PersonId> {
    match fired.level.and_then(|level| spec.escalate.get(level)) {
        Some(level) => ask(&level.to, request, facts, barred),
        None => fired.to.clone(),
    }
}
