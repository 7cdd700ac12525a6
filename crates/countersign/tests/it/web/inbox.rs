//! The inbox: groups and counts, search and pages in the address, decisions on several, both languages.

use super::{open, press_at, token};
use crate::harness::Harness;
use serde_json::json;

/// Ids in the order in which a page shows them.
fn ids(page: &str) -> Vec<String> {
    page.split("href=\"/requests/").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn each_group_holds_its_own_and_says_how_many() {
    let harness = Harness::start().await;
    let one = harness.submit("5000 USD").await;
    let two = harness.submit("20000 USD").await;
    harness.decide("mia", &two, "approve").await.ok();
    let mia = harness.cookie("mia").await;
    let waiting = open(&harness, &mia, "/").await;
    assert_eq!(ids(&waiting.text), *std::slice::from_ref(&one));
    for words in [
        "Waiting for me <span class=\"count\">1<",
        "Waiting for others <span class=\"count\">1<",
        "5,000.00 USD",
        "Needs 1 person",
        "left",
        "Medium risk",
    ] {
        assert!(waiting.text.contains(words), "{words} in {}", waiting.text);
    }
    let others = open(&harness, &mia, "/?group=others").await;
    assert_eq!(ids(&others.text), *std::slice::from_ref(&two));
    assert!(others.text.contains("1 of 2, Mia Stone said yes"), "{}", others.text);
    let leo = harness.cookie("leo").await;
    assert_eq!(ids(&open(&harness, &leo, "/?group=mine").await.text), [two.clone(), one.clone()]);
    assert!(open(&harness, &leo, "/").await.text.contains("Nothing waits for you"));
    harness.decide("mia", &one, "reject").await.ok();
    for who in [&mia, &leo] {
        let done = open(&harness, who, "/?group=done").await;
        assert_eq!(ids(&done.text), *std::slice::from_ref(&one));
        assert!(done.text.contains("Rejected"));
    }
    assert!(!open(&harness, &mia, "/?group=all").await.text.contains("Everything"), "only those who read everything see everything");
    assert_eq!(ids(&open(&harness, &harness.cookie("olga").await, "/?group=all").await.text), [two, one]);
}

#[tokio::test]
async fn search_filters_and_pages_live_in_the_address_and_lose_nothing() {
    let harness = Harness::start().await;
    let leo = harness.person("leo").await;
    for n in 0..60 {
        let payload = json!({ "amount": "5000 USD", "merchant": if n == 7 { "Zebra & Sons" } else { "ACME" } });
        leo.post("/v1/requests", json!({ "policy": "expense", "payload": payload })).await.ok();
    }
    let mia = harness.cookie("mia").await;
    let first = open(&harness, &mia, "/").await;
    let next = first.text.split("rel=\"next\" href=\"").nth(1).unwrap().split('"').next().unwrap().replace("&#38;", "&");
    let second = open(&harness, &mia, &next).await;
    let mut all = ids(&first.text);
    assert_eq!(all.len(), 50);
    all.extend(ids(&second.text));
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 60);
    assert!(second.text.contains("Back to the beginning") && !second.text.contains("rel=\"next\""));
    let found = open(&harness, &mia, "/?q=zebra+%26&policy=expense").await;
    assert_eq!(ids(&found.text).len(), 1);
    assert!(found.text.contains("value=\"zebra &#38;\"") && found.text.contains("<option selected>expense"), "{}", found.text);
    let none = open(&harness, &mia, "/?q=%3Cscript%3E").await;
    assert!(none.text.contains("Nothing fits") && !none.text.contains("<script>"));
    assert_eq!(open(&harness, &mia, "/?cursor=nonsense&group=nonsense").await.status, 200);
    let size: usize =
        [first.text.len(), asset(&harness, "style.css").await, asset(&harness, "live.js").await, asset(&harness, "keys.js").await].iter().sum();
    assert!(size <= 150 * 1024, "a page with all its assets has {size} bytes");
    assert!(asset(&harness, "live.js").await + asset(&harness, "keys.js").await < 15 * 1024);
}

async fn asset(harness: &Harness, name: &str) -> usize {
    harness.nobody().get(&format!("/assets/{name}")).await.text.len()
}

#[tokio::test]
async fn several_are_decided_one_by_one_after_a_question() {
    let harness = Harness::start().await;
    let fine = harness.submit("5000 USD").await;
    let gone = harness.submit("6000 USD").await;
    let stale = harness.submit("7000 USD").await;
    let mia = harness.cookie("mia").await;
    let page = open(&harness, &mia, "/").await;
    let form = |decision: &str, comment: &str| {
        let mut form =
            vec![("token".to_owned(), token(&page.text).to_owned()), ("decision".into(), decision.into()), ("comment".into(), comment.into())];
        form.extend([&fine, &gone, &stale].map(|id| ("item".to_owned(), format!("{id}:1"))));
        form
    };
    assert!(page.text.contains(&format!("{fine}:1")));
    harness.person("leo").await.post(&format!("/v1/requests/{gone}/withdraw"), json!({})).await.ok();
    let payload = json!({ "payload": { "amount": "7500 USD", "merchant": "ACME" } });
    harness.person("leo").await.post(&format!("/v1/requests/{stale}/revisions"), payload).await.ok();
    let question = press_at(&harness, &mia, "/bulk", &form("approve", "")).await;
    assert_eq!(question.status, 200);
    assert!(question.text.contains("Approve 3 requests?") && question.text.contains("5,000.00 USD"), "{}", question.text);
    let still = harness.person("leo").await.get(&format!("/v1/requests/{fine}")).await.ok();
    assert_eq!(still["status"], "pending", "the question decides nothing");
    let silent = press_at(&harness, &mia, "/bulk/decide", &form("reject", " ")).await;
    assert!(silent.status == 422 && silent.text.contains("say why you reject"));
    let done = press_at(&harness, &mia, "/bulk/decide", &form("approve", "fine")).await;
    assert!(done.text.contains("1 of 3 decided"), "{}", done.text);
    assert_eq!(done.text.matches("Not decided").count(), 2);
    assert!(done.text.contains(": Withdrawn.") && done.text.contains("revision 2"), "{}", done.text);
    let forged = press_at(&harness, &mia, "/bulk/decide", &[("token".into(), "0".into()), ("decision".into(), "approve".into())]).await;
    assert_eq!(forged.status, 403);
    let nothing = press_at(&harness, &mia, "/bulk", &form("approve", "")[..3]).await;
    assert_eq!(nothing.status, 422);
    let foreign = press_at(&harness, &mia, "/bulk/decide", &form("request_changes", "x")).await;
    assert_eq!(foreign.status, 422, "changes are asked for one by one");
}

#[tokio::test]
async fn the_browsers_language_speaks_where_the_directory_names_none() {
    let harness = Harness::start().await;
    harness.submit("12500.50 USD").await;
    let nobody = harness.nobody();
    let cookie = harness.cookie("ana").await;
    let german = nobody.request(reqwest::Method::GET, "/").header("cookie", &cookie).header("accept-language", "de-DE,de;q=0.9,en;q=0.5");
    let german = nobody.send(german).await;
    for words in ["<html lang=\"de\"", "Wartet auf mich", "12.500,50 USD", "Leo Park", "Abmelden", "noch "] {
        assert!(german.text.contains(words), "{words} in {}", german.text);
    }
    let stranger = nobody.request(reqwest::Method::GET, "/").header("accept-language", "de");
    assert!(nobody.send(stranger).await.text.contains("Niemand ist angemeldet"));
}

#[tokio::test]
async fn titles_have_the_readers_separators_and_are_found_by_them() {
    let harness = Harness::start().await;
    let id = harness.submit("12500.50 USD").await;
    let cookie = harness.cookie("ana").await;
    let read = async |path: &str, language: &str| {
        let request = harness.nobody().request(reqwest::Method::GET, path).header("cookie", &cookie).header("accept-language", language);
        harness.nobody().send(request).await.text
    };
    for (language, title, sought) in [("en", "ACME, 12,500.50 USD", "12,500.5"), ("de", "ACME, 12.500,50 USD", "2.500,50+usd")] {
        let request = format!("/requests/{id}");
        let found = format!("/?q={sought}");
        for path in ["/", request.as_str(), found.as_str(), "/?q=12500"] {
            let page = read(path, language).await;
            assert!(page.contains(title) && !page.contains("12500.50 USD"), "{language} {path}: {page}");
        }
        assert!(!read("/?q=12,600.50", language).await.contains(&id));
    }
    let seen = harness.person("ana").await.get(&format!("/v1/requests/{id}")).await.ok();
    assert_eq!(seen["title"], "ACME, 12500.50 USD", "machines read the same in every language");
}

#[tokio::test]
async fn an_address_where_nothing_is_says_so_as_a_page() {
    let harness = Harness::start().await;
    let nobody = harness.nobody();
    let visit = async |path: &str, accept: &str, language: &str| {
        let request = nobody.request(reqwest::Method::GET, path).header("accept", accept).header("accept-language", language);
        nobody.send(request).await
    };
    for (language, words) in [("en", "There is nothing at this address"), ("de", "Unter dieser Adresse gibt es nichts")] {
        let page = visit("/nowhere", "text/html,application/xhtml+xml,*/*;q=0.8", language).await;
        assert!(page.status == 404 && page.text.starts_with("<!doctype html>") && page.text.contains(words), "{}", page.text);
    }
    assert_eq!(visit("/nowhere", "*/*", "en").await.problem(), (404, "unknown_route"));
    assert_eq!(visit("/v1/nowhere", "text/html", "en").await.problem(), (404, "unknown_route"));
}

#[tokio::test]
async fn pages_run_nothing_that_is_not_ours() {
    let harness = Harness::start().await;
    let page = open(&harness, &harness.cookie("mia").await, "/").await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    for rule in ["default-src 'none'", "script-src 'self'", "require-trusted-types-for 'script'", "frame-ancestors 'none'", "form-action 'self'"] {
        assert!(policy.contains(rule), "{rule} in {policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    assert!(!page.text.contains(" style=") && !page.text.contains("<style") && !page.text.contains(" onclick"));
    assert_eq!(page.headers["cache-control"], "no-store");
    let sheet = page.text.split("rel=\"stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let nobody = harness.nobody();
    let first = nobody.get(sheet).await;
    assert!(first.headers["cache-control"].to_str().unwrap().contains("immutable"));
    let again = nobody.request(reqwest::Method::GET, sheet).header("if-none-match", first.headers["etag"].clone());
    assert_eq!(nobody.send(again).await.status, 304);
    assert_eq!(nobody.get("/assets/nonsense.js").await.status, 404);
}
