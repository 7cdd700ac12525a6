//! What passkeys ask of sessions: how old one is, and to open one.

use super::super::keys::{SESSION_LASTS, hash};
use super::{Engine, EngineError};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_core::id::PersonId;
use countersign_store::Kind;
use jiff::{SignedDuration, Timestamp};

/// A passkey is enrolled within this time of signing in.
const FRESH: SignedDuration = SignedDuration::from_mins(15);

impl Engine {
    /// Whether the session behind this secret was opened a short while ago.
    pub(super) async fn is_fresh(&self, session: &str) -> Result<bool, EngineError> {
        let since: Option<Timestamp> = self.records().history(Kind::Session, &hash(session)).await?.first().map(|first| first.at);
        Ok(since.is_some_and(|since| self.clock().now().duration_since(since) < FRESH))
    }

    /// Opens a session for whoever a passkey proved to be there.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn open_passkey_session(&self, person: &PersonId) -> Result<String, EngineError> {
        let secret = URL_SAFE_NO_PAD.encode(self.draw::<32>());
        self.keep_token(Kind::Session, &secret, person, SESSION_LASTS).await?;
        Ok(secret)
    }
}
