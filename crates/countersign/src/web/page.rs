//! What every page shares: how it is rendered, and the page for what went wrong.

use super::frame::Frame;
use crate::api::problem::{Problem, ProblemCode};
use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;

pub use super::frame::Viewer;

/// Where a page about a problem leads back to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Back {
    /// The address.
    pub(super) address: String,
    /// The key of its words.
    pub(super) words: &'static str,
}

impl Back {
    /// To the inbox.
    pub(super) fn inbox() -> Self {
        Self { address: "/".into(), words: "problem-to-inbox" }
    }

    /// To a request.
    pub(super) fn request(id: impl std::fmt::Display) -> Self {
        Self { address: format!("/requests/{id}"), words: "problem-to-request" }
    }
}

/// A page that says what happened, what is true now and what to do.
#[derive(Template)]
#[template(path = "message.html")]
struct Message {
    frame: Frame,
    title: String,
    text: String,
    code: Option<&'static str>,
    back: Option<Back>,
}

/// Renders a template.
pub(super) fn render(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(error = %error, "a page could not be rendered");
            (StatusCode::INTERNAL_SERVER_ERROR, Html("<!doctype html><title>Countersign</title><p>Something failed on our side.")).into_response()
        }
    }
}

/// The page for a problem.
pub(super) fn problem(frame: Frame, problem: &Problem, back: Option<Back>) -> Response {
    let body = problem.body();
    let status = StatusCode::from_u16(body.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let (title, text) = (title(&frame, body.code, body.title), detail(&frame, problem));
    let mut response = render(status, &Message { frame, title, text, code: Some(body.code), back });
    response.extensions_mut().insert(ProblemCode(body.code));
    response
}

/// A page with a few words, by their keys.
pub(super) fn message(status: StatusCode, frame: Frame, title: &'static str, text: &'static str) -> Response {
    let (title, text) = (frame.say(title).to_string(), frame.say(text).to_string());
    render(status, &Message { frame, title, text, code: None, back: None })
}

fn title(frame: &Frame, code: &str, otherwise: &str) -> String {
    let key = format!("problem-{}", code.replace('_', "-"));
    if frame.knows(&key) { frame.one("problem", code).to_string() } else { otherwise.to_owned() }
}

/// What is true, in the reader's language where the catalogue has a sentence for the code, else as the engine says it.
pub(super) fn detail(frame: &Frame, problem: &Problem) -> String {
    let body = problem.body();
    let key = format!("detail-{}", body.code.replace('_', "-"));
    if frame.knows(&key) { frame.one("detail", body.code).to_string() } else { sentence(&body.detail) }
}

/// A fragment as a sentence.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let mut sentence: String = letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect());
    if !sentence.ends_with(['.', '?', '!']) {
        sentence.push('.');
    }
    sentence
}
