//! The page of my sessions: where I am signed in, with a button for each and one for all. For admins also where somebody
//! else is signed in.

use super::frame::{Frame, Place};
use super::page::{self, Back};
use super::signin::{self, Pressed, pressed};
use super::visitor::Visitor;
use super::words::When;
use crate::api::ApiState;
use crate::api::session::{Held, unknown};
use crate::engine::EngineError;
use crate::engine::sessions::{SessionRecord, SignedBy};
use crate::summary::visible::visible;
use askama::Template;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Form, Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use countersign_core::id::PersonId;
use http::StatusCode;
use serde::Deserialize;
use std::convert::Infallible;

#[derive(Template)]
#[template(path = "sessions.html")]
struct SessionsPage {
    frame: Frame,
    sessions: Vec<Line>,
    /// Whose they are, where they are not the reader's own.
    of: Option<Other>,
    /// Whether the reader may ask for somebody else's.
    asks: bool,
}

/// Somebody else.
struct Other {
    /// Their name, or their id where the directory has none.
    name: String,
    /// What goes behind the addresses of the forms.
    query: String,
}

/// Whose sessions are meant.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Whose {
    person: Option<String>,
}

impl Whose {
    fn of(asked: Result<Query<Self>, QueryRejection>) -> Option<PersonId> {
        let Query(whose) = asked.unwrap_or_default();
        whose.person.map(|person| person.trim().to_owned()).filter(|person| !person.is_empty()).map(PersonId::new)
    }
}

/// The page of this person, seen by this visitor.
fn address(visitor: &Visitor, person: &PersonId) -> String {
    if *person == visitor.person { "/me/sessions".to_owned() } else { format!("/me/sessions{}", query(person)) }
}

fn query(person: &PersonId) -> String {
    format!("?{}", url::form_urlencoded::Serializer::new(String::new()).append_pair("person", person.as_str()).finish())
}

/// One session in the list.
struct Line {
    id: String,
    device: String,
    address: String,
    by: String,
    since: When,
    used: When,
    ends: When,
    current: bool,
}

/// Shows the list.
pub(super) async fn show(
    State(state): State<ApiState>,
    visitor: Visitor,
    Ok(Held(secret)): Result<Held, Infallible>,
    asked: Result<Query<Whose>, QueryRejection>,
) -> Response {
    match page_of(&state, &visitor, &secret, Whose::of(asked)).await {
        Ok(page) => page::render(StatusCode::OK, &page),
        Err(error) => refused(&visitor, error),
    }
}

async fn page_of(state: &ApiState, visitor: &Visitor, secret: &str, of: Option<PersonId>) -> Result<SessionsPage, EngineError> {
    let person = state.engine.whose_sessions(&visitor.caller, of.as_ref())?;
    let current = state.engine.session(secret).await?.map(|session| session.id);
    let sessions = state.engine.sessions_of(&person).await?;
    let people = state.engine.shelf().people();
    Ok(SessionsPage {
        frame: Frame::of(visitor, Place::Me),
        sessions: sessions.into_iter().map(|session| line(session, visitor, current.as_deref())).collect(),
        of: (person != visitor.person).then(|| Other { name: visible(&people.name(&person)).into_owned(), query: query(&person) }),
        asks: visitor.caller.administers(&people.roster).is_ok(),
    })
}

fn refused(visitor: &Visitor, error: EngineError) -> Response {
    let back = Some(Back { address: "/me/sessions".into(), words: "sessions-back" });
    page::problem(Frame::of(visitor, Place::Me), &error.into(), back)
}

fn line(session: SessionRecord, visitor: &Visitor, current: Option<&str>) -> Line {
    let by = match session.by {
        SignedBy::Link => visitor.words.say("sessions-by-link").to_string(),
        SignedBy::Provider(id) => visitor.words.say("sessions-by-provider").arg("name", id).to_string(),
        SignedBy::Passkey => visitor.words.say("sessions-by-passkey").to_string(),
    };
    Line {
        current: current == Some(&session.id),
        id: session.id,
        device: session.device,
        address: session.address,
        by,
        since: visitor.words.time(session.created_at),
        used: visitor.words.time(session.last_used_at),
        ends: visitor.words.time(session.ends_at),
    }
}

/// Ends one session.
pub(super) async fn end(
    State(state): State<ApiState>,
    visitor: Visitor,
    Path(id): Path<String>,
    asked: Result<Query<Whose>, QueryRejection>,
    form: Result<Form<Pressed>, FormRejection>,
) -> Response {
    if let Err(problem) = pressed(&visitor, form) {
        return page::problem(Frame::of(&visitor, Place::Me), &problem, None);
    }
    let person = match state.engine.whose_sessions(&visitor.caller, Whose::of(asked).as_ref()) {
        Ok(person) => person,
        Err(error) => return refused(&visitor, error),
    };
    let address = address(&visitor, &person);
    match state.engine.end_sessions(&visitor.caller, Some(&person), Some(&id)).await {
        Ok(1..) => Redirect::to(&address).into_response(),
        Ok(0) => page::problem(Frame::of(&visitor, Place::Me), &unknown(), Some(Back { address, words: "sessions-back" })),
        Err(error) => refused(&visitor, error),
    }
}

/// Ends all of them; this one too, where they are the visitor's own.
pub(super) async fn end_all(
    State(state): State<ApiState>,
    visitor: Visitor,
    jar: CookieJar,
    asked: Result<Query<Whose>, QueryRejection>,
    form: Result<Form<Pressed>, FormRejection>,
) -> Response {
    if let Err(problem) = pressed(&visitor, form) {
        return page::problem(Frame::of(&visitor, Place::Me), &problem, None);
    }
    let person = match state.engine.whose_sessions(&visitor.caller, Whose::of(asked).as_ref()) {
        Ok(person) => person,
        Err(error) => return refused(&visitor, error),
    };
    match state.engine.end_sessions(&visitor.caller, Some(&person), None).await {
        Ok(_) if person == visitor.person => (jar.remove(signin::gone(&state)), signin::signed_out(visitor.words)).into_response(),
        Ok(_) => Redirect::to(&address(&visitor, &person)).into_response(),
        Err(error) => refused(&visitor, error),
    }
}
