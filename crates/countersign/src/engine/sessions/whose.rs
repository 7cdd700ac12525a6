//! Whose sessions a caller means: their own, or for admins another person's.

use super::super::{Caller, Engine, EngineError};
use countersign_core::id::PersonId;

impl Engine {
    /// The person whose sessions are meant; whoever is not an admin has their own and no other's.
    ///
    /// # Errors
    /// When the caller may not, or is a key and names nobody.
    pub fn whose_sessions(&self, caller: &Caller, of: Option<&PersonId>) -> Result<PersonId, EngineError> {
        match (caller, of) {
            (Caller::Person { id, .. }, None) => Ok(id.clone()),
            (Caller::Person { id, .. }, Some(person)) if person == id => Ok(id.clone()),
            (Caller::Key { .. }, None) => Err(EngineError::Forbidden("a key has no sessions: only people sign in")),
            (_, Some(person)) => {
                caller.administers(&self.shelf().people().roster)?;
                tracing::info!(by = caller.name(), person.id = %person, "an admin looks at or ends somebody's sessions");
                Ok(person.clone())
            }
        }
    }
}
