//! From voices to an end: rejection is weighed before approval, every counted voice is checked again when
//! a quorum is reached (rule 1), and the outcome renders its actions once, from the approved payload.

use super::route::{check_route, counts, objecting, open_stages, specs, standing, within_reach};
use super::{Draft, Facts};
use crate::canonical::digest_of;
use crate::event::{AttemptEnded, Cause, Decision, Event, PlannedAction, StageResult};
use crate::id::{PersonId, StageId};
use crate::policy::render::{ActionFacts, action_body};
use crate::policy::{ActionSpec, OutcomeName, StageSpec};
use crate::refusal::Refusal;
use crate::request::Request;
use crate::stage::{Stage, Standing, places, seats_filled};

/// Weighs a stage after a voice came in: rejected, approved, out of reach, or still waiting.
pub(super) fn weigh(draft: &mut Draft<'_>, id: StageId) -> Result<(), Refusal> {
    let specs = specs(draft.request()?, draft.facts);
    let Some((spec, stage)) = open_stage(draft.request()?, &specs, id) else { return Ok(()) };
    if stage.said(Decision::Reject).count() >= usize::from(spec.reject_quorum) {
        check_voices(draft, id, Decision::Reject)?;
        if rejections(draft.request()?, id) >= usize::from(spec.reject_quorum) {
            return reject(draft, id);
        }
    }
    if approvals(draft.request()?, id) >= places(&counts(spec)) {
        check_voices(draft, id, Decision::Approve)?;
    }
    if filled(draft.request()?, id, spec, draft.facts) {
        draft.record(Event::StageClosed { stage: id, result: StageResult::Approved });
        return open_stages(draft, Cause::Decisions);
    }
    if out_of_reach(draft.request()?, id, spec, draft.facts) {
        return reject(draft, id);
    }
    check_route(draft, id)
}

fn open_stage<'r, 's>(request: &'r Request, specs: &'s [StageSpec], id: StageId) -> Option<(&'s StageSpec, &'r Stage)> {
    let stage = request.stage(id).filter(|stage| stage.closed.is_none())?;
    Some((specs.get(stage.spec)?, stage))
}

fn rejections(request: &Request, id: StageId) -> usize {
    request.stage(id).map_or(0, |stage| stage.said(Decision::Reject).count())
}

fn approvals(request: &Request, id: StageId) -> usize {
    request.stage(id).map_or(0, |stage| stage.said(Decision::Approve).count())
}

/// Whether the approvals that count fill every place, each person one.
fn filled(request: &Request, id: StageId, spec: &StageSpec, facts: &Facts<'_>) -> bool {
    let Some(stage) = request.stage(id) else { return false };
    let counts = counts(spec);
    seats_filled(&heard(request, stage, facts), &counts) >= places(&counts)
}

/// The approvals that count, with the seats that their makers may fill. A maker who stands no more keeps the
/// seats unknown to us, so such a voice fills none.
pub(in crate::request) fn heard(request: &Request, stage: &Stage, facts: &Facts<'_>) -> Standing {
    let ever = standing(request, stage, facts, false);
    stage.said(Decision::Approve).filter_map(|person| ever.get(person).map(|seats| (person.clone(), seats.clone()))).collect()
}

/// Marks the voices whose makers have left, lost the group or become excluded.
pub(super) fn check_voices(draft: &mut Draft<'_>, id: StageId, decision: Decision) -> Result<(), Refusal> {
    let request = draft.request()?;
    let Some(stage) = request.stage(id) else { return Ok(()) };
    let ever = match decision {
        Decision::Approve => standing(request, stage, draft.facts, false),
        Decision::Reject | Decision::RequestChanges => objecting(request, stage, draft.facts, false),
    };
    let fallen: Vec<PersonId> = stage.said(decision).filter(|person| !ever.contains_key(*person)).cloned().collect();
    for person in fallen {
        draft.record(Event::VoiceUncounted { stage: id, person });
    }
    Ok(())
}

/// Whether rejections have put the quorum out of reach: with the rejecters it could be filled, without them
/// not, not even by those whom later levels would ask.
fn out_of_reach(request: &Request, id: StageId, spec: &StageSpec, facts: &Facts<'_>) -> bool {
    let Some(stage) = request.stage(id) else { return false };
    if stage.said(Decision::Reject).next().is_none() {
        return false;
    }
    let mut reach = within_reach(request, stage, facts);
    let all_seats: Vec<usize> = (0..spec.seats.len()).collect();
    let barred = super::route::barred(request, spec, Some(id));
    for (_, step) in spec.escalate.iter().enumerate().filter(|(level, _)| !stage.fired(*level)) {
        for person in super::route::ask(&step.to, request, facts, &barred) {
            reach.entry(person).or_default().extend(&all_seats);
        }
    }
    let counts = counts(spec);
    let with = seats_filled(&reach, &counts);
    for person in stage.said(Decision::Reject) {
        reach.remove(person);
    }
    with >= places(&counts) && seats_filled(&reach, &counts) < places(&counts)
}

fn reject(draft: &mut Draft<'_>, id: StageId) -> Result<(), Refusal> {
    draft.record(Event::StageClosed { stage: id, result: StageResult::Rejected });
    settle(draft, OutcomeName::Rejected, Cause::Decisions)
}

/// Ends the request: open stages are void, the outcome's actions are rendered and sealed. An action whose body
/// cannot be rendered has none, and is a dead letter from the start.
pub(super) fn settle(draft: &mut Draft<'_>, outcome: OutcomeName, cause: Cause) -> Result<(), Refusal> {
    let open: Vec<StageId> = draft.request()?.open_stages().map(|stage| stage.id).collect();
    for stage in open {
        draft.record(Event::StageClosed { stage, result: StageResult::Voided });
    }
    let (mut actions, mut failures) = (Vec::new(), Vec::new());
    for spec in &draft.facts.policy.consequences(outcome).actions {
        match render(draft, spec, outcome, &cause)? {
            Ok(body) => {
                let bytes = u64::try_from(body.len()).unwrap_or(u64::MAX);
                actions.push(PlannedAction { name: spec.name.clone(), body: Some(draft.seal(body)), bytes });
            }
            Err(reason) => {
                actions.push(PlannedAction { name: spec.name.clone(), body: None, bytes: 0 });
                failures.push((spec.name.clone(), reason));
            }
        }
    }
    draft.record(Event::Settled { outcome, cause, actions });
    for (action, reason) in failures {
        let answer = format!("the body could not be rendered: {reason}");
        draft.record(Event::ExecutionDeadLettered(AttemptEnded { action, token: 0, answer, output: None }));
    }
    Ok(())
}

fn render(draft: &Draft<'_>, spec: &ActionSpec, outcome: OutcomeName, cause: &Cause) -> Result<Result<Vec<u8>, String>, Refusal> {
    let (request, facts) = (draft.request()?, draft.facts);
    let decided_by = request.deciders_of(outcome, cause).into_iter().map(|person| (person, decided_word(outcome).to_owned())).collect();
    Ok(action_body(
        spec,
        &ActionFacts {
            request: request.id,
            policy: &request.policy,
            policy_version: request.version,
            rule: facts.policy.rule_name(&request.rule),
            requester: &request.requester,
            title: &facts.policy.title(facts.payload).text,
            revision: request.revision,
            payload: facts.payload,
            payload_digest: digest_of(facts.payload),
            outcome: outcome.as_str(),
            created_at: request.created_at,
            settled_at: facts.now,
            decided_by,
        },
    ))
}

fn decided_word(outcome: OutcomeName) -> &'static str {
    match outcome {
        OutcomeName::Rejected => "reject",
        OutcomeName::Withdrawn => "withdraw",
        OutcomeName::Approved | OutcomeName::Expired => "approve",
    }
}
