//! Decisions and every way in which one is refused.

use crate::harness::Harness;
use serde_json::json;

#[tokio::test]
async fn nobody_decides_their_own_request_whatever_their_group() {
    let harness = Harness::start().await;
    let id = harness.submit("12500 USD").await;
    let refused = harness.decide("leo", &id, "approve").await;
    assert_eq!(refused.problem(), (403, "own_request"));
    assert_eq!((&refused.body["request"]["status"], &refused.body["current_revision"]), (&json!("pending"), &json!(1)));
    let relay = harness.key(&["decide:on-behalf"], "").await;
    let body = json!({ "decision": "approve", "revision": 1, "person": "leo" });
    assert_eq!(relay.post(&format!("/v1/requests/{id}/decisions"), body).await.problem(), (403, "own_request"));
}

#[tokio::test]
async fn a_stranger_does_not_see_it_and_an_onlooker_may_not_decide() {
    let harness = Harness::start().await;
    let id = harness.submit("12500 USD").await;
    assert_eq!(harness.decide("zoe", &id, "approve").await.problem(), (404, "unknown_request"));
    assert_eq!(harness.decide("olga", &id, "approve").await.problem(), (403, "not_an_approver"));
    let zoe = harness.person("zoe").await;
    let missing = "req_00000000000070008000000000000000";
    let (foreign, none) = (zoe.get(&format!("/v1/requests/{id}")).await, zoe.get(&format!("/v1/requests/{missing}")).await);
    assert_eq!(foreign.body, none.body, "foreign and missing look the same");
    assert_eq!(zoe.get("/v1/requests/nonsense").await.problem(), (404, "unknown_request"));
}

#[tokio::test]
async fn the_same_decision_again_is_answered_and_a_late_one_refused() {
    let harness = Harness::start().await;
    let id = harness.submit("5000 USD").await;
    assert_eq!(harness.decide("mia", &id, "approve").await.ok()["status"], "approved");
    let events = |body: serde_json::Value| body["items"].as_array().unwrap().iter().filter(|event| event["event"] == "decided").count();
    let olga = harness.person("olga").await;
    assert_eq!(harness.decide("mia", &id, "approve").await.status, 200);
    assert_eq!(events(olga.get(&format!("/v1/requests/{id}/events")).await.ok()), 1);
    let late = harness.decide("mia", &id, "reject").await;
    assert_eq!(late.problem(), (409, "already_settled"));
    assert!(late.body["detail"].as_str().unwrap().contains("mia"));
}

#[tokio::test]
async fn a_request_for_changes_returns_it() {
    let harness = Harness::start().await;
    let id = harness.submit("12500 USD").await;
    assert_eq!(harness.decide("mia", &id, "request_changes").await.ok()["status"], "returned");
    assert_eq!(harness.decide("ana", &id, "approve").await.problem(), (409, "returned"));
}

#[tokio::test]
async fn a_relay_passes_a_persons_decision_on() {
    let harness = Harness::start().await;
    let id = harness.submit("5000 USD").await;
    let relay = harness.key(&["decide:on-behalf"], "").await;
    let path = format!("/v1/requests/{id}/decisions");
    assert_eq!(relay.post(&path, json!({ "decision": "approve", "revision": 1 })).await.problem(), (403, "forbidden"));
    assert_eq!(relay.post(&path, json!({ "decision": "approve", "revision": 1, "person": "mia" })).await.ok()["status"], "approved");
    let mia = harness.person("mia").await;
    let named = mia.post(&path, json!({ "decision": "approve", "revision": 1, "person": "ana" })).await;
    assert_eq!(named.problem(), (403, "forbidden"));
}

#[tokio::test]
async fn refusals_are_kept_beside_the_record() {
    let harness = Harness::start().await;
    let id = harness.submit("12500 USD").await;
    harness.decide("leo", &id, "approve").await.problem();
    let refused = harness.person("olga").await.get("/v1/refused").await.ok();
    assert_eq!((&refused["items"][0]["code"], &refused["items"][0]["actor"]), (&json!("own_request"), &json!("leo")));
    assert_eq!(harness.person("leo").await.get("/v1/refused").await.problem(), (403, "forbidden"));
}

#[tokio::test]
async fn rule_12_a_requester_that_polls_learns_who_said_no_and_why() {
    let harness = Harness::start().await;
    let id = harness.submit("12500 USD").await;
    let request = format!("/v1/requests/{id}");
    let (leo, mia) = (harness.person("leo").await, harness.person("mia").await);
    assert!(leo.get(&request).await.ok()["outcome"].is_null());
    let silent = mia.post(&format!("{request}/decisions"), json!({ "decision": "reject", "revision": 1, "comment": " " })).await;
    assert_eq!(silent.problem(), (422, "comment_required"));
    let no = json!({ "decision": "reject", "revision": 1, "comment": "no budget" });
    mia.post(&format!("{request}/decisions"), no).await.ok();
    let outcome = json!({ "outcome": "rejected", "cause": "decisions", "decided_by": ["mia"], "reason": "no budget", "retryable": false });
    assert_eq!(leo.get(&request).await.ok()["outcome"], outcome);
    assert_eq!(leo.get(&format!("{request}/why")).await.ok()["sentence"], "it was rejected by mia: no budget");
    leo.post(&format!("{request}/comments"), json!({ "comment": "next year then" })).await.ok();
    let events = leo.get(&format!("{request}/events")).await.ok();
    let words: Vec<_> = events["items"].as_array().unwrap().iter().filter_map(|event| event["facts"]["text"].as_str()).collect();
    assert_eq!(words, ["no budget", "next year then"], "comments are read back where they were made");
}
