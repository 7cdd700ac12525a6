//! What leaves the server by itself: notices to people, to systems, and the approved bytes to their receiver.

use super::{PEOPLE, Sees, asked, betrayed, payload, squeezed, start};
use crate::harness::{Answer, Got};
use crate::web::desk::Desk;
use serde_json::json;

/// Whether the hidden values stand in what arrived.
fn carries(got: &Got) -> bool {
    let text = squeezed(std::str::from_utf8(&got.bytes).unwrap());
    text.contains("5822092600") || text.contains("ozymandias")
}

#[tokio::test]
async fn notices_tell_hidden_fields_to_those_who_decide_and_to_nobody_else() {
    let harness = start().await;
    harness.receiver().answer("/raise", 410);
    let id = asked(&harness).await;
    let about = |got: &Got, kind: &str| got.json()["type"] == kind && got.json()["data"]["request"]["revision"] == 2;
    let requested = harness.receiver().first("/mia", |got| about(got, "approval.requested")).await;
    assert!(carries(&requested), "who is asked sees what they decide");
    harness.person("mia").await.post(&format!("/v1/requests/{id}/decisions"), json!({ "decision": "approve", "revision": 2 })).await.ok();
    assert!(carries(&harness.receiver().first("/leo", |got| about(got, "approval.settled")).await));
    // The action's receiver gets the bytes that were approved, and gives them up: the owner is told, and every system.
    let action = harness.receiver().notice("/raise", "action").await.json();
    assert_eq!(action["data"]["request"]["payload"], payload(1));
    let told = harness.receiver().first("/ana", |got| about(got, "approval.dead_lettered")).await;
    assert_eq!(told.json()["data"]["request"]["redacted"], json!(["bonus", "note", "salary"]));
    harness.receiver().first("/hook", |got| about(got, "approval.dead_lettered")).await;
    harness.receiver().first("/hook", |got| about(got, "approval.settled")).await;
    harness.receiver().first("/flat", |_| true).await;
    for path in ["/ana", "/hook", "/flat"] {
        let all = harness.receiver().got(path);
        let telling: Vec<_> = all
            .iter()
            .filter(|got| super::SALARIES.iter().chain(&super::NOTES).any(|value| squeezed(std::str::from_utf8(&got.bytes).unwrap()).contains(value)))
            .collect();
        assert!(!all.is_empty() && telling.is_empty(), "{path} was told {}", String::from_utf8_lossy(&telling[0].bytes));
    }
    harness.done(&id).await;
    dead_letters_are_told_without(&harness).await;
}

async fn dead_letters_are_told_without(harness: &crate::harness::Harness) {
    let found = |answer: &Answer| answer.status == 200 && answer.text.contains("410");
    for (role, person, sees) in PEOPLE.into_iter().filter(|(_, _, sees)| *sees != Sees::All) {
        let speaker = harness.person(person).await;
        let (letters, page) = (speaker.get("/v1/dead-letters").await, Desk::of(harness, person).await.open("/operations").await);
        assert_eq!((betrayed(&letters, sees).len(), betrayed(&page, sees).len()), (0, 0), "{role}");
        let operates = ["operator", "admin"].contains(&role);
        assert_eq!((found(&letters), found(&page)), (operates, operates), "{role}: what an attempt was answered is for operators");
    }
}
