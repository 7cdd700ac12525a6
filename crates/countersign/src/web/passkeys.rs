//! The pages of passkeys: one's own under "me", and signing in with one. The device is asked by a script of ours; what
//! needs no device needs no script.

use super::frame::{Frame, Place};
use super::page::{self, Back};
use super::visitor::Visitor;
use super::words::{When, Words};
use crate::api::ApiState;
use crate::api::problem::Problem;
use crate::engine::passkeys::Listed;
use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "passkeys.html")]
struct PasskeysPage {
    frame: Frame,
    passkeys: Vec<Line>,
}

/// One passkey.
struct Line {
    id: String,
    name: String,
    created: When,
    used: Option<When>,
    backed_up: bool,
    suspected: bool,
}

/// A form with a name, or without.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pressed {
    token: String,
    #[serde(default)]
    name: String,
}

/// One's passkeys.
pub(super) async fn show(State(state): State<ApiState>, visitor: Visitor) -> Response {
    match state.engine.passkeys(&visitor.caller, None).await {
        Ok(passkeys) => {
            let passkeys = passkeys.into_iter().map(|passkey| line(&visitor.words, passkey)).collect();
            page::render(StatusCode::OK, &PasskeysPage { frame: Frame::of(&visitor, Place::Me), passkeys })
        }
        Err(error) => page::problem(Frame::of(&visitor, Place::Me), &error.into(), Some(Back::inbox())),
    }
}

/// Gives one another name.
pub(super) async fn rename(
    State(state): State<ApiState>,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Result<Form<Pressed>, FormRejection>,
) -> Response {
    let done = match taken(&visitor, form) {
        Ok(pressed) => state.engine.rename_passkey(&visitor.caller, &id, &pressed.name).await.map_err(Problem::from),
        Err(problem) => Err(problem),
    };
    answered(&visitor, done)
}

/// Removes one.
pub(super) async fn remove(
    State(state): State<ApiState>,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Result<Form<Pressed>, FormRejection>,
) -> Response {
    let done = match taken(&visitor, form) {
        Ok(_) => state.engine.remove_passkey(&visitor.caller, None, &id).await.map_err(Problem::from),
        Err(problem) => Err(problem),
    };
    answered(&visitor, done)
}

fn taken(visitor: &Visitor, form: Result<Form<Pressed>, FormRejection>) -> Result<Pressed, Problem> {
    let Ok(Form(pressed)) = form else {
        return Err(Problem::new("invalid_body", "the form is not complete; open the page again"));
    };
    if visitor.sent(&pressed.token) { Ok(pressed) } else { Err(Problem::new("cross_site", "the form is not from this sign-in; open the page again")) }
}

fn answered(visitor: &Visitor, done: Result<Listed, Problem>) -> Response {
    match done {
        Ok(_) => Redirect::to("/me/passkeys").into_response(),
        Err(problem) => {
            let back = Back { address: "/me/passkeys".into(), words: "passkeys-title" };
            page::problem(Frame::of(visitor, Place::Me), &problem, Some(back))
        }
    }
}

fn line(words: &Words, passkey: Listed) -> Line {
    Line {
        id: passkey.id,
        name: passkey.name,
        created: words.time(passkey.created_at),
        used: passkey.last_used_at.map(|at| words.time(at)),
        backed_up: passkey.backed_up,
        suspected: passkey.suspected_at.is_some(),
    }
}
