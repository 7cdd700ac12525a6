//! Submission, and the reading of the policy that a submission and a revision share.

use super::{Draft, route, settle};
use crate::event::{Actor, Cause, ContentId, Event, RuledVerdict};
use crate::id::PersonId;
use crate::policy::OutcomeName;
use crate::policy::evaluate::{Evaluation, RulingVerdict};
use crate::refusal::Refusal;

pub(super) fn submit(draft: &mut Draft<'_>, requester: &PersonId, by: &Actor, payload: ContentId, external_id: Option<&str>) -> Result<(), Refusal> {
    if draft.request.is_some() {
        return Err(Refusal::AlreadySubmitted);
    }
    if !draft.facts.roster.is_active(requester) {
        return Err(Refusal::UnknownPerson(requester.clone()));
    }
    draft.record(Event::Submitted {
        policy: draft.facts.policy.name.clone(),
        version: draft.facts.policy.version,
        requester: requester.clone(),
        by: by.clone(),
        payload,
        external_id: external_id.map(str::to_owned),
    });
    rule(draft)
}

/// Reads the pinned policy for the revision that stands, and does what it says.
pub(super) fn rule(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    let request = draft.request()?;
    let (revision, created_at) = (request.revision, request.created_at);
    let facts = draft.facts;
    let evaluation =
        Evaluation { payload: facts.payload, requester: &request.requester.clone(), roster: facts.roster, now: facts.now, created_at, revision };
    let ruling = facts.policy.evaluate(&evaluation);
    let verdict = match ruling.verdict {
        RulingVerdict::Allow => RuledVerdict::Allow,
        RulingVerdict::Deny => RuledVerdict::Deny,
        RulingVerdict::Ask => RuledVerdict::Ask,
    };
    draft.record(Event::Ruled { revision, rule: ruling.rule, verdict, failure: ruling.failure });
    match verdict {
        RuledVerdict::Allow => settle::settle(draft, OutcomeName::Approved, Cause::Rule),
        RuledVerdict::Deny => settle::settle(draft, OutcomeName::Rejected, Cause::Rule),
        RuledVerdict::Ask => route::open_stages(draft, Cause::Decisions),
    }
}
