//! Signing in by a one-time link. Opening the link only asks; pressing the button uses it up (mail scanners open
//! links, and none presses).

use super::{enter, stranger_frame};
use crate::api::arrival::Whence;
use crate::api::permit::Stranger;
use crate::api::problem::Problem;
use crate::api::{ApiState, origin, session};
use crate::engine::sessions::SignedBy;
use crate::web::frame::Frame;
use crate::web::page;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use axum_extra::extract::CookieJar;
use http::{HeaderMap, StatusCode};
use std::convert::Infallible;

#[derive(Template)]
#[template(path = "signin.html")]
struct SignInPage {
    frame: Frame,
    name: String,
    secret: String,
}

/// Asks whether this person is looking.
pub(in crate::web) async fn show(
    State(state): State<ApiState>,
    stranger: Result<Stranger, Problem>,
    Path(secret): Path<String>,
    headers: HeaderMap,
) -> Response {
    let frame = stranger_frame(&state, &headers);
    if let Err(problem) = stranger {
        return page::problem(frame, &problem, None);
    }
    match state.engine.peek_login_link(&secret).await {
        Ok(Some(person)) => {
            let name = state.engine.shelf().people().name(&person);
            page::render(StatusCode::OK, &SignInPage { frame, name, secret })
        }
        Ok(None) => page::problem(frame, &session::spent(), None),
        Err(error) => page::problem(frame, &error.into(), None),
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
    let frame = stranger_frame(&state, &headers);
    if let Err(problem) = stranger.map(|_| ()).and_then(|()| origin::same(&headers, &state)) {
        return page::problem(frame, &problem, None);
    }
    match state.engine.use_login_link(&secret, &whence.arrival(SignedBy::Link)).await {
        Ok(Some((session, _))) => enter(&state, frame, jar, session, "/").await,
        Ok(None) => page::problem(frame, &session::spent(), None),
        Err(error) => page::problem(frame, &error.into(), None),
    }
}
