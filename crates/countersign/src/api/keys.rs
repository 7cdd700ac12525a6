//! API keys, for admins: list, make (the secret is shown once), revoke (takes effect at once).

use super::ApiState;
use super::body::{Members, Shape, Strict};
use super::parameters::{NoParameters, Parameters};
use super::permit::Permit;
use super::problem::{FaultBody, Problem, ProblemBody};
use crate::engine::caller::{ActsFor, Scope};
use crate::engine::keys::{KeyRecord, NewKey, may_make};
use crate::engine::{Caller, EngineError};
use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use countersign_core::id::PersonId;
use countersign_core::policy::diagnostic::did_you_mean;
use countersign_core::refusal::Refusal;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// A key; never its secret, but for the answer that made it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct KeyBody {
    /// `key_…`
    pub id: String,
    /// For people to recognise it by.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// For whom it submits: a person, or `any`.
    pub acts_for: Option<String>,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// To within ten minutes.
    pub last_used_at: Option<String>,
    /// When it was revoked.
    pub revoked_at: Option<String>,
    /// `csk_…`, here and never again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// All keys.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct KeyPage {
    /// In the order they were made; revoked ones too.
    pub items: Vec<KeyBody>,
    /// Always null: the list is short.
    pub next: Option<String>,
}

/// What a new key should be.
#[derive(Debug, ToSchema)]
pub struct NewKeyBody {
    /// For people to recognise it by.
    name: String,
    /// submit, read, read:all, decide:on-behalf, operate, admin; never both submit and decide:on-behalf.
    #[schema(value_type = Vec<String>)]
    scopes: BTreeSet<Scope>,
    /// For whom it submits: a person, or `any`.
    acts_for: Option<String>,
}

impl Shape for NewKeyBody {
    const MEMBERS: &'static [&'static str] = &["name", "scopes", "acts_for"];
    fn take(members: &mut Members) -> Self {
        let name = members.name("name");
        let mut scopes = BTreeSet::new();
        for (index, word) in members.names("scopes").iter().enumerate() {
            match Scope::parse(word) {
                Some(scope) => {
                    scopes.insert(scope);
                }
                None => {
                    let known = did_you_mean(word, Scope::ALL.iter().map(|(_, name)| *name)).unwrap_or_default();
                    members.fault(&format!("scopes/{index}"), format!("`{word}` is no scope; {known}"));
                }
            }
        }
        Self { name, scopes, acts_for: members.optional_name("acts_for") }
    }
}

/// All keys.
#[utoipa::path(get, path = "/v1/keys", tag = "keys",
    responses((status = 200, body = KeyPage), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn list(State(state): State<ApiState>, Permit(caller): Permit, _: Parameters<NoParameters>) -> Result<Json<KeyPage>, Problem> {
    administers(&state, &caller)?;
    let items = state.engine.list_keys().await?.into_iter().map(|key| body(key, None)).collect();
    Ok(Json(KeyPage { items, next: None }))
}

/// Makes a key; the secret is in this answer and never again.
#[utoipa::path(post, path = "/v1/keys", tag = "keys", request_body = NewKeyBody,
    responses((status = 201, body = KeyBody), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn create(State(state): State<ApiState>, Permit(caller): Permit, Strict(new): Strict<NewKeyBody>) -> Result<Response, Problem> {
    administers(&state, &caller)?;
    may_make(&caller, &new.scopes)?;
    let acts_for = match new.acts_for.as_deref() {
        None => ActsFor::Nobody,
        Some("any") => ActsFor::Anybody,
        Some(person) => ActsFor::One(PersonId::from(person)),
    };
    if let ActsFor::One(person) = &acts_for {
        let known = state.engine.shelf().people().roster.is_active(person);
        known.then_some(()).ok_or_else(|| Problem::from(Refusal::UnknownPerson(person.clone())))?;
    }
    let new = NewKey { name: new.name, scopes: new.scopes, acts_for };
    new.check().map_err(|message| Problem::invalid_body(vec![FaultBody { pointer: "/scopes".into(), message }]))?;
    let (record, secret) = state.engine.create_key(&new).await?;
    Ok((StatusCode::CREATED, Json(body(record, Some(secret)))).into_response())
}

/// Revokes a key, by id or name.
#[utoipa::path(delete, path = "/v1/keys/{id}", tag = "keys", params(("id" = String, Path)),
    responses((status = 200, body = KeyBody), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn revoke(State(state): State<ApiState>, Permit(caller): Permit, Path(id): Path<String>) -> Result<Json<KeyBody>, Problem> {
    administers(&state, &caller)?;
    let revoked = state.engine.revoke_key(&id).await?;
    state.gate.forget();
    revoked.map(|key| Json(body(key, None))).ok_or_else(|| Problem::new("unknown_key", "there is no key of this id or name"))
}

fn administers(state: &ApiState, caller: &Caller) -> Result<(), EngineError> {
    caller.administers(&state.engine.shelf().people().roster)
}

fn body(key: KeyRecord, secret: Option<String>) -> KeyBody {
    KeyBody {
        id: key.id,
        name: key.name,
        scopes: key.scopes,
        acts_for: key.acts_for,
        created_at: key.created_at.to_string(),
        last_used_at: key.last_used_at.map(|at| at.to_string()),
        revoked_at: key.revoked_at.map(|at| at.to_string()),
        secret,
    }
}
