//! A server of one's own for a test: `Harness::start().await`, then people and keys that speak HTTP to it, and a
//! receiver that takes what it sends. Everything is real; nothing sleeps, waits are on signals.

use countersign::app::{App, install_tls};
use countersign::config::Config;
use countersign::engine::Engine;
use countersign::sources::Sources;
use countersign_core::id::PersonId;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

pub use answer::Answer;
pub use authenticator::Authenticator;
pub use between::Through;
pub use meddled::Meddled;
pub use provider::{Browser, Page, WithProviders};
pub use receiver::{Got, Receiver};
pub use still::Still;

mod answer;
mod authenticator;
#[path = "../between/mod.rs"]
mod between;
mod meddled;
mod owed;
mod provider;
mod receiver;
mod still;

/// Nothing takes this long; a test that waits longer has failed.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// Signs what goes to the receiver.
pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A running server and what it talks to.
pub struct Harness {
    pub base: String,
    pub engine: Arc<Engine>,
    /// Reads the server's files again on demand.
    pub sources: Arc<Sources>,
    /// Opens the door of this machine.
    pub local_secret: String,
    client: Client,
    receiver: Receiver,
    stop: CancellationToken,
    folder: tempfile::TempDir,
    /// Server and receiver run here, so that they go on while a test ends.
    background: Option<Runtime>,
}

/// Somebody who speaks to the server: a person signed in, or a machine with a key.
#[derive(Clone)]
pub struct Speaker {
    base: String,
    client: Client,
    token: Option<String>,
    /// In place of a token: what a browser holds.
    cookie: Option<String>,
}

impl Harness {
    /// A server with the sample people, the sample policies and an empty store.
    pub async fn start() -> Self {
        Self::start_on(TcpListener::bind("127.0.0.1:0").await.unwrap(), "", "").await
    }

    /// The same with more lines of configuration and further policies, by name.
    pub async fn start_with(lines: &str, policies: &[(&str, &str)]) -> Self {
        Self::start_whole(TcpListener::bind("127.0.0.1:0").await.unwrap(), lines, "", policies).await
    }

    /// The same on this listener, with more lines in the configuration and the directory.
    pub async fn start_on(listener: TcpListener, config: &str, directory: &str) -> Self {
        Self::start_whole(listener, config, directory, &[]).await
    }

    /// A server under the name `localhost`, which passkeys may belong to, with further policies, by name.
    pub async fn start_named(lines: &str, policies: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = format!("[server]\npublic_url = \"http://localhost:{}\"\n{lines}", listener.local_addr().unwrap().port());
        Self::start_whole(listener, &server, "", policies).await
    }

    async fn start_whole(listener: TcpListener, config: &str, directory: &str, policies: &[(&str, &str)]) -> Self {
        install_tls();
        let background = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let receiver = background.spawn(Receiver::start()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        write_files(folder.path(), &receiver.base());
        let sent_here = |text: &str| text.replace("RECEIVER", &receiver.base());
        append(&folder.path().join("countersign.toml"), &sent_here(config));
        append(&folder.path().join("directory.toml"), directory);
        for (name, source) in policies {
            std::fs::write(folder.path().join(format!("policies/{name}.toml")), sent_here(source)).unwrap();
        }
        let file = folder.path().join("countersign.toml");
        let config = Config::load(Some(&file), &BTreeMap::new()).unwrap();
        let stop = CancellationToken::new();
        let (app, bound) = background.spawn(assembled(config, listener.into_std().unwrap(), stop.clone())).await.unwrap();
        let (engine, sources, local_secret) = app;
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { base: format!("http://{bound}"), engine, sources, local_secret, client, receiver, stop, folder, background: Some(background) }
    }

    /// Ends the server before the test ends.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Where the server's files are.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What the server sends goes here.
    pub fn receiver(&self) -> &Receiver {
        &self.receiver
    }

    /// Somebody without any sign-in.
    pub fn nobody(&self) -> Speaker {
        Speaker { base: self.base.clone(), client: self.client.clone(), token: None, cookie: None }
    }

    /// Somebody with this bearer token.
    pub fn bearer(&self, token: &str) -> Speaker {
        Speaker { token: Some(token.to_owned()), ..self.nobody() }
    }

    /// A person, signed in through a link as the terminal does.
    pub async fn person(&self, id: &str) -> Speaker {
        let link = self.engine.create_login_link(&PersonId::from(id)).await.unwrap();
        let answer = self.nobody().post("/v1/login", json!({ "link": format!("{}/login/{link}", self.base) })).await;
        self.bearer(answer.ok()["session"].as_str().unwrap())
    }

    /// A person at a browser, signed in through a link.
    pub async fn at_browser(&self, id: &str) -> Speaker {
        Speaker { cookie: Some(self.cookie(id).await), ..self.nobody() }
    }

    /// A device that holds passkeys for this server.
    pub fn authenticator(&self) -> Authenticator {
        Authenticator::of(&self.base.replace("127.0.0.1", "localhost"))
    }

    /// The cookie of a person who pressed the button on the sign-in page.
    pub async fn cookie(&self, id: &str) -> String {
        let link = self.engine.create_login_link(&PersonId::from(id)).await.unwrap();
        let pressed = self.client.post(format!("{}/login/{link}", self.base)).header("origin", &self.base).send().await.unwrap();
        let cookie = pressed.headers()["set-cookie"].to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }

    /// A machine with a key of these scopes; `acts_for` may be empty.
    pub async fn key(&self, scopes: &[&str], acts_for: &str) -> Speaker {
        let mut body = json!({ "name": format!("key {}", scopes.join(" ")), "scopes": scopes });
        if !acts_for.is_empty() {
            body["acts_for"] = acts_for.into();
        }
        let made = self.person("ada").await.post("/v1/keys", body).await;
        assert_eq!(made.status, 201, "{}", made.body);
        self.bearer(made.body["secret"].as_str().unwrap())
    }

    /// Leo asks for an expense of this amount; the request's id.
    pub async fn submit(&self, amount: &str) -> String {
        let body = json!({ "policy": "expense", "payload": { "amount": amount, "merchant": "ACME" } });
        let answer = self.person("leo").await.post("/v1/requests", body).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.id()
    }

    /// A person decides on the first revision.
    pub async fn decide(&self, person: &str, id: &str, decision: &str) -> Answer {
        let body = json!({ "decision": decision, "revision": 1, "comment": "because" });
        self.person(person).await.post(&format!("/v1/requests/{id}/decisions"), body).await
    }

    /// The request when it has settled and all its actions have ended.
    pub async fn done(&self, id: &str) -> Value {
        let operator = self.person("olga").await;
        let mut changes = self.engine.changes();
        let until = tokio::time::Instant::now() + PATIENCE;
        loop {
            let request = operator.get(&format!("/v1/requests/{id}")).await.ok();
            let over = |execution: &Value| ["succeeded", "failed", "abandoned"].contains(&execution["status"].as_str().unwrap());
            if !request["settled_at"].is_null() && request["executions"].as_array().unwrap().iter().all(over) {
                return request;
            }
            let _ = tokio::time::timeout_at(until, changes.recv()).await.expect("the request should have come to its end");
        }
    }
}

/// What a test keeps of a server that runs.
type Kept = (Arc<Engine>, Arc<Sources>, String);

/// Puts a server together and runs it; what a test needs of it, and its address.
async fn assembled(config: Config, listener: std::net::TcpListener, stop: CancellationToken) -> (Kept, SocketAddr) {
    let listener = TcpListener::from_std(listener).unwrap();
    let bound = listener.local_addr().unwrap();
    let app = App::assemble(config, bound, None).await.unwrap();
    assert_eq!(app.sources.standing().wrong, [], "the sample files must load");
    let kept = (app.engine.clone(), app.sources.clone(), app.local_secret.clone());
    tokio::spawn(app.run(listener, stop));
    (kept, bound)
}

/// A test that has passed leaves no work behind that nothing explains.
impl Drop for Harness {
    fn drop(&mut self) {
        let left = if std::thread::panicking() { Vec::new() } else { owed::unexplained(&self.folder.path().join("countersign.db")) };
        self.stop.cancel();
        if let Some(background) = self.background.take() {
            background.shutdown_background();
        }
        assert!(left.is_empty(), "the outbox still holds what nothing explains:\n{}", left.join("\n"));
    }
}

impl Speaker {
    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// POST of JSON.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// A request to be finished by hand.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.base)).timeout(PATIENCE);
        match (&self.token, &self.cookie) {
            (Some(token), _) => request.bearer_auth(token),
            (None, Some(cookie)) => request.header("cookie", cookie).header("origin", &self.base),
            (None, None) => request,
        }
    }

    /// Sends it.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        Answer::of(request.send().await.unwrap()).await
    }
}

fn append(file: &Path, more: &str) {
    let text = std::fs::read_to_string(file).unwrap();
    std::fs::write(file, format!("{text}\n{more}\n")).unwrap();
}

/// Configuration, directory and policies of the samples, with their roads to this receiver.
pub fn write_files(folder: &Path, base: &str) {
    let write = |name: &str, text: String| std::fs::write(folder.join(name), text).unwrap();
    std::fs::create_dir(folder.join("policies")).unwrap();
    write("secret", SECRET.to_owned());
    let secret = format!("file:{}", folder.join("secret").display());
    write(
        "countersign.toml",
        format!(
            "[database]\nurl = \"sqlite://countersign.db\"\n[summary]\nprovider = \"plain\"\n[webhooks]\nallow_networks = [\"127.0.0.0/8\"]\nretry = [\"1s\"]\n[secrets]\nallow = [\"{secret}\"]\n"
        ),
    );
    write("directory.toml", include_str!("sample/directory.toml").replace("RECEIVER", base).replace("SECRET", &secret));
    write("policies/expense.toml", include_str!("sample/expense.toml").replace("RECEIVER", base).replace("SECRET", &secret));
    write("policies/release.toml", include_str!("sample/release.toml").to_owned());
    write("policies/notary.toml", include_str!("sample/notary.toml").to_owned());
}
