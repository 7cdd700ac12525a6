//! A decision on several: a page that asks once more, then each through the one door with the revision that was
//! shown, and what became of each.

use crate::api::ApiState;
use crate::api::problem::Problem;
use crate::engine::EngineError;
use crate::engine::deed::Verdict;
use crate::web::facts::sum;
use crate::web::frame::{Frame, Place};
use crate::web::page;
use crate::web::refused;
use crate::web::visitor::Visitor;
use crate::wire::{event::decision_of, status_word};
use askama::Template;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use countersign_core::event::Decision;
use countersign_core::id::{RequestId, Revision};
use futures_util::stream::{self, StreamExt};
use http::StatusCode;

/// More than a page of the inbox holds is never marked there.
const ITEMS_MAX: usize = 200;
/// Decisions side by side, so that they share commits.
const AT_ONCE: usize = 16;
/// The longest comment, in characters.
const COMMENT_MAX: usize = 10_000;

/// What was pressed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Pressed {
    token: String,
    decision: String,
    comment: String,
    items: Vec<(RequestId, Revision)>,
}

#[derive(Template)]
#[template(path = "bulk.html")]
struct ConfirmPage {
    frame: Frame,
    decision: &'static str,
    items: Vec<Item>,
    comment: String,
    error: Option<String>,
}

/// A request that was marked.
struct Item {
    id: String,
    revision: u32,
    title: String,
    requester: String,
    amount: Option<String>,
}

#[derive(Template)]
#[template(path = "bulk_result.html")]
struct ResultPage {
    frame: Frame,
    results: Vec<Became>,
    done: usize,
}

/// What became of one.
struct Became {
    id: String,
    title: String,
    /// The status after it, or why it was not decided.
    outcome: Result<&'static str, String>,
}

/// Asks once more.
pub(in crate::web) async fn confirm(State(state): State<ApiState>, visitor: Visitor, body: Bytes) -> Response {
    match checked(&visitor, &body) {
        Ok((pressed, decision)) => ask(&state, visitor, pressed, decision, None).await,
        Err(refused) => *refused,
    }
}

/// Decides each.
pub(in crate::web) async fn decide(State(state): State<ApiState>, visitor: Visitor, body: Bytes) -> Response {
    let (pressed, decision) = match checked(&visitor, &body) {
        Ok(pressed) => pressed,
        Err(refused) => return *refused,
    };
    if decision == Decision::Reject && pressed.comment.trim().is_empty() {
        return ask(&state, visitor, pressed, decision, Some("bulk-reason-missing")).await;
    }
    if pressed.comment.chars().count() > COMMENT_MAX {
        return ask(&state, visitor, pressed, decision, Some("bulk-too-long")).await;
    }
    let frame = Frame::of(&visitor, Place::Inbox);
    let each = stream::iter(pressed.items).map(|(id, revision)| one(&state, &visitor, &frame, id, revision, decision, &pressed.comment));
    let results: Vec<Became> = each.buffered(AT_ONCE).collect().await;
    let done = results.iter().filter(|became| became.outcome.is_ok()).count();
    page::render(StatusCode::OK, &ResultPage { frame, results, done })
}

/// The form, if it came from this sign-in and names a decision and something to decide.
fn checked(visitor: &Visitor, body: &[u8]) -> Result<(Pressed, Decision), Box<Response>> {
    let frame = || Frame::of(visitor, Place::Inbox);
    let pressed = read(body);
    if !visitor.sent(&pressed.token) {
        let problem = Problem::new("cross_site", "the form is not from this sign-in; open the page again");
        return Err(Box::new(page::problem(frame(), &problem, Some(page::Back::inbox()))));
    }
    let decision = decision_of(&pressed.decision).filter(|decision| *decision != Decision::RequestChanges);
    let Some(decision) = decision else {
        let problem = Problem::new("invalid_body", "the form names no decision; open the page again");
        return Err(Box::new(page::problem(frame(), &problem, Some(page::Back::inbox()))));
    };
    if pressed.items.is_empty() {
        return Err(Box::new(page::message(StatusCode::UNPROCESSABLE_ENTITY, frame(), "bulk-none", "bulk-none-text")));
    }
    Ok((pressed, decision))
}

fn read(body: &[u8]) -> Pressed {
    let mut pressed = Pressed::default();
    for (name, value) in url::form_urlencoded::parse(body) {
        match &*name {
            "token" => pressed.token = value.into_owned(),
            "decision" => pressed.decision = value.into_owned(),
            "comment" => pressed.comment = value.into_owned(),
            "item" => pressed.items.extend(item(&value).filter(|(id, _)| !pressed.items.iter().any(|(known, _)| known == id))),
            _ => {}
        }
    }
    pressed.items.truncate(ITEMS_MAX);
    pressed
}

/// `req_…:1`
fn item(text: &str) -> Option<(RequestId, Revision)> {
    let (id, revision) = text.split_once(':')?;
    Some((RequestId::parse(id).ok()?, Revision(revision.parse().ok()?)))
}

async fn ask(state: &ApiState, visitor: Visitor, pressed: Pressed, decision: Decision, error: Option<&'static str>) -> Response {
    let frame = Frame::of(&visitor, Place::Inbox);
    let mut items = Vec::new();
    for (id, revision) in &pressed.items {
        match state.engine.see(&visitor.caller, *id).await {
            Ok(seen) => items.push(Item {
                id: id.to_string(),
                revision: revision.0,
                title: frame.title(&seen.title()),
                requester: state.engine.shelf().people().name(&seen.request.requester),
                amount: sum(&seen, &frame),
            }),
            Err(EngineError::Refused(_)) => {}
            Err(error) => return page::problem(frame, &error.into(), Some(page::Back::inbox())),
        }
    }
    let error = error.map(|key| frame.say(key).to_string());
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let decision = if decision == Decision::Approve { "approve" } else { "reject" };
    page::render(status, &ConfirmPage { frame, decision, items, comment: pressed.comment, error })
}

async fn one(state: &ApiState, visitor: &Visitor, frame: &Frame, id: RequestId, revision: Revision, decision: Decision, comment: &str) -> Became {
    let comment = Some(comment.trim().to_owned()).filter(|text| !text.is_empty());
    let verdict = Verdict { decision, revision, comment, person: None };
    match state.engine.decide(&visitor.caller, id, verdict).await {
        Ok(handled) => {
            let seen = handled.shown_to(&visitor.caller);
            Became { id: id.to_string(), title: frame.title(&seen.title()), outcome: Ok(status_word(seen.status())) }
        }
        Err(error) => {
            let seen = state.engine.see(&visitor.caller, id).await;
            let title = seen.map_or_else(|_| id.to_string(), |seen| frame.title(&seen.title()));
            Became { id: id.to_string(), title, outcome: Err(refused::sentence(frame, &state.engine.shelf().people(), &error)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_marked_twice_is_decided_once() {
        let id = RequestId::from_bytes([7; 16]);
        let pressed = read(format!("token=t&decision=approve&item={id}%3A1&item={id}%3A2&item=nonsense&comment=a+b").as_bytes());
        assert_eq!(pressed.items, [(id, Revision(1))]);
        assert_eq!((pressed.token.as_str(), pressed.comment.as_str()), ("t", "a b"));
    }
}
