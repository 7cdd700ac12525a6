//! Passkeys over HTTP, with a device in software: where there can be none, when one may be added, and how many.

use crate::harness::{Authenticator, Harness, Speaker};
use rusqlite::Connection;
use serde_json::json;

#[tokio::test]
async fn a_server_without_a_name_has_no_passkeys_and_says_so() {
    let harness = Harness::start().await;
    let ana = harness.at_browser("ana").await;
    let id = harness.submit("50 USD").await;
    let step_up = format!("/v1/requests/{id}/passkey");
    let asked = [
        ana.post("/v1/passkeys/enrolment", json!({})).await,
        ana.post("/v1/passkeys/challenge", json!({})).await,
        ana.post(&step_up, json!({ "decision": "approve", "revision": 1 })).await,
    ];
    for answer in asked {
        assert_eq!(answer.problem(), (501, "passkeys_unavailable"));
    }
    assert_eq!(ana.get("/v1/passkeys").await.ok()["items"], json!([]));
}

/// Makes it as if everybody had signed in so many minutes earlier.
fn signed_in_earlier(harness: &Harness, minutes: i64) {
    let db = Connection::open(harness.folder().join("countersign.db")).unwrap();
    db.busy_timeout(crate::harness::PATIENCE).unwrap();
    db.execute_batch("DROP TRIGGER records_are_never_updated").unwrap();
    let moment = "json_extract(CAST(bytes AS TEXT), '$.created_at')";
    let earlier = format!("strftime('%Y-%m-%dT%H:%M:%fZ', {moment}, '-{minutes} minutes')");
    let changed = db.execute(
        &format!("UPDATE records SET bytes = CAST(json_set(CAST(bytes AS TEXT), '$.created_at', {earlier}) AS BLOB) WHERE kind = 'session' AND bytes IS NOT NULL"),
        [],
    );
    assert!(changed.unwrap() > 0, "nobody was signed in");
}

async fn start_enrolment(who: &Speaker) -> crate::harness::Answer {
    who.post("/v1/passkeys/enrolment", json!({})).await
}

#[tokio::test]
async fn a_passkey_is_added_only_shortly_after_signing_in() {
    let harness = Harness::start_named("", &[]).await;
    let ana = harness.at_browser("ana").await;
    start_enrolment(&ana).await.ok();
    signed_in_earlier(&harness, 16);
    assert_eq!(ana.get("/v1/me").await.status, 200, "they are signed in still");
    let late = start_enrolment(&ana).await;
    assert_eq!(late.problem(), (403, "session_not_fresh"));
    assert_eq!(ana.get("/v1/passkeys").await.ok()["items"], json!([]));
    start_enrolment(&harness.at_browser("ana").await).await.ok();
}

#[tokio::test]
async fn an_eleventh_passkey_is_one_too_many_until_one_is_removed() {
    let harness = Harness::start_named("", &[]).await;
    let ana = harness.at_browser("ana").await;
    let devices: Vec<Authenticator> = (0..11).map(|_| harness.authenticator()).collect();
    let last = start_enrolment(&ana).await.ok();
    for device in &devices[..10] {
        device.enrol(&ana).await;
    }
    let begun_before = json!({ "ceremony": last["ceremony"], "credential": devices[10].make(&last) });
    assert_eq!(ana.post("/v1/passkeys", begun_before).await.problem(), (409, "too_many_passkeys"), "asked while there was room");
    assert_eq!(start_enrolment(&ana).await.problem(), (409, "too_many_passkeys"));
    assert_eq!(ana.get("/v1/passkeys").await.ok()["items"].as_array().unwrap().len(), 10);
    start_enrolment(&harness.at_browser("bo").await).await.ok();
    ana.delete(&format!("/v1/passkeys/{}", devices[0].id())).await.ok();
    devices[10].enrol(&ana).await;
}
