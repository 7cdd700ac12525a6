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
    door.outrun.store(true, Ordering::SeqCst);
    let busy = door.decide("mia", &id, "approve").await;
    assert_eq!(busy.problem(), (503, "busy"));
    assert!(busy.headers.contains_key("retry-after") && door.tries.load(Ordering::SeqCst) > 1, "it was tried again before it was given up");
    door.outrun.store(false, Ordering::SeqCst);
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
