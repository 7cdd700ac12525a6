//! What stands around every route: a panic ends no connection, slowness is told, headers and ids are on every answer.

use crate::harness::{Harness, Still};
use axum::Router;
use axum::routing::get;
use countersign::api::ApiSettings;
use reqwest::Method;
use serde_json::json;
use std::time::Duration;

const HEADERS: [&str; 5] = ["content-security-policy", "x-content-type-options", "x-frame-options", "referrer-policy", "cross-origin-opener-policy"];

async fn panics() -> &'static str {
    panic!("csk_secret in the message")
}

async fn slow() -> &'static str {
    std::future::pending().await
}

async fn door() -> Still {
    let settings = ApiSettings { timeout: Duration::from_millis(50), ..ApiSettings::default() };
    Still::start(settings, Router::new().route("/panics", get(panics)).route("/slow", get(slow))).await
}

#[tokio::test]
async fn a_route_that_panics_answers_a_fault_and_the_next_request_is_served() {
    let door = door().await;
    let answer = door.ask("", "/panics", None).await;
    assert_eq!(answer.problem(), (500, "fault"));
    assert!(!answer.text.contains("csk_secret") && HEADERS.iter().all(|name| answer.headers.contains_key(*name)), "{answer:?}");
    assert_eq!(door.ask("", "/healthz", None).await.text, "ok\n");
}

#[tokio::test]
async fn a_route_that_takes_too_long_answers_that_it_did() {
    let door = door().await;
    let answer = door.ask("", "/slow", None).await;
    assert_eq!(answer.problem(), (503, "timeout"));
    assert!(answer.headers.contains_key("retry-after") && answer.headers.contains_key("x-request-id"));
}

#[tokio::test]
async fn panics_and_slowness_are_counted_by_route_and_code() {
    let door = door().await;
    door.ask("", "/panics", None).await;
    door.ask("", "/slow", None).await;
    let metrics = door.ask("", "/metrics", None).await.text;
    for line in [
        "countersign_http_requests_total{method=\"GET\",route=\"/panics\",status=\"500\"} 1",
        "countersign_http_requests_total{method=\"GET\",route=\"/slow\",status=\"503\"} 1",
        "countersign_problems_total{name=\"fault\"} 1",
        "countersign_problems_total{name=\"timeout\"} 1",
    ] {
        assert!(metrics.contains(line), "{line} is not in\n{metrics}");
    }
}

#[tokio::test]
async fn commits_are_timed() {
    let door = door().await;
    let seconds = |text: &str| {
        let count = text.lines().find_map(|line| line.strip_prefix("countersign_commit_duration_seconds_count "));
        count.and_then(|count| count.parse::<u64>().ok()).unwrap_or_else(|| panic!("{text}"))
    };
    let before = seconds(&door.ask("", "/metrics", None).await.text);
    door.submit("expense", json!({ "amount": "5000 USD", "merchant": "ACME" })).await;
    let after = door.ask("", "/metrics", None).await.text;
    assert_eq!(seconds(&after), before + 1);
    assert!(after.contains("countersign_commit_duration_seconds_bucket{le=\"0.001\"}"), "{after}");
}

#[tokio::test]
async fn the_door_of_this_machine_stands_inside_the_same_layers() {
    let harness = Harness::start().await;
    let local = harness.bearer(&harness.local_secret);
    let sent = local.send(local.request(Method::GET, "/local/keys").header("x-request-id", "look-1")).await;
    assert_eq!((sent.status, sent.headers["x-request-id"].as_bytes()), (200, b"look-1".as_slice()), "{}", sent.text);
    assert!(HEADERS.iter().all(|name| sent.headers.contains_key(*name)) && sent.headers["cache-control"] == "no-store", "{sent:?}");
    let large = local.post("/local/keys", json!({ "name": "x".repeat(300 * 1024), "scopes": ["read"] })).await;
    assert_eq!(large.problem(), (413, "body_too_large"));
    let twice = local
        .send(local.request(Method::POST, "/local/login-links").header("content-type", "application/json").body(r#"{"person":"mia","person":"ada"}"#))
        .await;
    assert_eq!(twice.problem(), (400, "malformed_json"));
    assert_eq!(local.post("/local/keys", json!({ "name": "x", "scopes": ["raed"] })).await.problem(), (422, "invalid_body"));
    assert_eq!(local.post("/local/login-links", json!({ "person": "nobody" })).await.problem(), (422, "unknown_person"));
    assert_eq!(local.delete("/local/keys/none").await.problem(), (404, "unknown_key"));
    let metrics = harness.nobody().get("/metrics").await.text;
    assert!(metrics.contains("route=\"/local/keys\",status=\"200\"") && metrics.contains("route=\"/local/login-links\",status=\"400\""), "{metrics}");
}

#[tokio::test]
async fn without_this_runs_secret_there_is_no_door_of_this_machine() {
    let harness = Harness::start().await;
    let nothing = harness.nobody().get("/nosuch").await;
    let key = harness.key(&["admin"], "").await;
    let admin = harness.person("ada").await;
    for speaker in [harness.nobody(), key, admin, harness.bearer(""), harness.bearer(&harness.local_secret[1..])] {
        for answer in [
            speaker.get("/local/keys").await,
            speaker.post("/local/login-links", json!({ "person": "ada" })).await,
            speaker.send(speaker.request(Method::POST, "/local/keys").body("no json")).await,
            speaker.delete("/local/keys/any").await,
        ] {
            assert_eq!((answer.problem(), &answer.body), ((404, "unknown_route"), &nothing.body), "a stranger cannot tell that it is there");
        }
    }
    let mut answers = Vec::new();
    for _ in 0..250 {
        answers.push(harness.bearer("guess").get("/local/keys").await.status);
    }
    assert!(answers.contains(&429), "guessing is limited");
}
