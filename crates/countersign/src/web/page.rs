//! What every page shares: the frame around it, and the page for what went wrong.

use crate::api::problem::{Problem, ProblemCode};
use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;

/// Who looks, for the head of a page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Viewer {
    /// Their name.
    pub name: String,
    /// Guards the forms of this session.
    pub token: String,
}

/// A page that says what happened, what is true now and what to do.
#[derive(Template)]
#[template(path = "message.html")]
pub struct Message {
    viewer: Option<Viewer>,
    title: String,
    text: String,
    back: Option<(String, &'static str)>,
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
pub(super) fn problem(viewer: Option<Viewer>, problem: &Problem, back: Option<(String, &'static str)>) -> Response {
    let body = problem.body();
    let mut text = body.detail.clone();
    if let Some(first) = text.get(..1) {
        text = format!("{}{}", first.to_uppercase(), text.get(1..).unwrap_or_default());
    }
    if !text.ends_with('.') {
        text.push('.');
    }
    let status = StatusCode::from_u16(body.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = render(status, &Message { viewer, title: body.title.to_owned(), text, back });
    response.extensions_mut().insert(ProblemCode(body.code));
    response
}

/// A page with a few words.
pub(super) fn message(status: StatusCode, viewer: Option<Viewer>, title: &str, text: &str) -> Response {
    render(status, &Message { viewer, title: title.to_owned(), text: text.to_owned(), back: None })
}
