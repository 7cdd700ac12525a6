//! Policies in force, and the dry run: which rule would hold and who would be asked. No effect, by type.

use super::ApiState;
use super::body::{Members, Shape, Strict};
use super::parameters::{NoParameters, Parameters};
use super::permit::Permit;
use super::problem::{FaultBody, Problem, ProblemBody};
use crate::engine::{Caller, EngineError};
use crate::wire::explain::{self, ExplanationBody, PolicyBody};
use axum::Json;
use axum::extract::{Path, State};
use countersign_core::id::{PersonId, PolicyName};
use countersign_core::policy::Policy;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use utoipa::ToSchema;

/// Policies in force.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct PolicyPage {
    /// By name.
    pub items: Vec<PolicyBody>,
    /// Always null: the list is short.
    pub next: Option<String>,
}

/// All policies in force.
#[utoipa::path(get, path = "/v1/policies", tag = "policies",
    responses((status = 200, body = PolicyPage), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn list(State(state): State<ApiState>, _: Permit, _: Parameters<NoParameters>) -> Json<PolicyPage> {
    let items = state.engine.shelf().policies().iter().map(|policy| explain::policy(policy, false)).collect();
    Json(PolicyPage { items, next: None })
}

/// One policy, with its source.
#[utoipa::path(get, path = "/v1/policies/{name}", tag = "policies", params(("name" = String, Path)),
    responses((status = 200, body = PolicyBody), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn show(State(state): State<ApiState>, _: Permit, Path(name): Path<String>) -> Result<Json<PolicyBody>, Problem> {
    Ok(Json(explain::policy(&*in_force(&state, name)?, true)))
}

fn in_force(state: &ApiState, name: String) -> Result<Arc<Policy>, Problem> {
    let found = state.engine.shelf().policy(&PolicyName::new(name.clone()));
    found.ok_or_else(|| EngineError::UnknownPolicy(name).into())
}

/// What to try.
#[derive(Debug, ToSchema)]
pub struct ExplainBody {
    /// In whose name; a person who is signed in may leave it out.
    requester: Option<String>,
    /// The policy's fields.
    #[schema(value_type = Object)]
    payload: Value,
}

impl Shape for ExplainBody {
    const MEMBERS: &'static [&'static str] = &["requester", "payload"];
    fn take(members: &mut Members) -> Self {
        Self { requester: members.optional_name("requester"), payload: members.value("payload") }
    }
}

/// A dry run: which rule would hold, why not the others, and who would be asked.
#[utoipa::path(post, path = "/v1/policies/{name}/explain", tag = "policies", params(("name" = String, Path)), request_body = ExplainBody,
    responses((status = 200, body = ExplanationBody), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn explain(
    State(state): State<ApiState>,
    Permit(caller): Permit,
    Path(name): Path<String>,
    Strict(body): Strict<ExplainBody>,
) -> Result<Json<ExplanationBody>, Problem> {
    let requester = match (body.requester, &caller) {
        (Some(requester), _) => PersonId::new(requester),
        (None, Caller::Person { id, .. }) => id.clone(),
        (None, Caller::Key { .. }) => {
            return Err(Problem::invalid_body(vec![FaultBody { pointer: "/requester".into(), message: "it is missing".into() }]));
        }
    };
    let tried = state.engine.dry_run(&PolicyName::new(name), &requester, &body.payload)?;
    Ok(Json(explain::explanation(&tried.policy, &tried.explained)))
}
