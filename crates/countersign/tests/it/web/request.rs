//! The page of a request.

use super::{open, press_at, token};
use crate::harness::{Answer, Harness};
use serde_json::json;

async fn press(harness: &Harness, cookie: &str, id: &str, form: &[(&str, &str)]) -> Answer {
    let form: Vec<(String, String)> = form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    press_at(harness, cookie, &format!("/requests/{id}/decide"), &form).await
}

#[tokio::test]
async fn opening_shows_the_facts_and_pressing_decides() {
    let harness = Harness::start().await;
    let id = harness.submit("5000 USD").await;
    let cookie = harness.cookie("mia").await;
    let page = open(&harness, &cookie, &format!("/requests/{id}")).await;
    assert_eq!(page.status, 200);
    for words in ["5,000.00 USD", "Approve 5,000.00 USD", "Leo Park", "one signature", "Mia Stone", "is asked", "CE"] {
        assert!(page.text.contains(words), "{words} in {}", page.text);
    }
    assert!(!page.text.contains("<script>"));
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
    assert!(refused.text.contains("Nothing was decided: the request has its outcome since"), "{}", refused.text);
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
async fn what_was_typed_survives_a_refusal_that_says_what_changed() {
    let harness = Harness::start().await;
    let id = harness.submit("5000 USD").await;
    let cookie = harness.cookie("mia").await;
    let page = open(&harness, &cookie, &format!("/requests/{id}")).await;
    let payload = json!({ "payload": { "amount": "5100.50 USD", "merchant": "ACME" } });
    harness.person("leo").await.post(&format!("/v1/requests/{id}/revisions"), payload).await.ok();
    let form = [("token", token(&page.text)), ("revision", "1"), ("decision", "approve"), ("comment", "my long <thoughts>")];
    let stale = press(&harness, &cookie, &id, &form).await;
    assert_eq!(stale.status, 409);
    for words in [
        "revision 2",
        "my long &#60;thoughts&#62;",
        "<del><bdi>5,000.00 USD</bdi></del>",
        "<ins><bdi>5,100.50 USD</bdi></ins>",
        "Approve 5,100.50 USD",
    ] {
        assert!(stale.text.contains(words), "{words} in {}", stale.text);
    }
    assert!(stale.text.contains("name=\"revision\" value=\"2\""), "the next press is on what is shown now");
}

#[tokio::test]
async fn nobody_presses_their_own_request_through() {
    let harness = Harness::start().await;
    let id = harness.submit("5000 USD").await;
    let cookie = harness.cookie("leo").await;
    let page = open(&harness, &cookie, &format!("/requests/{id}")).await;
    assert!(page.text.contains("Nobody decides their own request") && !page.text.contains("value=\"approve\""));
    let forced = press(&harness, &cookie, &id, &[("token", token(&page.text)), ("revision", "1"), ("decision", "approve")]).await;
    assert_eq!(forced.status, 403);
    let still = harness.person("leo").await.get(&format!("/v1/requests/{id}")).await.ok();
    assert_eq!(still["status"], "pending");
    let form = [("token".to_owned(), token(&page.text).to_owned())];
    assert_eq!(press_at(&harness, &cookie, &format!("/requests/{id}/withdraw"), &form).await.status, 303);
    assert!(open(&harness, &cookie, &format!("/requests/{id}")).await.text.contains("Withdrawn by Leo Park"));
}

#[tokio::test]
async fn after_the_outcome_the_page_says_who_decided_and_shows_what_was_sent() {
    let harness = Harness::start().await;
    let id = harness.submit("20000 USD").await;
    let bo = harness.cookie("bo").await;
    let page = open(&harness, &bo, &format!("/requests/{id}")).await;
    harness.decide("mia", &id, "approve").await.ok();
    harness.decide("ana", &id, "approve").await.ok();
    harness.done(&id).await;
    let late = press(&harness, &bo, &id, &[("token", token(&page.text)), ("revision", "1"), ("decision", "reject"), ("comment", "too dear")]).await;
    assert_eq!(late.status, 409);
    for words in ["Nothing is left to decide", "too dear", "2 of 2 said yes", "Ana Costa", "answered 200", "succeeded"] {
        assert!(late.text.contains(words), "{words} in {}", late.text);
    }
    assert!(!late.text.contains("data-decides"));
}

#[tokio::test]
async fn the_rule_is_explained_with_the_values_of_this_request() {
    let harness = Harness::start().await;
    let id = harness.submit("5000 USD").await;
    let page = open(&harness, &harness.cookie("mia").await, &format!("/requests/{id}")).await;
    for words in ["petty cash", "does not apply", "<code>amount</code> <span class=\"is value\">5,000.00 USD</span>", "was not reached"] {
        assert!(page.text.contains(words), "{words} in {}", page.text);
    }
    assert!(page.text.contains("Others are asked too: Ana Costa, Bo Lind."), "the requester is not among those asked next: {}", page.text);
}

#[tokio::test]
async fn the_page_speaks_german_to_those_who_read_it() {
    let harness = Harness::start().await;
    let id = harness.submit("20000 USD").await;
    harness.decide("mia", &id, "approve").await.ok();
    let nobody = harness.nobody();
    let request = nobody.request(reqwest::Method::GET, &format!("/requests/{id}")).header("cookie", harness.cookie("ana").await);
    let page = nobody.send(request.header("accept-language", "de")).await;
    for words in [
        "20.000,00 USD genehmigen",
        "Wer entscheidet",
        "1 von 2 haben Ja gesagt",
        "hat Ja gesagt",
        "Mia Stone hat Fassung 1 genehmigt, in einem Terminal",
        "Offen",
    ] {
        assert!(page.text.contains(words), "{words} in {}", page.text);
    }
}
