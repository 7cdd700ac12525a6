//! What there is about me: names, groups, what I may sign for, the roads that notices take to me, language and zone.

use super::frame::{Frame, Place};
use super::page;
use super::visitor::Visitor;
use super::words::{Language, Words};
use crate::api::ApiState;
use crate::engine::EngineError;
use crate::engine::choices::Choices;
use crate::engine::proof::Proof;
use crate::engine::shelf::{People, Route};
use crate::outbound::origin;
use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use countersign_core::id::PersonId;
use countersign_core::people::Role;
use http::StatusCode;
use jiff::tz::TimeZone;

#[derive(Template)]
#[template(path = "me.html")]
struct MePage {
    frame: Frame,
    id: String,
    name: String,
    email: Option<String>,
    reports_to: Option<String>,
    limit: Option<String>,
    groups: Vec<String>,
    roles: Vec<&'static str>,
    roads: Vec<Road>,
    languages: Vec<(&'static str, bool)>,
    zone: String,
    zones: Vec<String>,
    /// The zone that was typed is none.
    zone_wrong: bool,
    /// What became of a test notice.
    tested: Option<Tested>,
}

/// A road to me.
struct Road {
    kind: &'static str,
    to: String,
    testable: bool,
}

/// The result of a test.
struct Tested {
    good: bool,
    words: String,
}

/// What was typed, where it was not taken, and what was tested.
#[derive(Default)]
struct Said {
    zone: Option<String>,
    tested: Option<Tested>,
}

/// The page.
pub(super) async fn show(State(state): State<ApiState>, visitor: Visitor) -> Response {
    shown(&state, &visitor, Said::default())
}

/// Keeps language and zone.
pub(super) async fn choose(State(state): State<ApiState>, visitor: Visitor, form: Result<Form<Vec<(String, String)>>, FormRejection>) -> Response {
    let typed = match super::office::taken(&visitor, form) {
        Ok(typed) => typed,
        Err(response) => return response,
    };
    let zone = typed.text("time_zone").trim().to_owned();
    if !zone.is_empty() && TimeZone::get(&zone).is_err() {
        return shown(&state, &visitor, Said { zone: Some(zone), ..Said::default() });
    }
    let language = Language::of_tag(typed.text("language")).map(|language| language.tag().to_owned());
    let choices = Choices { language, time_zone: Some(zone).filter(|zone| !zone.is_empty()) };
    match state.engine.choose(&visitor.caller, choices).await {
        Ok(()) => Redirect::to("/me").into_response(),
        Err(error) => refused(&visitor, error),
    }
}

/// Tries one road.
pub(super) async fn test_channel(
    State(state): State<ApiState>,
    visitor: Visitor,
    Path(place): Path<usize>,
    form: Result<Form<Vec<(String, String)>>, FormRejection>,
) -> Response {
    if let Err(response) = super::office::taken(&visitor, form) {
        return response;
    }
    match state.engine.prove_road(&visitor.caller, place).await {
        Ok(proof) => shown(&state, &visitor, Said { tested: Some(tested(&proof, &visitor.words)), ..Said::default() }),
        Err(error) => refused(&visitor, error),
    }
}

fn tested(proof: &Proof, words: &Words) -> Tested {
    let (good, said) = match proof {
        Proof::Taken(answer) => (true, words.say("me-test-taken").arg("answer", answer.clone())),
        Proof::NotTaken(answer) => (false, words.say("me-test-not-taken").arg("answer", answer.clone())),
        Proof::TooSoon => (false, words.say("me-test-too-soon")),
        Proof::NoRoad => (false, words.say("me-test-no-road")),
    };
    Tested { good, words: said.to_string() }
}

fn shown(state: &ApiState, visitor: &Visitor, said: Said) -> Response {
    let people = state.engine.shelf().people();
    let choices = state.engine.shelf().choices(&visitor.person);
    let me = people.roster.person(&visitor.person);
    let named = |role: &Role| match role {
        Role::Operator => "operator",
        Role::Auditor => "auditor",
        Role::Admin => "admin",
    };
    let chosen = |language: &Language| choices.language.as_deref() == Some(language.tag());
    let status = if said.zone.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let whole = MePage {
        frame: Frame::of(visitor, Place::Me),
        id: visitor.person.to_string(),
        name: people.name(&visitor.person),
        email: me.and_then(|me| me.email.clone()),
        reports_to: me.and_then(|me| me.manager.as_ref()).map(|manager| people.name(manager)),
        limit: me.and_then(|me| me.limit).map(|limit| visitor.words.number(&limit.to_string())),
        groups: groups(&people, &visitor.person),
        roles: me.map(|me| me.roles.iter().map(named).collect()).unwrap_or_default(),
        roads: people.routes(&visitor.person).iter().map(road).collect(),
        languages: Language::ALL.iter().map(|language| (language.tag(), chosen(language))).collect(),
        zone_wrong: said.zone.is_some(),
        zone: said.zone.or(choices.time_zone).unwrap_or_default(),
        zones: jiff::tz::db().available().map(|name| name.to_string()).collect(),
        tested: said.tested,
    };
    page::render(status, &whole)
}

/// Only the host: what stands behind it may be a secret.
fn road(route: &Route) -> Road {
    match route {
        Route::Webhook { url, .. } => Road { kind: "webhook", to: origin(url), testable: true },
        Route::Console => Road { kind: "console", to: String::new(), testable: false },
    }
}

fn groups(people: &People, person: &PersonId) -> Vec<String> {
    let mine = people.roster.groups.keys().filter(|group| people.roster.members(group).contains(person));
    mine.map(ToString::to_string).collect()
}

fn refused(visitor: &Visitor, error: EngineError) -> Response {
    super::office::refused(visitor, Place::Me, &error.into(), "/me")
}
