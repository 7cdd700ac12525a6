//! The page of a request.

use crate::harness::{Answer, Harness};
use reqwest::Method;
use serde_json::json;

async fn open(harness: &Harness, cookie: &str, path: &str) -> Answer {
    let nobody = harness.nobody();
    nobody.send(nobody.request(Method::GET, path).header("cookie", cookie)).await
}

fn token(page: &str) -> &str {
    page.split("name=\"token\" value=\"").nth(1).unwrap().split('"').next().unwrap()
}

async fn press(harness: &Harness, cookie: &str, id: &str, form: &[(&str, &str)]) -> Answer {
    let nobody = harness.nobody();
    let body = form.iter().map(|(name, value)| format!("{name}={}", value.replace(' ', "+"))).collect::<Vec<_>>().join("&");
    let request = nobody.request(Method::POST, &format!("/requests/{id}/decide")).header("cookie", cookie).header("origin", &harness.base);
    nobody.send(request.header("content-type", "application/x-www-form-urlencoded").body(body)).await
}

#[tokio::test]
async fn opening_shows_the_facts_and_pressing_decides() {
    let harness = Harness::start().await;
    let id = harness.submit("5000 USD").await;
    let cookie = harness.cookie("mia").await;
    let page = open(&harness, &cookie, &format!("/requests/{id}")).await;
    assert_eq!(page.status, 200);
    for words in ["5,000 USD", "Approve 5,000 USD", "Leo Park", "one signature", "Mia Stone", "is asked", "CE"] {
        assert!(page.text.contains(words), "{words} in {}", page.text);
    }
    assert!(!page.text.contains("<script"));
    let still = harness.person("leo").await.get(&format!("/v1/requests/{id}")).await.ok();
    assert_eq!(still["status"], "pending", "opening never decides");

    let missing = press(&harness, &cookie, &id, &[("token", token(&page.text)), ("revision", "1"), ("decision", "reject"), ("comment", "")]).await;
    assert_eq!(missing.status, 422);
    assert!(missing.text.contains("say why you reject"));
    let done =
        press(&harness, &cookie, &id, &[("token", token(&page.text)), ("revision", "1"), ("decision", "approve"), ("comment", "fine by me")]).await;
    assert_eq!((done.status, done.headers["location"].to_str().unwrap()), (303, format!("/requests/{id}").as_str()));
    let after = open(&harness, &cookie, &format!("/requests/{id}")).await;
    assert!(after.text.contains("fine by me") && after.text.contains("Mia Stone approved revision 1, on the page"));
    assert!(!after.text.contains("Your decision"));
}

#[tokio::test]
async fn a_refusal_is_a_page_that_says_what_is_true() {
    let harness = Harness::start().await;
    let id = harness.submit("5000 USD").await;
    let cookie = harness.cookie("mia").await;
    let page = open(&harness, &cookie, &format!("/requests/{id}")).await;
    harness.person("leo").await.post(&format!("/v1/requests/{id}/withdraw"), json!({})).await.ok();
    let form = [("token", token(&page.text)), ("revision", "1"), ("decision", "approve"), ("comment", "")];
    let refused = press(&harness, &cookie, &id, &form).await;
    assert_eq!(refused.status, 409);
    assert!(refused.text.contains("withdrawn"), "{}", refused.text);
    let forged = press(&harness, &cookie, &id, &[("token", "0"), ("revision", "1"), ("decision", "approve"), ("comment", "")]).await;
    assert_eq!(forged.status, 403);
}

#[tokio::test]
async fn strangers_get_a_page_that_does_not_exist() {
    let harness = Harness::start().await;
    let id = harness.submit("5000 USD").await;
    let cookie = harness.cookie("zoe").await;
    assert_eq!(open(&harness, &cookie, &format!("/requests/{id}")).await.status, 404);
    assert_eq!(open(&harness, "countersign=nonsense", &format!("/requests/{id}")).await.status, 401);
    assert_eq!(open(&harness, &cookie, "/requests/nonsense").await.status, 404);
    let requester = harness.cookie("leo").await;
    let own = open(&harness, &requester, &format!("/requests/{id}")).await;
    assert!(own.status == 200 && !own.text.contains("Your decision"), "nobody decides their own request");
}

#[tokio::test]
async fn payload_text_is_text() {
    let harness = Harness::start().await;
    let payload = json!({ "amount": "5000 USD", "merchant": "<b>ACME</b>\u{202e}gpj", "receipt": "https://example.com/r" });
    let id = harness.person("leo").await.post("/v1/requests", json!({ "policy": "expense", "payload": payload })).await.id();
    let page = open(&harness, &harness.cookie("mia").await, &format!("/requests/{id}")).await;
    assert!(!page.text.contains("<b>ACME") && !page.text.contains('\u{202e}'));
    assert!(page.text.contains("U+202E") && page.text.contains("<strong>example.com</strong>"));
    assert!(!page.text.contains("href=\"https://example.com"));
}

#[tokio::test]
async fn the_list_shows_what_waits_and_what_is_mine() {
    let harness = Harness::start().await;
    let id = harness.submit("5000 USD").await;
    let mia = open(&harness, &harness.cookie("mia").await, "/").await;
    assert!(mia.text.contains(&id) && mia.text.contains("left"));
    let bo = open(&harness, &harness.cookie("bo").await, "/").await;
    assert!(bo.text.contains("Nothing waits for you"));
}
