//! The door of this machine: what `key` and `login-link` ask of a running server. Its secret is drawn for each
//! run and lies in a file beside the database that only its owner reads: whoever can read it could write to the
//! database as well. No API key opens it, so that no machine can make itself a person's sign-in.

use crate::api::ApiState;
use crate::config::Config;
use crate::engine::EngineError;
use crate::engine::caller::{ActsFor, Scope};
use crate::engine::keys::{KeyRecord, NewKey};
use crate::wire::confirm_url;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use countersign_core::id::{PersonId, RequestId};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path as FilePath;
use subtle::ConstantTimeEq;

/// What the file says.
#[derive(Clone, Serialize, Deserialize)]
pub struct WayIn {
    /// The server's address.
    pub url: String,
    /// The secret of this run.
    pub secret: String,
}

impl WayIn {
    /// The way to the server that runs on this database, if one left it.
    #[must_use]
    pub fn read(config: &Config) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(config.admin_file()).ok()?).ok()
    }

    /// Leaves the way in for this run.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn leave(config: &Config, bound: SocketAddr, secret: &str) -> std::io::Result<()> {
        let way = Self { url: format!("http://{}", reachable(bound)), secret: secret.to_owned() };
        write_private(&config.admin_file(), &serde_json::to_vec(&way).unwrap_or_default())
    }

    /// Takes it away again. A file that stays behind opens nothing.
    pub fn close(config: &Config) {
        let _ = std::fs::remove_file(config.admin_file());
    }
}

/// An address that listens everywhere is reached on this machine.
fn reachable(bound: SocketAddr) -> SocketAddr {
    let mut to = bound;
    if bound.ip().is_unspecified() {
        to.set_ip(if bound.is_ipv4() { std::net::Ipv4Addr::LOCALHOST.into() } else { std::net::Ipv6Addr::LOCALHOST.into() });
    }
    to
}

/// Makes a file that only its owner reads, unless it is there: a database holds what was proposed.
///
/// # Errors
/// When the folder cannot be written.
pub fn make_private(path: &FilePath) -> std::io::Result<()> {
    match std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Writes a file that only its owner reads, in one step.
///
/// # Errors
/// When the folder cannot be written.
pub fn write_private(path: &FilePath, bytes: &[u8]) -> std::io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let draft = FilePath::new(&name);
    let _ = std::fs::remove_file(draft);
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(draft, path)
}

/// What the routes see.
#[derive(Clone)]
pub(super) struct Local {
    api: ApiState,
    secret: String,
}

impl Local {
    pub(super) fn new(api: ApiState, secret: String) -> Self {
        Self { api, secret }
    }

    fn admits(&self, headers: &HeaderMap) -> bool {
        let given = headers.get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| value.strip_prefix("Bearer "));
        given.is_some_and(|given| bool::from(given.as_bytes().ct_eq(self.secret.as_bytes())))
    }
}

pub(super) fn router(local: Local) -> Router {
    Router::new()
        .route("/local/login-links", post(link))
        .route("/local/confirm-links", post(confirm_link))
        .route("/local/keys", get(list).post(create))
        .route("/local/keys/{id}", delete(revoke))
        .with_state(local)
}

/// A person, by id.
#[derive(Deserialize)]
struct Named {
    person: String,
}

async fn link(State(local): State<Local>, headers: HeaderMap, Json(named): Json<Named>) -> Result<Response, Response> {
    if !local.admits(&headers) {
        return Err(StatusCode::NOT_FOUND.into_response());
    }
    let secret = local.api.engine.create_login_link(&PersonId::new(named.person)).await.map_err(answer)?;
    let url = login_url(&local.api.engine.settings().public_url, &secret);
    Ok(Json(json!({ "url": url })).into_response())
}

/// A person whom a request asks.
#[derive(Deserialize)]
struct Asked {
    person: String,
    request: String,
}

async fn confirm_link(State(local): State<Local>, headers: HeaderMap, Json(asked): Json<Asked>) -> Result<Response, Response> {
    if !local.admits(&headers) {
        return Err(StatusCode::NOT_FOUND.into_response());
    }
    let id = RequestId::parse(&asked.request).map_err(|_| refused("there is no such request"))?;
    let secret = local.api.engine.create_confirm_link(&PersonId::new(asked.person), id).await.map_err(answer)?;
    Ok(Json(json!({ "url": confirm_url(&local.api.engine.settings().public_url, &secret) })).into_response())
}

/// Where a sign-in link leads.
#[must_use]
pub fn login_url(public_url: &str, secret: &str) -> String {
    format!("{}/login/{secret}", public_url.trim_end_matches('/'))
}

/// What a new key should be, in words.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeyWords {
    /// For people to recognise it by.
    pub name: String,
    /// Scopes, in words.
    pub scopes: Vec<String>,
    /// A person, `any`, or nothing.
    pub acts_for: Option<String>,
}

impl KeyWords {
    /// What these words mean.
    ///
    /// # Errors
    /// One sentence.
    pub fn meaning(self) -> Result<NewKey, String> {
        let mut scopes = std::collections::BTreeSet::new();
        for word in &self.scopes {
            let known = Scope::ALL.iter().map(|(_, name)| *name);
            let hint = || countersign_core::policy::diagnostic::did_you_mean(word, known).unwrap_or_default();
            scopes.insert(Scope::parse(word).ok_or_else(|| format!("`{word}` is no scope; {}", hint()))?);
        }
        let acts_for = match self.acts_for.as_deref() {
            None => ActsFor::Nobody,
            Some("any") => ActsFor::Anybody,
            Some(person) => ActsFor::One(PersonId::from(person)),
        };
        let new = NewKey { name: self.name, scopes, acts_for };
        new.check().map(|()| new)
    }
}

async fn create(State(local): State<Local>, headers: HeaderMap, Json(words): Json<KeyWords>) -> Result<Response, Response> {
    if !local.admits(&headers) {
        return Err(StatusCode::NOT_FOUND.into_response());
    }
    let new = words.meaning().map_err(|why| refused(&why))?;
    let (record, secret) = create_key(&local.api.engine, new).await.map_err(answer)?;
    Ok(Json(json!({ "key": record, "secret": secret })).into_response())
}

async fn list(State(local): State<Local>, headers: HeaderMap) -> Result<Response, Response> {
    if !local.admits(&headers) {
        return Err(StatusCode::NOT_FOUND.into_response());
    }
    let keys = local.api.engine.list_keys().await.map_err(answer)?;
    Ok(Json(json!({ "items": keys.into_iter().map(without_hash).collect::<Vec<_>>() })).into_response())
}

async fn revoke(State(local): State<Local>, headers: HeaderMap, Path(id): Path<String>) -> Result<Response, Response> {
    if !local.admits(&headers) {
        return Err(StatusCode::NOT_FOUND.into_response());
    }
    let revoked = local.api.engine.revoke_key(&id).await.map_err(answer)?;
    local.api.gate.forget();
    let key = revoked.ok_or_else(|| refused("there is no key of this id or name"))?;
    Ok(Json(json!({ "key": without_hash(key) })).into_response())
}

/// Makes a key; one that acts for nobody known is refused.
///
/// # Errors
/// When the person is unknown, or the store fails.
pub async fn create_key(engine: &crate::engine::Engine, new: NewKey) -> Result<(KeyRecord, String), EngineError> {
    if let ActsFor::One(person) = &new.acts_for {
        let known = engine.shelf().people().roster.is_active(person);
        known.then_some(()).ok_or_else(|| countersign_core::refusal::Refusal::UnknownPerson(person.clone()))?;
    }
    let (record, secret) = engine.create_key(&new).await?;
    Ok((without_hash(record), secret))
}

fn without_hash(key: KeyRecord) -> KeyRecord {
    KeyRecord { hash: String::new(), ..key }
}

fn refused(why: &str) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({ "detail": why }))).into_response()
}

fn answer(error: EngineError) -> Response {
    match error {
        EngineError::Refused(refusal) => refused(&refusal.detail()),
        other => {
            tracing::error!(error = %other, "the door of this machine failed");
            (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({ "detail": other.to_string() }))).into_response()
        }
    }
}
