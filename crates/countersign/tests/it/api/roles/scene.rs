//! What the table plays on: a server, who calls in each column, and what each address is asked with.

use crate::harness::{Answer, Harness, Speaker};
use countersign::engine::caller::{ActsFor, Scope};
use countersign::engine::keys::NewKey;
use countersign_core::id::PersonId;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The people of the columns.
const PEOPLE: [(&str, &str); 8] = [
    ("stranger", "zoe"),
    ("requester", "leo"),
    ("approver", "mia"),
    ("owner", "ana"),
    ("reader", "rita"),
    ("auditor", "abe"),
    ("operator", "olga"),
    ("admin", "ada"),
];
/// A request that was never made.
pub const NONE: &str = "req_00000000000070008000000000000000";

/// A column: how it calls the API, and the cookie of a person.
pub struct Column {
    pub name: String,
    pub person: Option<&'static str>,
    pub speaker: Speaker,
    pub cookie: Option<String>,
    /// What guards the forms of this sign-in.
    token: String,
}

/// A column by its name.
pub async fn column(harness: &Harness, name: &str) -> Column {
    let person = PEOPLE.iter().find(|(column, _)| *column == name).map(|(_, id)| *id);
    let (speaker, cookie) = match (person, name) {
        (Some(id), _) => (harness.person(id).await, Some(harness.cookie(id).await)),
        (None, "nobody") => (harness.nobody(), Some("countersign=x".to_owned())),
        (None, "submit") => (harness.key(&["submit"], "any").await, None),
        (None, "relay") => (harness.key(&["decide:on-behalf"], "").await, None),
        (None, "admin-key") => (harness.key(&["admin"], "").await, None),
        (None, scope) => (harness.key(&[scope], "").await, None),
    };
    let page = match &cookie {
        Some(cookie) => crate::api::page(harness, cookie, "/me").await.text,
        None => String::new(),
    };
    let token = page.split("name=\"token\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or("x").to_owned();
    Column { name: name.to_owned(), person, speaker, cookie, token }
}

/// Whether this ends the sign-in of whoever asks.
pub fn signs_out(path: &str) -> bool {
    ["/v1/logout", "/v1/sessions", "/logout", "/me/sessions/end"].contains(&path)
}

/// A server with a request of Leo's that waits for Mia and has a file beside it.
pub struct Scene {
    pub harness: Harness,
    pub shared: String,
    file: String,
}

impl Scene {
    /// A server that passkeys could belong to.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let config =
            format!("[limits]\nstrangers_per_second = 1000\n[server]\npublic_url = \"http://localhost:{}\"\n", listener.local_addr().unwrap().port());
        let harness = Harness::start_on(listener, &config, "").await;
        let shared = harness.submit("5000 USD").await;
        let leo = harness.person("leo").await;
        let path = format!("/v1/requests/{shared}/attachments?name=a.txt");
        let put = leo.send(leo.request(Method::POST, &path).header("content-type", "text/plain").body("a receipt")).await.ok();
        let file = put["url"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        Self { harness, shared, file }
    }

    /// The address with what its variables stand for; whatever a call may change is made for this cell alone.
    pub async fn address(&self, method: &str, path: &str, column: &Column) -> String {
        let reads = ["GET", "PAGE", "WEB-GET"].contains(&method);
        let mut address = path.to_owned();
        if address.contains("{id}") {
            let id = if reads { self.shared.clone() } else { self.harness.submit("5000 USD").await };
            address = address.replace("{id}", &id);
        }
        if address.contains("{dead}") {
            self.harness.receiver().answer("/pay", 410);
            let id = self.harness.submit("10 USD").await;
            assert_eq!(self.harness.done(&id).await["executions"][0]["status"], "failed");
            address = address.replace("{dead}", &id);
        }
        if address.contains("{session}") {
            address = address.replace("{session}", &self.session("gus").await);
        }
        if address.contains("{own-session}") {
            let own = match column.person {
                Some(person) => self.session(person).await,
                None => "ses_x".to_owned(),
            };
            address = address.replace("{own-session}", &own);
        }
        if address.contains("{key}") {
            let new = NewKey { name: "to be revoked".into(), scopes: [Scope::Read].into(), acts_for: ActsFor::Nobody };
            address = address.replace("{key}", &self.harness.engine.create_key(&new).await.unwrap().0.id);
        }
        let fixed = [
            ("{attachment}", self.file.as_str()),
            ("{action}", "pay"),
            ("{notice}", "eff_00000000000070008000000000000000"),
            ("{policy}", "expense"),
            ("{passkey}", "AAAA"),
            ("{sign-in}", "none"),
            ("{provider}", "none"),
            ("{secret}", "AAAA"),
            ("{place}", "0"),
            ("{code}", "forbidden"),
            ("{asset}", "style.css"),
        ];
        fixed.iter().fold(address, |address, (name, value)| address.replace(name, value))
    }

    /// The id of a fresh session of this person.
    async fn session(&self, person: &str) -> String {
        self.harness.cookie(person).await;
        self.harness.engine.sessions_of(&PersonId::from(person)).await.unwrap().remove(0).id
    }

    /// A person presses a button of a list with this request marked in it.
    pub async fn press(&self, column: &Column, path: &str, id: &str) -> Answer {
        let form = form(path.split('?').next().unwrap(), id);
        let pairs: Vec<(String, String)> =
            form.into_iter().chain([("token", column.token.clone())]).map(|(name, value)| (name.to_owned(), value)).collect();
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let nobody = self.harness.nobody();
        let request = nobody.request(Method::POST, path).header("cookie", column.cookie.as_deref().unwrap()).header("origin", &self.harness.base);
        nobody.send(request.header("content-type", "application/x-www-form-urlencoded").body(body)).await
    }

    /// Asks as this column does.
    pub async fn ask(&self, column: &Column, method: &str, path: &str) -> Answer {
        let bare = path.split('?').next().unwrap();
        let verb = Method::from_bytes(super::addresses::verb(method).as_bytes()).unwrap();
        let web = method.starts_with("WEB-") || ["PAGE", "FORM"].contains(&method);
        let mut request = match &column.cookie {
            Some(cookie) if web => {
                let nobody = self.harness.nobody();
                nobody.request(verb.clone(), path).header("cookie", cookie).header("origin", &self.harness.base)
            }
            _ => column.speaker.request(verb.clone(), path),
        };
        request = match (method, bare.rsplit('/').next().unwrap()) {
            ("FORM", "comments") => {
                let part = |name: &str, value: &str| format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
                let body = format!("{}{}--edge--\r\n", part("token", &column.token), part("comment", "hm"));
                request.header("content-type", "multipart/form-data; boundary=edge").body(body)
            }
            ("FORM", _) if column.cookie.is_some() => return self.press(column, path, &self.shared).await,
            (_, "attachments") if verb == Method::POST => request.header("content-type", "text/plain").body("a file"),
            _ if [Method::POST, Method::PUT].contains(&verb) => request.json(&body(bare, &column.name)),
            _ => request,
        };
        if bare == "/live" {
            // It never ends by itself.
            let response = request.send().await.unwrap();
            let text = if response.status() == 200 { String::new() } else { return Answer::of(response).await };
            return Answer { status: 200, headers: response.headers().clone(), text, body: Value::Null };
        }
        column.speaker.send(request).await
    }
}

/// The JSON that an address is sent.
fn body(path: &str, column: &str) -> Value {
    let payload = json!({ "amount": "5001 USD", "merchant": "ACME" });
    let asks_for_leo = !PEOPLE.iter().any(|(name, _)| *name == column);
    let assertion = json!({ "id": "AAAA", "rawId": "AAAA", "type": "public-key", "extensions": {},
        "response": { "authenticatorData": "AAAA", "clientDataJSON": "AAAA", "signature": "AAAA" } });
    let made = json!({ "id": "AAAA", "rawId": "AAAA", "type": "public-key", "extensions": {},
        "response": { "attestationObject": "AAAA", "clientDataJSON": "AAAA" } });
    match path.rsplit('/').next().unwrap() {
        "requests" if asks_for_leo => json!({ "policy": "expense", "payload": payload, "requester": "leo" }),
        "requests" => json!({ "policy": "expense", "payload": payload }),
        "explain" if asks_for_leo => json!({ "payload": payload, "requester": "leo" }),
        "explain" => json!({ "payload": payload }),
        "decisions" if column == "relay" => json!({ "decision": "approve", "revision": 1, "person": "mia" }),
        "decisions" | "passkey" => json!({ "decision": "approve", "revision": 1 }),
        "comments" => json!({ "comment": "hm" }),
        "revisions" => json!({ "payload": payload }),
        "reassign" => json!({ "to": ["gus"] }),
        "run" => json!({ "payload_digest": format!("sha256:{}", "0".repeat(64)) }),
        "abandon" => json!({ "reason": "paid by hand" }),
        "keys" => json!({ "name": format!("made by {column}"), "scopes": ["read"] }),
        "login" => json!({ "link": "AAAA" }),
        "passkeys" => json!({ "ceremony": "AAAA", "credential": made }),
        "sign-in" => json!({ "ceremony": "AAAA", "credential": assertion }),
        "AAAA" => json!({ "name": "blue" }),
        _ => json!({}),
    }
}

/// The controls that a form is sent with, beside its token.
fn form(path: &str, shared: &str) -> Vec<(&'static str, String)> {
    let expense = [("f/amount", "5001".to_owned()), ("f/merchant", "ACME".to_owned())];
    match path.rsplit('/').next().unwrap() {
        "decide" if path == "/bulk/decide" => vec![("decision", "approve".into()), ("item", format!("{shared}:1"))],
        "bulk" => vec![("decision", "approve".into()), ("item", format!("{shared}:1"))],
        "decide" => vec![("decision", "approve".into()), ("revision", "1".into())],
        "abandon" => vec![("reason", "paid by hand".into())],
        "reassign" => vec![("to", "gus".into())],
        "rename" => vec![("name", "blue".into())],
        "choices" => vec![("language", String::new()), ("time_zone", String::new())],
        "expense" if path.starts_with("/new") => [("do", "send".to_owned()), ("key", "k".repeat(22))].into_iter().chain(expense).collect(),
        "expense" => expense.into(),
        _ => Vec::new(),
    }
}
