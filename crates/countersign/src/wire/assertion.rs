//! A passkey's signature on the wire: every part that a verifier of another make needs, base64url without padding.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_core::assertion::Assertion;
use countersign_core::event::{Decided, Event};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

/// A decision that a passkey signed, with what it signed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct AssertionBody {
    /// Who decided.
    pub person: String,
    /// approve, reject or request_changes.
    pub decision: String,
    /// The revision they saw.
    pub revision: u32,
    /// RFC 3339, UTC.
    pub at: String,
    /// The credential's id.
    pub credential: String,
    /// Its public key at that time: a COSE key.
    pub public_key: String,
    /// `authenticatorData` of the assertion.
    pub authenticator_data: String,
    /// `clientDataJSON` of the assertion; its `challenge` is the SHA-256 of `statement`.
    pub client_data_json: String,
    /// Over `authenticator_data` and the SHA-256 of `client_data_json`.
    pub signature: String,
    /// `sha256:…` of the statement.
    pub challenge: String,
    /// The bytes that were agreed to: canonical JSON (RFC 8785) naming request, policy version, revision, payload digest,
    /// stages, person, decision and a nonce. Null once the request's contents are erased.
    pub statement: Option<String>,
}

/// Every decision of a request that a passkey signed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct AssertionPage {
    /// Oldest first.
    pub items: Vec<AssertionBody>,
    /// Always null: the list is short.
    pub next: Option<String>,
}

/// The signed decisions of a record; `text` reads a content.
#[must_use]
pub fn assertions(events: &[(Timestamp, Event)], text: impl Fn(&countersign_core::event::ContentId) -> Option<String>) -> AssertionPage {
    let body = |(at, event): &(Timestamp, Event)| match event {
        Event::Decided(decided) => decided.assertion.as_deref().map(|assertion| body(*at, decided, assertion, text(&assertion.statement))),
        _ => None,
    };
    AssertionPage { items: events.iter().filter_map(body).collect(), next: None }
}

fn body(at: Timestamp, decided: &Decided, assertion: &Assertion, statement: Option<String>) -> AssertionBody {
    let signed = &assertion.signed;
    AssertionBody {
        person: decided.person.to_string(),
        decision: decided.decision.as_str().to_owned(),
        revision: decided.revision.0,
        at: at.to_string(),
        credential: URL_SAFE_NO_PAD.encode(&signed.credential),
        public_key: URL_SAFE_NO_PAD.encode(&signed.public_key),
        authenticator_data: URL_SAFE_NO_PAD.encode(&signed.authenticator_data),
        client_data_json: URL_SAFE_NO_PAD.encode(&signed.client_data),
        signature: URL_SAFE_NO_PAD.encode(&signed.signature),
        challenge: signed.challenge.to_string(),
        statement,
    }
}

/// The facts of an assertion in the event that carries it; the statement by its salted digest only.
pub(super) fn assertion(assertion: &Assertion) -> Value {
    let signed = &assertion.signed;
    json!({
        "credential": URL_SAFE_NO_PAD.encode(&signed.credential),
        "public_key": URL_SAFE_NO_PAD.encode(&signed.public_key),
        "authenticator_data": URL_SAFE_NO_PAD.encode(&signed.authenticator_data),
        "client_data_json": URL_SAFE_NO_PAD.encode(&signed.client_data),
        "signature": URL_SAFE_NO_PAD.encode(&signed.signature),
        "challenge": signed.challenge.to_string(),
        "statement": assertion.statement.to_string(),
    })
}
