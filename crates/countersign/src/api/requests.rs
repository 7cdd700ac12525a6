//! Requests: submit, show, revise, withdraw, comment, reassign, why.

use super::ApiState;
use super::body::{Members, Nothing, Shape, Strict};
use super::parameters::{Named, Parameters, invalid};
use super::permit::Permit;
use super::problem::{Problem, ProblemBody};
use crate::engine::submit::{Submission, Submitted};
use crate::engine::{Caller, EngineError, Seen};
use crate::wire::{self, RequestBody, why::WhyBody};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use countersign_core::id::{PersonId, PolicyName, RequestId};
use http::header::LOCATION;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, timeout_at};
use utoipa::{IntoParams, ToSchema};

/// A long poll waits this long at most.
const WAIT_MAX: Duration = Duration::from_secs(60);
/// The longest idempotency key, in characters.
const KEY_MAX: usize = 255;

/// What is submitted.
#[derive(Debug, ToSchema)]
pub struct SubmitBody {
    /// The policy's name.
    policy: String,
    /// In whose name; a person who is signed in may leave it out.
    requester: Option<String>,
    /// What is proposed: the policy's fields.
    #[schema(value_type = Object)]
    payload: Value,
    /// The id that another system knows it by.
    external_id: Option<String>,
}

impl Shape for SubmitBody {
    const MEMBERS: &'static [&'static str] = &["policy", "requester", "payload", "external_id"];
    fn take(members: &mut Members) -> Self {
        Self {
            policy: members.name("policy"),
            requester: members.optional_name("requester"),
            payload: members.value("payload"),
            external_id: members.optional_name("external_id"),
        }
    }
}

/// Makes a request. The same `Idempotency-Key` with the same body answers 200 with the request it made.
#[utoipa::path(post, path = "/v1/requests", tag = "requests", request_body = SubmitBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters; keeps a repeated call from making a second request")),
    responses((status = 201, body = RequestBody, headers(("Location" = String))), (status = 200, body = RequestBody, description = "made before with this key"),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn submit(
    State(state): State<ApiState>,
    Permit(caller): Permit,
    headers: HeaderMap,
    Strict(body): Strict<SubmitBody>,
) -> Result<Response, Problem> {
    let requester = match (body.requester, &caller) {
        (Some(requester), _) => PersonId::new(requester),
        (None, Caller::Person { id, .. }) => id.clone(),
        (None, Caller::Key { .. }) => {
            let fault = super::problem::FaultBody { pointer: "/requester".into(), message: "a key names the person it acts for".into() };
            return Err(Problem::invalid_body(vec![fault]));
        }
    };
    let submission = Submission {
        policy: PolicyName::new(body.policy),
        requester,
        payload: body.payload,
        idempotency_key: idempotency_key(&headers)?,
        external_id: body.external_id,
    };
    let Submitted { handled, new } = state.engine.submit(&caller, submission).await?;
    let answer = wire::request(&handled.shown_to(&caller), state.public_url());
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, [(LOCATION, format!("/v1/requests/{}", answer.id))], Json(answer)).into_response())
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut keys = headers.get_all("idempotency-key").iter();
    let Some(first) = keys.next() else { return Ok(None) };
    let text = first.to_str().ok().map(str::trim).filter(|text| (1..=KEY_MAX).contains(&text.len()));
    match (text, keys.next()) {
        (Some(text), None) => Ok(Some(text.to_owned())),
        _ => Err(invalid(format!("`Idempotency-Key` is one header of 1 to {KEY_MAX} visible ASCII characters"))),
    }
}

/// How to look at a request.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ShowQuery {
    /// Answer when the request settles, at the latest after so long (`30s`, at most `60s`).
    wait: Option<String>,
}

/// The request as it stands; with `wait`, as soon as it is settled.
#[utoipa::path(get, path = "/v1/requests/{id}", tag = "requests", params(("id" = String, Path), ShowQuery),
    responses((status = 200, body = RequestBody), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn show(
    State(state): State<ApiState>,
    Permit(caller): Permit,
    Named(id): Named,
    Parameters(query): Parameters<ShowQuery>,
) -> Result<Json<RequestBody>, Problem> {
    let seen = match query.wait.as_deref().map(wait_of).transpose()? {
        None => state.engine.see(&caller, id).await?,
        Some(wait) => when_settled(&state, &caller, id, wait).await?,
    };
    Ok(Json(wire::request(&seen, state.public_url())))
}

fn wait_of(text: &str) -> Result<Duration, Problem> {
    let span = text.parse::<u32>().map(|seconds| jiff::SignedDuration::from_secs(seconds.into())).or_else(|_| text.parse::<jiff::SignedDuration>());
    let wait = span.ok().and_then(|span| Duration::try_from(span).ok());
    wait.map(|wait| wait.min(WAIT_MAX)).ok_or_else(|| invalid("`wait` is a duration like `30s`, at most `60s`"))
}

/// Waits on word of changes, never on a clock alone: a change between look and wait is not missed.
async fn when_settled(state: &ApiState, caller: &Caller, id: RequestId, wait: Duration) -> Result<Seen, Problem> {
    let _room =
        state.streams.try_acquire().map_err(|_| Problem::new("too_many_streams", "too many streams and long polls are open; ask without `wait`"))?;
    let until = Instant::now() + wait;
    let mut changes = state.engine.changes();
    loop {
        let seen = state.engine.see(caller, id).await?;
        if seen.request.settled.is_some() {
            return Ok(seen);
        }
        let changed = async {
            loop {
                match changes.recv().await {
                    Ok(changed) if changed == id => return,
                    Ok(_) => {}
                    Err(RecvError::Lagged(_) | RecvError::Closed) => return,
                }
            }
        };
        tokio::select! {
            () = state.stop.cancelled() => return Ok(seen),
            outcome = timeout_at(until, changed) => if outcome.is_err() { return Ok(state.engine.see(caller, id).await?) },
        }
    }
}

/// Who blocks it, since when, what would unblock it, and what happens at the next wake-up.
#[utoipa::path(get, path = "/v1/requests/{id}/why", tag = "requests", params(("id" = String, Path)),
    responses((status = 200, body = WhyBody), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn why(State(state): State<ApiState>, Permit(caller): Permit, Named(id): Named) -> Result<Json<WhyBody>, Problem> {
    Ok(Json(wire::why::why(&state.engine.see(&caller, id).await?)))
}

/// A new payload.
#[derive(Debug, ToSchema)]
pub struct ReviseBody {
    /// What is proposed now.
    #[schema(value_type = Object)]
    payload: Value,
}

impl Shape for ReviseBody {
    const MEMBERS: &'static [&'static str] = &["payload"];
    fn take(members: &mut Members) -> Self {
        Self { payload: members.value("payload") }
    }
}

/// The requester changes what is proposed; every decision so far lapses.
#[utoipa::path(post, path = "/v1/requests/{id}/revisions", tag = "requests", params(("id" = String, Path)), request_body = ReviseBody,
    responses((status = 200, body = RequestBody), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn revise(
    State(state): State<ApiState>,
    Permit(caller): Permit,
    Named(id): Named,
    Strict(body): Strict<ReviseBody>,
) -> Result<Json<RequestBody>, Problem> {
    let done = state.engine.revise(&caller, id, &body.payload).await;
    answered(&state, &caller, id, done).await
}

/// The requester takes it back.
#[utoipa::path(post, path = "/v1/requests/{id}/withdraw", tag = "requests", params(("id" = String, Path)),
    responses((status = 200, body = RequestBody), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn withdraw(
    State(state): State<ApiState>,
    Permit(caller): Permit,
    Named(id): Named,
    _: Strict<Nothing>,
) -> Result<Json<RequestBody>, Problem> {
    let done = state.engine.withdraw(&caller, id).await;
    answered(&state, &caller, id, done).await
}

/// Words on a request.
#[derive(Debug, ToSchema)]
pub struct CommentBody {
    /// The words; at most 10,000 characters.
    comment: String,
}

impl Shape for CommentBody {
    const MEMBERS: &'static [&'static str] = &["comment"];
    fn take(members: &mut Members) -> Self {
        Self { comment: members.words("comment", "a text that says something is expected") }
    }
}

/// Somebody who sees it says something.
#[utoipa::path(post, path = "/v1/requests/{id}/comments", tag = "requests", params(("id" = String, Path)), request_body = CommentBody,
    responses((status = 200, body = RequestBody), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn comment(
    State(state): State<ApiState>,
    Permit(caller): Permit,
    Named(id): Named,
    Strict(body): Strict<CommentBody>,
) -> Result<Json<RequestBody>, Problem> {
    let done = state.engine.comment(&caller, id, &body.comment).await;
    answered(&state, &caller, id, done).await
}

/// Whom to ask.
#[derive(Debug, ToSchema)]
pub struct ReassignBody {
    /// Person ids.
    to: Vec<String>,
}

impl Shape for ReassignBody {
    const MEMBERS: &'static [&'static str] = &["to"];
    fn take(members: &mut Members) -> Self {
        let to = members.names("to");
        if to.is_empty() {
            members.fault("to", "at least one person is expected");
        }
        Self { to }
    }
}

/// An operator asks further people.
#[utoipa::path(post, path = "/v1/requests/{id}/reassign", tag = "operations", params(("id" = String, Path)), request_body = ReassignBody,
    responses((status = 200, body = RequestBody), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn reassign(
    State(state): State<ApiState>,
    Permit(caller): Permit,
    Named(id): Named,
    Strict(body): Strict<ReassignBody>,
) -> Result<Json<RequestBody>, Problem> {
    let done = state.engine.reassign(&caller, id, body.to.into_iter().map(PersonId::new).collect()).await;
    answered(&state, &caller, id, done).await
}

/// The request after a deed; or the refusal with what is true now, for those who may see it.
pub(super) async fn answered(
    state: &ApiState,
    caller: &Caller,
    id: RequestId,
    done: Result<crate::engine::Handled, EngineError>,
) -> Result<Json<RequestBody>, Problem> {
    match done {
        Ok(handled) => Ok(Json(wire::request(&handled.shown_to(caller), state.public_url()))),
        Err(error @ EngineError::Refused(_)) => match state.engine.see(caller, id).await {
            Ok(seen) => Err(Problem::about(error, &seen)),
            Err(_) => Err(error.into()),
        },
        Err(error) => Err(error.into()),
    }
}
