//! Keys over HTTP.

use crate::harness::Harness;
use serde_json::json;

#[tokio::test]
async fn a_revoked_key_is_dead_at_once() {
    let harness = Harness::start().await;
    let ada = harness.person("ada").await;
    let made = ada.post("/v1/keys", json!({ "name": "probe", "scopes": ["read:all"] })).await.ok();
    let key = harness.bearer(made["secret"].as_str().unwrap());
    assert_eq!(key.get("/v1/me").await.ok()["scopes"], json!(["read:all"]));
    let revoked = ada.delete(&format!("/v1/keys/{}", made["id"].as_str().unwrap())).await.ok();
    assert!(revoked["revoked_at"].is_string() && revoked["secret"].is_null());
    assert_eq!(key.get("/v1/me").await.problem(), (401, "unauthenticated"));
    assert_eq!(ada.delete("/v1/keys/nosuch").await.problem(), (404, "unknown_key"));
    let listed = ada.get("/v1/keys").await;
    assert!(!listed.text.contains("csk_") && listed.text.contains("probe"));
}

#[tokio::test]
async fn rule_8_a_key_that_acts_for_the_requester_sees_revises_and_withdraws_what_they_asked_for() {
    let harness = Harness::start().await;
    let (id, other) = (harness.submit("12500 USD").await, harness.submit("5000 USD").await);
    let request = format!("/v1/requests/{id}");
    let (blind, reader) = (harness.key(&["submit"], "any").await, harness.key(&["submit", "read"], "leo").await);
    assert_eq!(blind.get(&request).await.problem(), (404, "unknown_request"), "reading needs scope `read`");
    assert_eq!(blind.get("/v1/requests").await.problem(), (403, "forbidden"));
    let revision = json!({ "payload": { "amount": "13000 USD", "merchant": "ACME" } });
    assert_eq!(blind.post(&format!("{request}/revisions"), revision.clone()).await.ok()["revision"], 2);
    assert_eq!(reader.get(&request).await.ok()["revision"], 2);
    assert_eq!(reader.get("/v1/requests").await.ok()["items"].as_array().unwrap().len(), 2);
    assert_eq!(reader.post(&format!("{request}/withdraw"), json!({})).await.ok()["status"], "withdrawn");
    let stranger = harness.key(&["submit", "read"], "bo").await;
    for path in [format!("/v1/requests/{other}/withdraw"), format!("/v1/requests/{other}/revisions")] {
        let body = if path.ends_with("withdraw") { json!({}) } else { revision.clone() };
        assert_eq!(stranger.post(&path, body).await.problem(), (404, "unknown_request"), "{path}");
    }
}

#[tokio::test]
async fn a_key_that_would_break_rule_5_is_not_made() {
    let harness = Harness::start().await;
    let ada = harness.person("ada").await;
    let cases = [
        (json!({ "name": "x", "scopes": ["submit", "decide:on-behalf"], "acts_for": "any" }), (422, "invalid_body")),
        (json!({ "name": "x", "scopes": ["submit"] }), (422, "invalid_body")),
        (json!({ "name": "x", "scopes": [] }), (422, "invalid_body")),
        (json!({ "name": "x", "scopes": ["reed"] }), (422, "invalid_body")),
        (json!({ "name": "x", "scopes": ["submit"], "acts_for": "nobody-known" }), (422, "unknown_person")),
    ];
    for (body, problem) in cases {
        assert_eq!(ada.post("/v1/keys", body.clone()).await.problem(), problem, "{body}");
    }
    let leo = harness.person("leo").await;
    assert_eq!(leo.post("/v1/keys", json!({ "name": "x", "scopes": ["read"] })).await.problem(), (403, "forbidden"));
}
