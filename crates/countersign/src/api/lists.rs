//! Lists of requests: everything that the caller may see, and what waits for them.

use super::ApiState;
use super::parameters::{Parameters, invalid, limit};
use super::permit::Permit;
use super::problem::{Problem, ProblemBody};
use crate::engine::{Caller, EngineError};
use crate::wire::{self, RequestLine, STATUS_WORDS, status_of};
use axum::Json;
use axum::extract::State;
use countersign_core::id::{PersonId, PolicyName};
use countersign_core::policy::diagnostic::did_you_mean;
use countersign_store::cursor::is_cursor;
use countersign_store::{ListQuery, Page, RequestRow, StatusName};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A page of requests.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct RequestPage {
    /// In order: newest first, or most urgent first where the list is somebody's inbox.
    pub items: Vec<RequestLine>,
    /// Ask with `?cursor=` this for the next page; null at the end.
    pub next: Option<String>,
}

/// Which requests.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct RequestFilter {
    /// Any of these, separated by commas.
    status: Option<String>,
    /// Of this policy.
    policy: Option<String>,
    /// Asked by this person.
    requester: Option<String>,
    /// Waiting for this person, most urgent first.
    approver: Option<String>,
    /// With this external id.
    external_id: Option<String>,
    /// Whose title contains this, in any case.
    q: Option<String>,
    /// Only those with an action or a notice that failed for good.
    dead_letter: Option<bool>,
    /// 1 to 200; 50 unless it says otherwise.
    limit: Option<usize>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// Requests that the caller may see.
#[utoipa::path(get, path = "/v1/requests", tag = "requests", params(RequestFilter),
    responses((status = 200, body = RequestPage), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(state): State<ApiState>,
    Permit(caller): Permit,
    Parameters(filter): Parameters<RequestFilter>,
) -> Result<Json<RequestPage>, Problem> {
    let query = ListQuery {
        status: filter.status.as_deref().map(statuses).transpose()?.unwrap_or_default(),
        policy: filter.policy.map(PolicyName::new),
        requester: filter.requester.map(PersonId::new),
        approver: filter.approver.map(PersonId::new),
        part: None,
        subject: None,
        key: None,
        external_id: filter.external_id,
        text: filter.q.filter(|text| !text.is_empty()),
        or_text: None,
        dead_letter: filter.dead_letter.unwrap_or(false),
        limit: limit(filter.limit)?,
        cursor: filter.cursor,
    };
    page(&state, &caller, query).await
}

/// Which of what waits.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct InboxFilter {
    /// For whom; needed for a key that reads everything, otherwise the person signed in.
    person: Option<String>,
    /// 1 to 200; 50 unless it says otherwise.
    limit: Option<usize>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// What waits for a decision of the caller, most urgent first.
#[utoipa::path(get, path = "/v1/inbox", tag = "requests", params(InboxFilter),
    responses((status = 200, body = RequestPage), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn inbox(
    State(state): State<ApiState>,
    Permit(caller): Permit,
    Parameters(filter): Parameters<InboxFilter>,
) -> Result<Json<RequestPage>, Problem> {
    let approver = match (&caller, filter.person) {
        (_, Some(person)) => PersonId::new(person),
        (Caller::Person { id, .. }, None) => id.clone(),
        (Caller::Key { .. }, None) => return Err(invalid("a key names the person with `?person=`: nothing waits for a key")),
    };
    let reads = caller.reads_all(&state.engine.shelf().people().roster);
    if !reads && !matches!(&caller, Caller::Person { id, .. } if *id == approver) {
        return Err(EngineError::Forbidden("you may see your own inbox only").into());
    }
    let query = ListQuery { approver: Some(approver), limit: limit(filter.limit)?, cursor: filter.cursor, ..ListQuery::default() };
    page(&state, &caller, query).await
}

async fn page(state: &ApiState, caller: &Caller, query: ListQuery) -> Result<Json<RequestPage>, Problem> {
    if query.cursor.as_ref().is_some_and(|cursor| !is_cursor(cursor, query.approver.is_some())) {
        return Err(invalid("`cursor` is the `next` of the page before, of the same list"));
    }
    let page: Page<RequestRow> = state.engine.list(caller, query).await?;
    let items = page.items.iter().map(|row| wire::line(row, state.public_url())).collect();
    Ok(Json(RequestPage { items, next: page.next }))
}

fn statuses(words: &str) -> Result<Vec<StatusName>, Problem> {
    let unknown = |word: &str| {
        let known = did_you_mean(word, STATUS_WORDS.iter().map(|(_, word)| *word)).unwrap_or_default();
        invalid(format!("`{word}` is no status; {known}"))
    };
    words.split(',').filter(|word| !word.is_empty()).map(|word| status_of(word).ok_or_else(|| unknown(word))).collect()
}
