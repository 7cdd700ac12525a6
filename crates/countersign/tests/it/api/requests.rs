//! Submitting and what follows, over real HTTP.

use crate::harness::{Answer, Got, Harness, SECRET, Speaker};
use reqwest::Method;
use serde_json::{Value, json};

fn expense(amount: &str) -> Value {
    json!({ "policy": "expense", "requester": "leo", "payload": { "amount": amount, "merchant": "ACME" } })
}

async fn submit_with(speaker: &Speaker, key: &str, body: &Value) -> Answer {
    speaker.send(speaker.request(Method::POST, "/v1/requests").header("Idempotency-Key", key).json(body)).await
}

/// The official library accepts the signature.
fn signed(got: &Got) {
    standardwebhooks::Webhook::new(SECRET).unwrap().verify(&got.bytes, &got.headers).unwrap();
}

#[tokio::test]
async fn a_request_lives_from_submission_to_payment() {
    let harness = Harness::start().await;
    let key = harness.key(&["submit", "read"], "any").await;
    let made = key.post("/v1/requests", expense("12500.00 USD")).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let id = made.id();
    assert_eq!(made.headers["location"], format!("/v1/requests/{id}"));
    assert_eq!((&made.body["status"], &made.body["rule"]), (&json!("pending"), &json!("two signatures")));
    assert_eq!(made.body["stages"][0]["approvers"], json!(["ana", "bo", "mia"]));

    let asked = harness.receiver().notice("/mia", "approval.requested").await;
    signed(&asked);
    assert_eq!(asked.json()["data"]["approval_id"], id);

    let first = harness.decide("mia", &id, "approve").await.ok();
    assert_eq!((&first["status"], &first["stages"][0]["approved_by"]), (&json!("pending"), &json!(["mia"])));
    let second = harness.decide("ana", &id, "approve").await.ok();
    assert_eq!(second["status"], "approved");

    let paid = harness.receiver().first("/pay", |_| true).await;
    signed(&paid);
    assert_eq!(paid.headers["idempotency-key"], format!("{id}:approved:pay"));
    assert_eq!(paid.headers["webhook-id"], paid.headers["idempotency-key"]);
    let body = paid.json();
    assert_eq!((&body["type"], &body["data"]["outcome"]), (&json!("action"), &json!("approved")));
    assert_eq!(body["data"]["request"]["payload"], json!({ "amount": "12500.00 USD", "merchant": "ACME" }));
    assert_eq!(body["data"]["request"]["payload_digest"], made.body["payload_digest"]);

    let told = harness.receiver().notice("/leo", "approval.settled").await;
    signed(&told);
    assert_eq!(told.json()["data"]["outcome"], "approved");
    assert_eq!(harness.done(&id).await["executions"][0]["status"], "succeeded");
    assert_eq!(harness.receiver().got("/pay").len(), 1);
}

#[tokio::test]
async fn a_rule_that_allows_asks_nobody() {
    let harness = Harness::start().await;
    let id = harness.submit("900 USD").await;
    let done = harness.done(&id).await;
    assert_eq!((&done["status"], &done["stages"]), (&json!("approved"), &json!([])));
}

#[tokio::test]
async fn the_same_key_and_body_make_one_request() {
    let harness = Harness::start().await;
    let key = harness.key(&["submit", "read"], "leo").await;
    let first = submit_with(&key, "k1", &expense("12500 USD")).await;
    let again = submit_with(&key, "k1", &expense("12500 USD")).await;
    assert_eq!((first.status, again.status), (201, 200));
    assert_eq!(first.id(), again.id());
    let other = submit_with(&key, "k1", &expense("12501 USD")).await;
    assert_eq!(other.problem(), (409, "idempotency_conflict"));
    assert_eq!(other.body["existing"], first.id());
    let fresh = submit_with(&key, "k2", &expense("12500 USD")).await;
    assert_ne!(fresh.id(), first.id());
    for bad in ["", &"x".repeat(256)] {
        assert_eq!(submit_with(&key, bad, &expense("1 USD")).await.problem(), (400, "invalid_query"));
    }
}

#[tokio::test]
async fn many_at_once_with_one_key_make_one_request() {
    let harness = Harness::start().await;
    let key = harness.key(&["submit"], "leo").await;
    let body = expense("12500 USD");
    let answers = futures_util::future::join_all((0..20).map(|_| submit_with(&key, "same", &body))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    assert!(answers.iter().all(|answer| answer.id() == answers[0].id()));
}

#[tokio::test]
async fn a_long_poll_answers_when_the_request_settles() {
    let harness = Harness::start().await;
    let id = harness.submit("5000 USD").await;
    let leo = harness.person("leo").await;
    let path = format!("/v1/requests/{id}?wait=30s");
    let (waited, decided) = tokio::join!(leo.get(&path), harness.decide("mia", &id, "reject"));
    assert_eq!(decided.status, 200, "{}", decided.text);
    assert_eq!(waited.ok()["status"], "rejected");
    let open = harness.submit("5000 USD").await;
    let waited = leo.get(&format!("/v1/requests/{open}?wait=1s")).await.ok();
    assert_eq!(waited["status"], "pending");
    assert_eq!(leo.get(&format!("/v1/requests/{open}?wait=soon")).await.problem(), (400, "invalid_query"));
}

#[tokio::test]
async fn a_revision_starts_again_and_an_old_one_is_stale() {
    let harness = Harness::start().await;
    let id = harness.submit("12500 USD").await;
    harness.decide("mia", &id, "approve").await.ok();
    let leo = harness.person("leo").await;
    let revised = leo.post(&format!("/v1/requests/{id}/revisions"), json!({ "payload": { "amount": "13000 USD", "merchant": "ACME" } })).await.ok();
    assert_eq!((&revised["revision"], &revised["stages"][0]["approved_by"]), (&json!(2), &json!([])));
    let stale = harness.decide("ana", &id, "approve").await;
    assert_eq!(stale.problem(), (409, "stale_revision"));
    assert_eq!((&stale.body["changed"], &stale.body["current_revision"]), (&json!(["/amount"]), &json!(2)));
    let mia = harness.person("mia").await;
    let foreign = mia.post(&format!("/v1/requests/{id}/revisions"), json!({ "payload": { "amount": "1 USD", "merchant": "X" } })).await;
    assert_eq!(foreign.problem(), (403, "not_the_requester"));
}

#[tokio::test]
async fn comments_why_and_withdrawal_are_answered() {
    let harness = Harness::start().await;
    let id = harness.submit("12500 USD").await;
    let leo = harness.person("leo").await;
    leo.post(&format!("/v1/requests/{id}/comments"), json!({ "comment": "the receipt follows" })).await.ok();
    let why = leo.get(&format!("/v1/requests/{id}/why")).await.ok();
    assert_eq!(why["waiting_for"], json!(["ana", "bo", "mia"]));
    assert!(why["excluded"].as_array().unwrap().iter().any(|entry| entry["person"] == "leo"));
    let mia = harness.person("mia").await;
    assert_eq!(mia.post(&format!("/v1/requests/{id}/withdraw"), json!({})).await.problem(), (403, "not_the_requester"));
    assert_eq!(leo.post(&format!("/v1/requests/{id}/withdraw"), json!({})).await.ok()["status"], "withdrawn");
    let late = leo.post(&format!("/v1/requests/{id}/revisions"), json!({ "payload": { "amount": "1 USD", "merchant": "X" } })).await;
    assert_eq!(late.problem(), (409, "already_settled"));
    assert_eq!(late.body["request"]["status"], "withdrawn");
}

#[tokio::test]
async fn an_operator_asks_further_people() {
    let harness = Harness::start().await;
    let id = harness.submit("5000 USD").await;
    let path = format!("/v1/requests/{id}/reassign");
    let olga = harness.person("olga").await;
    assert_eq!(olga.post(&path, json!({ "to": ["leo"] })).await.problem(), (422, "nobody_to_ask"));
    assert_eq!(olga.post(&path, json!({ "to": ["zoe", "olga"] })).await.problem(), (403, "forbidden"), "nobody asks themselves");
    let answer = olga.post(&path, json!({ "to": ["zoe"] })).await.ok();
    assert!(answer["stages"][0]["approvers"].as_array().unwrap().contains(&json!("zoe")));
    assert_eq!(harness.person("mia").await.post(&path, json!({ "to": ["zoe"] })).await.problem(), (403, "forbidden"));
    assert_eq!(harness.decide("zoe", &id, "approve").await.ok()["status"], "approved");
}
