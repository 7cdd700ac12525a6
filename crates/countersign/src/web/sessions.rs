//! The page of my sessions: where I am signed in, with a button for each and one for all.

use super::frame::{Frame, Place};
use super::page::{self, Back};
use super::signin::{self, Pressed, pressed};
use super::visitor::Visitor;
use super::words::When;
use crate::api::ApiState;
use crate::api::session::{Held, unknown};
use crate::engine::EngineError;
use crate::engine::sessions::{SessionRecord, SignedBy};
use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use http::StatusCode;
use std::convert::Infallible;

#[derive(Template)]
#[template(path = "sessions.html")]
struct SessionsPage {
    frame: Frame,
    sessions: Vec<Line>,
}

/// One session in the list.
struct Line {
    id: String,
    device: String,
    address: String,
    by: String,
    since: When,
    used: When,
    ends: When,
    current: bool,
}

/// Shows the list.
pub(super) async fn show(State(state): State<ApiState>, visitor: Visitor, Ok(Held(secret)): Result<Held, Infallible>) -> Response {
    match lines(&state, &visitor, &secret).await {
        Ok(sessions) => page::render(StatusCode::OK, &SessionsPage { frame: Frame::of(&visitor, Place::Me), sessions }),
        Err(error) => page::problem(Frame::of(&visitor, Place::Me), &error.into(), None),
    }
}

async fn lines(state: &ApiState, visitor: &Visitor, secret: &str) -> Result<Vec<Line>, EngineError> {
    let current = state.engine.session(secret).await?.map(|session| session.id);
    let sessions = state.engine.sessions_of(&visitor.person).await?;
    Ok(sessions.into_iter().map(|session| line(session, visitor, current.as_deref())).collect())
}

fn line(session: SessionRecord, visitor: &Visitor, current: Option<&str>) -> Line {
    let by = match session.by {
        SignedBy::Link => visitor.words.say("sessions-by-link").to_string(),
        SignedBy::Provider(id) => visitor.words.say("sessions-by-provider").arg("name", id).to_string(),
        SignedBy::Passkey => visitor.words.say("sessions-by-passkey").to_string(),
    };
    Line {
        current: current == Some(&session.id),
        id: session.id,
        device: session.device,
        address: session.address,
        by,
        since: visitor.words.time(session.created_at),
        used: visitor.words.time(session.last_used_at),
        ends: visitor.words.time(session.ends_at),
    }
}

/// Ends one session.
pub(super) async fn end(
    State(state): State<ApiState>,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Result<Form<Pressed>, FormRejection>,
) -> Response {
    if let Err(problem) = pressed(&visitor, form) {
        return page::problem(Frame::of(&visitor, Place::Me), &problem, None);
    }
    let back = Some(Back { address: "/me/sessions".into(), words: "sessions-back" });
    match state.engine.end_session_of(&visitor.person, &id).await {
        Ok(true) => Redirect::to("/me/sessions").into_response(),
        Ok(false) => page::problem(Frame::of(&visitor, Place::Me), &unknown(), back),
        Err(error) => page::problem(Frame::of(&visitor, Place::Me), &error.into(), back),
    }
}

/// Ends all of them, this one too.
pub(super) async fn end_all(State(state): State<ApiState>, visitor: Visitor, jar: CookieJar, form: Result<Form<Pressed>, FormRejection>) -> Response {
    if let Err(problem) = pressed(&visitor, form) {
        return page::problem(Frame::of(&visitor, Place::Me), &problem, None);
    }
    match state.engine.end_sessions_of(&visitor.person).await {
        Ok(_) => (jar.remove(signin::gone(&state)), signin::signed_out(visitor.words)).into_response(),
        Err(error) => page::problem(Frame::of(&visitor, Place::Me), &error.into(), None),
    }
}
