//! What operators see and do.

use super::desk::{Desk, location};
use crate::harness::Harness;

/// Nobody but Leo may decide, and Leo asks.
const LONELY: &str = r#"
policy = "lonely"
title = "{{ what }}"
owner = "group:finance"

[payload]
what = "text"

[[rule]]
name = "only leo"
  [[rule.stage]]
  name = "desk"
  approvers = ["user:leo"]
  expire = { after = "72h" }
"#;

/// A request whose payment was refused for good.
async fn dead_letter(harness: &Harness) -> String {
    harness.receiver().answer("/pay", 410);
    let id = harness.submit("5 USD").await;
    assert_eq!(harness.done(&id).await["executions"][0]["status"], "failed");
    id
}

#[tokio::test]
async fn operators_and_admins_open_it_and_nobody_else() {
    let harness = Harness::start().await;
    for (who, status) in [("olga", 200), ("ada", 200), ("mia", 403), ("leo", 403)] {
        let desk = Desk::of(&harness, who).await;
        assert_eq!(desk.open("/operations").await.status, status, "{who}");
        assert_eq!(desk.open("/").await.text.contains("href=\"/operations\""), status == 200, "{who}");
    }
    let german = Desk::of(&harness, "olga").await.german().open("/operations").await;
    assert!(german.text.contains("Unzustellbares") && german.text.contains("Dieser Knoten") && german.text.contains("Es wurde nichts aufgegeben."));
}

#[tokio::test]
async fn a_dead_letter_is_shown_with_its_answer_and_tried_again() {
    let harness = Harness::start().await;
    let id = dead_letter(&harness).await;
    let olga = Desk::of(&harness, "olga").await;
    let page = olga.open("/operations").await.text;
    for part in [id.as_str(), "410", "Failed last time", "ACME, 5.00 USD", "Countersign 0.1.0", "KiB"] {
        assert!(page.contains(part), "{part} in {page}");
    }
    let retry = format!("/operations/requests/{id}/executions/pay/retry");
    olga.refuses_foreign_forms("/operations", &retry, &[]).await;
    let mia = Desk::of(&harness, "mia").await;
    assert_eq!(mia.press("/me", &retry, &[]).await.status, 404, "she does not see this request");
    assert_eq!(harness.receiver().got("/pay").len(), 1, "none of these tried it");
    harness.receiver().answer("/pay", 200);
    assert_eq!(location(&olga.press("/operations", &retry, &[]).await), "/operations");
    assert_eq!(harness.done(&id).await["executions"][0]["status"], "succeeded");
    let after = olga.open("/operations").await.text;
    assert!(after.contains("Nothing was given up on") && after.contains("Well"), "{after}");
    assert_eq!(olga.press("/operations", &retry, &[]).await.status, 409, "it is no dead letter any more");
}

#[tokio::test]
async fn giving_up_needs_a_reason_and_keeps_it() {
    let harness = Harness::start().await;
    let id = dead_letter(&harness).await;
    let olga = Desk::of(&harness, "olga").await;
    let abandon = format!("/operations/requests/{id}/executions/pay/abandon");
    olga.refuses_foreign_forms("/operations", &abandon, &[("reason", "paid by hand")]).await;
    let empty = olga.press("/operations", &abandon, &[("reason", "  ")]).await;
    assert!(empty.status == 422 && empty.text.contains("Please say why"), "{}", empty.text);
    location(&olga.press("/operations", &abandon, &[("reason", "paid by hand")]).await);
    let request = olga.open(&format!("/requests/{id}")).await.text;
    assert!(request.contains("paid by hand"));
    assert!(olga.open("/operations").await.text.contains("Nothing was given up on"));
    let unknown = olga.press("/operations", "/operations/requests/req_nonsense/executions/pay/abandon", &[("reason", "x")]).await;
    assert_eq!(unknown.status, 404);
}

#[tokio::test]
async fn where_nobody_is_left_to_ask_an_operator_asks_somebody() {
    let harness = Harness::start().await;
    std::fs::write(harness.folder().join("policies/lonely.toml"), LONELY).unwrap();
    harness.sources.reload().await;
    let body = serde_json::json!({ "policy": "lonely", "payload": { "what": "<i>Lisbon</i>" } });
    let id = harness.person("leo").await.post("/v1/requests", body).await.id();
    let olga = Desk::of(&harness, "olga").await;
    let page = olga.open("/operations").await.text;
    assert!(page.contains(&id) && page.contains("&#60;i&#62;Lisbon") && !page.contains("<i>Lisbon"));
    let reassign = format!("/operations/requests/{id}/reassign");
    olga.refuses_foreign_forms("/operations", &reassign, &[("to", "ana")]).await;
    assert_eq!(olga.press("/operations", &reassign, &[("to", " ")]).await.status, 422);
    assert_eq!(olga.press("/operations", &reassign, &[("to", "leo")]).await.status, 422, "not the one who asks");
    location(&olga.press("/operations", &reassign, &[("to", "ana, bo")]).await);
    assert!(olga.open("/operations").await.text.contains("Every open request has somebody"));
    assert!(Desk::of(&harness, "ana").await.open("/").await.text.contains(&id));
}

#[tokio::test]
async fn a_notice_that_failed_for_good_is_sent_again_or_given_up() {
    let harness = Harness::start().await;
    harness.receiver().answer("/mia", 410);
    let olga = Desk::of(&harness, "olga").await;
    let mut changes = harness.engine.changes();
    let id = harness.submit("5000 USD").await;
    while !olga.open("/operations").await.text.contains(&id) {
        tokio::time::timeout(crate::harness::PATIENCE, changes.recv()).await.expect("the notice should have failed").unwrap();
    }
    let page = olga.open("/operations").await.text;
    assert!(page.contains("to Mia Stone") && page.contains("Notices"), "{page}");
    let retry =
        page.split("action=\"").find(|part| part.contains("/notices/") && part.contains("/retry\"")).unwrap().split('"').next().unwrap().to_owned();
    olga.refuses_foreign_forms("/operations", &retry, &[]).await;
    harness.receiver().answer("/mia", 200);
    location(&olga.press("/operations", &retry, &[]).await);
    harness
        .receiver()
        .first("/mia", |got| retry.contains(got.headers["webhook-id"].to_str().unwrap()) && harness.receiver().got("/mia").len() > 1)
        .await;
    let abandon = retry.replace("/retry", "/abandon");
    assert_eq!(olga.press("/operations", &abandon, &[("reason", "")]).await.status, 422);
    let nobody = olga.press("/operations", &format!("/operations/requests/{id}/notices/nonsense/retry"), &[]).await.status;
    assert_eq!(nobody, 404);
}
