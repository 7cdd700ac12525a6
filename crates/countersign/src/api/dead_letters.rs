//! The list of what failed for good and waits for an operator: actions and notices.

use super::ApiState;
use super::parameters::{Parameters, invalid, limit};
use super::permit::Permit;
use super::problem::{Problem, ProblemBody};
use crate::wire::dead_letter::{DeadLetterBody, dead_letters};
use axum::Json;
use axum::extract::State;
use countersign_store::cursor::is_cursor;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A page of dead letters.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct DeadLetterPage {
    /// Those of the newest requests first; those of one request stand together.
    pub items: Vec<DeadLetterBody>,
    /// Ask with `?cursor=` this for the next page; null at the end.
    pub next: Option<String>,
}

/// Which of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DeadLetterFilter {
    /// From how many requests: 1 to 200; 50 unless it says otherwise.
    limit: Option<usize>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// Actions and notices that failed for good, for operators to retry or abandon.
#[utoipa::path(get, path = "/v1/dead-letters", tag = "operations", params(DeadLetterFilter),
    responses((status = 200, body = DeadLetterPage), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(state): State<ApiState>,
    Permit(caller): Permit,
    Parameters(filter): Parameters<DeadLetterFilter>,
) -> Result<Json<DeadLetterPage>, Problem> {
    if filter.cursor.as_ref().is_some_and(|cursor| !is_cursor(cursor, false)) {
        return Err(invalid("`cursor` is the `next` of the page before, of the same list"));
    }
    let page = state.engine.dead_letters(&caller, limit(filter.limit)?, filter.cursor).await?;
    let items = page.items.iter().flat_map(|seen| dead_letters(seen, state.public_url())).collect();
    Ok(Json(DeadLetterPage { items, next: page.next }))
}
