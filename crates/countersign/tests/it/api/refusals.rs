//! Refusals and faults that need a clock in the hand, two stages beside each other, or a store that fails.

use crate::harness::{Harness, Still};
use countersign::api::ApiSettings;
use jiff::SignedDuration;
use serde_json::json;
use std::sync::atomic::Ordering;

async fn still() -> Still {
    Still::start(ApiSettings::default(), axum::Router::new()).await
}

#[tokio::test]
async fn after_the_expiry_it_is_too_late_swept_or_not() {
    let door = still().await;
    let id = door.submit("expense", json!({ "amount": "5000 USD", "merchant": "ACME" })).await;
    let before = door.events(&id).await;
    door.clock.advance(SignedDuration::from_hours(72));
    let late = door.decide("mia", &id, "approve").await;
    assert_eq!(late.problem(), (410, "too_late"));
    assert_eq!((&late.body["request"]["status"], &late.body["current_revision"]), (&json!("pending"), &json!(1)));
    assert_eq!(door.events(&id).await, before, "nothing was swept, nothing was recorded");
}

#[tokio::test]
async fn a_moment_before_the_expiry_still_counts() {
    let door = still().await;
    let id = door.submit("expense", json!({ "amount": "5000 USD", "merchant": "ACME" })).await;
    door.clock.advance(SignedDuration::from_hours(72) - SignedDuration::from_millis(1));
    assert_eq!(door.decide("mia", &id, "approve").await.ok()["status"], "approved");
}

#[tokio::test]
async fn who_was_asked_by_a_stage_that_has_ended_is_told_so() {
    let harness = Harness::start().await;
    let leo = harness.person("leo").await;
    let id = leo.post("/v1/requests", json!({ "policy": "notary", "payload": { "deed": "a lease" } })).await.id();
    assert_eq!(harness.decide("bo", &id, "approve").await.ok()["status"], "pending");
    let closed = harness.decide("ana", &id, "approve").await;
    assert_eq!(closed.problem(), (409, "stage_closed"));
    assert_eq!(closed.body["request"]["status"], "pending");
    assert_eq!(harness.decide("eva", &id, "approve").await.ok()["status"], "approved");
}

#[tokio::test]
async fn one_person_is_one_voice_across_stages_and_is_told_so() {
    let harness = Harness::start().await;
    let leo = harness.person("leo").await;
    let id = leo.post("/v1/requests", json!({ "policy": "release", "payload": { "version": "7" } })).await.id();
    assert_eq!(harness.decide("ana", &id, "approve").await.ok()["status"], "pending");
    assert_eq!(harness.decide("ana", &id, "approve").await.ok()["status"], "pending", "said again, nothing is counted twice");
    assert_eq!(harness.decide("bo", &id, "approve").await.ok()["status"], "approved");
    let other = leo.post("/v1/requests", json!({ "policy": "release", "payload": { "version": "8" } })).await.id();
    harness.decide("ana", &other, "approve").await.ok();
    assert_eq!(harness.decide("ana", &other, "reject").await.ok()["status"], "rejected", "a spent approval still objects");
}

#[tokio::test]
async fn an_expiry_that_passes_between_look_and_commit_is_too_late_also_behind_an_overdue_reminder() {
    let mut outcomes = std::collections::BTreeSet::new();
    for step in (40..=800).step_by(40) {
        let door = still().await;
        let id = door.submit("notary", json!({ "deed": "a lease" })).await;
        let expires = door.clock.stands_at() + SignedDuration::from_hours(72);
        let bo = door.person("bo").await;
        door.clock.advance(SignedDuration::from_hours(72) - SignedDuration::from_secs(1));
        door.clock.run_by(SignedDuration::from_millis(step));
        let answer = door.ask(&bo, &format!("/v1/requests/{id}/decisions"), Some(json!({ "decision": "approve", "revision": 1 }))).await;
        let late = door.clock.stands_at() >= expires;
        match answer.status {
            200 => assert!(!late, "a look every {step} ms: taken after the expiry"),
            _ => assert_eq!((answer.problem(), late), ((410, "too_late"), true), "a look every {step} ms"),
        }
        outcomes.insert(answer.status);
    }
    assert_eq!(outcomes.into_iter().collect::<Vec<_>>(), [200, 410], "the steps reach both sides of the expiry");
}

#[tokio::test]
async fn a_request_that_changes_faster_than_it_can_be_decided_is_busy_and_unchanged() {
    let door = still().await;
    let id = door.submit("expense", json!({ "amount": "5000 USD", "merchant": "ACME" })).await;
    let before = door.events(&id).await;
    door.meddled.outrun.store(true, Ordering::SeqCst);
    let busy = door.decide("mia", &id, "approve").await;
    assert_eq!(busy.problem(), (503, "busy"));
    assert!(busy.headers.contains_key("retry-after") && door.meddled.tries.load(Ordering::SeqCst) > 1, "it was tried again before it was given up");
    door.meddled.outrun.store(false, Ordering::SeqCst);
    assert_eq!(door.events(&id).await, before);
    assert_eq!(door.decide("mia", &id, "approve").await.ok()["status"], "approved", "a moment later it goes through");
}

#[tokio::test]
async fn a_store_that_fails_decides_nothing_and_shows_nothing_of_itself() {
    let door = still().await;
    let id = door.submit("expense", json!({ "amount": "5000 USD", "merchant": "ACME" })).await;
    let before = door.events(&id).await;
    door.broken.store(true, Ordering::SeqCst);
    let failed = door.decide("mia", &id, "approve").await;
    assert_eq!(failed.problem(), (500, "fault"));
    assert!(!failed.text.contains("ordered"), "what failed is for the log: {}", failed.text);
    door.broken.store(false, Ordering::SeqCst);
    assert_eq!(door.events(&id).await, before);
    assert_eq!(door.decide("mia", &id, "approve").await.ok()["status"], "approved");
}

const BOARD: &str = r#"
policy = "board"
title  = "motion {{ motion }}"
owner  = "group:finance"
[payload]
motion = "text"
[[rule]]
name = "twice"
  [[rule.stage]]
  name      = "first"
  approvers = ["group:finance"]
  expire    = { after = "72h" }
  [[rule.stage]]
  name          = "second"
  approvers     = ["group:finance"]
  reject_quorum = 2
  expire        = { after = "72h" }
"#;

#[tokio::test]
async fn whose_approval_is_spent_and_who_objects_since_does_not_approve_again() {
    let door = still().await;
    std::fs::write(door.folder().join("policies/board.toml"), BOARD).unwrap();
    assert_eq!(door.sources.reload().await.wrong, []);
    let id = door.submit("board", json!({ "motion": "7" })).await;
    assert_eq!(door.decide("ana", &id, "approve").await.ok()["status"], "pending");
    let (ana, path) = (door.person("ana").await, format!("/v1/requests/{id}/decisions"));
    let no = Some(json!({ "decision": "reject", "revision": 1, "comment": "read it again" }));
    assert_eq!(door.ask(&ana, &path, no).await.ok()["status"], "pending", "one of two that reject");
    let before = door.events(&id).await;
    let again = door.decide("ana", &id, "approve").await;
    assert_eq!(again.problem(), (409, "voice_already_counted"));
    assert_eq!((&again.body["request"]["status"], door.events(&id).await), (&json!("pending"), before));
    assert_eq!(door.decide("bo", &id, "approve").await.ok()["status"], "approved", "the stage needed somebody else");
}

#[tokio::test]
async fn a_sign_in_link_that_was_used_is_spent() {
    let door = still().await;
    let link = door.engine.create_login_link(&countersign_core::id::PersonId::from("mia")).await.unwrap();
    door.ask("", "/v1/login", Some(json!({ "link": link }))).await.ok();
    for link in [link.as_str(), "never made"] {
        assert_eq!(door.ask("", "/v1/login", Some(json!({ "link": link }))).await.problem(), (410, "link_spent"));
    }
}

#[tokio::test]
async fn where_there_is_no_room_to_wait_the_answer_says_so() {
    let door = Still::start(ApiSettings { streams_max: 0, ..ApiSettings::default() }, axum::Router::new()).await;
    let id = door.submit("expense", json!({ "amount": "5000 USD", "merchant": "ACME" })).await;
    let leo = door.person("leo").await;
    let full = door.ask(&leo, &format!("/v1/requests/{id}?wait=1s"), None).await;
    assert_eq!(full.problem(), (503, "too_many_streams"));
    assert_eq!(door.ask(&leo, &format!("/v1/requests/{id}"), None).await.ok()["status"], "pending");
}

#[tokio::test]
async fn an_approved_run_is_given_once_to_who_speaks_for_its_requester() {
    let door = still().await;
    let id = door.submit("expense", json!({ "amount": "5000 USD", "merchant": "ACME" })).await;
    let (leo, mia, run) = (door.person("leo").await, door.person("mia").await, format!("/v1/requests/{id}/run"));
    let digest = door.ask(&leo, &format!("/v1/requests/{id}"), None).await.ok()["payload_digest"].clone();
    let claim = |digest: &serde_json::Value| Some(json!({ "payload_digest": digest }));
    assert_eq!(door.ask(&leo, &run, claim(&digest)).await.problem(), (409, "not_approved"), "nobody agreed yet");
    door.decide("mia", &id, "approve").await.ok();
    let other = json!(format!("sha256:{}", "0".repeat(64)));
    assert_eq!(door.ask(&leo, &run, claim(&other)).await.problem(), (409, "not_approved"), "that was not approved");
    assert_eq!(door.ask(&leo, &run, claim(&json!("sha256:0"))).await.problem(), (422, "invalid_body"));
    assert_eq!(door.ask(&mia, &run, claim(&digest)).await.problem(), (403, "forbidden"), "who approves does not run");
    let eva = door.person("eva").await;
    assert_eq!(door.ask(&eva, &run, claim(&digest)).await.problem(), (404, "unknown_request"));
    let given = door.ask(&leo, &run, claim(&digest)).await;
    assert_eq!((given.status, &given.body["claimed_by"], &given.body["payload_digest"]), (201, &json!("leo"), &digest), "{given:?}");
    let again = door.ask(&leo, &run, claim(&digest)).await;
    assert_eq!(again.problem(), (409, "already_run"));
    assert!(again.body["detail"].as_str().unwrap().contains("by leo"), "{again:?}");
    let events = door.ask(&leo, &format!("/v1/requests/{id}/events"), None).await.ok();
    let claims: Vec<_> = events["items"].as_array().unwrap().iter().filter(|event| event["event"] == "run_claimed").collect();
    assert_eq!((claims.len(), &claims[0]["facts"]["by"]["person"]), (1, &json!("leo")), "it is on the request's record: {events}");
}
