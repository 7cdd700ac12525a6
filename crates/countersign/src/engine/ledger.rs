//! What operators, auditors and scrapes read: sizes, chain heads, refused attempts.

use super::{Caller, Engine, EngineError};
use countersign_core::id::RequestId;
use countersign_store::{Counts, Fault, Head, RefusedAttempt};

impl Engine {
    /// How much of everything there is; also whether the store answers. Says nothing about anybody.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn counts(&self) -> Result<Counts, Fault> {
        self.log().counts().await
    }

    /// The names of events after a position and the position they end at: for counting, never for showing.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn event_names_after(&self, after: u64, limit: usize) -> Result<(Vec<&'static str>, u64), Fault> {
        let events = self.log().tail(after, limit).await?;
        let end = events.last().map_or(after, |event| event.position);
        Ok((events.iter().map(|event| event.event.name()).collect(), end))
    }

    /// The head of each request's chain, for whoever keeps them elsewhere as evidence.
    ///
    /// # Errors
    /// When the caller does not read everything, or the store fails.
    pub async fn heads(&self, caller: &Caller, after: Option<RequestId>, limit: usize) -> Result<Vec<Head>, EngineError> {
        if !caller.reads_all(&self.shelf().people().roster) {
            return Err(EngineError::Forbidden("only those who read every request may read all chain heads"));
        }
        Ok(self.log().heads(after, limit).await?)
    }

    /// Refused attempts, newest first.
    ///
    /// # Errors
    /// When the caller is no operator, or the store fails.
    pub async fn refused_attempts(&self, caller: &Caller, limit: usize) -> Result<Vec<RefusedAttempt>, EngineError> {
        if !caller.reads_all(&self.shelf().people().roster) {
            return Err(EngineError::Forbidden("only those who read every request may read refused attempts"));
        }
        Ok(self.log().refused(limit).await?)
    }
}
