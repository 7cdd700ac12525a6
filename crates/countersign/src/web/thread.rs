//! The conversation beside a request: who said what, the files, and the form to say more. Files are links to be saved,
//! never shown in place.

use super::frame::{Frame, Place};
use super::page::{self, Back};
use super::stages::name;
use super::visitor::Visitor;
use super::words::{When, Words};
use crate::api::ApiState;
use crate::api::parameters::Named;
use crate::api::problem::Problem;
use crate::attachment::{BYTES_MAX, Upload, endings};
use crate::engine::{EngineError, Seen};
use crate::summary::visible::visible;
use crate::wire::thread::{AttachmentBody, SaidBody, thread as said};
use askama::Template;
use axum::Router;
use axum::extract::multipart::{Field, Multipart, MultipartError, MultipartRejection};
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use countersign_core::event::Event;
use countersign_core::id::{PersonId, RequestId};
use http::StatusCode;
use jiff::Timestamp;

/// The longest comment, in characters.
const COMMENT_MAX: usize = 10_000;
/// What a form may hold besides its file.
const FORM_BYTES_MAX: usize = 128 * 1024;
/// A file that is too large is read to here and let go: a browser shows the answer only once it has sent the whole form.
const READ_MAX: usize = 4 * BYTES_MAX + FORM_BYTES_MAX;
/// A longer text is folded.
const FOLD_AFTER: usize = 600;

/// The conversation, for `thread.html`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Thread {
    /// Oldest first.
    pub said: Vec<Said>,
    /// Where more is said.
    pub action: String,
    /// The endings of files that are taken.
    pub accept: String,
    /// What was typed into a form that was not taken.
    pub typed: String,
    /// Why it was not taken.
    pub error: Option<String>,
}

/// Something that somebody said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Said {
    /// Who.
    pub who: String,
    /// When.
    pub at: When,
    /// The words that say how: a comment, a file, with which decision.
    pub how: String,
    /// The beginning of the words.
    pub words: Option<String>,
    /// All of them, where they are long.
    pub whole: Option<String>,
    /// The file: name, size in words, address.
    pub file: Option<(String, String, String)>,
}

#[derive(Template)]
#[template(path = "said.html")]
struct SaidPage {
    frame: Frame,
    id: String,
    title: String,
    thread: Thread,
}

/// Where more is said: a form of a comment and a file.
pub(super) fn routes() -> Router<ApiState> {
    Router::new().route("/requests/{id}/comments", post(say)).layer(DefaultBodyLimit::max(READ_MAX))
}

/// The conversation as its reader sees it.
#[must_use]
pub fn thread(words: &Words, seen: &Seen, events: &[(Timestamp, Event)]) -> Thread {
    let accept: Vec<String> = endings().iter().map(|ending| format!(".{ending}")).collect();
    Thread {
        said: said(seen, events).iter().map(|one| line(words, seen, one)).collect(),
        action: format!("/requests/{}/comments", seen.request.id),
        accept: accept.join(","),
        typed: String::new(),
        error: None,
    }
}

fn line(words: &Words, seen: &Seen, said: &SaidBody) -> Said {
    let person = said.person.as_deref().map_or_else(String::new, |person| name(seen, &PersonId::new(person)));
    let at = said.at.parse().unwrap_or(seen.request.created_at);
    let how = match (&said.decision, said.kind.as_str()) {
        (Some(decision), _) => words.one("thread-said", decision),
        (None, kind) => words.one("thread-said", kind),
    };
    let text = said.text.as_deref().map(visible);
    let long = text.as_ref().filter(|text| text.chars().count() > FOLD_AFTER).map(|text| text.clone().into_owned());
    Said {
        who: visible(&person).into_owned(),
        at: words.time(at),
        how: how.to_string(),
        words: text.map(|text| if long.is_some() { text.chars().take(FOLD_AFTER).collect() } else { text.into_owned() }),
        whole: long,
        file: said.attachment.as_ref().map(|file| shown(words, file)),
    }
}

fn shown(words: &Words, file: &AttachmentBody) -> (String, String, String) {
    let name = file.name.as_deref().map_or_else(|| words.say("thread-erased").to_string(), |name| visible(name).into_owned());
    (name, words.say("thread-size").arg("kib", file.bytes.div_ceil(1024)).to_string(), file.url.clone())
}

/// What came in a form.
#[derive(Default)]
struct Sent {
    token: String,
    comment: String,
    file: Option<Upload>,
    too_large: bool,
}

/// Says something, or puts a file there, or both.
async fn say(
    State(state): State<ApiState>,
    visitor: Visitor,
    named: Result<Named, Problem>,
    form: Result<Multipart, MultipartRejection>,
) -> Response {
    let frame = || Frame::of(&visitor, Place::Inbox);
    let id = match named {
        Ok(Named(id)) => id,
        Err(problem) => return page::problem(frame(), &problem, Some(Back::inbox())),
    };
    let Ok(form) = form else {
        return page::problem(frame(), &Problem::new("invalid_body", "the form is not complete; open the page again"), Some(Back::request(id)));
    };
    let sent = match read(form).await {
        Ok(sent) => sent,
        Err(error) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            return not_taken(&state, &visitor, id, String::new(), &EngineError::UnfitAttachment(crate::attachment::Unfit::TooLarge).into()).await;
        }
        Err(_) => return page::problem(frame(), &Problem::new("invalid_body", "the form broke off; nothing was kept"), Some(Back::request(id))),
    };
    if !visitor.sent(&sent.token) {
        let problem = Problem::new("cross_site", "the form is not from this sign-in; open the page again");
        return page::problem(frame(), &problem, Some(Back::request(id)));
    }
    if sent.too_large {
        return not_taken(&state, &visitor, id, sent.comment, &EngineError::UnfitAttachment(crate::attachment::Unfit::TooLarge).into()).await;
    }
    match pass_on(&state, &visitor, id, &sent).await {
        Ok(()) => Redirect::to(&format!("/requests/{id}#thread")).into_response(),
        Err(problem) => not_taken(&state, &visitor, id, sent.comment, &problem).await,
    }
}

/// The file first: where it is not taken, nothing is said yet, and what was typed is kept in the form.
async fn pass_on(state: &ApiState, visitor: &Visitor, id: RequestId, sent: &Sent) -> Result<(), Problem> {
    let comment = sent.comment.trim();
    if comment.chars().count() > COMMENT_MAX {
        return Err(Problem::new("invalid_body", "the comment is longer than 10,000 characters; nothing was kept"));
    }
    if comment.is_empty() && sent.file.is_none() {
        return Err(Problem::new("invalid_body", "there is neither a comment nor a file in the form"));
    }
    if let Some(file) = &sent.file {
        state.engine.attach(&visitor.caller, id, file.clone()).await?;
    }
    if !comment.is_empty() {
        state.engine.comment(&visitor.caller, id, comment).await?;
    }
    Ok(())
}

/// The conversation again, with what was typed and why it was not taken.
async fn not_taken(state: &ApiState, visitor: &Visitor, id: RequestId, typed: String, problem: &Problem) -> Response {
    let frame = Frame::of(visitor, Place::Inbox);
    let (seen, events) = match state.engine.see_with_events(&visitor.caller, id).await {
        Ok(found) => found,
        Err(error) => return page::problem(frame, &error.into(), Some(Back::inbox())),
    };
    let error = Some(page::detail(&frame, problem));
    let thread = Thread { typed, error, ..thread(&visitor.words, &seen, &events) };
    let status = StatusCode::from_u16(problem.body().status).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
    let title = frame.title(&seen.title());
    page::render(status, &SaidPage { frame, id: id.to_string(), title, thread })
}

/// A file's bytes, as far as they are taken; what is too large is read and let go.
async fn whole(mut field: Field<'_>) -> Result<(Vec<u8>, bool), MultipartError> {
    let (mut bytes, mut too_large) = (Vec::new(), false);
    while let Some(chunk) = field.chunk().await? {
        too_large |= bytes.len().saturating_add(chunk.len()) > BYTES_MAX;
        if too_large {
            bytes = Vec::new();
        } else {
            bytes.extend_from_slice(&chunk);
        }
    }
    Ok((bytes, too_large))
}

async fn read(mut form: Multipart) -> Result<Sent, MultipartError> {
    let mut sent = Sent::default();
    while let Some(field) = form.next_field().await? {
        match field.name().unwrap_or_default() {
            "token" => sent.token = field.text().await?,
            "comment" => sent.comment = field.text().await?,
            "file" => {
                let (name, declared) = (field.file_name().unwrap_or_default().to_owned(), field.content_type().map(str::to_owned));
                let (bytes, too_large) = whole(field).await?;
                sent.too_large = too_large;
                // A form without a chosen file sends one without a name.
                sent.file = (!name.is_empty() || !bytes.is_empty()).then_some(Upload { name, declared, bytes });
            }
            _ => {}
        }
    }
    Ok(sent)
}
