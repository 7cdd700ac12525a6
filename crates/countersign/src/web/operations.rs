//! For whoever is paged when it does not move: what nobody can decide, what failed for good, which endpoints fail,
//! how the model and this node fare. Each deed is a form of its own and goes through the engine.

use super::form::control::people;
use super::frame::{Frame, Place};
use super::page;
use super::visitor::Visitor;
use super::words::{When, Words};
use crate::api::ApiState;
use crate::api::parameters::{Named, NamedAction, NamedNotice};
use crate::api::problem::Problem;
use crate::engine::EngineError;
use crate::engine::health::Tries;
use crate::engine::operations::NodeState;
use crate::engine::shelf::People;
use crate::summary::visible::visible;
use crate::wire::dead_letter::{DeadLetterBody, dead_letters};
use crate::wire::status_word;
use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::response::{IntoResponse, Redirect, Response};
use countersign_core::id::PersonId;
use countersign_store::RequestRow;
use http::StatusCode;

/// A form that was sent.
type Sent = Result<Form<super::office::Pairs>, FormRejection>;

/// As many requests are listed of each kind.
const LISTED_MAX: usize = 50;
/// The longest reason, in characters.
const REASON_MAX: usize = 10_000;

#[derive(Template)]
#[template(path = "operations.html")]
struct OperationsPage {
    frame: Frame,
    unroutable: Vec<Stuck>,
    failed: Vec<Failed>,
    lanes: Vec<Lane>,
    model: Option<Lane>,
    node: Node,
    people: Vec<(String, String)>,
    /// What was wrong with the last form.
    error: Option<String>,
}

/// A request with nobody to ask.
struct Stuck {
    id: String,
    title: String,
    policy: String,
    requester: String,
    since: When,
    due: Option<When>,
}

/// An action or a notice that failed for good.
struct Failed {
    id: String,
    title: String,
    /// `executions` or `notices`, as the address says it.
    family: &'static str,
    /// The action's name, or the notice's id.
    name: String,
    /// In words: the action, or the notice and whom it should reach.
    what: String,
    attempts: u64,
    answer: String,
    since: Option<When>,
}

/// An endpoint, or the model.
struct Lane {
    name: String,
    /// The action that goes there; `None` for notices, and for the model.
    action: Option<String>,
    taken: u64,
    failed: u64,
    failing: u64,
    taken_at: Option<When>,
    failed_at: Option<(When, String)>,
}

/// This node.
struct Node {
    version: &'static str,
    started: When,
    size: Option<String>,
    requests: Vec<(&'static str, String)>,
    events: String,
    outbox: String,
    outbox_oldest: Option<When>,
    overdue: usize,
    overdue_oldest: Option<When>,
    next_wakeup: Option<When>,
    concerns: usize,
}

/// The page.
pub(super) async fn show(State(state): State<ApiState>, visitor: Visitor) -> Response {
    shown(&state, &visitor, None).await
}

async fn shown(state: &ApiState, visitor: &Visitor, error: Option<String>) -> Response {
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    match page_of(state, visitor, error).await {
        Ok(whole) => page::render(status, &whole),
        Err(error) => super::office::refused(visitor, Place::Inbox, &error.into(), "/"),
    }
}

async fn page_of(state: &ApiState, visitor: &Visitor, error: Option<String>) -> Result<OperationsPage, EngineError> {
    let (engine, words) = (&state.engine, &visitor.words);
    let node = engine.node_state(&visitor.caller).await?;
    let letters = engine.dead_letters(&visitor.caller, LISTED_MAX, None).await?;
    let all = engine.shelf().people();
    let stuck = |row: &RequestRow| Stuck {
        id: row.id.to_string(),
        title: words.row_title(row),
        policy: row.policy.to_string(),
        requester: all.name(&row.requester),
        since: words.relative(row.created_at),
        due: row.due.map(|at| words.relative(at)),
    };
    Ok(OperationsPage {
        frame: Frame::of(visitor, Place::Operations),
        unroutable: engine.unroutable(&visitor.caller, LISTED_MAX).await?.iter().map(stuck).collect(),
        failed: letters
            .items
            .iter()
            .flat_map(|seen| dead_letters(seen, "").into_iter().map(|letter| failed(letter, words.title(&seen.title()), &all, words)))
            .collect(),
        lanes: node.endpoints.iter().map(|(to, tries)| lane(&to.lane, to.action.clone(), tries, words)).collect(),
        model: node.model.as_ref().map(|(name, tries)| lane(name, None, tries, words)),
        node: node_of(&node, words),
        people: people(&all.roster),
        error,
    })
}

fn failed(letter: DeadLetterBody, title: String, all: &People, words: &Words) -> Failed {
    let what = match &letter.notice_type {
        None => letter.name.clone(),
        Some(kind) => {
            let notice = words.one("notice", kind.trim_start_matches("approval."));
            let to = letter.to.as_ref().map(|to| all.name(&PersonId::from(to.as_str())));
            let to = to.unwrap_or_else(|| words.say("record-system").to_string());
            words.say("operations-notice").arg("notice", notice).arg("name", to).to_string()
        }
    };
    Failed {
        id: letter.request,
        title,
        family: if letter.notice_type.is_none() { "executions" } else { "notices" },
        name: letter.name,
        what,
        attempts: letter.attempts,
        answer: visible(letter.answer.as_deref().unwrap_or_default()).into_owned(),
        since: letter.failed_at.parse().ok().map(|at| words.relative(at)),
    }
}

fn lane(name: &str, action: Option<String>, tries: &Tries, words: &Words) -> Lane {
    Lane {
        name: name.to_owned(),
        action,
        taken: tries.taken,
        failed: tries.failed,
        failing: tries.failing,
        taken_at: tries.taken_at.map(|at| words.relative(at)),
        failed_at: tries.failed_at.as_ref().map(|(at, answer)| (words.relative(*at), visible(answer).into_owned())),
    }
}

fn node_of(node: &NodeState, words: &Words) -> Node {
    let number = |count: u64| words.number(&count.to_string());
    Node {
        version: node.version,
        started: words.relative(node.started_at),
        size: node.store_bytes.map(|bytes| size(bytes, words)),
        requests: node.counts.requests.iter().map(|(status, count)| (status_word(*status), number(*count))).collect(),
        events: number(node.counts.position),
        outbox: number(node.counts.outbox),
        outbox_oldest: node.counts.outbox_oldest.map(|at| words.relative(at)),
        overdue: node.overdue.0,
        overdue_oldest: node.overdue.1.map(|at| words.relative(at)),
        next_wakeup: node.next_wakeup.map(|at| words.relative(at)),
        concerns: node.concerns,
    }
}

/// `12.4 MiB`
fn size(bytes: u64, words: &Words) -> String {
    let (unit, name) = [(1 << 30, "GiB"), (1 << 20, "MiB")].into_iter().find(|(unit, _)| bytes >= *unit).unwrap_or((1 << 10, "KiB"));
    let tenths = bytes.saturating_mul(10) / unit;
    format!("{} {name}", words.number(&format!("{}.{}", tenths / 10, tenths % 10)))
}

/// Tries an action again.
pub(super) async fn retry(State(state): State<ApiState>, visitor: Visitor, named: Result<NamedAction, Problem>, form: Sent) -> Response {
    let NamedAction(id, action) = match named {
        Ok(named) => named,
        Err(problem) => return refused(&visitor, &problem),
    };
    match super::office::taken(&visitor, form) {
        Ok(_) => done(&visitor, state.engine.retry_execution(&visitor.caller, id, action).await.map(drop)),
        Err(response) => response,
    }
}

/// Sends a notice again.
pub(super) async fn retry_notice(State(state): State<ApiState>, visitor: Visitor, named: Result<NamedNotice, Problem>, form: Sent) -> Response {
    let NamedNotice(id, notice) = match named {
        Ok(named) => named,
        Err(problem) => return refused(&visitor, &problem),
    };
    match super::office::taken(&visitor, form) {
        Ok(_) => done(&visitor, state.engine.retry_notice(&visitor.caller, id, notice).await.map(drop)),
        Err(response) => response,
    }
}

/// Gives an action up, with a reason.
pub(super) async fn abandon(State(state): State<ApiState>, visitor: Visitor, named: Result<NamedAction, Problem>, form: Sent) -> Response {
    let NamedAction(id, action) = match named {
        Ok(named) => named,
        Err(problem) => return refused(&visitor, &problem),
    };
    match reason(&state, &visitor, form).await {
        Ok(reason) => done(&visitor, state.engine.abandon_execution(&visitor.caller, id, action, Some(reason)).await.map(drop)),
        Err(response) => response,
    }
}

/// Gives a notice up, with a reason.
pub(super) async fn abandon_notice(State(state): State<ApiState>, visitor: Visitor, named: Result<NamedNotice, Problem>, form: Sent) -> Response {
    let NamedNotice(id, notice) = match named {
        Ok(named) => named,
        Err(problem) => return refused(&visitor, &problem),
    };
    match reason(&state, &visitor, form).await {
        Ok(reason) => done(&visitor, state.engine.abandon_notice(&visitor.caller, id, notice, Some(reason)).await.map(drop)),
        Err(response) => response,
    }
}

/// Why something is given up; the page again where nothing fitting was typed.
async fn reason(state: &ApiState, visitor: &Visitor, form: Sent) -> Result<String, Response> {
    let reason = super::office::taken(visitor, form)?.text("reason").trim().to_owned();
    if reason.is_empty() || reason.chars().count() > REASON_MAX {
        return Err(shown(state, visitor, Some(visitor.words.say("operations-reason-missing").to_string())).await);
    }
    Ok(reason)
}

/// Asks somebody further.
pub(super) async fn reassign(State(state): State<ApiState>, visitor: Visitor, named: Result<Named, Problem>, form: Sent) -> Response {
    let Named(id) = match named {
        Ok(named) => named,
        Err(problem) => return refused(&visitor, &problem),
    };
    let typed = match super::office::taken(&visitor, form) {
        Ok(typed) => typed,
        Err(response) => return response,
    };
    let to: Vec<PersonId> = typed.text("to").split([',', ' ']).filter(|id| !id.is_empty()).map(PersonId::from).collect();
    if to.is_empty() {
        return shown(&state, &visitor, Some(visitor.words.say("operations-whom-missing").to_string())).await;
    }
    done(&visitor, state.engine.reassign(&visitor.caller, id, to).await.map(drop))
}

fn done(visitor: &Visitor, result: Result<(), EngineError>) -> Response {
    match result {
        Ok(()) => Redirect::to("/operations").into_response(),
        Err(error) => refused(visitor, &error.into()),
    }
}

fn refused(visitor: &Visitor, problem: &Problem) -> Response {
    super::office::refused(visitor, Place::Operations, problem, "/operations")
}
