//! Every operation that the description names is called on the running server, and what comes back is what the
//! description says, member for member.

mod schema;

use crate::harness::{Answer, Harness, Speaker};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Calls by the description and remembers what was called.
struct Caller {
    document: Value,
    called: BTreeSet<(String, String)>,
    wrong: Vec<String>,
}

impl Caller {
    async fn new(harness: &Harness) -> Self {
        Self { document: harness.nobody().get("/openapi.json").await.ok(), called: BTreeSet::new(), wrong: Vec::new() }
    }

    /// Calls an operation; the words fill the braces of its path in order.
    async fn call(&mut self, who: &Speaker, method: Method, path: &str, words: &[&str], body: Option<Value>) -> Answer {
        let mut address = path.to_owned();
        for word in words {
            let (open, close) = (address.find('{').unwrap(), address.find('}').unwrap());
            address.replace_range(open..=close, word);
        }
        let request = who.request(method.clone(), &address);
        let answer = who.send(if let Some(body) = body { request.json(&body) } else { request }).await;
        let name = method.as_str().to_lowercase();
        self.check(path, &name, &answer);
        self.called.insert((path.to_owned(), name));
        answer
    }

    fn check(&mut self, path: &str, method: &str, answer: &Answer) {
        let place = format!("{method} {path} answered {}", answer.status);
        let responses = &self.document["paths"][path][method]["responses"];
        let status = answer.status.to_string();
        let family = format!("{}XX", &status[..1]);
        let Some(response) = responses.get(&status).or_else(|| responses.get(&family)) else {
            return self.wrong.push(format!("{place}, which is not described: {}", answer.text));
        };
        let kind = answer.headers.get("content-type").map_or("", |kind| kind.to_str().unwrap()).split(';').next().unwrap();
        match response.get("content") {
            None if answer.text.is_empty() => {}
            None => self.wrong.push(format!("{place} with a body that is not described")),
            Some(content) => match content.get(kind) {
                None => self.wrong.push(format!("{place} as `{kind}`, which is not described")),
                Some(content) => {
                    let found = schema::differences(&self.document, &content["schema"], &answer.body);
                    self.wrong.extend(found.into_iter().map(|what| format!("{place}: {what}\n  {}", answer.text)));
                }
            },
        }
    }
}

#[tokio::test]
async fn the_server_answers_what_is_described() {
    let harness = Harness::start().await;
    let mut caller = Caller::new(&harness).await;
    lives(&harness, &mut caller).await;
    ends(&harness, &mut caller).await;
    watches(&harness, &mut caller).await;
    administers(&harness, &mut caller).await;
    signs(&harness, &mut caller).await;
    assert!(caller.wrong.is_empty(), "{} differences:\n{}", caller.wrong.len(), caller.wrong.join("\n"));
    let paths = caller.document["paths"].as_object().unwrap();
    let described = paths.iter().flat_map(|(path, methods)| methods.as_object().unwrap().keys().map(|method| (path.clone(), method.clone())));
    assert_eq!(caller.called, described.collect(), "what is described is called here, all of it");
}

/// A request from its submission to its approval.
async fn lives(harness: &Harness, caller: &mut Caller) {
    let (leo, mia, olga) = (harness.person("leo").await, harness.person("mia").await, harness.person("olga").await);
    let payload = json!({ "amount": "5000 USD", "merchant": "ACME" });
    caller.call(&leo, Method::POST, "/v1/policies/{name}/explain", &["expense"], Some(json!({ "payload": payload }))).await.ok();
    let made =
        caller.call(&leo, Method::POST, "/v1/requests", &[], Some(json!({ "policy": "expense", "payload": payload, "external_id": "x-1" }))).await;
    assert_eq!(made.status, 201);
    let id = made.id();
    let id = id.as_str();
    for path in ["/v1/requests/{id}", "/v1/requests/{id}/why", "/v1/requests/{id}/events"] {
        caller.call(&leo, Method::GET, path, &[id], None).await.ok();
    }
    caller.call(&leo, Method::POST, "/v1/requests/{id}/comments", &[id], Some(json!({ "comment": "the receipt follows" }))).await.ok();
    caller.call(&leo, Method::GET, "/v1/requests/{id}/comments", &[id], None).await.ok();
    let nameless = caller.call(&leo, Method::POST, "/v1/requests/{id}/attachments", &[id], None).await;
    assert_eq!(nameless.status, 400, "{}", nameless.text);
    let absent = [id, "att_00000000000070008000000000000000"];
    assert_eq!(caller.call(&leo, Method::GET, "/v1/requests/{id}/attachments/{attachment}", &absent, None).await.status, 404);
    caller.call(&leo, Method::POST, "/v1/requests/{id}/revisions", &[id], Some(json!({ "payload": payload }))).await.ok();
    caller.call(&olga, Method::POST, "/v1/requests/{id}/reassign", &[id], Some(json!({ "to": ["eva"] }))).await.ok();
    let waiting = caller.call(&mia, Method::GET, "/v1/inbox", &[], None).await.ok();
    assert_eq!(waiting["items"][0]["id"], id);
    let decide = "/v1/requests/{id}/decisions";
    let stale = caller.call(&mia, Method::POST, decide, &[id], Some(json!({ "decision": "approve", "revision": 1 }))).await;
    assert_eq!(stale.problem(), (409, "stale_revision"));
    let own = caller.call(&leo, Method::POST, decide, &[id], Some(json!({ "decision": "approve", "revision": 2 }))).await;
    assert_eq!(own.problem(), (403, "own_request"));
    let done = caller.call(&mia, Method::POST, decide, &[id], Some(json!({ "decision": "approve", "revision": 2, "comment": "fine" }))).await.ok();
    assert_eq!(done["status"], "approved");
    harness.done(id).await;
    let seen = caller.call(&leo, Method::GET, "/v1/requests/{id}", &[id], None).await.ok();
    let claim = Some(json!({ "payload_digest": seen["payload_digest"] }));
    assert_eq!(caller.call(&leo, Method::POST, "/v1/requests/{id}/run", &[id], claim).await.status, 201);
    let other = harness.submit("7000 USD").await;
    caller.call(&leo, Method::POST, "/v1/requests/{id}/withdraw", &[&other], None).await.ok();
    let list = caller.call(&leo, Method::GET, "/v1/requests", &[], None).await.ok();
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
}

/// Dead letters, retried and given up.
async fn ends(harness: &Harness, caller: &mut Caller) {
    let olga = harness.person("olga").await;
    harness.receiver().answer("/pay", 410);
    let id = harness.submit("10 USD").await;
    harness.done(&id).await;
    let dead = caller.call(&olga, Method::GET, "/v1/dead-letters", &[], None).await.ok();
    assert_eq!(dead["items"][0]["name"], "pay");
    let nowhere = "eff_00000000000070008000000000000000";
    for verb in ["/v1/requests/{id}/notices/{notice}/retry", "/v1/requests/{id}/notices/{notice}/abandon"] {
        let reason = verb.ends_with("abandon").then(|| json!({ "reason": "told by telephone" }));
        assert_eq!(caller.call(&olga, Method::POST, verb, &[&id, nowhere], reason).await.problem(), (404, "unknown_notice"));
    }
    caller.call(&olga, Method::POST, "/v1/requests/{id}/executions/{action}/retry", &[&id, "pay"], None).await.ok();
    harness.done(&id).await;
    let reason = Some(json!({ "reason": "paid by hand" }));
    caller.call(&olga, Method::POST, "/v1/requests/{id}/executions/{action}/abandon", &[&id, "pay"], reason).await.ok();
    let denied = caller.call(&harness.person("leo").await, Method::POST, "/v1/requests", &[], Some(json!({ "policy": "expense" }))).await;
    assert_eq!(denied.problem(), (422, "invalid_body"));
}

/// What is looked at.
async fn watches(harness: &Harness, caller: &mut Caller) {
    let (leo, olga) = (harness.person("leo").await, harness.person("olga").await);
    harness.submit("8000 USD").await;
    harness.decide("leo", &harness.submit("12500 USD").await, "approve").await.problem();
    for path in ["/v1/events", "/v1/policies", "/v1/people", "/v1/groups", "/v1/me", "/v1/heads", "/v1/refused"] {
        let page = caller.call(&olga, Method::GET, path, &[], None).await.ok();
        assert!(page["items"].as_array().is_none_or(|items| !items.is_empty()), "{path}: nothing to compare");
    }
    caller.call(&olga, Method::GET, "/v1/policies/{name}", &["expense"], None).await.ok();
    caller.call(&leo, Method::GET, "/v1/heads", &[], None).await.problem();
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        caller.call(&leo, method, "/v1/delegations", &[], None).await;
    }
}

/// Keys and sessions.
async fn administers(harness: &Harness, caller: &mut Caller) {
    let ada = harness.person("ada").await;
    let new = json!({ "name": "ci", "scopes": ["submit", "read"], "acts_for": "leo" });
    let made = caller.call(&ada, Method::POST, "/v1/keys", &[], Some(new)).await.ok();
    let key = harness.bearer(made["secret"].as_str().unwrap());
    caller.call(&key, Method::GET, "/v1/me", &[], None).await.ok();
    caller.call(&ada, Method::GET, "/v1/keys", &[], None).await.ok();
    caller.call(&ada, Method::DELETE, "/v1/keys/{id}", &[made["id"].as_str().unwrap()], None).await.ok();
    caller.call(&key, Method::GET, "/v1/me", &[], None).await.problem();
    let link = harness.engine.create_login_link(&countersign_core::id::PersonId::from("leo")).await.unwrap();
    let session = caller.call(&harness.nobody(), Method::POST, "/v1/login", &[], Some(json!({ "link": link }))).await.ok();
    let leo = harness.bearer(session["session"].as_str().unwrap());
    let bos = harness.person("bo").await.get("/v1/sessions").await.ok()["items"][0]["id"].as_str().unwrap().to_owned();
    assert!(ada.delete(&format!("/v1/sessions/{bos}?person=bo")).await.status < 300);
    let done = caller.call(&ada, Method::GET, "/v1/interventions", &[], None).await.ok();
    assert_eq!(done["items"][0]["person"], "bo");
    assert_eq!(caller.call(&leo, Method::POST, "/v1/logout", &[], None).await.status, 204);
}

/// Passkeys and sessions; what passkeys answer to a real browser is shown by the tests that drive one.
async fn signs(harness: &Harness, caller: &mut Caller) {
    let (bo, id) = (harness.person("bo").await, harness.submit("5000 USD").await);
    caller.call(&harness.person("olga").await, Method::GET, "/v1/requests/{id}/assertions", &[&id], None).await.ok();
    assert_eq!(caller.call(&bo, Method::GET, "/v1/passkeys", &[], None).await.status, 403, "a terminal has none");
    caller.call(&harness.nobody(), Method::POST, "/v1/passkeys/challenge", &[], None).await;
    for (method, path) in [
        (Method::POST, "/v1/passkeys"),
        (Method::POST, "/v1/passkeys/enrolment"),
        (Method::POST, "/v1/passkeys/sign-in"),
        (Method::PUT, "/v1/passkeys/{id}"),
        (Method::DELETE, "/v1/passkeys/{id}"),
        (Method::POST, "/v1/requests/{id}/passkey"),
    ] {
        let words: &[&str] = if path.contains("{id}") { &[&id] } else { &[] };
        let answer = caller.call(&bo, method.clone(), path, words, Some(json!({ "name": "a key" }))).await;
        assert!((400..500).contains(&answer.status), "{method} {path}: {}", answer.text);
    }
    let sessions = caller.call(&bo, Method::GET, "/v1/sessions", &[], None).await.ok();
    let own = sessions["items"][0]["id"].as_str().unwrap().to_owned();
    let other = harness.person("bo").await;
    assert!(caller.call(&other, Method::DELETE, "/v1/sessions/{id}", &[&own], None).await.status < 300);
    assert!(caller.call(&other, Method::DELETE, "/v1/sessions", &[], None).await.status < 300);
}
