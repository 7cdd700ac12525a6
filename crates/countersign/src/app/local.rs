//! The door of this machine: what `key` and `login-link` ask of a running server. Its secret is drawn for each
//! run and lies in a file beside the database that only its owner reads: whoever can read it could write to the
//! database as well. No API key opens it, so that no machine can make itself a person's sign-in.

use crate::api::body::{Members, Shape, Strict};
use crate::api::problem::{FaultBody, Problem};
use crate::api::{ApiState, layers, permit};
use crate::config::Config;
use crate::engine::EngineError;
use crate::engine::caller::{ActsFor, Scope};
use crate::engine::keys::{KeyRecord, NewKey};
use crate::wire::confirm_url;
use axum::extract::{FromRequest, FromRequestParts, Path, Request, State};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use countersign_core::id::{PersonId, RequestId};
use countersign_core::refusal::Refusal;
use http::header::AUTHORIZATION;
use http::request::Parts;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
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
}

/// The routes; they stand inside the layers of the whole door.
pub(super) fn router(local: Local) -> Router {
    Router::new()
        .route("/local/login-links", post(link))
        .route("/local/confirm-links", post(confirm_link))
        .route("/local/keys", get(list).post(create))
        .route("/local/keys/{id}", delete(revoke))
        .with_state(local)
}

/// Whoever knows this run's secret. To others there is nothing here, and asking counts against their address.
struct Admitted;

impl FromRequestParts<Local> for Admitted {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, local: &Local) -> Result<Self, Problem> {
        let given = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| value.strip_prefix("Bearer "));
        if given.is_some_and(|given| bool::from(given.as_bytes().ct_eq(local.secret.as_bytes()))) {
            return Ok(Self);
        }
        local.api.gate.admit_address(permit::address(parts))?;
        Err(layers::nothing_here())
    }
}

/// A body, read as strictly and within the same bounds as the API's own.
struct Told<T>(T);

impl<T: Shape> FromRequest<Local> for Told<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, local: &Local) -> Result<Self, Problem> {
        Strict::from_request(request, &local.api).await.map(|Strict(body)| Self(body))
    }
}

/// A person, by id.
struct Named {
    person: String,
}

impl Shape for Named {
    const MEMBERS: &'static [&'static str] = &["person"];
    fn take(members: &mut Members) -> Self {
        Self { person: members.name("person") }
    }
}

async fn link(State(local): State<Local>, _: Admitted, Told(named): Told<Named>) -> Result<Json<Value>, Problem> {
    let secret = local.api.engine.create_login_link(&PersonId::new(named.person)).await?;
    let url = login_url(&local.api.engine.settings().public_url, &secret);
    Ok(Json(json!({ "url": url })))
}

/// A person whom a request asks.
struct Asked {
    person: String,
    request: String,
}

impl Shape for Asked {
    const MEMBERS: &'static [&'static str] = &["person", "request"];
    fn take(members: &mut Members) -> Self {
        Self { person: members.name("person"), request: members.name("request") }
    }
}

async fn confirm_link(State(local): State<Local>, _: Admitted, Told(asked): Told<Asked>) -> Result<Json<Value>, Problem> {
    let id = RequestId::parse(&asked.request).map_err(|_| Problem::from(Refusal::UnknownRequest))?;
    let secret = local.api.engine.create_confirm_link(&PersonId::new(asked.person), id).await?;
    Ok(Json(json!({ "url": confirm_url(&local.api.engine.settings().public_url, &secret) })))
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

impl Shape for KeyWords {
    const MEMBERS: &'static [&'static str] = &["name", "scopes", "acts_for"];
    fn take(members: &mut Members) -> Self {
        Self { name: members.name("name"), scopes: members.names("scopes"), acts_for: members.optional_name("acts_for") }
    }
}

async fn create(State(local): State<Local>, _: Admitted, Told(words): Told<KeyWords>) -> Result<Json<Value>, Problem> {
    let new = words.meaning().map_err(|message| Problem::invalid_body(vec![FaultBody { pointer: "/scopes".into(), message }]))?;
    let (record, secret) = create_key(&local.api.engine, new).await?;
    Ok(Json(json!({ "key": record, "secret": secret })))
}

async fn list(State(local): State<Local>, _: Admitted) -> Result<Json<Value>, Problem> {
    let keys = local.api.engine.list_keys().await?;
    Ok(Json(json!({ "items": keys.into_iter().map(without_hash).collect::<Vec<_>>() })))
}

async fn revoke(State(local): State<Local>, _: Admitted, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    let revoked = local.api.engine.revoke_key(&id).await?;
    local.api.gate.forget();
    let key = revoked.ok_or_else(|| Problem::new("unknown_key", "there is no key of this id or name"))?;
    Ok(Json(json!({ "key": without_hash(key) })))
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
