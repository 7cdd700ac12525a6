//! For whoever checks: search over every event, the record checked on demand, the ends of all chains and the events
//! themselves to take away. Nothing here shows a payload; events name contents by digest alone.

use super::frame::{Frame, Place};
use super::page;
use super::visitor::Visitor;
use super::words::{When, Words};
use crate::api::ApiState;
use crate::api::parameters::Parameters;
use crate::api::problem::Problem;
use crate::engine::EngineError;
use crate::engine::audit::FoundEvent;
use crate::engine::interventions::Intervention;
use crate::engine::verification::Verification;
use crate::summary::visible::visible;
use crate::wire::event::listed;
use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::response::{IntoResponse, Redirect, Response};
use countersign_core::event::NAMES;
use countersign_core::id::PersonId;
use http::StatusCode;
use search::Asked;
use serde_json::Value;

pub(super) use export::{events_csv, events_jsonl, heads_csv, heads_jsonl};

pub(super) mod export;
pub mod search;

/// Events on a page.
const ROWS: usize = 50;
/// Interventions on a page; the API has all of them.
const INTERVENTIONS: usize = 20;
/// Differences that are listed on the page.
const PROBLEMS_SHOWN: usize = 20;

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    frame: Frame,
    asked: Asked,
    kinds: Vec<(&'static str, bool)>,
    /// What is wrong with the search.
    wrong: Option<String>,
    events: Vec<Line>,
    interventions: Vec<Touched>,
    /// The query of the next page.
    next: Option<String>,
    /// The query of this search, for export.
    query: String,
    check: Check,
}

/// What an admin did to somebody's sign-ins.
struct Touched {
    at: When,
    by: String,
    deed: &'static str,
    person: String,
    count: String,
}

/// An event.
struct Line {
    request: String,
    short: String,
    number: u64,
    position: Option<u64>,
    at: When,
    name: String,
    facts: Vec<(String, String)>,
    hash: Option<String>,
}

/// The last check of the record.
#[derive(Default)]
struct Check {
    running: Option<(When, String, String)>,
    failed: Option<(When, String)>,
    done: Option<Done>,
}

/// What a check found.
struct Done {
    at: When,
    took: String,
    by: String,
    requests: String,
    events: String,
    contents: String,
    heads: String,
    problems: Vec<(String, String)>,
    further: usize,
}

/// The page.
pub(super) async fn show(State(state): State<ApiState>, visitor: Visitor, asked: Result<Parameters<Asked>, Problem>) -> Response {
    let asked = match asked {
        Ok(Parameters(asked)) => asked,
        Err(problem) => return super::office::refused(&visitor, Place::Audit, &problem, "/audit"),
    };
    match page_of(&state, &visitor, asked).await {
        Ok(whole) => page::render(if whole.wrong.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK }, &whole),
        Err(error) => super::office::refused(&visitor, Place::Inbox, &error.into(), "/"),
    }
}

async fn page_of(state: &ApiState, visitor: &Visitor, asked: Asked) -> Result<AuditPage, EngineError> {
    let words = &visitor.words;
    let check = check(state.engine.verification(&visitor.caller)?, words);
    let (found, wrong) = match asked.search(&words.zone) {
        Ok(search) => (state.engine.search_events(&visitor.caller, &search, asked.before(), ROWS).await?, None),
        Err(key) => (Default::default(), Some(words.say(key).to_string())),
    };
    let interventions = state.engine.interventions(&visitor.caller, None, INTERVENTIONS).await?;
    Ok(AuditPage {
        interventions: interventions.into_iter().map(|one| touched(state, one, words)).collect(),
        frame: Frame::of(visitor, Place::Audit),
        kinds: NAMES.iter().map(|kind| (*kind, asked.is_kind(kind))).collect(),
        wrong,
        next: found.next.map(|before| asked.query(Some(before))),
        query: asked.query(None),
        events: found.items.iter().map(|event| line(event, words)).collect(),
        check,
        asked,
    })
}

fn touched(state: &ApiState, one: Intervention, words: &Words) -> Touched {
    let people = state.engine.shelf().people();
    let name = |id: PersonId| visible(&people.name(&id)).into_owned();
    Touched {
        at: words.time(one.at),
        by: name(PersonId::new(one.by)),
        deed: one.deed.as_str(),
        person: name(one.person),
        count: words.number(&one.count.to_string()),
    }
}

fn line(found: &FoundEvent, words: &Words) -> Line {
    let body = listed(found.request, found.number, found.at, &found.event, None);
    let mut facts = Vec::new();
    flatten("", &body.facts, &mut facts);
    let short: String = body.request.chars().rev().take(6).collect::<Vec<_>>().into_iter().rev().collect();
    Line {
        short,
        request: body.request,
        number: found.number,
        position: found.position,
        at: words.time(found.at),
        name: named(found.event.name(), words),
        facts,
        hash: found.hash.map(|hash| hash.to_string()),
    }
}

/// An event's name in words; as it is where the catalogue does not have it.
fn named(name: &str, words: &Words) -> String {
    let known = words.knows(&format!("event-{}", name.replace('_', "-")));
    if known { words.one("event", name).to_string() } else { name.to_owned() }
}

/// `{"stage": "stg_1", "to": ["a", "b"]}` as pairs of words.
fn flatten(name: &str, value: &Value, into: &mut Vec<(String, String)>) {
    match value {
        Value::Null => {}
        Value::Object(members) => members.iter().for_each(|(key, inner)| {
            let path = if name.is_empty() { key.replace('_', " ") } else { format!("{name} {}", key.replace('_', " ")) };
            flatten(&path, inner, into);
        }),
        Value::Array(list) if list.iter().all(|one| !one.is_object() && !one.is_array()) => {
            let all: Vec<String> = list.iter().map(plain).collect();
            if !all.is_empty() {
                into.push((name.to_owned(), all.join(", ")));
            }
        }
        Value::Array(list) => list.iter().for_each(|inner| flatten(name, inner, into)),
        one => into.push((name.to_owned(), plain(one))),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), |text| visible(text).into_owned())
}

fn check(state: Verification, words: &Words) -> Check {
    let number = |count: u64| words.number(&count.to_string());
    match state {
        Verification::Never => Check::default(),
        Verification::Running { since, by, events } => Check { running: Some((words.relative(since), by, number(events))), ..Check::default() },
        Verification::Failed { at, why } => Check { failed: Some((words.relative(at), visible(&why).into_owned())), ..Check::default() },
        Verification::Done { ran: (began, at), by, found } => {
            let shown = found.problems.iter().take(PROBLEMS_SHOWN).map(|one| (visible(&one.place).into_owned(), visible(&one.what).into_owned()));
            let done = Done {
                at: words.relative(at),
                took: words.number(&format!("{:.1}", at.duration_since(began).as_secs_f64())),
                by,
                requests: number(found.requests),
                events: number(found.events),
                contents: number(found.contents),
                heads: found.heads_digest.to_string(),
                problems: shown.collect(),
                further: found.problems.len().saturating_sub(PROBLEMS_SHOWN),
            };
            Check { done: Some(done), ..Check::default() }
        }
    }
}

/// Begins a check, unless one runs.
pub(super) async fn verify(State(state): State<ApiState>, visitor: Visitor, form: Result<Form<Vec<(String, String)>>, FormRejection>) -> Response {
    if let Err(response) = super::office::taken(&visitor, form) {
        return response;
    }
    match state.engine.begin_verification(&visitor.caller).await {
        Ok(true) => {
            let engine = state.engine.clone();
            tokio::spawn(async move { engine.verify_record().await });
        }
        Ok(false) => {}
        Err(error) => return super::office::refused(&visitor, Place::Inbox, &error.into(), "/"),
    }
    Redirect::to("/audit#check").into_response()
}
