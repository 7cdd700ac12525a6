//! Signing in and out on the pages: what the ways of signing in share. Every sign-in draws a fresh session and ends the
//! one that the browser brought along, so that nobody is handed a session that somebody else knows.

use super::frame::{Frame, Place};
use super::page;
use super::visitor::Visitor;
use super::words::Words;
use crate::api::ApiState;
use crate::api::permit::cookie_name;
use crate::api::problem::Problem;
use crate::api::session::Held;
use crate::engine::EngineError;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use std::convert::Infallible;

pub mod link;
pub mod next;
pub mod offer;
pub mod provider;

/// The token that every form carries.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pressed {
    token: String,
}

/// Refuses a form that is not from a page of this session.
///
/// # Errors
/// `cross_site`.
pub(super) fn pressed(visitor: &Visitor, form: Result<Form<Pressed>, FormRejection>) -> Result<(), Problem> {
    match form {
        Ok(Form(pressed)) if visitor.sent(&pressed.token) => Ok(()),
        _ => Err(Problem::new("cross_site", "the form is not from this sign-in; open the page again")),
    }
}

/// Puts a fresh session into the browser, ends the one it brought along, and goes on to a page of ours.
pub(super) async fn enter(state: &ApiState, frame: Frame, jar: CookieJar, secret: String, next: &str) -> Response {
    if let Err(error) = leave(state, &jar).await {
        return page::problem(frame, &error.into(), None);
    }
    (jar.add(cookie(state, secret)), Redirect::to(next::local(next).unwrap_or("/"))).into_response()
}

/// Ends the session that the browser brought along, whosever it is.
async fn leave(state: &ApiState, jar: &CookieJar) -> Result<(), EngineError> {
    match jar.get(cookie_name(state)) {
        Some(cookie) => state.engine.end_session(cookie.value()).await,
        None => Ok(()),
    }
}

/// Ends the session.
pub(super) async fn sign_out(
    State(state): State<ApiState>,
    visitor: Visitor,
    Ok(Held(secret)): Result<Held, Infallible>,
    jar: CookieJar,
    form: Result<Form<Pressed>, FormRejection>,
) -> Response {
    if let Err(problem) = pressed(&visitor, form) {
        return page::problem(Frame::of(&visitor, Place::Me), &problem, None);
    }
    if let Err(error) = state.engine.end_session(&secret).await {
        return page::problem(Frame::of(&visitor, Place::Elsewhere), &error.into(), None);
    }
    (jar.remove(gone(&state)), signed_out(visitor.words)).into_response()
}

/// What is said to whoever has just left.
pub(super) fn signed_out(words: Words) -> Response {
    page::message(StatusCode::OK, Frame::stranger(words), "signin-out-title", "signin-out-text")
}

/// The frame for somebody whom nobody knows yet.
pub(super) fn stranger_frame(state: &ApiState, headers: &HeaderMap) -> Frame {
    Frame::stranger(Words::of_stranger(headers, state.engine.clock().now()))
}

/// The cookie of a session: for this host alone where people come encrypted, out of reach of scripts, and sent along
/// from other sites only when a person follows a link.
fn cookie(state: &ApiState, secret: String) -> Cookie<'static> {
    Cookie::build((cookie_name(state), secret)).path("/").http_only(true).same_site(SameSite::Lax).secure(state.is_https()).build()
}

/// The cookie that takes the session's cookie away.
pub(super) fn gone(state: &ApiState) -> Cookie<'static> {
    cookie(state, String::new())
}
