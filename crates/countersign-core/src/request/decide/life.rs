//! The rest of a request's life: revising, withdrawing, commenting, asking further people by hand, and the
//! model's summary.

use super::route::{barred, specs};
use super::{Draft, Facts, settle, submit, wake};
use crate::canonical::{Digest, digest_of};
use crate::event::{Actor, Attachment, Cause, ContentId, Escalated, EscalationCause, Event};
use crate::id::{PersonId, Revision, StageId};
use crate::policy::{LevelMode, OutcomeName};
use crate::refusal::Refusal;
use crate::request::{Request, SummaryState};
use crate::stage::Stage;
use std::collections::BTreeSet;

/// Files beside one request.
pub const ATTACHMENTS_MAX: usize = 20;

/// Rule 8: voids every decision so far and starts the stages again under the pinned version.
pub(super) fn revise(draft: &mut Draft<'_>, by: &Actor, payload: ContentId) -> Result<(), Refusal> {
    let request = draft.unsettled()?;
    may_speak_for_requester(request, by)?;
    wake::fire_before_deed(draft)?;
    let request = draft.unsettled()?;
    let voices = request.stages.iter().flat_map(|stage| &stage.voices);
    let lapsed: BTreeSet<PersonId> = voices.filter(|voice| voice.counts).map(|voice| voice.person.clone()).collect();
    let revision = request.revision.next();
    draft.record(Event::Revised { revision, by: by.clone(), payload, lapsed: lapsed.into_iter().collect() });
    submit::rule(draft)
}

/// The requester takes it back; a repeated withdrawal records nothing.
pub(super) fn withdraw(draft: &mut Draft<'_>, by: &Actor) -> Result<(), Refusal> {
    may_speak_for_requester(draft.request()?, by)?;
    let request = draft.request()?;
    if request.settled.as_ref().is_some_and(|end| end.outcome == OutcomeName::Withdrawn) {
        return Ok(());
    }
    draft.unsettled()?;
    wake::fire_before_deed(draft)?;
    settle::settle(draft, OutcomeName::Withdrawn, Cause::Withdrawn(by.clone()))
}

/// Gives the one run out, of what was approved and nothing else. Which digest was approved is not told: not
/// everybody may see the payload.
pub(super) fn claim_run(draft: &mut Draft<'_>, by: &Actor, payload: Digest) -> Result<(), Refusal> {
    let request = draft.request()?;
    may_speak_for_requester(request, by)?;
    if request.settled.as_ref().is_none_or(|end| end.outcome != OutcomeName::Approved) {
        return Err(Refusal::NotApproved);
    }
    if digest_of(draft.facts.payload) != payload {
        return Err(Refusal::NotWhatWasApproved);
    }
    if let Some(claim) = &request.run {
        return Err(Refusal::AlreadyRun(claim.clone()));
    }
    let payload = request.payload;
    draft.record(Event::RunClaimed { by: by.clone(), payload });
    Ok(())
}

fn may_speak_for_requester(request: &Request, by: &Actor) -> Result<(), Refusal> {
    if by.human() == Some(&request.requester) { Ok(()) } else { Err(Refusal::NotTheRequester) }
}

pub(super) fn comment(draft: &mut Draft<'_>, by: &Actor, comment: ContentId) -> Result<(), Refusal> {
    draft.request()?;
    draft.record(Event::Commented { by: by.clone(), comment });
    Ok(())
}

/// Whoever sees a request may add to it, up to a bound: receipts come after the outcome too.
pub(super) fn attach(draft: &mut Draft<'_>, by: &Actor, attachment: Attachment) -> Result<(), Refusal> {
    if draft.request()?.attachments.len() >= ATTACHMENTS_MAX {
        return Err(Refusal::TooManyAttachments { max: ATTACHMENTS_MAX });
    }
    draft.record(Event::Attached { by: by.clone(), attachment });
    Ok(())
}

/// An operator asks further people in every open stage: an escalation by hand, never past rules 1-3. Nobody
/// chooses who decides their own request.
pub(super) fn reassign(draft: &mut Draft<'_>, by: &Actor, to: &[PersonId]) -> Result<(), Refusal> {
    if by.human().is_some_and(|person| draft.request().is_ok_and(|request| request.excludes(person))) {
        return Err(Refusal::OwnRequest);
    }
    draft.unsettled()?;
    wake::fire_before_deed(draft)?;
    let request = draft.unsettled()?;
    if request.returned_by.is_some() {
        return Err(Refusal::Returned);
    }
    if let Some(unknown) = to.iter().find(|person| !draft.facts.roster.is_active(person)) {
        return Err(Refusal::UnknownPerson(unknown.clone()));
    }
    let open: Vec<(StageId, Vec<PersonId>)> =
        request.open_stages().map(|stage| (stage.id, may_be_asked(request, stage, to, draft.facts))).filter(|(_, may)| !may.is_empty()).collect();
    if open.is_empty() {
        return Err(Refusal::NobodyToAsk);
    }
    for (stage, may) in open {
        draft.record(Event::Escalated(Escalated {
            stage,
            level: None,
            mode: LevelMode::Add,
            to: may,
            cause: EscalationCause::Operator(by.clone()),
            directory: draft.facts.roster.version,
            expires_at: None,
        }));
        super::route::check_route(draft, stage)?;
    }
    Ok(())
}

/// Those among these whom the stage may ask: not the requester, nobody whose voice is spent in another stage.
fn may_be_asked(request: &Request, stage: &Stage, to: &[PersonId], facts: &Facts<'_>) -> Vec<PersonId> {
    let specs = specs(request, facts);
    let barred = specs.get(stage.spec).map(|spec| barred(request, spec, Some(stage.id))).unwrap_or_default();
    to.iter().filter(|person| !request.excludes(person) && !barred.contains(*person)).cloned().collect()
}

/// A late answer is an event and sends no second notice; one for an older revision, or a second one, is not.
pub(super) fn summarised(draft: &mut Draft<'_>, revision: Revision, by: &str, summary: ContentId) -> Result<(), Refusal> {
    let request = draft.request()?;
    let wanted = request.revision == revision && !matches!(request.summary, SummaryState::Written { .. });
    if wanted {
        draft.record(Event::Summarised { revision, by: by.to_owned(), summary });
    }
    Ok(())
}

pub(super) fn decline_summary(draft: &mut Draft<'_>, revision: Revision, reason: &str) -> Result<(), Refusal> {
    let request = draft.request()?;
    if request.revision == revision && request.summary == SummaryState::Open {
        draft.record(Event::SummaryDeclined { revision, reason: reason.to_owned() });
    }
    Ok(())
}
