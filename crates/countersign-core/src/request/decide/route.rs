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
use std::borrow::Cow;
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
pub(in crate::request) fn specs<'a>(request: &Request, facts: &Facts<'a>) -> Cow<'a, [StageSpec]> {
    facts.policy.stages(&request.rule)
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
    granted(request, stage, spec, facts, now, &BTreeSet::new()).into_iter().filter(|(person, _)| !barred.contains(person)).collect()
}

/// Who may say no, or ask for changes: those who may approve, and those whom the stage names and would have asked,
/// had their approval not been spent in another stage. One person fills one seat; anybody named may object.
pub(super) fn objecting(request: &Request, stage: &Stage, facts: &Facts<'_>, now: bool) -> Standing {
    let specs = specs(request, facts);
    let Some(spec) = specs.get(stage.spec) else { return Standing::new() };
    granted(request, stage, spec, facts, now, &barred(request, spec, Some(stage.id)))
}

/// Everybody asked, and of `besides` whoever is named, where they are active, still selected and not excluded.
fn granted(request: &Request, stage: &Stage, spec: &StageSpec, facts: &Facts<'_>, now: bool, besides: &BTreeSet<PersonId>) -> Standing {
    let replaced_at = stage.escalations.iter().rposition(|escalation| escalation.mode == LevelMode::Replace).filter(|_| now);
    let mut standing = Standing::new();
    let mut grant = |person: &PersonId, seats: &[usize]| {
        if !request.excludes(person) && facts.roster.is_active(person) {
            standing.entry(person.clone()).or_default().extend(seats);
        }
    };
    if replaced_at.is_none() {
        for (index, (asked, seat)) in stage.asked.iter().zip(&spec.seats).enumerate() {
            let selected = resolve(&seat.from, request, facts);
            selected.iter().filter(|person| asked.contains(person) || besides.contains(*person)).for_each(|person| grant(person, &[index]));
        }
    }
    let all_seats: Vec<usize> = (0..spec.seats.len()).collect();
    for escalation in stage.escalations.iter().skip(replaced_at.unwrap_or(0)) {
        match escalation.level.and_then(|level| spec.escalate.get(level)).map(|level| resolve(&level.to, request, facts)) {
            Some(selected) => {
                let named = selected.iter().filter(|person| escalation.to.contains(person) || besides.contains(*person));
                named.for_each(|person| grant(person, &all_seats));
            }
            None => escalation.to.iter().for_each(|person| grant(person, &all_seats)),
        }
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

/// Rule 6: while fewer people can decide than the quorum needs, whom the selectors name now is asked; where that
/// is not enough, escalation opens at once; with no level left the stage is unroutable, said once until people
/// are found again, the same as before or others.
pub(super) fn check_route(draft: &mut Draft<'_>, id: StageId) -> Result<(), Refusal> {
    loop {
        let request = draft.request()?;
        let specs = specs(request, draft.facts);
        let Some(stage) = request.stage(id).filter(|stage| stage.closed.is_none()) else { return Ok(()) };
        let Some(spec) = specs.get(stage.spec) else { return Ok(()) };
        let (filled, needed) = (reached(request, stage, spec, draft.facts), places(&counts(spec)));
        if filled >= needed && !stage.unroutable {
            return Ok(());
        }
        if let Some(found) = found_now(request, stage, spec, draft.facts, filled) {
            draft.record(found);
            continue;
        }
        let next = (0..spec.escalate.len()).find(|level| !stage.fired(*level));
        if let Some(level) = next {
            escalate(draft, id, level, spec, EscalationCause::TooFewEligible, draft.facts.now)?;
            continue;
        }
        if !stage.unroutable {
            let eligible = u32::try_from(within_reach(request, stage, draft.facts).len()).unwrap_or(u32::MAX);
            let needed = u32::try_from(needed).unwrap_or(u32::MAX);
            draft.record(Event::Unroutable { stage: id, eligible, needed });
        }
        return Ok(());
    }
}

/// How many places those within reach can fill.
fn reached(request: &Request, stage: &Stage, spec: &StageSpec, facts: &Facts<'_>) -> usize {
    seats_filled(&within_reach(request, stage, facts), &counts(spec))
}

/// The stage given to those whom its selectors name now, if they fill more places than `filled`, or all of
/// them while it is said to be unroutable.
fn found_now(request: &Request, stage: &Stage, spec: &StageSpec, facts: &Facts<'_>, filled: usize) -> Option<Event> {
    let barred = barred(request, spec, Some(stage.id));
    let mut probe = stage.clone();
    probe.asked = spec.seats.iter().map(|seat| ask(&seat.from, request, facts, &barred)).collect();
    for escalation in &mut probe.escalations {
        escalation.to = asked_by(escalation, spec, request, facts, &barred);
    }
    let (found, needed) = (reached(request, &probe, spec, facts), places(&counts(spec)));
    if found <= filled && !(stage.unroutable && found >= needed) {
        return None;
    }
    let escalated = probe.escalations.into_iter().map(|escalation| escalation.to).collect();
    Some(Event::Rerouted { stage: stage.id, asked: probe.asked, escalated, directory: facts.roster.version })
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

fn asked_by(fired: &crate::stage::Escalation, spec: &StageSpec, request: &Request, facts: &Facts<'_>, barred: &BTreeSet<PersonId>) -> Vec<PersonId> {
    match fired.level.and_then(|level| spec.escalate.get(level)) {
        Some(level) => ask(&level.to, request, facts, barred),
        None => fired.to.clone(),
    }
}
