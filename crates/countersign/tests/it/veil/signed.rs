//! Signing what a policy keeps from others: nobody signs from behind a veil. Whoever is asked sees all of it, and their
//! passkey signs the digest of exactly that; a signature over anybody else's view counts for nothing.

use super::{POLICY, digest_of_payload, payload};
use crate::harness::{Answer, Authenticator, Harness, Speaker};
use crate::verifier::verify;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_core::canonical::{Digest, canonical, digest_of};
use serde_json::{Value, json};
use std::process::Command;

/// Somebody at a browser with a device that is theirs.
struct Signer {
    at: Speaker,
    device: Authenticator,
    id: String,
}

impl Signer {
    async fn of(harness: &Harness, person: &str, id: &str) -> Self {
        let (at, device) = (harness.at_browser(person).await, harness.authenticator());
        device.enrol(&at).await;
        Self { at, device, id: id.to_owned() }
    }

    /// The request as it is shown to them.
    async fn shown(&self) -> Value {
        self.at.get(&format!("/v1/requests/{}", self.id)).await.ok()
    }

    async fn try_ask(&self) -> Answer {
        self.at.post(&format!("/v1/requests/{}/passkey", self.id), json!({ "decision": "approve", "revision": 1 })).await
    }

    async fn ask(&self) -> Value {
        self.try_ask().await.ok()
    }

    /// Approves with this answer to that question.
    async fn approve(&self, question: &Value, credential: Value) -> Answer {
        let passkey = json!({ "ceremony": question["ceremony"], "credential": credential });
        self.at.post(&format!("/v1/requests/{}/decisions", self.id), json!({ "decision": "approve", "revision": 1, "passkey": passkey })).await
    }

    /// Approves with a signature of theirs over this statement in place of the one that they were asked for.
    async fn approve_over(&self, statement: &Value) -> Answer {
        let question = self.ask().await;
        self.approve(&question, self.device.sign_under(&challenge(statement))).await
    }
}

fn challenge(statement: &Value) -> String {
    URL_SAFE_NO_PAD.encode(Digest::of(canonical(statement).as_bytes()).0)
}

/// The statement as if this had been shown.
fn over(statement: &Value, shown: &Value) -> Value {
    let mut other = statement.clone();
    other["payload_digest"] = digest_of(shown).to_string().into();
    other
}

async fn asked() -> (Harness, String) {
    let policy = POLICY.replace("  expire    =", "  require   = \"passkey\"\n  expire    =");
    assert!(policy.contains("passkey"));
    let harness = Harness::start_named("", &[("raise", &policy)]).await;
    let made = harness.person("leo").await.post("/v1/requests", json!({ "policy": "raise", "payload": payload(1) })).await.ok();
    let id = made["id"].as_str().unwrap().to_owned();
    (harness, id)
}

#[tokio::test]
async fn a_signature_covers_exactly_what_its_maker_was_shown_and_no_view_of_anybody_else() {
    let (harness, id) = asked().await;
    let (mia, ana) = (Signer::of(&harness, "mia", &id).await, Signer::of(&harness, "ana", &id).await);

    // Mia is asked and sees all of it: that is what she is asked to sign. Ana owns the policy and does not.
    let (whole, veiled) = (mia.shown().await, ana.shown().await);
    assert_eq!((&whole["payload"], &veiled["redacted"]), (&payload(1), &json!(["bonus", "note", "salary"])));
    let statement = mia.ask().await["statement"].clone();
    assert_eq!(statement["payload_digest"], whole["payload_digest"]);
    assert_eq!(statement["payload_digest"], digest_of(&whole["payload"]).to_string());
    let unasked = ana.try_ask().await;
    assert_eq!(unasked.problem(), (403, "not_an_approver"), "nobody signs from behind the veil");
    assert!(!unasked.text.contains(&digest_of_payload()));

    // Nor does a signature count that is over what somebody else was shown.
    let behind = over(&statement, &veiled["payload"]);
    assert_ne!(behind["payload_digest"], statement["payload_digest"]);
    assert_eq!(mia.approve_over(&behind).await.problem(), (403, "passkey_refused"));

    // An operator asks Ana: from now on she sees all of it, and the veiled view is as good as any other.
    let olga = harness.person("olga").await;
    olga.post(&format!("/v1/requests/{id}/reassign"), json!({ "to": ["ana"] })).await.ok();
    assert_eq!(ana.shown().await["payload"], whole["payload"]);
    let own = ana.ask().await["statement"].clone();
    assert_eq!((&own["person"], &own["payload_digest"]), (&json!("ana"), &statement["payload_digest"]));
    assert_eq!(ana.approve_over(&over(&own, &veiled["payload"])).await.problem(), (403, "passkey_refused"));
    replayed(&mia, &ana).await;

    // The genuine one counts, and says what was shown.
    let question = ana.ask().await;
    let credential = ana.device.sign(&question);
    assert_eq!(ana.approve(&question, credential.clone()).await.ok()["status"], "approved");
    assert_eq!(ana.approve(&question, credential).await.problem(), (410, "passkey_late"));
    on_record(&harness, &id, &question["statement"], &veiled["payload"]).await;
}

/// Mia's signature in Ana's hands, and Ana's under Mia's words.
async fn replayed(mia: &Signer, ana: &Signer) {
    let theirs = mia.ask().await;
    let genuine = mia.device.sign(&theirs);
    let own = ana.ask().await;
    assert_eq!(ana.approve(&own, genuine.clone()).await.problem(), (403, "passkey_refused"), "another's device");
    assert_eq!(ana.approve_over(&theirs["statement"]).await.problem(), (403, "passkey_refused"), "another's statement");
    assert_eq!(ana.approve(&theirs, genuine).await.problem(), (410, "passkey_late"), "another's question");
    assert_eq!(ana.shown().await["stages"][0]["approved_by"], json!([]));
}

/// What is kept verifies elsewhere over what was shown, over nothing else, and is shown to nobody behind the veil.
async fn on_record(harness: &Harness, id: &str, statement: &Value, veiled: &Value) {
    let path = format!("/v1/requests/{id}/assertions");
    let assertion = harness.person("leo").await.get(&path).await.ok()["items"][0].clone();
    assert_eq!(assertion["statement"], canonical(statement));
    let origin = harness.base.replace("127.0.0.1", "localhost");
    let question = |assertion: &Value| json!({ "assertion": assertion, "origin": origin, "rpID": "localhost" });
    assert_eq!(verify(&question(&assertion)).await.unwrap()["userVerified"], true);
    let mut other = assertion.clone();
    other["statement"] = canonical(&over(statement, veiled)).into();
    assert!(verify(&question(&other)).await.unwrap_err().contains("challenge"), "the veiled view was not signed");
    for person in ["rita", "abe", "olga"] {
        let told = harness.person(person).await.get(&path).await;
        assert!(told.status == 200 && !told.text.contains(&digest_of_payload()), "{person}: {}", told.text);
    }
    harness.done(id).await;
    let file = harness.folder().join("countersign.db");
    let verified = Command::new(env!("CARGO_BIN_EXE_countersign")).args(["audit", "verify", "--file"]).arg(file).output().unwrap();
    assert!(verified.status.success(), "{}{}", String::from_utf8_lossy(&verified.stdout), String::from_utf8_lossy(&verified.stderr));
}
