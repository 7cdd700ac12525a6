//! The page of my sign-ins: the accounts at identity providers that are mine here. One is added by signing in there
//! while signed in here; nobody's word but the provider's joins the two.

use super::frame::{Frame, Place};
use super::page::{self, Back};
use super::signin::{Pressed, pressed, provider};
use super::visitor::Visitor;
use super::words::When;
use crate::api::ApiState;
use crate::api::problem::Problem;
use crate::api::session::Held;
use crate::engine::EngineError;
use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use http::StatusCode;
use std::convert::Infallible;

#[derive(Template)]
#[template(path = "signins.html")]
struct SignInsPage {
    frame: Frame,
    signins: Vec<Line>,
    listed: Vec<String>,
    providers: Vec<Offer>,
}

#[derive(Template)]
#[template(path = "signin-add.html")]
struct AddPage {
    frame: Frame,
    name: String,
    person: String,
    url: String,
}

/// One sign-in.
struct Line {
    id: String,
    provider: String,
    label: String,
    added: When,
}

/// One provider to add a sign-in at.
struct Offer {
    id: String,
    name: String,
}

/// Shows the list.
pub(super) async fn show(State(state): State<ApiState>, visitor: Visitor) -> Response {
    match page_of(&state, &visitor).await {
        Ok(signins) => page::render(StatusCode::OK, &signins),
        Err(error) => page::problem(Frame::of(&visitor, Place::Me), &error.into(), None),
    }
}

async fn page_of(state: &ApiState, visitor: &Visitor) -> Result<SignInsPage, EngineError> {
    let subjects = state.engine.subjects_of(&visitor.person).await?;
    let line = |subject: crate::engine::subjects::SubjectRecord| Line {
        provider: name(state, &subject.provider),
        id: subject.id,
        label: subject.label,
        added: visitor.words.time(subject.added_at),
    };
    let people = state.engine.shelf().people();
    let listed = people.subjects.iter().filter(|(_, owner)| **owner == visitor.person).map(|(subject, _)| subject.clone()).collect();
    let providers = state.providers.iter().flat_map(|providers| providers.list());
    Ok(SignInsPage {
        frame: Frame::of(visitor, Place::Me),
        signins: subjects.into_iter().map(line).collect(),
        listed,
        providers: providers.map(|provider| Offer { id: provider.id.clone(), name: provider.name.clone() }).collect(),
    })
}

/// The name of a provider; its id where it is no longer configured.
fn name(state: &ApiState, id: &str) -> String {
    let found = state.providers.as_ref().and_then(|providers| providers.find(id));
    found.map_or_else(|| id.to_owned(), |provider| provider.name.clone())
}

/// Prepares to add a sign-in: binds it to this session, and offers the way to the provider as a link.
pub(super) async fn add(
    State(state): State<ApiState>,
    visitor: Visitor,
    Ok(Held(secret)): Result<Held, Infallible>,
    Path(id): Path<String>,
    jar: CookieJar,
    form: Result<Form<Pressed>, FormRejection>,
) -> Response {
    if let Err(problem) = pressed(&visitor, form) {
        return page::problem(Frame::of(&visitor, Place::Me), &problem, None);
    }
    let session = match state.engine.session(&secret).await {
        Ok(session) => session.map(|session| session.id),
        Err(error) => return page::problem(Frame::of(&visitor, Place::Me), &error.into(), None),
    };
    match provider::set_out(&state, &id, "/me/sign-ins", session).await {
        Ok((cookie, url)) => {
            let (name, person) = (name(&state, &id), visitor.viewer.name.clone());
            (jar.add(cookie), page::render(StatusCode::OK, &AddPage { frame: Frame::of(&visitor, Place::Me), name, person, url })).into_response()
        }
        Err(problem) => page::problem(Frame::of(&visitor, Place::Me), &problem, Some(Back { address: "/me/sign-ins".into(), words: "signins-back" })),
    }
}

/// Takes a sign-in away.
pub(super) async fn remove(
    State(state): State<ApiState>,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Result<Form<Pressed>, FormRejection>,
) -> Response {
    if let Err(problem) = pressed(&visitor, form) {
        return page::problem(Frame::of(&visitor, Place::Me), &problem, None);
    }
    let back = Some(Back { address: "/me/sign-ins".into(), words: "signins-back" });
    match state.engine.remove_subject(&visitor.person, &id).await {
        Ok(true) => Redirect::to("/me/sign-ins").into_response(),
        Ok(false) => {
            let problem = Problem::new("unknown_signin", "you have no sign-in of this id; it may be gone already");
            page::problem(Frame::of(&visitor, Place::Me), &problem, back)
        }
        Err(error) => page::problem(Frame::of(&visitor, Place::Me), &error.into(), back),
    }
}
