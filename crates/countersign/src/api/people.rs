//! The directory as others see it, and who the caller is.

use super::ApiState;
use super::parameters::{NoParameters, Parameters};
use super::permit::Permit;
use super::problem::ProblemBody;
use crate::engine::Caller;
use crate::engine::caller::ActsFor;
use axum::Json;
use axum::extract::State;
use countersign_core::people::{Person, Role};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Somebody in the directory.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct PersonBody {
    /// Stable.
    pub id: String,
    /// As shown to others.
    pub name: String,
    /// Their manager's id.
    pub manager: Option<String>,
    /// operator, auditor, admin.
    pub roles: Vec<String>,
    /// What they may sign for, where a policy asks.
    pub limit: Option<String>,
    /// False for those who have left.
    pub active: bool,
}

/// Everybody in the directory.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct PersonPage {
    /// By id.
    pub items: Vec<PersonBody>,
    /// Always null: the directory is answered whole.
    pub next: Option<String>,
}

/// A group with everybody in it, through groups in groups.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct GroupBody {
    /// As policies name it.
    pub id: String,
    /// Active people, by id.
    pub members: Vec<String>,
}

/// All groups.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct GroupPage {
    /// By id.
    pub items: Vec<GroupBody>,
    /// Always null: the directory is answered whole.
    pub next: Option<String>,
}

/// Who calls.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct MeBody {
    /// `person` or `key`.
    pub kind: String,
    /// The person's or key's id.
    pub id: String,
    /// A person's name.
    pub name: Option<String>,
    /// A person's roles.
    pub roles: Vec<String>,
    /// A key's scopes.
    pub scopes: Vec<String>,
    /// For whom a key submits: a person, or `any`.
    pub acts_for: Option<String>,
}

fn roles(person: &Person) -> Vec<String> {
    let word = |role: &Role| match role {
        Role::Operator => "operator",
        Role::Auditor => "auditor",
        Role::Admin => "admin",
    };
    person.roles.iter().map(|role| word(role).to_owned()).collect()
}

/// Everybody in the directory.
#[utoipa::path(get, path = "/v1/people", tag = "directory",
    responses((status = 200, body = PersonPage), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn people(State(state): State<ApiState>, _: Permit, _: Parameters<NoParameters>) -> Json<PersonPage> {
    let body = |person: &Person| PersonBody {
        id: person.id.to_string(),
        name: person.name.clone(),
        manager: person.manager.as_ref().map(ToString::to_string),
        roles: roles(person),
        limit: person.limit.as_ref().map(ToString::to_string),
        active: person.active,
    };
    let items = state.engine.shelf().people().roster.people.values().map(body).collect();
    Json(PersonPage { items, next: None })
}

/// All groups.
#[utoipa::path(get, path = "/v1/groups", tag = "directory",
    responses((status = 200, body = GroupPage), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn groups(State(state): State<ApiState>, _: Permit, _: Parameters<NoParameters>) -> Json<GroupPage> {
    let roster = state.engine.shelf().people().roster.clone();
    let members = |id| roster.members(id).iter().map(ToString::to_string).collect();
    let items = roster.groups.keys().map(|id| GroupBody { id: id.to_string(), members: members(id) }).collect();
    Json(GroupPage { items, next: None })
}

/// Who calls.
#[utoipa::path(get, path = "/v1/me", tag = "directory",
    responses((status = 200, body = MeBody), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn me(State(state): State<ApiState>, Permit(caller): Permit) -> Json<MeBody> {
    let id = caller.name();
    Json(match caller {
        Caller::Person { id: person, .. } => {
            let people = state.engine.shelf().people();
            let found = people.roster.person(&person);
            MeBody {
                kind: "person".into(),
                id,
                name: Some(people.name(&person)),
                roles: found.map(roles).unwrap_or_default(),
                scopes: Vec::new(),
                acts_for: None,
            }
        }
        Caller::Key { scopes, acts_for, .. } => {
            let acts_for = match acts_for {
                ActsFor::Nobody => None,
                ActsFor::Anybody => Some("any".to_owned()),
                ActsFor::One(person) => Some(person.to_string()),
            };
            let scopes = scopes.iter().map(|scope| scope.as_str().to_owned()).collect();
            MeBody { kind: "key".into(), id, name: None, roles: Vec::new(), scopes, acts_for }
        }
    })
}
