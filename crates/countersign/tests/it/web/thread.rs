//! The conversation and the similar requests on a request's page, and payloads that would deceive.

use super::{open, token};
use crate::harness::{Answer, Harness};
use countersign_core::id::{PersonId, RequestId};
use reqwest::Method;
use serde_json::json;

const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n%%EOF\n";

/// A form with a file, as a browser sends it.
async fn say(harness: &Harness, cookie: &str, id: &str, fields: &[(&str, &str)], file: Option<(&str, &[u8])>) -> Answer {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend_from_slice(format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").as_bytes());
    }
    let (name, bytes) = file.unwrap_or(("", b""));
    let head =
        format!("--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: application/octet-stream\r\n\r\n");
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(bytes);
    body.extend_from_slice(b"\r\n--edge--\r\n");
    let nobody = harness.nobody();
    let request = nobody.request(Method::POST, &format!("/requests/{id}/comments")).header("cookie", cookie).header("origin", &harness.base);
    nobody.send(request.header("content-type", "multipart/form-data; boundary=edge").body(body)).await
}

#[tokio::test]
async fn a_comment_and_a_file_are_said_in_one_form_and_stand_on_the_page() {
    let harness = Harness::start().await;
    let id = harness.submit("5000 USD").await;
    let cookie = harness.cookie("mia").await;
    let page = open(&harness, &cookie, &format!("/requests/{id}")).await;
    let token = token(&page.text).to_owned();
    assert!(page.text.contains("Nobody has said anything yet."));

    let done = say(&harness, &cookie, &id, &[("token", &token), ("comment", "see <b>the</b> receipt")], Some(("Beleg.pdf", PDF))).await;
    assert_eq!((done.status, done.headers["location"].to_str().unwrap()), (303, format!("/requests/{id}#thread").as_str()), "{}", done.text);
    let page = open(&harness, &cookie, &format!("/requests/{id}")).await;
    for words in ["see &#60;b&#62;the&#60;/b&#62; receipt", "Beleg.pdf", "attached a file", "1 KiB", "/attachments/att_"] {
        assert!(page.text.contains(words), "{words} in {}", page.text);
    }
    let address = page.text.split("/attachments/att_").nth(1).unwrap().split('"').next().unwrap();
    let file = open(&harness, &cookie, &format!("/v1/requests/{id}/attachments/att_{address}")).await;
    assert_eq!((file.status, file.text.as_bytes()), (200, PDF));

    let refused = say(&harness, &cookie, &id, &[("token", &token), ("comment", "typed words")], Some(("page.html", b"<p>"))).await;
    assert!(refused.status == 415 && refused.text.contains("typed words") && refused.text.contains("role=\"alert\""), "{}", refused.text);
    let huge = vec![b'a'; 6 * 1024 * 1024];
    assert_eq!(say(&harness, &cookie, &id, &[("token", &token)], Some(("a.txt", &huge))).await.status, 413);
    assert_eq!(say(&harness, &cookie, &id, &[("token", &token), ("comment", "  ")], None).await.status, 422);
    assert_eq!(say(&harness, &cookie, &id, &[("token", "0"), ("comment", "forged")], None).await.status, 403);
    assert_eq!(say(&harness, &harness.cookie("zoe").await, &id, &[("token", &token), ("comment", "x")], None).await.status, 403);
    let thread = harness.person("mia").await.get(&format!("/v1/requests/{id}/comments")).await.ok();
    assert_eq!(thread["items"].as_array().unwrap().len(), 2, "{thread}");
}

#[tokio::test]
async fn similar_requests_are_those_that_the_reader_may_see() {
    let harness = Harness::start().await;
    let body = |amount: &str, merchant: &str| json!({ "policy": "expense", "payload": { "amount": amount, "merchant": merchant } });
    let leo = harness.person("leo").await;
    let rejected = leo.post("/v1/requests", body("6000 USD", "ACME")).await.id();
    assert_eq!(harness.decide("mia", &rejected, "reject").await.status, 200);
    let other = leo.post("/v1/requests", body("7000 USD", "Globex")).await.id();
    // Bo's request is about the same, and Mia has nothing to do with it.
    let bos = harness.person("bo").await.post("/v1/requests", body("8000 USD", "ACME")).await.id();
    let id = leo.post("/v1/requests", body("5000 USD", "ACME")).await.id();

    let page = open(&harness, &harness.cookie("mia").await, &format!("/requests/{id}")).await.text;
    let part = page.split("id=\"similar\"").nth(1).unwrap_or_else(|| panic!("{page}")).split("</section>").next().unwrap();
    for (request, words) in [(&rejected, "same requester, about the same"), (&other, "same requester")] {
        let line = part.split("<li>").find(|line| line.contains(request.as_str())).unwrap_or_else(|| panic!("{request} in {part}"));
        assert!(line.contains(words), "{words} in {line}");
    }
    assert!(part.contains("Rejected") && !part.contains(&id));
    assert!(!page.contains(&bos), "what Mia may not see is not told to her");

    let page = open(&harness, &harness.cookie("olga").await, &format!("/requests/{id}")).await.text;
    let line = page.split("<li>").find(|line| line.contains(&bos)).unwrap_or_else(|| panic!("{page}"));
    assert!(line.contains("· about the same"), "who reads all is told of it: {line}");
}

#[tokio::test]
async fn a_payload_that_would_deceive_shows_as_what_it_is_on_every_page() {
    let harness = Harness::start_with(&format!("[limits]\nbody_bytes = {BODY_MAX}\n"), &[("wide", WIDE)]).await;
    let evil = "<script>alert(1)</script><img src=x onerror=alert(2)> &amp; {{ 7*7 }} \u{202e}DSU 1\u{2066} PаyPal \u{200b}\u{e0041} 🙂";
    let merchant = format!("{evil}{}", "A".repeat(LONGEST - 100));
    let payload = json!({ "amount": "5000 USD", "merchant": merchant });
    let made = harness.person("leo").await.post("/v1/requests", json!({ "policy": "wide", "payload": payload })).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let id = made.id();
    let api = harness.person("mia").await.get(&format!("/v1/requests/{id}")).await.ok();
    assert_eq!(api["payload"]["merchant"], merchant, "the API is not touched");
    harness.person("mia").await.post(&format!("/v1/requests/{id}/comments"), json!({ "comment": evil })).await.ok();

    let cookie = harness.cookie("mia").await;
    let secret = harness.engine.create_confirm_link(&PersonId::from("mia"), RequestId::parse(&id).unwrap()).await.unwrap();
    let again = json!({ "policy": "wide", "payload": { "amount": "5001 USD", "merchant": merchant } });
    let second = harness.person("leo").await.post("/v1/requests", again).await.id();
    for path in ["/".to_owned(), format!("/requests/{id}"), format!("/requests/{second}"), format!("/c/{secret}")] {
        let page = open(&harness, &cookie, &path).await;
        assert_eq!(page.status, 200, "{path}");
        for raw in ["<script>alert", "<img src=x", "\u{202e}", "\u{2066}", "\u{200b}", "\u{e0041}"] {
            assert!(!page.text.contains(raw), "{raw:?} stands raw on {path}");
        }
        for shown in ["&#60;script&#62;alert(1)", "⟨U+202E⟩DSU 1⟨U+2066⟩", "{{ 7*7 }}", "⟨U+200B⟩", "⟨U+E0041⟩", "🙂"] {
            assert!(page.text.contains(shown), "{shown} is missing on {path}");
        }
        let told = page.text.contains("mixes letters of several alphabets") && page.text.contains("holds hidden characters");
        assert_eq!(told, path != "/", "{path}: the facts tell how they may deceive");
    }
}

/// About the longest text that a policy can admit.
const LONGEST: usize = 1_000_000;
const WIDE: &str = r#"
policy = "wide"
title = "{{ merchant }}, {{ amount }}"
owner = "group:finance"
[payload]
amount = { type = "money", currencies = ["USD"] }
merchant = { type = "text", max_length = 1048576 }
[[rule]]
name = "one signature"
  [[rule.stage]]
  name = "review"
  approvers = ["manager of requester"]
  expire = { after = "72h" }
"#;

/// A body is this large at most here, in bytes.
const BODY_MAX: usize = 1_048_000;

#[tokio::test]
async fn the_largest_texts_that_are_let_in_are_folded_and_leave_the_lists_small() {
    let three = WIDE
        .replace("\"wide\"", "\"huge\"")
        .replace("[payload]", "[payload]\nfirst = { type = \"text\", max_length = 1048576 }\nsecond = { type = \"text\", max_length = 1048576 }");
    let harness = Harness::start_with(&format!("[limits]\nbody_bytes = {BODY_MAX}\n"), &[("huge", &three)]).await;
    let (leo, mia) = (harness.person("leo").await, harness.cookie("mia").await);
    let body = |rest: usize| {
        let markup = "<i>".repeat(10_000);
        let payload = json!({ "amount": "5000 USD", "merchant": "M".repeat(rest), "first": "A".repeat(LONGEST), "second": markup });
        json!({ "policy": "huge", "payload": payload })
    };
    let room = BODY_MAX - body(0).to_string().len();
    assert_eq!(leo.post("/v1/requests", body(room + 1)).await.problem(), (413, "body_too_large"));
    let mut id = String::new();
    for _ in 0..10 {
        id = leo.post("/v1/requests", body(room)).await.id();
    }
    let inbox = open(&harness, &mia, "/").await;
    assert!(inbox.status == 200 && inbox.text.matches("href=\"/requests/req_").count() >= 10, "{}", inbox.text.len());
    assert!(inbox.text.len() <= 150 * 1024, "a list has {} bytes", inbox.text.len());
    let page = open(&harness, &mia, &format!("/requests/{id}")).await;
    assert!(page.status == 200 && !page.text.contains("<i><i>"), "{}", page.status);
    let unfolded: String = page.text.split("<details").map(|part| part.split_once("</details>").map_or(part, |(_, after)| after)).collect();
    assert!(page.text.contains(&"A".repeat(LONGEST)), "all of it is there for whoever unfolds it");
    assert!(unfolded.len() <= 150 * 1024, "{} bytes stand unfolded", unfolded.len());
}
