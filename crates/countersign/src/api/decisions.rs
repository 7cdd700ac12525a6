//! Decisions: a person's own, or one that a relay passes on.

use super::ApiState;
use super::body::{Members, Shape, Strict, TEXT_MAX};
use super::parameters::Named;
use super::passkeys;
use super::permit::Permit;
use super::problem::{Problem, ProblemBody};
use super::requests::answered;
use crate::engine::deed::Verdict;
use crate::engine::passkeys::SignedVerdict;
use crate::engine::{Caller, EngineError};
use crate::wire::RequestBody;
use crate::wire::changed::changed;
use crate::wire::event::decision_of;
use axum::Json;
use axum::extract::State;
use countersign_core::event::{Decision, Event};
use countersign_core::id::{PersonId, RequestId, Revision};
use countersign_core::refusal::Refusal;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A decision.
#[derive(Debug, ToSchema)]
pub struct DecideBody {
    /// approve, reject or request_changes.
    #[schema(value_type = String)]
    decision: Option<Decision>,
    /// In their words.
    comment: Option<String>,
    /// The revision they saw.
    revision: u32,
    /// Whose decision a relay passes on.
    person: Option<String>,
    /// `{ "ceremony": …, "credential": … }`: what the person's passkey answered to `POST /v1/requests/{id}/passkey`.
    #[schema(value_type = Option<Object>)]
    passkey: Option<Value>,
}

/// What a passkey answered, and to which question.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answered {
    ceremony: String,
    credential: Value,
}

impl Shape for DecideBody {
    const MEMBERS: &'static [&'static str] = &["decision", "comment", "revision", "person", "passkey"];
    fn take(members: &mut Members) -> Self {
        let word = members.name("decision");
        let decision = decision_of(&word);
        if decision.is_none() && !word.is_empty() {
            members.fault("decision", "one of `approve`, `reject`, `request_changes` is expected");
        }
        let revision = members.number("revision");
        let (comment, person) = (members.optional_text("comment", TEXT_MAX), members.optional_name("person"));
        Self { decision, comment, revision, person, passkey: members.optional_value("passkey") }
    }
}

/// Decides. The same decision again answers the same and records nothing.
#[utoipa::path(post, path = "/v1/requests/{id}/decisions", tag = "decisions", params(("id" = String, Path)), request_body = DecideBody,
    responses((status = 200, body = RequestBody), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn decide(
    State(state): State<ApiState>,
    Permit(caller): Permit,
    Named(id): Named,
    Strict(body): Strict<DecideBody>,
) -> Result<Json<RequestBody>, Problem> {
    let Some(decision) = body.decision else { return Err(Problem::invalid_body(Vec::new())) };
    let verdict = Verdict { decision, revision: Revision(body.revision), comment: body.comment, person: body.person.map(PersonId::new) };
    let done = match body.passkey {
        None => state.engine.decide(&caller, id, verdict).await,
        Some(answer) => {
            let Answered { ceremony, credential } = passkeys::credential(answer)?;
            state.engine.decide_signed(&caller, id, SignedVerdict { verdict, ceremony, answer: passkeys::credential(credential)? }).await
        }
    };
    let stale = match &done {
        Err(EngineError::Refused(Refusal::StaleRevision { seen, .. })) => Some(*seen),
        _ => None,
    };
    match (answered(&state, &caller, id, done).await, stale) {
        (Err(problem), Some(seen)) => Err(problem.with("changed", since(&state, &caller, id, seen).await)),
        (answer, _) => answer,
    }
}

/// What changed since the revision that the caller saw, as JSON pointers.
pub(crate) async fn since(state: &ApiState, caller: &Caller, id: RequestId, revision: Revision) -> Vec<String> {
    let Ok((seen, events)) = state.engine.see_with_events(caller, id).await else { return Vec::new() };
    let brought = |event: &Event| match event {
        Event::Submitted { .. } => revision == Revision::FIRST,
        Event::Revised { revision: made, .. } => *made == revision,
        _ => false,
    };
    let before = events.iter().find(|(_, event)| brought(event)).and_then(|(_, event)| seen.proposed(event));
    // Whether a hidden field changed is hidden too: it may have, and whoever decides for somebody must not say no.
    let hidden = seen.veil.names().map(|name| format!("/{name}"));
    before.map(|before| changed(&before, &seen.payload).into_iter().chain(hidden).collect()).unwrap_or_default()
}
