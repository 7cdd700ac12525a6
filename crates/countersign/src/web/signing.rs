//! The page on which an approval is signed with a passkey: exactly the facts, their digest, and the one button.
//! Opening it never decides.

use super::facts::{Fact, Shape, facts};
use super::frame::{Frame, Place};
use super::page::{self, Back};
use super::stages::name;
use super::visitor::Visitor;
use crate::api::ApiState;
use crate::api::parameters::Named;
use crate::api::problem::Problem;
use crate::engine::{EngineError, Seen};
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use countersign_core::id::RequestId;
use http::StatusCode;

/// As many digits of the digest are shown as one compares by eye.
const DIGEST_SHOWN: usize = 16;

#[derive(Template)]
#[template(path = "sign.html")]
struct SignPage {
    frame: Frame,
    id: String,
    title: String,
    requester: String,
    revision: u32,
    digest: String,
    facts: Vec<Fact>,
    comment: String,
    enrolled: bool,
}

/// Shows what would be signed.
pub(super) async fn show(State(state): State<ApiState>, visitor: Visitor, named: Result<Named, Problem>) -> Response {
    match named {
        Ok(Named(id)) => asked(&state, &visitor, id, String::new()).await,
        Err(problem) => page::problem(Frame::of(&visitor, Place::Inbox), &problem, Some(Back::inbox())),
    }
}

/// The page, with what was typed; whoever need not sign is sent to the request.
pub(super) async fn asked(state: &ApiState, visitor: &Visitor, id: RequestId, comment: String) -> Response {
    match page_of(state, visitor, id, comment).await {
        Ok(Some(page)) => page::render(StatusCode::OK, &page),
        Ok(None) => Redirect::to(&format!("/requests/{id}")).into_response(),
        Err(error) => page::problem(Frame::of(visitor, Place::Inbox), &error.into(), Some(Back::inbox())),
    }
}

async fn page_of(state: &ApiState, visitor: &Visitor, id: RequestId, comment: String) -> Result<Option<SignPage>, EngineError> {
    let seen = state.engine.see(&visitor.caller, id).await?;
    if !seen.asks_for_passkey(&visitor.person) {
        return Ok(None);
    }
    let enrolled = !state.engine.passkeys(&visitor.caller, None).await?.is_empty();
    Ok(Some(shown(visitor, &seen, comment, enrolled)))
}

fn shown(visitor: &Visitor, seen: &Seen, comment: String, enrolled: bool) -> SignPage {
    let id = seen.request.id.to_string();
    SignPage {
        frame: Frame::of(visitor, Place::Inbox),
        id,
        title: visitor.words.title(&seen.title()),
        requester: name(seen, &seen.request.requester),
        revision: seen.request.revision.0,
        digest: seen.payload_digest().map(|digest| digest.hex().chars().take(DIGEST_SHOWN).collect()).unwrap_or_default(),
        facts: facts(seen, &visitor.words),
        comment,
        enrolled,
    }
}
