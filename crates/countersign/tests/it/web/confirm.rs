//! Confirm links: opening never decides, a form decides once, and a link that is over says what is true.

use crate::harness::{Answer, Harness};
use countersign_core::id::{PersonId, RequestId};
use futures_util::stream::{self, StreamExt};
use reqwest::Method;
use serde_json::{Value, json};

/// A link and the browser that opened it.
struct Link<'a> {
    harness: &'a Harness,
    secret: String,
}

impl<'a> Link<'a> {
    async fn to(harness: &'a Harness, person: &str, request: &str) -> Self {
        let id = RequestId::parse(request).unwrap();
        let secret = harness.engine.create_confirm_link(&PersonId::from(person), id).await.unwrap();
        Self { harness, secret }
    }

    fn path(&self) -> String {
        format!("/c/{}", self.secret)
    }

    async fn open(&self) -> Answer {
        let nobody = self.harness.nobody();
        nobody.send(nobody.request(Method::GET, &self.path())).await
    }

    async fn press(&self, cookie: &str, form: &[(&str, &str)]) -> Answer {
        let nobody = self.harness.nobody();
        let body = form.iter().map(|(name, value)| format!("{name}={}", value.replace(' ', "+"))).collect::<Vec<_>>().join("&");
        let request = nobody.request(Method::POST, &self.path()).header("cookie", cookie).header("origin", &self.harness.base);
        nobody.send(request.header("content-type", "application/x-www-form-urlencoded").body(body)).await
    }

    /// Opens it and decides, as a person does.
    async fn decide(&self, decision: &str, comment: &str) -> Answer {
        let page = self.open().await;
        assert_eq!(page.status, 200, "{}", page.text);
        self.press(&cookie(&page), &[("token", token(&page)), ("decision", decision), ("comment", comment)]).await
    }
}

fn cookie(page: &Answer) -> String {
    page.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
}

fn token(page: &Answer) -> &str {
    page.text.split("name=\"token\" value=\"").nth(1).unwrap_or_else(|| panic!("no form in {}", page.text)).split('"').next().unwrap()
}

async fn status(harness: &Harness, id: &str) -> Value {
    harness.person("olga").await.get(&format!("/v1/requests/{id}")).await.ok()["status"].clone()
}

#[tokio::test]
async fn ten_thousand_openings_decide_nothing() {
    let harness = Harness::start().await;
    let id = harness.submit("12500 USD").await;
    let links = [Link::to(&harness, "mia", &id).await, Link::to(&harness, "ana", &id).await, Link::to(&harness, "bo", &id).await];
    let before = harness.person("olga").await.get(&format!("/v1/requests/{id}/events")).await.ok();
    let nobody = harness.nobody();
    let opened = stream::iter(0..10_000_usize).map(|turn| {
        let method = [Method::OPTIONS, Method::HEAD, Method::GET, Method::OPTIONS][turn % 4].clone();
        let request = nobody.request(method.clone(), &links[turn % links.len()].path());
        let nobody = nobody.clone();
        async move { (method, nobody.send(request).await.status) }
    });
    let answers: Vec<_> = opened.buffer_unordered(16).collect().await;
    assert_eq!(answers.len(), 10_000);
    for (method, status) in answers {
        assert_eq!(status, if method == Method::OPTIONS { 405 } else { 200 }, "{method}");
    }
    let after = harness.person("olga").await.get(&format!("/v1/requests/{id}/events")).await.ok();
    let decided = |events: &Value| events["items"].as_array().unwrap().iter().filter(|event| event.to_string().contains("decided")).count();
    assert_eq!((decided(&before), decided(&after)), (0, 0));
    let done = links[0].decide("approve", "").await;
    assert!(done.status == 200 && done.text.contains("You approved it"), "the link still works after all that: {}", done.text);
}

#[tokio::test]
async fn a_link_decides_once_through_its_own_door_and_then_shows_the_outcome() {
    let harness = Harness::start().await;
    let id = harness.submit("5000 USD").await;
    let link = Link::to(&harness, "mia", &id).await;
    let page = link.open().await;
    for words in ["Do you agree?", "You are Mia Stone", "“review”", "5,000.00 USD", "Leo Park asked", "Approve 5,000.00 USD", "one signature"] {
        assert!(page.text.contains(words), "{words} in {}", page.text);
    }
    assert!(!page.text.contains("checked") && !page.text.contains("<script>") && !page.text.contains("Sign out"));
    let set = page.headers["set-cookie"].to_str().unwrap();
    assert!(set.contains("HttpOnly") && set.contains("SameSite=Strict"), "{set}");
    assert_eq!(page.headers["cache-control"], "no-store");

    let cookie = cookie(&page);
    let undecided = link.press(&cookie, &[("token", token(&page)), ("comment", "typed")]).await;
    assert!(undecided.status == 422 && undecided.text.contains("typed"), "a form without a choice decides nothing and loses nothing");
    let silent = link.press(&cookie, &[("token", token(&page)), ("decision", "reject")]).await;
    assert!(silent.status == 422 && silent.text.contains("say why you reject"));
    assert_eq!(status(&harness, &id).await, "pending");

    let done = link.press(&cookie, &[("token", token(&page)), ("decision", "approve"), ("comment", "fine by me")]).await;
    assert_eq!(done.status, 200, "{}", done.text);
    let record = harness.person("olga").await.get(&format!("/v1/requests/{id}/events")).await.ok().to_string();
    assert!(record.contains("\"door\":\"link\""), "{record}");

    let again = link.open().await;
    assert_eq!(again.status, 200, "a used link is no error");
    for words in ["You have decided", "You approved it on", "The request was approved by Mia Stone on"] {
        assert!(again.text.contains(words), "{words} in {}", again.text);
    }
    let repeated = link.press(&cookie, &[("token", token(&page)), ("decision", "reject"), ("comment", "no")]).await;
    assert!(repeated.status == 410 && repeated.text.contains("You approved it on"), "{}", repeated.text);
    assert_eq!(status(&harness, &id).await, "approved");
}

#[tokio::test]
async fn a_foreign_form_or_an_altered_link_decides_nothing() {
    let harness = Harness::start().await;
    let id = harness.submit("5000 USD").await;
    let (link, other) = (Link::to(&harness, "mia", &id).await, Link::to(&harness, "mia", &id).await);
    let (page, foreign) = (link.open().await, other.open().await);
    let yes = |token: &str| [("token", token.to_owned()), ("decision", "approve".to_owned()), ("comment", String::new())];
    for (cookie, token) in [
        (cookie(&foreign), token(&page)),
        (cookie(&page), token(&foreign)),
        (cookie(&foreign), token(&foreign)),
        (String::new(), token(&page)),
        (cookie(&page), ""),
    ] {
        let form = yes(token);
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let refused = link.press(&cookie, &form).await;
        assert!(refused.status == 403 && refused.text.contains("nothing was decided"), "{}", refused.text);
    }
    let nobody = harness.nobody();
    let body = format!("token={}&decision=approve&comment=", token(&page));
    for (name, value) in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site"), ("x-nothing", "1")] {
        let request = nobody.request(Method::POST, &link.path()).header("cookie", cookie(&page)).header(name, value);
        let refused = nobody.send(request.header("content-type", "application/x-www-form-urlencoded").body(body.clone())).await;
        assert_eq!(refused.status, 403, "{name}: {value}");
    }
    let altered = Link { harness: &harness, secret: format!("{}x", &link.secret[..link.secret.len() - 1]) };
    for secret in [altered.secret.clone(), link.secret.to_lowercase(), "a".repeat(5_000), "%00".into(), "..%2f..".into()] {
        let lost = Link { harness: &harness, secret }.open().await;
        assert!(lost.status == 404 && lost.text.contains("Nothing was decided"), "{}", lost.text);
    }
    assert_eq!(altered.press(&cookie(&page), &[("token", token(&page)), ("decision", "approve")]).await.status, 404);
    assert_eq!(status(&harness, &id).await, "pending");
}

#[tokio::test]
async fn a_link_dies_with_its_revision_its_stage_its_request_and_its_person() {
    let harness = Harness::start().await;
    let leo = harness.person("leo").await;

    let revised = harness.submit("5000 USD").await;
    let stale = Link::to(&harness, "mia", &revised).await;
    let page = stale.open().await;
    leo.post(&format!("/v1/requests/{revised}/revisions"), json!({ "payload": { "amount": "6000 USD", "merchant": "ACME" } })).await.ok();
    is_over(&stale, &page, 409, "made for revision 1, and the request was changed and stands at revision 2").await;

    let withdrawn = harness.submit("5000 USD").await;
    let link = Link::to(&harness, "mia", &withdrawn).await;
    let page = link.open().await;
    leo.post(&format!("/v1/requests/{withdrawn}/withdraw"), json!({})).await.ok();
    is_over(&link, &page, 409, "The request was withdrawn").await;

    let elsewhere = harness.submit("5000 USD").await;
    let link = Link::to(&harness, "mia", &elsewhere).await;
    let page = link.open().await;
    assert_eq!(harness.decide("mia", &elsewhere, "approve").await.status, 200);
    is_over(&link, &page, 409, "The request was approved by Mia Stone").await;

    let release = leo.post("/v1/requests", json!({ "policy": "release", "payload": { "version": "1" } })).await.id();
    let (first, second) = (Link::to(&harness, "ana", &release).await, Link::to(&harness, "bo", &release).await);
    let page = second.open().await;
    assert!(page.text.contains("“first”"));
    assert_eq!(first.decide("approve", "").await.status, 200);
    // Bo is asked again in the second stage, and the link to the first stage is no way into it.
    is_over(&second, &page, 409, "stage that asked you has ended").await;
    assert_eq!(Link::to(&harness, "bo", &release).await.decide("approve", "").await.status, 200);
    assert_eq!(status(&harness, &release).await, "approved");
}

/// Opening it shows what is true and no form; the form that was opened before decides nothing.
async fn is_over(link: &Link<'_>, page: &Answer, code: u16, truth: &str) {
    let now = link.open().await;
    assert_eq!(now.status, 200, "a link that is over is no error");
    assert!(now.text.contains("asks nothing any more") && now.text.contains(truth), "{truth} in {}", now.text);
    assert!(!now.text.contains("<form class=\"decide\"") && !now.headers.contains_key("set-cookie"));
    let pressed = link.press(&cookie(page), &[("token", token(page)), ("decision", "approve"), ("comment", "")]).await;
    assert!([410, code].contains(&pressed.status) && pressed.text.contains(truth), "{} {}", pressed.status, pressed.text);
}

#[tokio::test]
async fn a_link_after_the_deadline_decides_nothing() {
    let harness = Harness::start_with("", &[("flash", FLASH)]).await;
    let id = harness.person("leo").await.post("/v1/requests", json!({ "policy": "flash", "payload": { "offer": "now" } })).await.id();
    let link = Link::to(&harness, "mia", &id).await;
    let page = link.open().await;
    harness.done(&id).await;
    is_over(&link, &page, 410, "The request expired on").await;
}

const FLASH: &str = r#"
policy = "flash"
title = "{{ offer }}"
owner = "group:finance"
[payload]
offer = "text"
[[rule]]
name = "quickly"
  [[rule.stage]]
  name = "answer"
  approvers = ["user:mia"]
  expire = { after = "2s" }
"#;

#[tokio::test]
async fn of_two_uses_that_race_one_decides() {
    let harness = Harness::start().await;
    for _ in 0..8 {
        let id = harness.submit("12500 USD").await;
        let link = Link::to(&harness, "mia", &id).await;
        let page = link.open().await;
        let (cookie, token) = (cookie(&page), token(&page));
        let (yes, no) = ([("token", token), ("decision", "approve")], [("token", token), ("decision", "reject"), ("comment", "no")]);
        let (one, other) = tokio::join!(link.press(&cookie, &yes), link.press(&cookie, &no));
        let mut answers = [one.status, other.status];
        answers.sort_unstable();
        assert!(answers[0] == 200 && [409, 410].contains(&answers[1]), "{answers:?}");
        let record = harness.person("olga").await.get(&format!("/v1/requests/{id}/events")).await.ok().to_string();
        assert_eq!(record.matches("\"door\":\"link\"").count(), 1, "{record}");
    }
}

#[tokio::test]
async fn only_the_asked_get_links_and_no_key_makes_one() {
    let harness = Harness::start().await;
    let id = harness.submit("5000 USD").await;
    let request = RequestId::parse(&id).unwrap();
    for (person, code) in [("leo", "own_request"), ("zoe", "not_an_approver"), ("max", "unknown_person"), ("nobody", "unknown_person")] {
        let refused = harness.engine.create_confirm_link(&PersonId::from(person), request).await.unwrap_err();
        assert!(matches!(&refused, countersign::engine::EngineError::Refused(refusal) if refusal.code() == code), "{person}: {refused:?}");
    }
    let body = json!({ "person": "mia", "request": id });
    for key in [harness.key(&["submit"], "any").await, harness.key(&["operate", "read:all"], "").await, harness.nobody()] {
        assert_eq!(key.post("/local/confirm-links", body.clone()).await.status, 404);
    }
}

#[tokio::test]
async fn notices_carry_a_link_where_configured_and_not_by_default() {
    let harness = Harness::start().await;
    let id = harness.submit("5000 USD").await;
    let notice = harness.receiver().notice("/mia", "approval.requested").await.json();
    assert_eq!(notice["data"]["url"], format!("{}/requests/{id}", harness.base));

    let harness = Harness::start_with("[notices]\nconfirm_links = true\n", &[]).await;
    let id = harness.submit("5000 USD").await;
    let notice = harness.receiver().notice("/mia", "approval.requested").await.json();
    let url = notice["data"]["url"].as_str().unwrap();
    let secret = url.strip_prefix(&format!("{}/c/", harness.base)).unwrap().to_owned();
    assert_eq!(notice["data"]["request"]["url"], format!("{}/requests/{id}", harness.base));
    let done = Link { harness: &harness, secret }.decide("approve", "").await;
    assert!(done.status == 200 && done.text.contains("You approved it"), "{}", done.text);
    let told = harness.receiver().notice("/leo", "approval.settled").await.json();
    assert_eq!(told["data"]["url"], format!("{}/requests/{id}", harness.base), "who is told decides nothing");
}

#[tokio::test]
async fn stages_that_ask_for_more_than_a_link_get_none() {
    let strict = FLASH.replace("flash", "strict").replace("2s", "72h");
    let signed = |require: &str| strict.replace("strict", require).replace("expire =", &format!("require = \"{require}\"\n  expire ="));
    let (sign_in, passkey) = (signed("sign-in"), signed("passkey"));
    let harness = Harness::start_with("[notices]\nconfirm_links = true\n", &[("sign-in", &sign_in), ("passkey", &passkey)]).await;
    for (policy, code) in [("sign-in", "sign_in_required"), ("passkey", "passkey_required")] {
        let id = harness.person("leo").await.post("/v1/requests", json!({ "policy": policy, "payload": { "offer": "now" } })).await.id();
        let refused = harness.engine.create_confirm_link(&PersonId::from("mia"), RequestId::parse(&id).unwrap()).await.unwrap_err();
        assert!(matches!(&refused, countersign::engine::EngineError::Refused(refusal) if refusal.code() == code), "{policy}: {refused:?}");
        let notice = harness.receiver().first("/mia", |got| got.json()["data"]["approval_id"] == id.as_str()).await.json();
        assert_eq!(notice["data"]["url"], format!("{}/requests/{id}", harness.base), "the notice leads to the page that asks to sign in");
    }
    let id = harness.person("leo").await.post("/v1/requests", json!({ "policy": "sign-in", "payload": { "offer": "now" } })).await.id();
    assert_eq!(harness.decide("mia", &id, "approve").await.status, 200, "who has signed in decides");
}
