//! What the pages beside inbox and request share: their routes, the guard of their forms, the way back from a refusal.

use super::form::Typed;
use super::frame::{Frame, Place};
use super::page::{self, Back};
use super::visitor::Visitor;
use super::{audit, me, new, operations, policies};
use crate::api::ApiState;
use crate::api::problem::Problem;
use axum::Router;
use axum::extract::Form;
use axum::extract::rejection::FormRejection;
use axum::response::Response;
use axum::routing::{get, post};

/// The controls that every form of ours has.
pub(super) type Pairs = Vec<(String, String)>;

/// The routes of these pages.
pub(super) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/new", get(new::choose))
        .route("/new/{policy}", get(new::show).post(new::press))
        .route("/policies", get(policies::list))
        .route("/policies/{name}", get(policies::show).post(policies::try_it))
        .route("/operations", get(operations::show))
        .route("/operations/requests/{id}/executions/{action}/retry", post(operations::retry))
        .route("/operations/requests/{id}/executions/{action}/abandon", post(operations::abandon))
        .route("/operations/requests/{id}/notices/{notice}/retry", post(operations::retry_notice))
        .route("/operations/requests/{id}/notices/{notice}/abandon", post(operations::abandon_notice))
        .route("/operations/requests/{id}/reassign", post(operations::reassign))
        .route("/audit", get(audit::show))
        .route("/audit/verify", post(audit::verify))
        .route("/audit/events.jsonl", get(audit::events_jsonl))
        .route("/audit/events.csv", get(audit::events_csv))
        .route("/audit/heads.jsonl", get(audit::heads_jsonl))
        .route("/audit/heads.csv", get(audit::heads_csv))
        .route("/me", get(me::show))
        .route("/me/choices", post(me::choose))
        .route("/me/channels/{place}/test", post(me::test_channel))
}

/// The page for a problem, with the way back.
pub(super) fn refused(visitor: &Visitor, place: Place, problem: &Problem, address: &str) -> Response {
    let words = match place {
        Place::New => "back-new",
        Place::Policies => "back-policies",
        Place::Operations => "back-operations",
        Place::Audit => "back-audit",
        Place::Me => "back-me",
        Place::Inbox | Place::Elsewhere => "problem-to-inbox",
    };
    page::problem(Frame::of(visitor, place), problem, Some(Back { address: address.to_owned(), words }))
}

/// What was typed into a form, if it is one of this sign-in's own.
///
/// # Errors
/// The page that says what is wrong.
#[expect(clippy::result_large_err, reason = "the error is the answer itself, made once a request")]
pub(super) fn taken(visitor: &Visitor, form: Result<Form<Pairs>, FormRejection>) -> Result<Typed, Response> {
    let back = Some(Back::inbox());
    let Ok(Form(pairs)) = form else {
        let problem = Problem::new("invalid_body", "the form could not be read; open the page again");
        return Err(page::problem(Frame::of(visitor, Place::Elsewhere), &problem, back));
    };
    let typed = Typed::of(pairs);
    if !visitor.sent(typed.text("token")) {
        let problem = Problem::new("cross_site", "the form is not from this sign-in; open the page again");
        return Err(page::problem(Frame::of(visitor, Place::Elsewhere), &problem, back));
    }
    Ok(typed)
}
