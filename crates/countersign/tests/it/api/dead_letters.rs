//! Notices that failed for good: listed with dead actions, sent again, given up.

use crate::harness::{Harness, PATIENCE};
use serde_json::{Value, json};

/// The dead letters as an operator sees them, once there are so many.
async fn dead_letters(harness: &Harness, count: usize) -> Vec<Value> {
    let olga = harness.person("olga").await;
    let mut changes = harness.engine.changes();
    let until = tokio::time::Instant::now() + PATIENCE;
    loop {
        let page = olga.get("/v1/dead-letters").await.ok();
        let items = page["items"].as_array().unwrap().clone();
        if items.len() == count {
            return items;
        }
        let _ = tokio::time::timeout_at(until, changes.recv()).await.unwrap_or_else(|_| panic!("{count} dead letters expected, not {items:?}"));
    }
}

#[tokio::test]
async fn a_notice_that_failed_for_good_is_sent_again_by_an_operator_under_the_same_id() {
    let harness = Harness::start().await;
    harness.receiver().answer("/mia", 410);
    let id = harness.submit("5000 USD").await;
    let letter = dead_letters(&harness, 1).await.remove(0);
    assert_eq!((&letter["kind"], &letter["type"], &letter["to"]), (&json!("notice"), &json!("approval.requested"), &json!("mia")));
    assert_eq!((&letter["request"], &letter["answer"]), (&json!(id), &json!("410")));
    let path = letter["path"].as_str().unwrap();
    assert_eq!(harness.person("leo").await.post(&format!("{path}/retry"), json!({})).await.problem(), (403, "forbidden"));
    assert_eq!(harness.person("bo").await.get("/v1/dead-letters").await.problem(), (403, "forbidden"));
    harness.receiver().answer("/mia", 200);
    let olga = harness.person("olga").await;
    let answer = olga.post(&format!("{path}/retry"), json!({})).await.ok();
    assert_eq!(answer["failed_notices"][0]["id"], letter["name"]);
    let again = |got: &crate::harness::Got| got.json()["type"] == "approval.requested";
    dead_letters(&harness, 0).await;
    harness.receiver().first("/mia", again).await;
    let sent: Vec<_> = harness.receiver().got("/mia").into_iter().filter(again).map(|got| got.headers["webhook-id"].clone()).collect();
    assert!(sent.len() == 2 && sent[0] == sent[1] && sent[0].to_str().unwrap() == letter["name"], "{sent:?}");
    assert_eq!(olga.post(&format!("{path}/abandon"), json!({ "reason": "late" })).await.problem(), (409, "not_a_dead_letter"));
}

#[tokio::test]
async fn a_notice_is_given_up_with_a_reason_and_leaves_the_list() {
    let harness = Harness::start().await;
    harness.receiver().answer("/mia", 410);
    harness.receiver().answer("/pay", 410);
    let (asked, paid) = (harness.submit("5000 USD").await, harness.submit("10 USD").await);
    let letters = dead_letters(&harness, 2).await;
    assert_eq!(letters.iter().map(|letter| letter["kind"].as_str().unwrap()).collect::<Vec<_>>(), ["action", "notice"], "the newest request first");
    let olga = harness.person("olga").await;
    let first = olga.get("/v1/dead-letters?limit=1").await.ok();
    assert_eq!(first["items"][0]["request"], paid);
    let second = olga.get(&format!("/v1/dead-letters?limit=1&cursor={}", first["next"].as_str().unwrap())).await.ok();
    assert_eq!((&second["items"][0]["request"], &second["next"]), (&json!(asked), &Value::Null));
    assert_eq!(olga.get("/v1/dead-letters?cursor=rubbish").await.problem(), (400, "invalid_query"));
    let path = letters[1]["path"].as_str().unwrap();
    assert_eq!(olga.post(&format!("{path}/abandon"), json!({})).await.problem(), (422, "invalid_body"));
    let answer = olga.post(&format!("{path}/abandon"), json!({ "reason": "told on the phone" })).await.ok();
    assert_eq!(answer["failed_notices"][0]["status"], "abandoned");
    let events = olga.get(&format!("/v1/requests/{asked}/events")).await.ok();
    let last = events["items"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["event"], &last["facts"]["by"]["person"]), (&json!("notice_abandoned"), &json!("olga")));
    let unknown = format!("/v1/requests/{asked}/notices/eff_00000000000070008000000000000000/retry");
    assert_eq!(olga.post(&unknown, json!({})).await.problem(), (404, "unknown_notice"));
    dead_letters(&harness, 1).await;
}
