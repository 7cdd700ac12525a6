//! What an admin does to somebody else's sign-ins is on record, where auditors see it.

use crate::harness::{Answer, Harness};
use crate::web::desk::Desk;
use serde_json::{Value, json};
use std::process::Command;

async fn listed(harness: &Harness) -> Vec<Value> {
    harness.person("abe").await.get("/v1/interventions").await.ok()["items"].as_array().unwrap().clone()
}

fn told(one: &Value) -> (&str, &str, &str, u64) {
    let word = |name: &str| one[name].as_str().unwrap();
    (word("by"), word("deed"), word("person"), one["count"].as_u64().unwrap())
}

async fn session_of(harness: &Harness, person: &str) -> String {
    harness.person(person).await.get("/v1/sessions").await.ok()["items"][0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_auditor_sees_who_ended_whose_sessions_and_when() {
    let harness = Harness::start().await;
    let ada = harness.person("ada").await;
    let before = jiff::Timestamp::now();
    assert_eq!(harness.person("mia").await.delete("/v1/sessions").await.status, 204);
    let own = session_of(&harness, "ada").await;
    assert_eq!(ada.delete(&format!("/v1/sessions/{own}?person=ada")).await.status, 204);
    assert_eq!(ada.delete("/v1/sessions/ses_0?person=mia").await.problem(), (404, "unknown_session"));
    assert_eq!(ada.delete("/v1/sessions?person=mia").await.status, 204, "there are none");
    assert_eq!(listed(&harness).await, [] as [Value; 0], "one's own, and nothing, is no intervention");

    let theirs = session_of(&harness, "mia").await;
    assert_eq!(ada.delete(&format!("/v1/sessions/{theirs}?person=mia")).await.status, 204);
    let stays = harness.person("mia").await;
    let _another = harness.person("mia").await;
    let key = harness.key(&["admin"], "").await;
    assert_eq!(key.delete("/v1/sessions?person=mia").await.status, 204);
    assert_eq!(stays.get("/v1/me").await.status, 401);

    let items = listed(&harness).await;
    let id = items[0]["by"].as_str().unwrap();
    assert!(id.starts_with("key_"), "{id}");
    let [newer, older] = [told(&items[0]), told(&items[1])];
    assert_eq!((newer, older, items.len()), ((id, "sessions_ended", "mia", 2), ("ada", "sessions_ended", "mia", 1), 2));
    let at = |one: &Value| one["at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    assert!(at(&items[1]) >= before.checked_sub(jiff::SignedDuration::from_secs(1)).unwrap() && at(&items[0]) >= at(&items[1]));
    seen_by_those_who_read_everything(&harness, id).await;
    let file = harness.folder().join("countersign.db");
    let verified = Command::new(env!("CARGO_BIN_EXE_countersign")).args(["audit", "verify", "--file"]).arg(file).output().unwrap();
    assert!(verified.status.success(), "{}{}", String::from_utf8_lossy(&verified.stdout), String::from_utf8_lossy(&verified.stderr));
}

async fn seen_by_those_who_read_everything(harness: &Harness, key: &str) {
    let abe = harness.person("abe").await;
    let first = abe.get("/v1/interventions?limit=1").await.ok();
    let next = first["next"].as_str().unwrap();
    let second = abe.get(&format!("/v1/interventions?limit=1&cursor={next}")).await.ok();
    assert_eq!((told(&first["items"][0]).0, told(&second["items"][0]).0), (key, "ada"));
    assert_eq!(harness.person("mia").await.get("/v1/interventions").await.problem(), (403, "forbidden"));
    let page = |answer: Answer| answer.text.replace(['\u{2068}', '\u{2069}'], "");
    let desk = Desk::of(harness, "abe").await;
    let english = page(desk.open("/audit").await);
    assert!(
        english.contains("Ada Moss ended sessions of Mia Stone: 1") && english.contains(&format!("{key} ended sessions of Mia Stone: 2")),
        "{english}"
    );
    let german = page(desk.german().open("/audit").await);
    assert!(german.contains("Ada Moss hat Sitzungen von Mia Stone beendet: 1"), "{german}");
}

#[tokio::test]
async fn a_passkey_that_an_admin_removes_is_on_record_and_ones_own_is_not() {
    let harness = Harness::start_named("", &[]).await;
    let (ana, ada) = (harness.at_browser("ana").await, harness.at_browser("ada").await);
    let (lost, kept) = (harness.authenticator(), harness.authenticator());
    lost.enrol(&ana).await;
    kept.enrol(&ana).await;
    ana.delete(&format!("/v1/passkeys/{}", kept.id())).await.ok();
    assert_eq!(ada.delete(&format!("/v1/passkeys/{}?person=ana", kept.id())).await.problem(), (404, "unknown_passkey"));
    assert_eq!(listed(&harness).await, [] as [Value; 0]);
    ada.delete(&format!("/v1/passkeys/{}?person=ana", lost.id())).await.ok();
    assert_eq!(listed(&harness).await.iter().map(told).collect::<Vec<_>>(), [("ada", "passkey_removed", "ana", 1)]);
    assert_eq!(ana.get("/v1/passkeys").await.ok()["items"], json!([]));
    let page = Desk::of(&harness, "abe").await.open("/audit").await.text;
    assert!(page.contains("removed a passkey of"), "{page}");
}
