//! Signing in by a one-time link. Opening the link only asks; pressing the button uses it up (mail scanners open
//! links, and none presses).

use super::frame::{Frame, Place};
use super::page;
use super::visitor::Visitor;
use super::words::Words;
use crate::api::permit::{Stranger, cookie_name};
use crate::api::{ApiState, origin, session};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use http::{HeaderMap, StatusCode};

#[derive(Template)]
#[template(path = "signin.html")]
struct SignInPage {
    frame: Frame,
    name: String,
    secret: String,
}

/// Asks whether this person is looking.
pub(super) async fn show(
    State(state): State<ApiState>,
    stranger: Result<Stranger, crate::api::problem::Problem>,
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
pub(super) async fn use_up(State(state): State<ApiState>, _: Stranger, Path(secret): Path<String>, headers: HeaderMap, jar: CookieJar) -> Response {
    let frame = stranger_frame(&state, &headers);
    if let Err(problem) = origin::same(&headers, &state) {
        return page::problem(frame, &problem, None);
    }
    match state.engine.use_login_link(&secret).await {
        Ok(Some((session, _))) => (jar.add(cookie(&state, session)), Redirect::to("/")).into_response(),
        Ok(None) => page::problem(frame, &session::spent(), None),
        Err(error) => page::problem(frame, &error.into(), None),
    }
}

/// Ends the session.
pub(super) async fn sign_out(State(state): State<ApiState>, visitor: Visitor, jar: CookieJar) -> Response {
    let secret = jar.get(cookie_name(&state)).map(|cookie| cookie.value().to_owned()).unwrap_or_default();
    if let Err(error) = state.engine.end_session(&secret).await {
        return page::problem(Frame::of(&visitor, Place::Elsewhere), &error.into(), None);
    }
    let jar = jar.remove(cookie(&state, String::new()));
    (jar, page::message(StatusCode::OK, Frame::stranger(visitor.words), "signin-out-title", "signin-out-text")).into_response()
}

fn stranger_frame(state: &ApiState, headers: &HeaderMap) -> Frame {
    Frame::stranger(Words::of_stranger(headers, state.engine.clock().now()))
}

fn cookie(state: &ApiState, secret: String) -> Cookie<'static> {
    Cookie::build((cookie_name(state), secret)).path("/").http_only(true).same_site(SameSite::Lax).secure(state.is_https()).build()
}
