//! The request row: the cache of the fold that lists and wake-ups read.

use countersign_core::event::Actor;
use countersign_core::policy::OutcomeName;
use countersign_core::policy::evaluate::Evaluation;
use countersign_core::request::view::Status;
use countersign_core::request::{Facts, Request};
use countersign_store::{RequestRow, StatusName};

/// The row of a request as it stands.
pub(super) fn row_of(request: &Request, facts: &Facts<'_>) -> RequestRow {
    let submitted_with = match &request.submitted_by {
        Actor::Key { key, .. } => Some(*key),
        _ => None,
    };
    RequestRow {
        id: request.id,
        policy: request.policy.clone(),
        policy_version: request.version,
        requester: request.requester.clone(),
        submitted_with,
        external_id: request.external_id.clone(),
        status: status_name(request.status()),
        title: facts.policy.title(facts.payload),
        risk: risk_of(request, facts).to_owned(),
        revision: request.revision,
        waiting: request.waiting(facts),
        dead_letter: request.has_dead_letter(),
        due: request.due(facts),
        next_wakeup: request.next_wakeup(facts),
        created_at: request.created_at,
        settled_at: request.settled.as_ref().map(|end| end.at),
    }
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
