//! The page of one request: what will happen if you say yes, the summary, who asks and why you, the stages, what
//! happens next, the record. Opening it never decides.

use super::facts::{Fact, Shape, facts, flags};
use super::frame::{Frame, Place, Watch};
use super::page::{self, Back};
use super::similar::{Similar, similar};
use super::stages::{StageLine, name, stages};
use super::thread::{Thread, thread};
use super::timeline::{Entry, last_news, timeline};
use super::visitor::Visitor;
use super::words::When;
use crate::api::ApiState;
use crate::api::parameters::Named;
use crate::api::problem::Problem;
use crate::engine::Seen;
use crate::summary::visible::visible;
use crate::wire::{self, SummaryBody};
use askama::Template;
use attempts::{Action, actions};
use axum::extract::State;
use axum::response::Response;
use countersign_core::event::Event;
use countersign_core::id::RequestId;
use form::{Aside, aside};
use http::StatusCode;
use jiff::Timestamp;
use next::{Next, next};
use revisions::{Difference, differences};
use why::{RuleLine, rules};

pub mod attempts;
pub mod form;
pub mod next;
pub mod revisions;
pub mod why;

/// As many digits of the digest are shown; the whole is in the record.
const DIGEST_SHOWN: usize = 12;

/// What a person typed into a form that was not taken: shown again, with the reason.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Typed {
    /// The words.
    pub comment: String,
    /// Why the form was not taken.
    pub error: Option<String>,
    /// The status of the answer; 200 without an error.
    pub status: StatusCode,
}

#[derive(Template)]
#[template(path = "request.html")]
struct RequestPage {
    frame: Frame,
    id: String,
    title: String,
    policy: String,
    requester: String,
    requester_flags: Vec<&'static str>,
    status: &'static str,
    settled: bool,
    revision: u32,
    version: u64,
    news: String,
    digest: Option<String>,
    digest_shown: String,
    asked: When,
    ended: Option<When>,
    facts: Vec<Fact>,
    differences: Vec<Difference>,
    summary: SummaryBody,
    rule: Option<String>,
    rules: Vec<RuleLine>,
    stages: Vec<StageLine>,
    next: Next,
    actions: Vec<Action>,
    entries: Vec<Entry>,
    similar: Vec<Similar>,
    thread: Thread,
    aside: Aside,
    typed: Typed,
}

/// Shows the request.
pub(super) async fn show(State(state): State<ApiState>, visitor: Visitor, named: Result<Named, Problem>) -> Response {
    match named {
        Ok(Named(id)) => shown(&state, &visitor, id, Typed::default()).await,
        Err(problem) => page::problem(Frame::of(&visitor, Place::Inbox), &problem, Some(Back::inbox())),
    }
}

/// The page, with what was typed.
pub(super) async fn shown(state: &ApiState, visitor: &Visitor, id: RequestId, typed: Typed) -> Response {
    match state.engine.see_with_events(&visitor.caller, id).await {
        Ok((seen, events)) => {
            let similar = similar(state, visitor, &seen).await;
            page::render(typed.status, &page_of(visitor, &seen, &events, similar, typed))
        }
        Err(error) => page::problem(Frame::of(visitor, Place::Inbox), &error.into(), Some(Back::inbox())),
    }
}

fn page_of(visitor: &Visitor, seen: &Seen, events: &[(Timestamp, Event)], similar: Vec<Similar>, typed: Typed) -> RequestPage {
    let (request, words) = (&seen.request, &visitor.words);
    let digest = seen.payload_digest().map(|digest| digest.to_string());
    RequestPage {
        frame: Frame::of(visitor, Place::Inbox).watching(Watch::Request(request.id.to_string())),
        id: request.id.to_string(),
        title: visitor.words.title(&seen.title()),
        policy: request.policy.to_string(),
        requester: visible(&name(seen, &request.requester)).into_owned(),
        requester_flags: flags(&name(seen, &request.requester)),
        status: wire::status_word(seen.status()),
        settled: request.settled.is_some(),
        revision: request.revision.0,
        version: request.events,
        news: last_news(seen, events, words),
        digest_shown: digest.as_deref().map(first_digits).unwrap_or_default(),
        digest,
        asked: words.relative(request.created_at),
        ended: request.settled.as_ref().map(|end| words.relative(end.at)),
        facts: facts(seen, words),
        differences: differences(seen, events, words),
        summary: shown_summary(wire::summary(seen)),
        rule: why::rule_name(seen),
        rules: rules(seen, words),
        stages: stages(seen, words),
        next: next(seen, words),
        actions: actions(seen, events, words),
        entries: timeline(seen, events, words),
        similar,
        thread: thread(words, seen, events),
        aside: aside(visitor, seen),
        typed,
    }
}

fn first_digits(digest: &str) -> String {
    digest.rsplit(':').next().unwrap_or_default().chars().take(DIGEST_SHOWN).collect()
}

fn shown_summary(summary: SummaryBody) -> SummaryBody {
    SummaryBody { text: visible(&summary.text).into_owned(), impact: visible(&summary.impact).into_owned(), ..summary }
}
