//! The exact bytes that an action sends: rendered once, when the outcome is committed.

use super::ActionSpec;
use crate::canonical::{Digest, canonical};
use crate::id::PolicyName;
use crate::id::{PersonId, RequestId, Revision};
use jiff::Timestamp;
use serde_json::{Value, json};

/// All that a body may tell.
#[derive(Clone, Debug)]
pub struct ActionFacts<'a> {
    /// The request's id, as shown.
    pub request: RequestId,
    /// Its policy.
    pub policy: &'a PolicyName,
    /// The version it is pinned to.
    pub policy_version: Digest,
    /// The rule it stood under.
    pub rule: &'a str,
    /// Who asked.
    pub requester: &'a PersonId,
    /// The rendered title.
    pub title: &'a str,
    /// The revision that was decided.
    pub revision: Revision,
    /// What was decided.
    pub payload: &'a Value,
    /// Its digest.
    pub payload_digest: Digest,
    /// `approved`, `rejected`, `expired` or `withdrawn`.
    pub outcome: &'a str,
    /// When it was submitted.
    pub created_at: Timestamp,
    /// When it was settled.
    pub settled_at: Timestamp,
    /// Who decided what, in order: `("mia", "approve")`.
    pub decided_by: Vec<(PersonId, String)>,
}

/// The body of an action: its template rendered, or the default where it has none.
///
/// # Errors
/// When the template fails.
pub fn action_body(spec: &ActionSpec, facts: &ActionFacts<'_>) -> Result<Vec<u8>, String> {
    let body = json!({
        "type": "action",
        "timestamp": facts.settled_at.to_string(),
        "data": {
            "request": request_json(facts),
            "outcome": facts.outcome,
            "action": spec.name.as_str(),
        },
    });
    Ok(canonical(&body).into_bytes())
}

fn request_json(facts: &ActionFacts<'_>) -> Value {
    json!({
        "id": facts.request.to_string(),
        "policy": facts.policy.as_str(),
        "policy_version": facts.policy_version.to_string(),
        "rule": facts.rule,
        "requester": facts.requester.as_str(),
        "title": facts.title,
        "revision": facts.revision.0,
        "payload": facts.payload,
        "payload_digest": facts.payload_digest.to_string(),
        "created_at": facts.created_at.to_string(),
        "settled_at": facts.settled_at.to_string(),
    })
}
