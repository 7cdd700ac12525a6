//! Evidence: the head of every chain, to be kept elsewhere, the attempts that rules refused, and what admins did to the
//! sign-ins of others.

use super::ApiState;
use super::parameters::{Parameters, invalid, limit};
use super::permit::Permit;
use super::problem::{Problem, ProblemBody};
use crate::engine::interventions::is_place;
use axum::Json;
use axum::extract::State;
use countersign_core::id::RequestId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The end of one request's chain.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct HeadBody {
    /// `req_…`
    pub request: String,
    /// How many events it has.
    pub events: u64,
    /// The hash of the last one, `sha256:…`.
    pub hash: String,
}

/// A page of heads.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct HeadPage {
    /// By request id.
    pub items: Vec<HeadBody>,
    /// Ask with `?cursor=` this for the next page; null at the end.
    pub next: Option<String>,
}

/// An attempt that a rule refused.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct RefusedBody {
    /// RFC 3339, UTC.
    pub at: String,
    /// On which request.
    pub request: Option<String>,
    /// Who tried.
    pub actor: String,
    /// What they tried.
    pub attempted: String,
    /// The code of the refusal.
    pub code: String,
}

/// Refused attempts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct RefusedPage {
    /// Newest first.
    pub items: Vec<RefusedBody>,
    /// Always null: the log is bounded, its oldest entries give way.
    pub next: Option<String>,
}

/// What an admin, or a key that administers, did to the sign-ins of somebody else.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct InterventionBody {
    /// RFC 3339, UTC.
    pub at: String,
    /// The admin, or the id of the key.
    pub by: String,
    /// sessions_ended or passkey_removed.
    pub deed: String,
    /// To whom.
    pub person: String,
    /// How many sessions or passkeys.
    pub count: usize,
}

/// A page of interventions.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct InterventionPage {
    /// Newest first.
    pub items: Vec<InterventionBody>,
    /// Ask with `?cursor=` this for the next page; null at the end.
    pub next: Option<String>,
}

/// Which part of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Part {
    /// 1 to 200; 50 unless it says otherwise.
    limit: Option<usize>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// The head of every request's chain, for those who read everything.
#[utoipa::path(get, path = "/v1/heads", tag = "audit", params(Part),
    responses((status = 200, body = HeadPage), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn heads(
    State(state): State<ApiState>,
    Permit(caller): Permit,
    Parameters(part): Parameters<Part>,
) -> Result<Json<HeadPage>, Problem> {
    let after = part.cursor.map(|cursor| RequestId::parse(&cursor).map_err(|_| invalid("`cursor` is the `next` of the page before"))).transpose()?;
    let limit = limit(part.limit)?;
    let heads = state.engine.heads(&caller, after, limit).await?;
    let next = (heads.len() == limit).then(|| heads.last().map(|head| head.request.to_string())).flatten();
    let items = heads.iter().map(|head| HeadBody { request: head.request.to_string(), events: head.events, hash: head.hash.to_string() }).collect();
    Ok(Json(HeadPage { items, next }))
}

/// How many of the refused.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct RefusedFilter {
    /// 1 to 200; 50 unless it says otherwise.
    limit: Option<usize>,
}

/// Attempts that rules refused, for operators.
#[utoipa::path(get, path = "/v1/refused", tag = "audit", params(RefusedFilter),
    responses((status = 200, body = RefusedPage), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn refused(
    State(state): State<ApiState>,
    Permit(caller): Permit,
    Parameters(filter): Parameters<RefusedFilter>,
) -> Result<Json<RefusedPage>, Problem> {
    let attempts = state.engine.refused_attempts(&caller, limit(filter.limit)?).await?;
    let body = |attempt: countersign_store::RefusedAttempt| RefusedBody {
        at: attempt.at.to_string(),
        request: attempt.request.map(|id| id.to_string()),
        actor: attempt.actor,
        attempted: attempt.attempted,
        code: attempt.code,
    };
    Ok(Json(RefusedPage { items: attempts.into_iter().map(body).collect(), next: None }))
}

/// What admins did to the sign-ins of others: whose sessions they ended, whose passkeys they removed, and when.
#[utoipa::path(get, path = "/v1/interventions", tag = "audit", params(Part),
    responses((status = 200, body = InterventionPage), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn interventions(
    State(state): State<ApiState>,
    Permit(caller): Permit,
    Parameters(part): Parameters<Part>,
) -> Result<Json<InterventionPage>, Problem> {
    if part.cursor.as_deref().is_some_and(|cursor| !is_place(cursor)) {
        return Err(invalid("`cursor` is the `next` of the page before"));
    }
    let limit = limit(part.limit)?;
    let found = state.engine.interventions(&caller, part.cursor.as_deref(), limit).await?;
    let next = found.last().filter(|_| found.len() == limit).map(|last| last.place.clone());
    let body = |one: crate::engine::interventions::Intervention| InterventionBody {
        at: one.at.to_string(),
        by: one.by,
        deed: one.deed.as_str().to_owned(),
        person: one.person.to_string(),
        count: one.count,
    };
    Ok(Json(InterventionPage { items: found.into_iter().map(body).collect(), next }))
}
