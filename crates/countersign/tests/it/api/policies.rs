//! Policies and dry runs.

use crate::harness::Harness;
use serde_json::json;

#[tokio::test]
async fn a_dry_run_says_which_rule_and_whom_and_leaves_no_trace() {
    let harness = Harness::start().await;
    let leo = harness.person("leo").await;
    let explained = leo.post("/v1/policies/expense/explain", json!({ "payload": { "amount": "12500 USD", "merchant": "ACME" } })).await.ok();
    assert_eq!((&explained["rule"], &explained["verdict"]), (&json!("two signatures"), &json!("ask")));
    assert_eq!(explained["stages"][0]["approvers"], json!(["ana", "bo", "mia"]));
    assert_eq!(explained["rules"][0]["result"], "not_held");
    assert_eq!(leo.get("/v1/requests").await.ok()["items"], json!([]));
    let wrong = leo.post("/v1/policies/expense/explain", json!({ "payload": { "amount": "12500 USD" } })).await;
    assert_eq!(wrong.problem(), (422, "invalid_payload"));
    assert_eq!(leo.post("/v1/policies/nosuch/explain", json!({ "payload": {} })).await.problem(), (404, "unknown_policy"));
}

#[tokio::test]
async fn policies_people_and_groups_are_listed() {
    let harness = Harness::start().await;
    let leo = harness.person("leo").await;
    let policies = leo.get("/v1/policies").await.ok();
    assert_eq!(policies["items"][0]["name"], "expense");
    let one = leo.get("/v1/policies/expense").await.ok();
    assert!(one["source"].as_str().unwrap().contains("petty cash"));
    assert_eq!(one["fields"][0], json!({ "name": "amount", "type": "money", "optional": false, "values": ["USD"] }));
    let people = leo.get("/v1/people").await.ok();
    assert!(people["items"].as_array().unwrap().iter().any(|person| person["id"] == "max" && person["active"] == false));
    let groups = leo.get("/v1/groups").await.ok();
    assert_eq!(groups["items"][0], json!({ "id": "finance", "members": ["ana", "bo", "leo"] }));
    assert_eq!(leo.get("/v1/delegations").await.problem(), (501, "not_yet"));
}
