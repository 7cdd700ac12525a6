//! Sessions: listed, ended, never handed on.

use crate::harness::{Answer, Harness};
use countersign_core::id::PersonId;
use reqwest::Method;
use serde_json::{Value, json};

async fn open(harness: &Harness, cookie: &str, path: &str) -> Answer {
    let nobody = harness.nobody();
    nobody.send(nobody.request(Method::GET, path).header("cookie", cookie)).await
}

async fn press(harness: &Harness, cookie: &str, path: &str, token: &str) -> Answer {
    let nobody = harness.nobody();
    let request = nobody.request(Method::POST, path).header("cookie", cookie).header("origin", &harness.base);
    nobody.send(request.header("content-type", "application/x-www-form-urlencoded").body(format!("token={token}"))).await
}

fn token(page: &str) -> &str {
    page.split("name=\"token\" value=\"").nth(1).unwrap().split('"').next().unwrap()
}

#[tokio::test]
async fn a_person_lists_and_ends_their_own_sessions() {
    let harness = Harness::start().await;
    let (here, there, leo) = (harness.person("mia").await, harness.person("mia").await, harness.person("leo").await);
    let list = here.get("/v1/sessions").await.ok();
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    let other = items.iter().find(|line| line["current"] == false).unwrap();
    assert_eq!((other["by"].as_str(), other["address"].as_str(), items[0]["id"].as_str().unwrap().len()), (Some("link"), Some("127.0.0.1"), 36));
    let path = format!("/v1/sessions/{}", other["id"].as_str().unwrap());
    let (foreign, unknown) = (leo.delete(&path).await, leo.delete("/v1/sessions/ses_0").await);
    assert_eq!((foreign.problem(), &foreign.text), ((404, "unknown_session"), &unknown.text), "somebody else's is like none");
    assert_eq!(there.get("/v1/me").await.status, 200);
    assert_eq!(here.delete(&path).await.status, 204);
    assert_eq!((there.get("/v1/me").await.status, here.get("/v1/me").await.status), (401, 200));
    assert_eq!(here.delete("/v1/sessions").await.status, 204);
    assert_eq!((here.get("/v1/me").await.status, leo.get("/v1/me").await.status), (401, 200));
    let key = harness.key(&["read"], "").await;
    assert_eq!(key.get("/v1/sessions").await.problem(), (403, "forbidden"));
}

#[tokio::test]
async fn an_admin_lists_and_ends_the_sessions_of_another_and_keeps_their_own() {
    let harness = Harness::start().await;
    let (mia, ada) = (harness.person("mia").await, harness.cookie("ada").await);
    let page = open(&harness, &ada, "/me/sessions?person=mia").await;
    assert!(page.status == 200 && page.text.contains("Where Mia Stone is signed in") && !page.text.contains("this one"), "{}", page.text);
    let path = page.text.split("action=\"").find(|part| part.starts_with("/me/sessions/ses_")).unwrap().split('"').next().unwrap().to_owned();
    assert!(path.ends_with("/end?person=mia"), "{path}");
    let guard = token(&page.text).to_owned();
    assert_eq!(press(&harness, &harness.cookie("olga").await, &path, &guard).await.status, 403);
    assert_eq!(mia.get("/v1/me").await.status, 200);
    let ended = press(&harness, &ada, &path, &guard).await;
    assert_eq!((ended.status, ended.headers["location"].to_str().unwrap()), (303, "/me/sessions?person=mia"));
    assert_eq!(mia.get("/v1/me").await.status, 401);

    let (one, other, key) = (harness.person("mia").await, harness.person("mia").await, harness.key(&["admin"], "").await);
    assert_eq!(key.get("/v1/sessions?person=mia").await.ok()["items"].as_array().unwrap().len(), 2);
    assert_eq!(key.delete("/v1/sessions?person=mia").await.status, 204);
    assert_eq!((one.get("/v1/me").await.status, other.get("/v1/me").await.status), (401, 401));
    assert!(open(&harness, &ada, "/me/sessions?person=mia").await.text.contains("Nowhere at the moment."));
    assert_eq!(press(&harness, &ada, "/me/sessions/end?person=mia", &guard).await.status, 303);
    assert_eq!(open(&harness, &ada, "/").await.status, 200, "their own stays");
    assert_eq!(harness.person("mia").await.get("/v1/sessions?person=leo").await.problem(), (403, "forbidden"));
}

#[tokio::test]
async fn the_page_ends_one_session_and_all() {
    let harness = Harness::start().await;
    let (here, there) = (harness.cookie("mia").await, harness.cookie("mia").await);
    let page = open(&harness, &here, "/me/sessions").await;
    assert!(page.status == 200 && page.text.contains("this one") && page.text.contains("Sign out everywhere"), "{}", page.text);
    let line = page.text.split("<li ").find(|line| line.contains("/end\"") && !line.contains("this one")).unwrap();
    let path = line.split("action=\"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(press(&harness, &here, path, "forged").await.status, 403);
    assert_eq!(press(&harness, &here, path, token(&page.text)).await.status, 303);
    assert_eq!((open(&harness, &there, "/").await.status, open(&harness, &here, "/").await.status), (401, 200));
    assert_eq!(press(&harness, &here, path, token(&page.text)).await.status, 404);
    let gone = press(&harness, &here, "/me/sessions/end", token(&page.text)).await;
    assert!(gone.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"), "{:?}", gone.headers);
    assert_eq!(open(&harness, &here, "/").await.status, 401);
}

#[tokio::test]
async fn signing_in_draws_a_fresh_session_and_ends_the_one_that_was_brought_along() {
    let harness = Harness::start().await;
    let planted = harness.cookie("leo").await;
    let link = harness.engine.create_login_link(&PersonId::from("mia")).await.unwrap();
    let nobody = harness.nobody();
    let request = nobody.request(Method::POST, &format!("/login/{link}")).header("origin", &harness.base).header("cookie", &planted);
    let entered = nobody.send(request).await;
    let set = entered.headers["set-cookie"].to_str().unwrap();
    let fresh = set.split(';').next().unwrap();
    assert_ne!(fresh, planted);
    assert!(set.contains("HttpOnly") && set.contains("SameSite=Lax") && set.contains("Path=/"), "{set}");
    assert!(open(&harness, fresh, "/").await.text.contains("Mia Stone"));
    assert_eq!(open(&harness, &planted, "/").await.status, 401, "whoever planted it has nothing");
}

#[tokio::test]
async fn signing_out_needs_the_page_of_this_session() {
    let harness = Harness::start().await;
    let cookie = harness.cookie("mia").await;
    let page = open(&harness, &cookie, "/").await;
    assert_eq!(press(&harness, &cookie, "/logout", "forged").await.status, 403);
    assert_eq!(open(&harness, &cookie, "/").await.status, 200);
    assert_eq!(press(&harness, &cookie, "/logout", token(&page.text)).await.status, 200);
    assert_eq!(open(&harness, &cookie, "/").await.status, 401);
}

/// An answer of this passkey, to a question that was never asked.
fn assertion(account: &[u8]) -> Value {
    use base64::Engine as _;
    let handle = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(account);
    json!({ "ceremony": "AAAA", "credential": { "id": handle, "rawId": handle, "type": "public-key", "extensions": {},
        "response": { "authenticatorData": "AAAA", "clientDataJSON": "AAAA", "signature": "AAAA", "userHandle": "AAAA" } } })
}

#[tokio::test]
async fn an_account_that_is_tried_too_often_is_closed_for_a_while_from_every_address_and_no_other_is() {
    let harness = Harness::start().await;
    let nobody = harness.nobody();
    let try_in = async |account: &[u8]| {
        let request = nobody.request(Method::POST, "/v1/passkeys/sign-in").header("origin", &harness.base);
        nobody.send(request.json(&assertion(account))).await
    };
    for _ in 0..10 {
        assert_eq!(try_in(b"somebody").await.problem(), (410, "passkey_late"));
    }
    let closed = try_in(b"somebody").await;
    assert_eq!(closed.problem(), (429, "too_many_attempts"));
    let wait: u64 = closed.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((500..=601).contains(&wait), "{wait}");
    assert_eq!(try_in(b"somebody else").await.problem(), (410, "passkey_late"));
    assert_eq!(harness.nobody().get("/errors/too_many_attempts").await.status, 200);
}

#[tokio::test]
async fn a_used_link_is_answered_like_one_that_never_was() {
    let harness = Harness::start().await;
    let nobody = harness.nobody();
    let used = harness.engine.create_login_link(&PersonId::from("mia")).await.unwrap();
    nobody.post("/v1/login", json!({ "link": used })).await.ok();
    let unknown = "A".repeat(used.len());
    let told = |mut answer: Answer| {
        answer.headers.remove("x-request-id");
        answer.headers.remove("date");
        (answer.status, answer.text, answer.headers)
    };
    let [of_used, of_unknown] = [&used, &unknown].map(|link| nobody.post("/v1/login", json!({ "link": link })));
    assert_eq!(told(of_used.await), told(of_unknown.await));
    let [of_used, of_unknown] = [&used, &unknown].map(|link| format!("/login/{link}"));
    let (there, gone) = (told(nobody.get(&of_used).await), told(nobody.get(&of_unknown).await));
    assert_eq!((there.0, &there), (410, &gone));
}
