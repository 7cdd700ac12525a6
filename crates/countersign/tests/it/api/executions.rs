//! Dead letters: listed, tried again, given up.

use crate::harness::Harness;
use serde_json::json;

#[tokio::test]
async fn a_dead_letter_is_tried_again_by_an_operator() {
    let harness = Harness::start().await;
    harness.receiver().answer("/pay", 500);
    let id = harness.submit("10 USD").await;
    assert_eq!(harness.done(&id).await["executions"][0]["status"], "failed");
    let olga = harness.person("olga").await;
    assert_eq!(olga.get("/v1/requests?dead_letter=true").await.ok()["items"][0]["id"], id);
    let retry = format!("/v1/requests/{id}/executions/pay/retry");
    assert_eq!(harness.person("leo").await.post(&retry, json!({})).await.problem(), (403, "forbidden"));
    harness.receiver().answer("/pay", 200);
    olga.post(&retry, json!({})).await.ok();
    assert_eq!(harness.done(&id).await["executions"][0]["status"], "succeeded");
    assert_eq!(olga.post(&retry, json!({})).await.problem(), (409, "not_a_dead_letter"));
    let bodies: Vec<_> = harness.receiver().got("/pay").into_iter().map(|got| (got.headers["webhook-id"].clone(), got.bytes)).collect();
    assert!(bodies.len() >= 2 && bodies.windows(2).all(|pair| pair[0] == pair[1]), "every attempt sends the same bytes under the same key");
}

#[tokio::test]
async fn a_dead_letter_is_given_up_with_a_reason() {
    let harness = Harness::start().await;
    harness.receiver().answer("/pay", 410);
    let id = harness.submit("10 USD").await;
    harness.done(&id).await;
    let olga = harness.person("olga").await;
    let abandon = format!("/v1/requests/{id}/executions/pay/abandon");
    assert_eq!(olga.post(&abandon, json!({})).await.problem(), (422, "invalid_body"));
    let why = olga.get(&format!("/v1/requests/{id}/why")).await.ok();
    assert_eq!(why["unblocked_by"], "an operator who retries or abandons `pay`");
    assert!(why["sentence"].as_str().unwrap().starts_with("it was approved; `pay` failed for good ("), "{why}");
    let answer = olga.post(&abandon, json!({ "reason": "paid by hand" })).await.ok();
    assert_eq!(answer["executions"][0]["status"], "abandoned");
    let why = olga.get(&format!("/v1/requests/{id}/why")).await.ok();
    assert_eq!((&why["sentence"], &why["unblocked_by"]), (&json!("it was approved; `pay` was abandoned"), &json!("nothing: an outcome is final")));
    assert_eq!(olga.post(&format!("/v1/requests/{id}/executions/nosuch/retry"), json!({})).await.problem(), (404, "unknown_action"));
}
