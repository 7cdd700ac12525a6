//! What operators do with a dead letter: try it again, or give it up.

use super::ApiState;
use super::body::{Members, Nothing, Shape, Strict};
use super::parameters::NamedAction;
use super::permit::Permit;
use super::problem::{Problem, ProblemBody};
use super::requests::answered;
use crate::wire::RequestBody;
use axum::Json;
use axum::extract::State;
use utoipa::ToSchema;

/// Tries a dead letter again.
#[utoipa::path(post, path = "/v1/requests/{id}/executions/{action}/retry", tag = "operations", params(("id" = String, Path), ("action" = String, Path)),
    responses((status = 200, body = RequestBody), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn retry(
    State(state): State<ApiState>,
    Permit(caller): Permit,
    NamedAction(id, action): NamedAction,
    _: Strict<Nothing>,
) -> Result<Json<RequestBody>, Problem> {
    let done = state.engine.retry_execution(&caller, id, action).await;
    answered(&state, &caller, id, done).await
}

/// Why a dead letter is given up.
#[derive(Debug, ToSchema)]
pub struct AbandonBody {
    /// In their words.
    pub(super) reason: String,
}

impl Shape for AbandonBody {
    const MEMBERS: &'static [&'static str] = &["reason"];
    fn take(members: &mut Members) -> Self {
        Self { reason: members.words("reason", "a reason is expected; it stays in the record") }
    }
}

/// Gives a dead letter up, with a reason.
#[utoipa::path(post, path = "/v1/requests/{id}/executions/{action}/abandon", tag = "operations", params(("id" = String, Path), ("action" = String, Path)),
    request_body = AbandonBody,
    responses((status = 200, body = RequestBody), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn abandon(
    State(state): State<ApiState>,
    Permit(caller): Permit,
    NamedAction(id, action): NamedAction,
    Strict(body): Strict<AbandonBody>,
) -> Result<Json<RequestBody>, Problem> {
    let done = state.engine.abandon_execution(&caller, id, action, Some(body.reason)).await;
    answered(&state, &caller, id, done).await
}
