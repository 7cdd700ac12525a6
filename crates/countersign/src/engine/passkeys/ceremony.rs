//! One question to a passkey: kept server-side for five minutes, answered once. Whoever answers must hold its secret.

use super::super::keys::{hash, read};
use super::{Engine, EngineError, PasskeyFault};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_core::id::PersonId;
use countersign_store::{Kind, Put, PutError};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use webauthn_rs::prelude::PasskeyRegistration;

/// A question is answered within this time or not at all.
const CEREMONY_LASTS: SignedDuration = SignedDuration::from_mins(5);

/// What was asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Purpose {
    /// To make a new passkey for this person.
    Enrol { person: String, state: Box<PasskeyRegistration> },
    /// Who is there.
    SignIn { challenge: [u8; 32] },
    /// To sign a decision of this person; the statement is made again from the request as it then stands.
    Decide { person: String, request: String, revision: u32, decision: String, nonce: [u8; 32] },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Asked {
    purpose: Purpose,
    expires_at: Timestamp,
}

impl Engine {
    /// Keeps a question; its secret.
    pub(super) async fn ask(&self, purpose: Purpose) -> Result<String, EngineError> {
        let secret = URL_SAFE_NO_PAD.encode(self.draw::<32>());
        let now = self.clock().now();
        let asked = Asked { purpose, expires_at: now.saturating_add(CEREMONY_LASTS).unwrap_or(now) };
        self.write(Kind::Ceremony, &hash(&secret), 0, Some(&asked)).await?;
        Ok(secret)
    }

    /// Takes a question away: whoever comes second finds none.
    pub(super) async fn asked(&self, secret: &str) -> Result<Purpose, EngineError> {
        let key = hash(secret);
        let Some(record) = self.records().get(Kind::Ceremony, &key).await? else { return Err(PasskeyFault::Late.into()) };
        let asked: Asked = read(&record)?;
        match self.records().put(Put { kind: Kind::Ceremony, key, expected: record.version, bytes: None }).await {
            Ok(_) if asked.expires_at > self.clock().now() => Ok(asked.purpose),
            Ok(_) | Err(PutError::Conflict) => Err(PasskeyFault::Late.into()),
            Err(PutError::Fault(fault)) => Err(fault.into()),
        }
    }
}

/// Whether the question was put to this person.
pub(super) fn put_to(asked: &str, person: &PersonId) -> Result<(), PasskeyFault> {
    if asked == person.as_str() { Ok(()) } else { Err(PasskeyFault::Late) }
}
