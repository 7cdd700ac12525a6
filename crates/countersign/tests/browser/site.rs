//! A server under the name `localhost`, where browsers use passkeys, with a policy that requires them.

use countersign::app::{App, install_tls};
use countersign::config::Config;
use countersign::engine::Engine;
use countersign_core::id::{PersonId, RequestId};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::driver::Browser;

const DIRECTORY: &str = r#"
[[person]]
id   = "leo"
name = "Leo Park"

[[person]]
id   = "ana"
name = "Ana Costa"

[[person]]
id   = "bo"
name = "Bo Lind"

[[person]]
id    = "ada"
name  = "Ada Moss"
roles = ["admin"]

[[group]]
id      = "keepers"
members = ["ana", "bo"]
"#;

const POLICY: &str = r#"
policy = "vault"
title  = "{{ what }}"
owner  = "user:ada"

[payload]
what = "text"

[[rule]]
name = "signed"
  [[rule.stage]]
  name      = "keepers"
  approvers = ["group:keepers"]
  require   = "passkey"
  expire    = { after = "72h" }
"#;

/// One voice, by session or by confirm link.
const MEMO: &str = r#"
policy = "memo"
title  = "{{ what }}"
owner  = "user:ada"

[payload]
what = "text"

[[rule]]
name = "one of them"
  [[rule.stage]]
  name      = "keepers"
  approvers = ["group:keepers"]
  expire    = { after = "72h" }
"#;

/// A running server.
pub struct Site {
    pub base: String,
    pub engine: Arc<Engine>,
    client: Client,
    stop: CancellationToken,
    _folder: tempfile::TempDir,
}

/// What the server answered.
#[derive(Debug)]
pub struct Said {
    pub status: u16,
    pub body: Value,
    pub cookie: Option<String>,
}

impl Said {
    /// The code of a problem, with its status.
    pub fn problem(&self) -> (u16, &str) {
        (self.status, self.body["code"].as_str().unwrap_or_default())
    }

    /// The body of a 2xx.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.body);
        self.body
    }
}

impl Site {
    pub async fn start() -> Self {
        Self::start_on(TcpListener::bind("127.0.0.1:0").await.unwrap(), "").await
    }

    /// On this listener, with more in its configuration.
    pub async fn start_on(listener: TcpListener, more: &str) -> Self {
        install_tls();
        let folder = tempfile::tempdir().unwrap();
        let bound = listener.local_addr().unwrap();
        let base = format!("http://localhost:{}", bound.port());
        write_files(folder.path(), &base, more);
        let config = Config::load(Some(&folder.path().join("countersign.toml")), &BTreeMap::new()).unwrap();
        let app = App::assemble(config, bound, None).await.unwrap();
        assert_eq!(app.sources.standing().wrong, [], "the files must load");
        let (engine, stop) = (app.engine.clone(), CancellationToken::new());
        tokio::spawn(app.run(listener, stop.clone()));
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { base, engine, client, stop, _folder: folder }
    }

    /// An address of ours.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Signs a person in by link, in the browser.
    pub async fn sign_in(&self, browser: &Browser, person: &str) {
        let link = self.engine.create_login_link(&PersonId::from(person)).await.unwrap();
        browser.open(&self.at(&format!("/login/{link}"))).await;
        browser.press("main form button").await;
        browser.is_at("/").await;
    }

    /// The cookie of a person who signed in by link elsewhere.
    pub async fn cookie(&self, person: &str) -> String {
        let link = self.engine.create_login_link(&PersonId::from(person)).await.unwrap();
        self.send(Method::POST, &format!("/login/{link}"), None, None).await.cookie.expect("a cookie should come")
    }

    /// A terminal's session of this person.
    pub async fn terminal(&self, person: &str) -> String {
        let link = self.engine.create_login_link(&PersonId::from(person)).await.unwrap();
        let said = self.send(Method::POST, "/v1/login", None, Some(json!({ "link": link }))).await.ok();
        format!("Bearer {}", said["session"].as_str().unwrap())
    }

    /// A key of these scopes.
    pub async fn key(&self, scopes: &[&str]) -> String {
        let body = json!({ "name": scopes.join(" "), "scopes": scopes });
        let made = self.send(Method::POST, "/v1/keys", Some(&self.cookie("ada").await), Some(body)).await.ok();
        format!("Bearer {}", made["secret"].as_str().unwrap())
    }

    /// Leo asks for this, signed with a passkey; the request's id.
    pub async fn submit(&self, what: &str) -> String {
        self.submit_under("vault", what).await
    }

    /// Leo asks for this under a policy; the request's id.
    pub async fn submit_under(&self, policy: &str, what: &str) -> String {
        let body = json!({ "policy": policy, "payload": { "what": what } });
        let made = self.post("/v1/requests", &self.cookie("leo").await, body).await.ok();
        made["id"].as_str().unwrap().to_owned()
    }

    /// A confirm link of this person for that request.
    pub async fn confirm_link(&self, person: &str, id: &str) -> String {
        let id = RequestId::parse(id).unwrap();
        let secret = self.engine.create_confirm_link(&PersonId::from(person), id).await.unwrap();
        self.at(&format!("/c/{secret}"))
    }

    /// POST by somebody: a cookie, or `Bearer …`.
    pub async fn post(&self, path: &str, who: &str, body: Value) -> Said {
        self.send(Method::POST, path, Some(who), Some(body)).await
    }

    /// GET by somebody.
    pub async fn get(&self, path: &str, who: &str) -> Said {
        self.send(Method::GET, path, Some(who), None).await
    }

    pub async fn send(&self, method: Method, path: &str, who: Option<&str>, body: Option<Value>) -> Said {
        let mut request = self.client.request(method, self.at(path)).header("origin", &self.base);
        if let Some(who) = who {
            request = request.header(if who.starts_with("Bearer ") { "authorization" } else { "cookie" }, who);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let cookie = response.headers().get("set-cookie").map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap().to_owned());
        let status = response.status().as_u16();
        let body = serde_json::from_str(&response.text().await.unwrap()).unwrap_or_default();
        Said { status, body, cookie }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn write_files(folder: &Path, base: &str, more: &str) {
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    std::fs::create_dir(folder.join("policies")).unwrap();
    let server = format!("[server]\npublic_url = \"{base}\"\n[database]\nurl = \"sqlite://countersign.db\"\n[summary]\nprovider = \"plain\"\n{more}");
    write("countersign.toml", &server);
    write("directory.toml", DIRECTORY);
    write("policies/vault.toml", POLICY);
    write("policies/memo.toml", MEMO);
}
