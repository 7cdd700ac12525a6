//! Asking for something: choose a policy, fill the form that its fields make, see what would become of it, send it.
//! The form carries a key of its own, so that pressing twice asks once.

use super::form::control::{Control, Maker, Shape, people};
use super::form::{Entered, Typed, read};
use super::frame::{Frame, Place};
use super::page;
use super::preview::{Preview, preview};
use super::visitor::Visitor;
use crate::api::ApiState;
use crate::api::problem::Problem;
use crate::engine::EngineError;
use crate::engine::submit::Submission;
use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use countersign_core::id::{PolicyName, RequestId};
use countersign_core::policy::Policy;
use http::StatusCode;
use std::sync::Arc;

/// The form's own key is this long at most.
const KEY_MAX: usize = 64;
/// The control with the form's own key.
const KEY: &str = "key";

#[derive(Template)]
#[template(path = "new_choose.html")]
struct ChoosePage {
    frame: Frame,
    policies: Vec<Choice>,
}

/// A policy to ask under.
struct Choice {
    name: String,
    fields: String,
}

#[derive(Template)]
#[template(path = "new.html")]
struct NewPage {
    frame: Frame,
    policy: String,
    key: String,
    controls: Vec<Control>,
    people: Vec<(String, String)>,
    /// What is wrong with the whole.
    faults: Vec<String>,
    /// How many controls have something wrong.
    wrong: usize,
    /// The request that this form made before, with something else in it.
    made: Option<String>,
    preview: Option<Preview>,
}

/// What there is to say about a form that was not taken, or not yet.
#[derive(Default)]
struct Said {
    entered: Entered,
    faults: Vec<String>,
    more: Option<String>,
    made: Option<RequestId>,
    preview: Option<Preview>,
    key: Option<String>,
}

/// What a press of a button asks for.
enum Wish {
    Send,
    Preview,
    More(String),
}

/// The policies.
pub(super) async fn choose(State(state): State<ApiState>, visitor: Visitor) -> Response {
    let label = |policy: &Policy| policy.fields.iter().map(|field| super::form::control::label(&field.name)).collect::<Vec<_>>().join(", ");
    let choice = |policy: &Arc<Policy>| Choice { name: policy.name.to_string(), fields: label(policy) };
    let policies = state.engine.shelf().policies().iter().map(choice).collect();
    page::render(StatusCode::OK, &ChoosePage { frame: Frame::of(&visitor, Place::New), policies })
}

/// An empty form.
pub(super) async fn show(State(state): State<ApiState>, visitor: Visitor, Path(name): Path<String>) -> Response {
    match in_force(&state, &name) {
        Ok(policy) => shown(&state, &visitor, &policy, Said::default()),
        Err(problem) => refused(&visitor, &problem),
    }
}

/// Preview, further rows, or the request itself.
pub(super) async fn press(
    State(state): State<ApiState>,
    visitor: Visitor,
    Path(name): Path<String>,
    form: Result<Form<Vec<(String, String)>>, FormRejection>,
) -> Response {
    let typed = match super::office::taken(&visitor, form) {
        Ok(typed) => typed,
        Err(response) => return response,
    };
    let policy = match in_force(&state, &name) {
        Ok(policy) => policy,
        Err(problem) => return refused(&visitor, &problem),
    };
    let (key, wish) = (typed.text(KEY).to_owned(), wish(&typed));
    let said = Said { entered: read(&policy.fields, &typed), key: Some(key).filter(|key| is_key(key)), ..Said::default() };
    match wish {
        Wish::More(field) => shown(&state, &visitor, &policy, Said { more: Some(field), ..said }),
        Wish::Preview => previewed(&state, &visitor, &policy, said),
        Wish::Send => send(&state, &visitor, &policy, said).await,
    }
}

fn previewed(state: &ApiState, visitor: &Visitor, policy: &Policy, said: Said) -> Response {
    match state.engine.dry_run(&policy.name, &visitor.person, &said.entered.payload) {
        Ok(run) if said.entered.wrong.is_empty() => {
            let preview = preview(&run, &state.engine.shelf().people(), &visitor.words);
            shown(state, visitor, policy, Said { preview: Some(preview), ..said })
        }
        Ok(_) => shown(state, visitor, policy, said),
        Err(error) => not_taken(state, visitor, policy, said, error),
    }
}

async fn send(state: &ApiState, visitor: &Visitor, policy: &Policy, said: Said) -> Response {
    if !said.entered.wrong.is_empty() {
        return previewed(state, visitor, policy, said);
    }
    let submission = Submission {
        policy: policy.name.clone(),
        requester: visitor.person.clone(),
        payload: said.entered.payload.clone(),
        idempotency_key: said.key.as_ref().map(|key| format!("form {key}")),
        external_id: None,
    };
    match state.engine.submit(&visitor.caller, submission).await {
        Ok(made) => Redirect::to(&format!("/requests/{}", made.handled.id())).into_response(),
        Err(error) => not_taken(state, visitor, policy, said, error),
    }
}

/// The form again, with what was typed and what is wrong.
fn not_taken(state: &ApiState, visitor: &Visitor, policy: &Policy, mut said: Said, error: EngineError) -> Response {
    match error {
        EngineError::InvalidPayload(faults) => {
            said.faults = said.entered.blame(&faults, &policy.fields);
            shown(state, visitor, policy, said)
        }
        EngineError::IdempotencyConflict(made) => shown(state, visitor, policy, Said { made: Some(made), key: None, ..said }),
        error => refused(visitor, &error.into()),
    }
}

fn shown(state: &ApiState, visitor: &Visitor, policy: &Policy, said: Said) -> Response {
    let frame = Frame::of(visitor, Place::New);
    let controls = Maker { words: &visitor.words, entered: &said.entered, more: said.more.as_deref() }.controls(&policy.fields);
    let status = match (&said.made, said.entered.wrong.is_empty() && said.faults.is_empty()) {
        (Some(_), _) => StatusCode::CONFLICT,
        (None, true) => StatusCode::OK,
        (None, false) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let whole = NewPage {
        frame,
        policy: policy.name.to_string(),
        key: said.key.unwrap_or_else(|| state.engine.fresh_key()),
        controls,
        people: people(&state.engine.shelf().people().roster),
        wrong: said.entered.wrong.len(),
        faults: said.faults,
        made: said.made.map(|id| id.to_string()),
        preview: said.preview,
    };
    page::render(status, &whole)
}

fn in_force(state: &ApiState, name: &str) -> Result<Arc<Policy>, Problem> {
    state.engine.shelf().policy(&PolicyName::new(name)).ok_or_else(|| EngineError::UnknownPolicy(name.to_owned()).into())
}

fn refused(visitor: &Visitor, problem: &Problem) -> Response {
    super::office::refused(visitor, Place::New, problem, "/new")
}

fn wish(typed: &Typed) -> Wish {
    match typed.text("do").split_once(':') {
        Some(("more", field)) => Wish::More(field.to_owned()),
        _ if typed.text("do") == "send" => Wish::Send,
        _ => Wish::Preview,
    }
}

fn is_key(key: &str) -> bool {
    (16..=KEY_MAX).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
