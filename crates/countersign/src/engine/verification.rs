//! Checking the whole record on demand: one check at a time, in the background; its result stays to be read.

use super::{Caller, Engine, EngineError};
use countersign_core::id::PersonId;
use countersign_store::verify::Verified;
use jiff::Timestamp;
use std::sync::{Mutex, PoisonError};

/// Where the last check stands.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Verification {
    /// None was asked for since this node started.
    #[default]
    Never,
    /// It reads.
    Running {
        /// Since when.
        since: Timestamp,
        /// Who asked.
        by: String,
        /// How many events there were then.
        events: u64,
    },
    /// It read everything.
    Done {
        /// When it began and ended.
        ran: (Timestamp, Timestamp),
        /// Who asked.
        by: String,
        /// What it found.
        found: Verified,
    },
    /// It could not read.
    Failed {
        /// When.
        at: Timestamp,
        /// Why.
        why: String,
    },
}

/// The one check of this node.
#[derive(Debug, Default)]
pub(crate) struct Check(Mutex<Verification>);

impl Check {
    fn set(&self, state: Verification) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    fn get(&self) -> Verification {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes the turn, unless a check runs.
    fn begin(&self, since: Timestamp, by: String, events: u64) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let free = !matches!(*state, Verification::Running { .. });
        if free {
            *state = Verification::Running { since, by, events };
        }
        free
    }
}

impl Engine {
    /// Where the last check stands.
    ///
    /// # Errors
    /// When the caller does not read everything.
    pub fn verification(&self, caller: &Caller) -> Result<Verification, EngineError> {
        let reads = caller.reads_all(&self.shelf().people().roster);
        if reads { Ok(self.check.get()) } else { Err(EngineError::Forbidden("only those who read every request may have the record checked")) }
    }

    /// Takes the turn for a check; `false` where one runs already. Whoever has it calls [`Engine::verify_record`].
    ///
    /// # Errors
    /// When the caller does not read everything, or the store fails.
    pub async fn begin_verification(&self, caller: &Caller) -> Result<bool, EngineError> {
        self.verification(caller)?;
        let events = self.log().counts().await?.position;
        let by = match caller {
            Caller::Person { id, .. } => self.shelf().people().name(id),
            Caller::Key { id, .. } => PersonId::new(id.to_string()).to_string(),
        };
        Ok(self.check.begin(self.clock().now(), by, events))
    }

    /// Reads everything and keeps what it found.
    pub async fn verify_record(&self) {
        let Verification::Running { since, by, .. } = self.check.get() else { return };
        let found = self.log().verify().await;
        let at = self.clock().now();
        match found {
            Ok(found) => {
                if !found.problems.is_empty() {
                    tracing::error!(problems = found.problems.len(), "the record is damaged: the audit page lists the places");
                }
                self.check.set(Verification::Done { ran: (since, at), by, found });
            }
            Err(fault) => {
                tracing::error!(error = %fault, "the record could not be checked");
                self.check.set(Verification::Failed { at, why: fault.to_string() });
            }
        }
    }
}
