//! A decision from the page: a form that was pressed, on the revision that was shown. What the engine refuses is
//! answered by the request's page as it is now, with the reason and with what was typed.

use super::frame::{Frame, Place};
use super::page::{self, Back};
use super::refused;
use super::request::{Typed, shown};
use super::visitor::Visitor;
use crate::api::ApiState;
use crate::api::parameters::Named;
use crate::api::problem::Problem;
use crate::engine::EngineError;
use crate::engine::deed::Verdict;
use crate::wire::event::decision_of;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::response::{IntoResponse, Redirect, Response};
use countersign_core::event::Decision;
use countersign_core::id::{RequestId, Revision};
use countersign_core::refusal::Refusal;
use http::StatusCode;
use serde::Deserialize;

/// The longest comment, in characters.
const COMMENT_MAX: usize = 10_000;

/// The form.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pressed {
    token: String,
    revision: u32,
    decision: String,
    #[serde(default)]
    comment: String,
    /// `inbox` where the decision was taken in the list: there it goes on.
    #[serde(default)]
    back: String,
}

/// Passes the decision on.
pub(super) async fn decide(
    State(state): State<ApiState>,
    visitor: Visitor,
    Named(id): Named,
    form: Result<Form<Pressed>, FormRejection>,
) -> Response {
    let refuse = |code, detail: &str| page::problem(Frame::of(&visitor, Place::Inbox), &Problem::new(code, detail), Some(Back::request(id)));
    let Ok(Form(pressed)) = form else { return refuse("invalid_body", "the form is not complete; open the page again") };
    if !visitor.sent(&pressed.token) {
        return refuse("cross_site", "the form is not from this sign-in; open the page again");
    }
    let Some(decision) = decision_of(&pressed.decision) else {
        return refuse("invalid_body", "the form names no decision; open the page again");
    };
    if let Some(error) = missing(decision, &pressed.comment) {
        let error = Some(visitor.words.say(error).to_string());
        return shown(&state, &visitor, id, Typed { comment: pressed.comment, error, status: StatusCode::UNPROCESSABLE_ENTITY }).await;
    }
    pass_on(&state, visitor, id, decision, pressed).await
}

async fn pass_on(state: &ApiState, visitor: Visitor, id: RequestId, decision: Decision, pressed: Pressed) -> Response {
    let comment = Some(pressed.comment.trim().to_owned()).filter(|text| !text.is_empty());
    let verdict = Verdict { decision, revision: Revision(pressed.revision), comment, person: None };
    match state.engine.decide(&visitor.caller, id, verdict).await {
        Ok(_) if pressed.back == "inbox" => Redirect::to("/").into_response(),
        Ok(_) => Redirect::to(&format!("/requests/{id}")).into_response(),
        Err(EngineError::Refused(Refusal::PasskeyRequired)) => super::signing::asked(state, &visitor, id, pressed.comment).await,
        Err(error) => answered(state, &visitor, id, error, pressed.comment).await,
    }
}

/// The page as it is now, with why nothing was decided.
async fn answered(state: &ApiState, visitor: &Visitor, id: RequestId, error: EngineError, comment: String) -> Response {
    let said = refused::sentence(&Frame::of(visitor, Place::Inbox), &state.engine.shelf().people(), &error);
    let problem = Problem::from(error);
    let status = StatusCode::from_u16(problem.body().status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = shown(state, visitor, id, Typed { comment, error: Some(said), status }).await;
    response.extensions_mut().insert(crate::api::problem::ProblemCode(problem.body().code));
    response
}

/// Takes the request back.
pub(super) async fn withdraw(
    State(state): State<ApiState>,
    visitor: Visitor,
    Named(id): Named,
    form: Result<Form<Withdrawn>, FormRejection>,
) -> Response {
    if !form.is_ok_and(|Form(form)| visitor.sent(&form.token)) {
        let problem = Problem::new("cross_site", "the form is not from this sign-in; open the page again");
        return page::problem(Frame::of(&visitor, Place::Inbox), &problem, Some(Back::request(id)));
    }
    match state.engine.withdraw(&visitor.caller, id).await {
        Ok(_) => Redirect::to(&format!("/requests/{id}")).into_response(),
        Err(error) => answered(&state, &visitor, id, error, String::new()).await,
    }
}

/// The form that takes a request back.
#[derive(Debug, Deserialize)]
pub(super) struct Withdrawn {
    token: String,
}

fn missing(decision: Decision, comment: &str) -> Option<&'static str> {
    if comment.chars().count() > COMMENT_MAX {
        return Some("decide-too-long");
    }
    if !comment.trim().is_empty() {
        return None;
    }
    match decision {
        Decision::Approve => None,
        Decision::Reject => Some("decide-reason-reject"),
        Decision::RequestChanges => Some("decide-reason-changes"),
    }
}
