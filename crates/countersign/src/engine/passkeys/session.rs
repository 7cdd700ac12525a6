//! What passkeys ask of sessions: how old one is.

use super::{Engine, EngineError};
use jiff::SignedDuration;

/// A passkey is enrolled within this time of signing in.
const FRESH: SignedDuration = SignedDuration::from_mins(15);

impl Engine {
    /// Whether the session behind this secret was opened a short while ago.
    pub(super) async fn is_fresh(&self, session: &str) -> Result<bool, EngineError> {
        let held = self.session(session).await?;
        Ok(held.is_some_and(|held| self.clock().now().duration_since(held.created_at) < FRESH))
    }
}
