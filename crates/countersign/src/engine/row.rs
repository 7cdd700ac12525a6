//! The request row: the cache of the fold that lists and wake-ups read.

use countersign_core::event::{Actor, Decision};
use countersign_core::id::PersonId;
use countersign_core::policy::OutcomeName;
use countersign_core::policy::evaluate::Evaluation;
use countersign_core::policy::{Field, FieldType};
use countersign_core::request::view::Status;
use countersign_core::request::{Facts, Request};
use countersign_store::{Card, RequestRow, StatusName};
use serde_json::Value;
use std::collections::BTreeSet;

/// A longer subject is cut: those that are the same so far are alike enough.
const SUBJECT_MAX: usize = 120;

/// The row of a request as it stands.
pub(super) fn row_of(request: &Request, facts: &Facts<'_>) -> RequestRow {
    let submitted_with = match &request.submitted_by {
        Actor::Key { key, .. } => Some(*key),
        _ => None,
    };
    let title = facts.policy.title(facts.payload);
    RequestRow {
        id: request.id,
        policy: request.policy.clone(),
        policy_version: request.version,
        requester: request.requester.clone(),
        submitted_with,
        external_id: request.external_id.clone(),
        status: status_name(request.status()),
        title: title.text,
        risk: risk_of(request, facts).to_owned(),
        revision: request.revision,
        waiting: request.waiting(facts),
        dead_letter: request.has_dead_letter(),
        due: request.due(facts),
        next_wakeup: request.next_wakeup(facts),
        created_at: request.created_at,
        settled_at: request.settled.as_ref().map(|end| end.at),
        card: card(request, facts, title.numbers),
        subject: subject(facts),
    }
}

fn card(request: &Request, facts: &Facts<'_>, numbers: Vec<(u32, u32)>) -> Card {
    let open: Vec<_> = request.open_stages().collect();
    Card {
        amount: amount(facts),
        needed: open.iter().map(|stage| u32::try_from(request.needed(stage, facts)).unwrap_or(u32::MAX)).fold(0, u32::saturating_add),
        approved_by: open.iter().flat_map(|stage| stage.said(Decision::Approve)).cloned().collect(),
        since: open.iter().map(|stage| stage.opened_at).min(),
        involved: involved(request),
        numbers,
    }
}

/// What the request is about: its first text, which names a payee or a system in most policies, else its title. Rows
/// are read by everybody who sees the request: no field that is kept from some is in them.
pub(super) fn subject(facts: &Facts<'_>) -> Option<String> {
    let mut texts = open_fields(facts).filter(|field| matches!(field.kind, FieldType::Text { .. }));
    let text = texts.find_map(|field| facts.payload.get(&field.name).and_then(Value::as_str).map(str::to_owned));
    let text = text.unwrap_or_else(|| facts.policy.title(facts.payload).text);
    Some(text.trim().chars().take(SUBJECT_MAX).collect()).filter(|text: &String| !text.is_empty())
}

fn open_fields<'a>(facts: &Facts<'a>) -> impl Iterator<Item = &'a Field> {
    facts.policy.fields.iter().filter(|field| field.visible_to.is_none())
}

/// The first sum of the payload: what a list shows on the right.
fn amount(facts: &Facts<'_>) -> Option<String> {
    let field = open_fields(facts).find(|field| matches!(field.kind, FieldType::Money { .. }))?;
    facts.payload.get(&field.name).and_then(Value::as_str).map(str::to_owned)
}

/// Everybody in whose lists the request is or was: who asked for it, whom it asked, who said something.
#[must_use]
pub(super) fn involved(request: &Request) -> BTreeSet<PersonId> {
    let stages = request.stages.iter();
    let people = stages.flat_map(|stage| stage.everybody_asked().into_iter().chain(stage.voices.iter().map(|voice| voice.person.clone())));
    people.chain([request.requester.clone()]).collect()
}

/// The plain summary's risk.
pub(super) fn risk_of(request: &Request, facts: &Facts<'_>) -> &'static str {
    let evaluation = Evaluation {
        payload: facts.payload,
        requester: &request.requester,
        roster: facts.roster,
        now: request.created_at,
        created_at: request.created_at,
        revision: request.revision,
    };
    facts.policy.risk(&evaluation).as_str()
}

/// The word that lists and the wire use.
#[must_use]
pub(super) fn status_name(status: Status) -> StatusName {
    match status {
        Status::Pending => StatusName::Pending,
        Status::Returned => StatusName::Returned,
        Status::Unroutable => StatusName::Unroutable,
        Status::Settled(OutcomeName::Approved) => StatusName::Approved,
        Status::Settled(OutcomeName::Rejected) => StatusName::Rejected,
        Status::Settled(OutcomeName::Expired) => StatusName::Expired,
        Status::Settled(OutcomeName::Withdrawn) => StatusName::Withdrawn,
    }
}
