//! Signing the terminal in and out: a one-time link becomes a session.

use super::ApiState;
use super::body::{Members, Nothing, Shape, Strict};
use super::permit::{Permit, SESSION_PREFIX, Stranger};
use super::problem::{Problem, ProblemBody};
use axum::Json;
use axum::extract::State;
use http::header::AUTHORIZATION;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
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

/// Uses a sign-in link up and opens a session.
#[utoipa::path(post, path = "/v1/login", tag = "session", request_body = LoginBody, security(()),
    responses((status = 200, body = SessionBody), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn login(State(state): State<ApiState>, _: Stranger, Strict(body): Strict<LoginBody>) -> Result<Json<SessionBody>, Problem> {
    let secret = body.link.trim().trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    match state.engine.use_login_link(secret).await? {
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
pub(super) async fn logout(State(state): State<ApiState>, _: Permit, headers: HeaderMap, _: Strict<Nothing>) -> Result<StatusCode, Problem> {
    let value = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if let Some((_, secret)) = value.split_once(SESSION_PREFIX) {
        state.engine.end_session(secret.trim()).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
