//! A decision from the page: a form that was pressed, on the revision that was shown. What the engine refuses is
//! answered by a page that says what is true now.

use super::frame::{Frame, Place};
use super::page::{self, Back};
use super::request::{Typed, shown};
use super::visitor::Visitor;
use crate::api::ApiState;
use crate::api::parameters::Named;
use crate::api::problem::Problem;
use crate::engine::deed::Verdict;
use crate::wire::event::decision_of;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::response::{IntoResponse, Redirect, Response};
use countersign_core::event::Decision;
use countersign_core::id::{RequestId, Revision};
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
}

/// Passes the decision on.
pub(super) async fn decide(
    State(state): State<ApiState>,
    visitor: Visitor,
    Named(id): Named,
    form: Result<Form<Pressed>, FormRejection>,
) -> Response {
    let frame = Frame::of(&visitor, Place::Inbox);
    let back = Back::request(id);
    let Ok(Form(pressed)) = form else {
        let problem = Problem::new("invalid_body", "the form is not complete; open the page again");
        return page::problem(frame, &problem, Some(back));
    };
    if !visitor.sent(&pressed.token) {
        let problem = Problem::new("cross_site", "the form is not from this sign-in; open the page again");
        return page::problem(frame, &problem, Some(back));
    }
    let Some(decision) = decision_of(&pressed.decision) else {
        let problem = Problem::new("invalid_body", "the form names no decision; open the page again");
        return page::problem(frame, &problem, Some(back));
    };
    if let Some(error) = missing(decision, &pressed.comment) {
        return shown(&state, &visitor, id, Typed { comment: pressed.comment, error: Some(error.to_owned()) }).await;
    }
    pass_on(&state, visitor, id, decision, pressed, back).await
}

async fn pass_on(state: &ApiState, visitor: Visitor, id: RequestId, decision: Decision, pressed: Pressed, back: Back) -> Response {
    let comment = Some(pressed.comment.trim().to_owned()).filter(|text| !text.is_empty());
    let verdict = Verdict { decision, revision: Revision(pressed.revision), comment, person: None };
    match state.engine.decide(&visitor.caller, id, verdict).await {
        Ok(_) => Redirect::to(&format!("/requests/{id}")).into_response(),
        Err(error) => page::problem(Frame::of(&visitor, Place::Inbox), &error.into(), Some(back)),
    }
}

fn missing(decision: Decision, comment: &str) -> Option<&'static str> {
    if comment.chars().count() > COMMENT_MAX {
        return Some("The comment is longer than 10,000 characters; nothing was decided.");
    }
    if !comment.trim().is_empty() {
        return None;
    }
    match decision {
        Decision::Approve => None,
        Decision::Reject => Some("Please say why you reject it: the requester is told. Nothing was decided yet."),
        Decision::RequestChanges => Some("Please say what should change: the requester is told. Nothing was decided yet."),
    }
}
