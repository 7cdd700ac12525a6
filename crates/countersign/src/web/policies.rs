//! Policies as people read them: the rules as a table, the stages as a picture, whom they would ask today, what the
//! checker says, the versions and what changed between two, and a dry run to try.

use super::form::control::{Control, Maker, Shape, people};
use super::form::{Entered, Typed, read};
use super::frame::{Frame, Place};
use super::page;
use super::preview::{Preview, preview};
use super::visitor::Visitor;
use crate::api::ApiState;
use crate::api::parameters::Parameters;
use crate::api::problem::Problem;
use crate::engine::EngineError;
use crate::summary::visible::visible;
use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::response::Response;
use countersign_core::id::{PersonId, PolicyName};
use countersign_core::policy::Policy;
use countersign_core::policy::diagnostic::Diagnostic;
use http::StatusCode;
use rule::RuleRow;
use serde::Deserialize;
use std::sync::Arc;
use versions::{Difference, VersionRow};

pub mod diagram;
pub mod rule;
pub mod versions;

/// The control that says in whose name it is tried.
const AS_WHOM: &str = "requester";

#[derive(Template)]
#[template(path = "policies.html")]
struct PoliciesPage {
    frame: Frame,
    policies: Vec<Line>,
}

/// A policy in the list.
struct Line {
    name: String,
    owner: String,
    rules: usize,
    fields: String,
}

#[derive(Template)]
#[template(path = "policy.html")]
struct PolicyPage {
    frame: Frame,
    name: String,
    version: String,
    owner: String,
    title: String,
    rules: Vec<RuleRow>,
    findings: Vec<Finding>,
    versions: Vec<VersionRow>,
    difference: Option<Difference>,
    controls: Vec<Control>,
    people: Vec<(String, String)>,
    requester: String,
    requester_wrong: bool,
    faults: Vec<String>,
    preview: Option<Preview>,
}

/// Something to look at.
struct Finding {
    place: String,
    message: String,
    suggestion: Option<String>,
}

/// Which two versions are compared.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Compared {
    from: Option<String>,
    to: Option<String>,
}

/// What was tried.
#[derive(Default)]
struct Tried {
    entered: Entered,
    requester: String,
    requester_wrong: bool,
    faults: Vec<String>,
    more: Option<String>,
    preview: Option<Preview>,
}

/// All policies in force.
pub(super) async fn list(State(state): State<ApiState>, visitor: Visitor) -> Response {
    let all = state.engine.shelf().people();
    let line = |policy: &Arc<Policy>| Line {
        name: policy.name.to_string(),
        owner: rule::whom(&policy.owner, &all, &visitor.words).join(", "),
        rules: policy.rules.len(),
        fields: policy.fields.iter().map(|field| super::form::control::label(&field.name)).collect::<Vec<_>>().join(", "),
    };
    let policies = state.engine.shelf().policies().iter().map(line).collect();
    page::render(StatusCode::OK, &PoliciesPage { frame: Frame::of(&visitor, Place::Policies), policies })
}

/// One policy.
pub(super) async fn show(
    State(state): State<ApiState>,
    visitor: Visitor,
    Path(name): Path<String>,
    compared: Result<Parameters<Compared>, Problem>,
) -> Response {
    let tried = Tried { requester: visitor.person.to_string(), ..Tried::default() };
    match compared {
        Ok(Parameters(compared)) => shown(&state, &visitor, &name, tried, &compared).await,
        Err(problem) => refused(&visitor, &problem),
    }
}

/// A dry run with what was typed.
pub(super) async fn try_it(
    State(state): State<ApiState>,
    visitor: Visitor,
    Path(name): Path<String>,
    form: Result<Form<Vec<(String, String)>>, FormRejection>,
) -> Response {
    let typed = match super::office::taken(&visitor, form) {
        Ok(typed) => typed,
        Err(response) => return response,
    };
    let Some(policy) = state.engine.shelf().policy(&PolicyName::new(name.clone())) else {
        return refused(&visitor, &EngineError::UnknownPolicy(name).into());
    };
    match ran(&state, &visitor, &policy, &typed) {
        Ok(tried) => shown(&state, &visitor, &name, tried, &Compared::default()).await,
        Err(error) => refused(&visitor, &error.into()),
    }
}

fn ran(state: &ApiState, visitor: &Visitor, policy: &Policy, typed: &Typed) -> Result<Tried, EngineError> {
    let requester = match typed.text(AS_WHOM).trim() {
        "" => visitor.person.to_string(),
        given => given.to_owned(),
    };
    let mut tried = Tried { entered: read(&policy.fields, typed), requester, ..Tried::default() };
    if let Some(("more", field)) = typed.text("do").split_once(':') {
        tried.more = Some(field.to_owned());
        return Ok(tried);
    }
    match state.engine.dry_run(&policy.name, &PersonId::new(tried.requester.clone()), &tried.entered.payload) {
        Ok(run) if tried.entered.wrong.is_empty() => tried.preview = Some(preview(&run, &state.engine.shelf().people(), &visitor.words)),
        Ok(_) => {}
        Err(EngineError::InvalidPayload(faults)) => tried.faults = tried.entered.blame(&faults, &policy.fields),
        Err(EngineError::Refused(_)) => tried.requester_wrong = true,
        Err(error) => return Err(error),
    }
    Ok(tried)
}

async fn shown(state: &ApiState, visitor: &Visitor, name: &str, tried: Tried, compared: &Compared) -> Response {
    match page_of(state, visitor, name, tried, compared).await {
        Ok((status, whole)) => page::render(status, &whole),
        Err(error) => refused(visitor, &error.into()),
    }
}

async fn page_of(
    state: &ApiState,
    visitor: &Visitor,
    name: &str,
    tried: Tried,
    compared: &Compared,
) -> Result<(StatusCode, PolicyPage), EngineError> {
    let engine = &state.engine;
    let policy = engine.shelf().policy(&PolicyName::new(name)).ok_or_else(|| EngineError::UnknownPolicy(name.to_owned()))?;
    let all = engine.shelf().people();
    let wrong = !tried.entered.wrong.is_empty() || !tried.faults.is_empty() || tried.requester_wrong;
    let controls = Maker { words: &visitor.words, entered: &tried.entered, more: tried.more.as_deref() }.controls(&policy.fields);
    let kept = engine.policy_versions(&policy.name).await?;
    let difference = versions::difference(engine, &policy.name, &kept, compared.from.as_deref(), compared.to.as_deref()).await?;
    let whole = PolicyPage {
        frame: Frame::of(visitor, Place::Policies),
        name: policy.name.to_string(),
        version: policy.version.to_string(),
        owner: rule::whom(&policy.owner, &all, &visitor.words).join(", "),
        title: policy.title.source().to_owned(),
        rules: rule::rows(&policy, &all, &visitor.words),
        findings: engine.policy_findings(&policy).await?.iter().map(finding).collect(),
        versions: versions::rows(&kept, &visitor.words),
        difference,
        controls,
        people: people(&all.roster),
        requester: tried.requester,
        requester_wrong: tried.requester_wrong,
        faults: tried.faults,
        preview: tried.preview,
    };
    Ok((if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }, whole))
}

/// The place without the folder: that is the server's own affair.
fn finding(one: &Diagnostic) -> Finding {
    let file = one.file.rsplit('/').next().unwrap_or_default();
    Finding { place: format!("{file}:{}:{}", one.line, one.column), message: visible(&one.message).into_owned(), suggestion: one.suggestion.clone() }
}

fn refused(visitor: &Visitor, problem: &Problem) -> Response {
    super::office::refused(visitor, Place::Policies, problem, "/policies")
}
