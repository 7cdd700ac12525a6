//! Signing in by a one-time link. Opening the link only asks; pressing the button uses it up (mail scanners open
//! links, and none presses).

use super::enter;
use crate::api::arrival::Whence;
use crate::api::permit::Stranger;
use crate::api::problem::Problem;
use crate::api::{ApiState, origin, session};
use crate::engine::sessions::SignedBy;
use crate::web::page::{self, Viewer};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use axum_extra::extract::CookieJar;
use http::{HeaderMap, StatusCode};
use std::convert::Infallible;

#[derive(Template)]
#[template(path = "signin.html")]
struct SignInPage {
    viewer: Option<Viewer>,
    name: String,
    secret: String,
}

/// Asks whether this person is looking.
pub(in crate::web) async fn show(State(state): State<ApiState>, stranger: Result<Stranger, Problem>, Path(secret): Path<String>) -> Response {
    if let Err(problem) = stranger {
        return page::problem(None, &problem, None);
    }
    match state.engine.peek_login_link(&secret).await {
        Ok(Some(person)) => {
            let name = state.engine.shelf().people().name(&person);
            page::render(StatusCode::OK, &SignInPage { viewer: None, name, secret })
        }
        Ok(None) => page::problem(None, &session::spent(), None),
        Err(error) => page::problem(None, &error.into(), None),
    }
}

/// Uses the link up and opens a session.
pub(in crate::web) async fn use_up(
    State(state): State<ApiState>,
    stranger: Result<Stranger, Problem>,
    Ok(whence): Result<Whence, Infallible>,
    Path(secret): Path<String>,
    headers: HeaderMap,
    jar: CookieJar,
) -> Response {
    if let Err(problem) = stranger.map(|_| ()).and_then(|()| origin::same(&headers, &state)) {
        return page::problem(None, &problem, None);
    }
    match state.engine.use_login_link(&secret, &whence.arrival(SignedBy::Link)).await {
        Ok(Some((session, _))) => enter(&state, jar, session, "/").await,
        Ok(None) => page::problem(None, &session::spent(), None),
        Err(error) => page::problem(None, &error.into(), None),
    }
}
