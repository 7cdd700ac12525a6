//! Whose sessions a caller means: their own, or for admins another person's; and ending those. What is done to another
//! person's is on record.

use super::super::interventions::Deed;
use super::super::{Caller, Engine, EngineError};
use countersign_core::id::PersonId;
use countersign_store::{Kind, Put};

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
                Ok(person.clone())
            }
        }
    }

    /// Ends one of a person's sessions by its id, or with none named every one; how many.
    ///
    /// # Errors
    /// When the caller may not, or the store fails.
    pub async fn end_sessions(&self, caller: &Caller, of: Option<&PersonId>, id: Option<&str>) -> Result<usize, EngineError> {
        let person = self.whose_sessions(caller, of)?;
        loop {
            let (now, rules) = (self.clock().now(), self.settings().sessions);
            let mut all = self.session_records(&person).await?;
            // One that has lapsed is nobody's any more; it waits to be swept.
            all.retain(|(_, session)| session.lasts(now, &rules) && id.is_none_or(|id| session.id == id));
            let end = |record: countersign_store::Record| Put { kind: Kind::Session, key: record.key, expected: record.version, bytes: None };
            let mut puts: Vec<Put> = all.into_iter().map(|(record, _)| end(record)).collect();
            let count = puts.len();
            if count == 0 {
                return Ok(0);
            }
            puts.extend(self.intervention(caller, Deed::SessionsEnded, &person, count)?);
            // A use that is noted meanwhile does not keep a session alive.
            if self.put_together(puts).await? {
                return Ok(count);
            }
        }
    }
}
