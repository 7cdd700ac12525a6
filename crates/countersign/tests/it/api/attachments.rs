//! The conversation and the files beside a request.

use crate::harness::{Answer, Harness, Speaker};
use countersign::app::record;
use reqwest::Method;
use serde_json::json;

const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n%%EOF\n";

async fn send(speaker: &Speaker, id: &str, name: &str, kind: Option<&str>, bytes: &[u8]) -> Answer {
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("name", name).finish();
    let request = speaker.request(Method::POST, &format!("/v1/requests/{id}/attachments?{query}")).body(bytes.to_vec());
    speaker.send(if let Some(kind) = kind { request.header("content-type", kind) } else { request }).await
}

#[tokio::test]
async fn the_conversation_is_told_in_order_with_its_files() {
    let harness = Harness::start().await;
    let id = harness.submit("5000 USD").await;
    let (leo, mia) = (harness.person("leo").await, harness.person("mia").await);
    mia.post(&format!("/v1/requests/{id}/comments"), json!({ "comment": "where is the receipt?" })).await.ok();
    let name = "Beleg für ACME 東京.pdf";
    let made = send(&leo, &id, name, Some("application/pdf"), PDF).await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(made.headers["location"], made.body["url"].as_str().unwrap());
    assert_eq!(harness.decide("mia", &id, "approve").await.status, 200);

    let thread = leo.get(&format!("/v1/requests/{id}/comments")).await.ok();
    let kinds: Vec<&str> = thread["items"].as_array().unwrap().iter().map(|said| said["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["comment", "attachment", "decision"]);
    assert_eq!(thread["items"][0]["text"], "where is the receipt?");
    assert_eq!((&thread["items"][1]["person"], &thread["items"][1]["attachment"]), (&json!("leo"), &made.body));
    assert_eq!((&thread["items"][2]["decision"], &thread["items"][2]["text"]), (&json!("approve"), &json!("because")));
    assert_eq!((&made.body["name"], &made.body["bytes"]), (&json!(name), &json!(PDF.len())));

    let file = mia.get(made.body["url"].as_str().unwrap()).await;
    assert_eq!((file.status, file.text.as_bytes()), (200, PDF));
    let header = |name: &str| file.headers[name].to_str().unwrap();
    assert_eq!(header("content-type"), "application/pdf");
    assert!(header("content-disposition").starts_with("attachment; filename=\"Beleg_f_r_ACME___.pdf\"; filename*=UTF-8''Beleg%20f%C3%BCr"));
    assert_eq!((header("x-content-type-options"), header("cache-control")), ("nosniff", "no-store"));
    assert!(header("content-security-policy").starts_with("sandbox; default-src 'none'"));
}

#[tokio::test]
async fn only_those_who_see_the_request_put_files_there_and_take_them() {
    let harness = Harness::start().await;
    let (id, other) = (harness.submit("5000 USD").await, harness.submit("6000 USD").await);
    let leo = harness.person("leo").await;
    let made = send(&leo, &id, "a.pdf", None, PDF).await.ok();
    let url = made["url"].as_str().unwrap();
    let attachment = made["id"].as_str().unwrap();
    for stranger in [harness.person("zoe").await, harness.key(&["submit"], "any").await] {
        assert_eq!(send(&stranger, &id, "a.pdf", None, PDF).await.problem(), (404, "unknown_request"));
        assert_eq!(stranger.get(url).await.problem(), (404, "unknown_request"));
        assert_eq!(stranger.get(&format!("/v1/requests/{id}/comments")).await.problem(), (404, "unknown_request"));
    }
    assert_eq!(harness.nobody().get(url).await.problem(), (401, "unauthenticated"));
    for path in [format!("{other}/attachments/{attachment}"), format!("{id}/attachments/att_{}", "0".repeat(64)), format!("{id}/attachments/..")] {
        assert!([404, 405].contains(&leo.get(&format!("/v1/requests/{path}")).await.status), "{path}");
    }
    assert_eq!(leo.get(&format!("/v1/requests/{other}/attachments/{attachment}")).await.problem(), (404, "unknown_attachment"));
}

#[tokio::test]
async fn tricks_with_files_are_refused_and_leave_nothing_behind() {
    let harness = Harness::start().await;
    let id = harness.submit("5000 USD").await;
    let leo = harness.person("leo").await;
    let huge = vec![b'a'; 5 * 1024 * 1024 + 1];
    let cases: [(&str, Option<&str>, &[u8], u16); 13] = [
        ("a.html", None, b"<p>", 415),
        ("a.svg", Some("image/svg+xml"), b"<svg onload=alert(1)>", 415),
        ("a.pdf", Some("text/html"), PDF, 415),
        ("a.pdf", None, b"MZ not a pdf", 415),
        ("a.html.pdf", None, PDF, 415),
        ("a.gif", None, b"GIF89a/*<script>alert(1)</script>*/", 415),
        ("a.txt", None, b"a\0b", 415),
        ("../a.pdf", None, PDF, 422),
        ("a\0.pdf", None, PDF, 422),
        ("a\u{202e}fdp.pdf", None, PDF, 422),
        ("a\r\nSet-Cookie: x=1.pdf", None, PDF, 422),
        ("a.txt", None, b"", 422),
        ("a.txt", None, &huge, 413),
    ];
    for (name, kind, bytes, status) in cases {
        let refused = send(&leo, &id, name, kind, bytes).await;
        assert_eq!(refused.problem().0, status, "{name:?}: {}", refused.text);
    }
    assert_eq!(
        leo.request(Method::POST, &format!("/v1/requests/{id}/attachments")).body("x").send().await.unwrap().status(),
        400,
        "a name is needed"
    );
    let thread = leo.get(&format!("/v1/requests/{id}/comments")).await.ok();
    assert_eq!(thread["items"], json!([]));
    for nth in 0..20 {
        assert_eq!(send(&leo, &id, &format!("{nth}.txt"), None, b"text").await.status, 201);
    }
    assert_eq!(send(&leo, &id, "one more.txt", None, b"text").await.problem(), (409, "too_many_attachments"));
}

#[tokio::test]
async fn files_are_in_the_backup_and_a_changed_one_is_found() {
    let harness = Harness::start().await;
    let id = harness.submit("5000 USD").await;
    let made = send(&harness.person("leo").await, &id, "a.pdf", None, PDF).await.ok();
    let file = harness.folder().join("countersign.db");
    let copy = harness.folder().join("copy.db");
    let config = countersign::config::Config::load(Some(&harness.folder().join("countersign.toml")), &Default::default()).unwrap();
    record::backup(&config, &copy).await.unwrap();
    for whole in [&file, &copy] {
        assert_eq!(record::verify(whole).await.unwrap().problems, []);
    }
    let key = made["id"].as_str().unwrap().strip_prefix("att_").unwrap();
    let db = rusqlite::Connection::open(&copy).unwrap();
    db.execute_batch("DROP TRIGGER records_are_never_updated; DROP TRIGGER records_are_never_deleted;").unwrap();
    assert_eq!(db.execute("UPDATE records SET bytes = CAST(bytes || x'00' AS BLOB) WHERE key = ?1", [key]).unwrap(), 1);
    let problems = record::verify(&copy).await.unwrap().problems;
    assert!(problems.iter().any(|problem| problem.what.contains("not the one that its name stands for")), "{problems:?}");
    db.execute("DELETE FROM current WHERE key = ?1", [key]).unwrap();
    db.execute("DELETE FROM records WHERE key = ?1", [key]).unwrap();
    let problems = record::verify(&copy).await.unwrap().problems;
    assert!(problems.iter().any(|problem| problem.what.contains("named by an event")), "{problems:?}");
}
