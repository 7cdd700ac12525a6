//! A person's decision: may they, on what they saw, and what it changes (rules 1-3, 7, 10-12, 16).

use super::route::{barred, counts, objecting, specs, standing, within_reach};
use super::{Draft, Facts, passkey, settle, wake};
use crate::assertion::{Assertion, Statement};
use crate::command::Voicing;
use crate::event::{Decided, Decision, Door, Event};
use crate::id::{PersonId, StageId};
use crate::policy::StageSpec;
use crate::refusal::Refusal;
use crate::request::Request;
use crate::stage::{Stage, places, seats_filled};

pub(super) fn hear(draft: &mut Draft<'_>, voicing: &Voicing) -> Result<(), Refusal> {
    let request = draft.request()?;
    if request.excludes(&voicing.person) {
        return Err(Refusal::OwnRequest);
    }
    if said_before(request, voicing) && candidates(request, voicing, draft.facts, true).is_empty() {
        return Ok(());
    }
    let request = draft.unsettled()?;
    if voicing.revision != request.revision {
        return Err(Refusal::StaleRevision { seen: voicing.revision, current: request.revision });
    }
    wake::fire_before_deed(draft)?;
    let request = draft.unsettled()?;
    if request.returned_by.is_some() {
        return Err(Refusal::Returned);
    }
    if voicing.stage.is_some_and(|id| request.open_stages().all(|stage| stage.id != id)) {
        return Err(Refusal::StageClosed);
    }
    let stages = counted_stages(request, voicing, draft.facts)?;
    if voicing.decision != Decision::Approve && voicing.comment.is_none() {
        return Err(Refusal::CommentRequired);
    }
    signed_in(request, voicing, &stages, draft.facts)?;
    let assertion = asserted(draft, voicing, &stages)?;
    draft.record(Event::Decided(Decided {
        person: voicing.person.clone(),
        acting_for: None,
        decision: voicing.decision,
        revision: voicing.revision,
        stages: stages.clone(),
        comment: voicing.comment,
        door: voicing.door,
        relayed_by: voicing.relayed_by,
        assertion,
    }));
    if voicing.decision == Decision::RequestChanges {
        draft.record(Event::Returned { by: voicing.person.clone() });
        return Ok(());
    }
    for stage in stages {
        if draft.request()?.settled.is_none() {
            settle::weigh(draft, stage)?;
        }
    }
    Ok(())
}

/// A link is enough only where no stage that the decision counts for asks for more.
fn signed_in(request: &Request, voicing: &Voicing, stages: &[StageId], facts: &Facts<'_>) -> Result<(), Refusal> {
    let specs = specs(request, facts);
    let asks = |id: &StageId| request.stage(*id).and_then(|stage| specs.get(stage.spec)).is_some_and(|spec| spec.require_sign_in);
    if voicing.door == Door::Link && stages.iter().any(asks) { Err(Refusal::SignInRequired) } else { Ok(()) }
}

/// What the passkey signed, with the statement sealed apart, where the stage asks for it or it came unasked.
fn asserted(draft: &mut Draft<'_>, voicing: &Voicing, stages: &[StageId]) -> Result<Option<Box<Assertion>>, Refusal> {
    let proven = passkey::proven(draft.request()?, voicing, stages, draft.facts)?;
    Ok(proven.map(|(proof, statement)| {
        let statement = draft.seal(statement.canonical().into_bytes());
        Box::new(Assertion { signed: proof.signed.clone(), statement })
    }))
}

/// What this person's passkey would have to sign for this decision, as the request stands.
///
/// # Errors
/// Why they may not decide at all.
pub(in crate::request) fn to_sign(request: &Request, voicing: &Voicing, facts: &Facts<'_>, nonce: [u8; 32]) -> Result<Statement, Refusal> {
    if request.excludes(&voicing.person) {
        return Err(Refusal::OwnRequest);
    }
    if voicing.revision != request.revision {
        return Err(Refusal::StaleRevision { seen: voicing.revision, current: request.revision });
    }
    let stages = counted_stages(request, voicing, facts)?;
    Ok(passkey::statement(request, &voicing.person, voicing.decision, &stages, facts, nonce))
}

/// Whether this person's approval, given now, would have to be signed.
pub(in crate::request) fn must_sign(request: &Request, voicing: &Voicing, facts: &Facts<'_>) -> bool {
    counted_stages(request, voicing, facts).is_ok_and(|stages| passkey::required(request, voicing.decision, &stages))
}

/// Rule 10: whether this person's last word on this revision was the same, in any stage.
fn said_before(request: &Request, voicing: &Voicing) -> bool {
    let last = request.stages.iter().flat_map(|stage| &stage.voices).filter(|voice| voice.person == voicing.person).max_by_key(|voice| voice.at);
    voicing.revision == request.revision && last.is_some_and(|voice| voice.decision == voicing.decision && voice.counts)
}

/// Open stages in which this person may say this now; with `unsaid`, only those where they have not said it yet.
/// Those whom an escalation replaced may no longer decide; what they said stands. A decision that is
/// bound to one stage has no other (rule 25).
fn candidates(request: &Request, voicing: &Voicing, facts: &Facts<'_>, unsaid: bool) -> Vec<StageId> {
    let person = &voicing.person;
    let bound = |stage: &&Stage| voicing.stage.is_none_or(|id| stage.id == id);
    let unsaid = |stage: &&Stage| !unsaid || stage.voice(person).is_none_or(|voice| voice.decision != voicing.decision);
    let may = |stage: &&Stage| match voicing.decision {
        Decision::Approve => standing(request, stage, facts, true).contains_key(person),
        Decision::Reject | Decision::RequestChanges => objecting(request, stage, facts, true).contains_key(person),
    };
    request.open_stages().filter(bound).filter(unsaid).filter(may).map(|stage| stage.id).collect()
}

/// The stages that the decision counts for: all open ones that ask this person where voices may repeat; else
/// the one already holding their voice, or the first that leaves every other open stage fillable.
fn counted_stages(request: &Request, voicing: &Voicing, facts: &Facts<'_>) -> Result<Vec<StageId>, Refusal> {
    let mut open = candidates(request, voicing, facts, true);
    if open.is_empty() {
        open = candidates(request, voicing, facts, false);
    }
    if open.is_empty() {
        return Err(refusal(request, voicing, facts));
    }
    let specs = specs(request, facts);
    let spec_of = |id: &StageId| request.stage(*id).and_then(|stage| specs.get(stage.spec));
    if voicing.decision != Decision::Approve || open.iter().filter_map(spec_of).all(|spec| spec.repeat_allowed) {
        return Ok(open);
    }
    let held = open.iter().find(|id| request.stage(**id).is_some_and(|stage| stage.voice(&voicing.person).is_some()));
    let chosen = held.or_else(|| open.iter().find(|id| leaves_others_fillable(request, **id, &voicing.person, &specs, facts)));
    Ok(chosen.or(open.first()).into_iter().copied().collect())
}

fn leaves_others_fillable(request: &Request, chosen: StageId, person: &PersonId, specs: &[StageSpec], facts: &Facts<'_>) -> bool {
    request.open_stages().filter(|stage| stage.id != chosen).all(|stage| {
        let Some(spec) = specs.get(stage.spec) else { return true };
        let (counts, mut reach) = (counts(spec), within_reach(request, stage, facts));
        let before = seats_filled(&reach, &counts);
        if !spec.repeat_allowed {
            reach.remove(person);
        }
        before < places(&counts) || seats_filled(&reach, &counts) >= places(&counts)
    })
}

/// Why nobody of this name may decide now.
fn refusal(request: &Request, voicing: &Voicing, facts: &Facts<'_>) -> Refusal {
    let person = &voicing.person;
    if !facts.roster.is_active(person) {
        return Refusal::NotAnApprover;
    }
    let specs = specs(request, facts);
    let elsewhere = request.open_stages().any(|stage| {
        let spec = specs.get(stage.spec);
        spec.is_some_and(|spec| barred(request, spec, Some(stage.id)).contains(person)) && stage_names(request, stage, spec, facts, person)
    });
    if elsewhere {
        return Refusal::VoiceAlreadyCounted;
    }
    let asked_before = request.stages.iter().any(|stage| stage.closed.is_some() && stage.everybody_asked().contains(person));
    if asked_before { Refusal::StageClosed } else { Refusal::NotAnApprover }
}

fn stage_names(request: &Request, stage: &Stage, spec: Option<&StageSpec>, facts: &Facts<'_>, person: &PersonId) -> bool {
    let named = |spec: &StageSpec| spec.seats.iter().any(|seat| super::route::ask(&seat.from, request, facts, &Default::default()).contains(person));
    stage.everybody_asked().contains(person) || spec.is_some_and(named)
}
