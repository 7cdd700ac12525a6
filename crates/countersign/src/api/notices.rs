//! What operators do with a notice that failed for good: have it sent again, or give it up.

use super::ApiState;
use super::body::{Nothing, Strict};
use super::executions::AbandonBody;
use super::parameters::NamedNotice;
use super::permit::Permit;
use super::problem::{Problem, ProblemBody};
use super::requests::answered;
use crate::wire::RequestBody;
use axum::Json;
use axum::extract::State;

/// Sends a notice that failed for good again, under the same id.
#[utoipa::path(post, path = "/v1/requests/{id}/notices/{notice}/retry", tag = "operations", params(("id" = String, Path), ("notice" = String, Path)),
    responses((status = 200, body = RequestBody), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn retry(
    State(state): State<ApiState>,
    Permit(caller): Permit,
    NamedNotice(id, notice): NamedNotice,
    _: Strict<Nothing>,
) -> Result<Json<RequestBody>, Problem> {
    let done = state.engine.retry_notice(&caller, id, notice).await;
    answered(&state, &caller, id, done).await
}

/// Gives a notice that failed for good up, with a reason.
#[utoipa::path(post, path = "/v1/requests/{id}/notices/{notice}/abandon", tag = "operations", params(("id" = String, Path), ("notice" = String, Path)),
    request_body = AbandonBody,
    responses((status = 200, body = RequestBody), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn abandon(
    State(state): State<ApiState>,
    Permit(caller): Permit,
    NamedNotice(id, notice): NamedNotice,
    Strict(body): Strict<AbandonBody>,
) -> Result<Json<RequestBody>, Problem> {
    let done = state.engine.abandon_notice(&caller, id, notice, Some(body.reason)).await;
    answered(&state, &caller, id, done).await
}
