//! Signing the terminal in and out: a one-time link becomes a session. And the sessions of whoever calls, or
//! for admins of somebody else: listed, ended one by one or all at once.

use super::ApiState;
use super::arrival::Whence;
use super::body::{Members, Nothing, Shape, Strict};
use super::parameters::Parameters;
use super::passkeys::Whose;
use super::permit::{self, Permit, SESSION_PREFIX, Stranger};
use super::problem::{Problem, ProblemBody};
use crate::engine::sessions::{SessionRecord, SignedBy};
use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use http::StatusCode;
use http::request::Parts;
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use utoipa::ToSchema;

/// A sign-in link.
#[derive(Debug, ToSchema)]
pub struct LoginBody {
    /// The link, or the secret at its end.
    link: String,
}

impl Shape for LoginBody {
    const MEMBERS: &'static [&'static str] = &["link"];
    fn take(members: &mut Members) -> Self {
        Self { link: members.name("link") }
    }
}

/// A session.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct SessionBody {
    /// `css_…`: to be sent as a bearer token.
    pub session: String,
    /// Who is signed in.
    pub person: String,
}

/// A session as its person sees it in a list; never its secret.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct SessionLine {
    /// `ses_…`
    pub id: String,
    /// `link`, `passkey` or `provider:<id>`.
    pub by: String,
    /// With what, in a few words.
    pub device: String,
    /// From where.
    pub address: String,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// To within a minute.
    pub last_used_at: String,
    /// When it ends, however much it is used.
    pub ends_at: String,
    /// Whether this call came with it.
    pub current: bool,
}

/// All sessions of the caller.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct SessionPage {
    /// Newest first.
    pub items: Vec<SessionLine>,
    /// Always null: the list is short.
    pub next: Option<String>,
}

/// The secret of the session that a call came with, as bearer token or cookie; empty for a key.
#[derive(Clone)]
pub(crate) struct Held(pub(crate) String);

impl FromRequestParts<ApiState> for Held {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Infallible> {
        let secret = match permit::bearer(parts) {
            Some(token) => token.strip_prefix(SESSION_PREFIX).map(str::to_owned),
            None => permit::session_secret(parts, state),
        };
        Ok(Self(secret.unwrap_or_default()))
    }
}

/// Uses a sign-in link up and opens a session.
#[utoipa::path(post, path = "/v1/login", tag = "session", request_body = LoginBody, security(()),
    responses((status = 200, body = SessionBody), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn login(
    State(state): State<ApiState>,
    _: Stranger,
    Ok(whence): Result<Whence, Infallible>,
    Strict(body): Strict<LoginBody>,
) -> Result<Json<SessionBody>, Problem> {
    let secret = body.link.trim().trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    match state.engine.use_login_link(secret, &whence.arrival(SignedBy::Link)).await? {
        Some((session, person)) => Ok(Json(SessionBody { session: format!("{SESSION_PREFIX}{session}"), person: person.to_string() })),
        None => Err(spent()),
    }
}

/// What a link that does not work is told.
pub(crate) fn spent() -> Problem {
    Problem::new("link_spent", "this sign-in link is used, late or unknown; ask for a new one")
}

/// Ends the session that the call came with.
#[utoipa::path(post, path = "/v1/logout", tag = "session",
    responses((status = 204), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn logout(
    State(state): State<ApiState>,
    _: Permit,
    Ok(Held(secret)): Result<Held, Infallible>,
    _: Strict<Nothing>,
) -> Result<StatusCode, Problem> {
    state.engine.end_session(&secret).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// One's sessions; for admins with `?person=` another's.
#[utoipa::path(get, path = "/v1/sessions", tag = "session", params(Whose),
    responses((status = 200, body = SessionPage), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(state): State<ApiState>,
    Permit(caller): Permit,
    Ok(Held(secret)): Result<Held, Infallible>,
    Parameters(whose): Parameters<Whose>,
) -> Result<Json<SessionPage>, Problem> {
    let person = state.engine.whose_sessions(&caller, whose.person().as_ref())?;
    let current = state.engine.session(&secret).await?.map(|session| session.id);
    let sessions = state.engine.sessions_of(&person).await?;
    let items = sessions.into_iter().map(|session| line(session, current.as_deref())).collect();
    Ok(Json(SessionPage { items, next: None }))
}

/// Ends one of one's sessions; for admins with `?person=` one of another's.
#[utoipa::path(delete, path = "/v1/sessions/{id}", tag = "session", params(("id" = String, Path), Whose),
    responses((status = 204), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn end(
    State(state): State<ApiState>,
    Permit(caller): Permit,
    Path(id): Path<String>,
    Parameters(whose): Parameters<Whose>,
) -> Result<StatusCode, Problem> {
    let ended = state.engine.end_sessions(&caller, whose.person().as_ref(), Some(&id)).await?;
    if ended > 0 { Ok(StatusCode::NO_CONTENT) } else { Err(unknown()) }
}

/// Signs whoever calls out everywhere, this call's session too; for admins with `?person=` another.
#[utoipa::path(delete, path = "/v1/sessions", tag = "session", params(Whose),
    responses((status = 204), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn end_all(
    State(state): State<ApiState>,
    Permit(caller): Permit,
    Parameters(whose): Parameters<Whose>,
) -> Result<StatusCode, Problem> {
    state.engine.end_sessions(&caller, whose.person().as_ref(), None).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What is said of a session that is not there, and of somebody else's.
pub(crate) fn unknown() -> Problem {
    Problem::new("unknown_session", "there is no session of this id that you may end; it may have ended already")
}

fn line(session: SessionRecord, current: Option<&str>) -> SessionLine {
    SessionLine {
        current: current == Some(&session.id),
        by: session.by.to_string(),
        id: session.id,
        device: session.device,
        address: session.address,
        created_at: session.created_at.to_string(),
        last_used_at: session.last_used_at.to_string(),
        ends_at: session.ends_at.to_string(),
    }
}
