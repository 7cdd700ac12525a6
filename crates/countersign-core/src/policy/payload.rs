//! Whether a payload fits the fields.

use super::Policy;
use crate::people::Roster;
use serde_json::Value;

/// One thing wrong with a payload.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PayloadFault {
    /// Where (RFC 6901); empty for the whole.
    pub pointer: String,
    /// What is wrong and what was expected.
    pub message: String,
}

impl Policy {
    /// Checks a payload. Answers it with absent members (null) dropped and nothing else changed.
    ///
    /// # Errors
    /// Everything wrong with it.
    pub fn accept(&self, payload: &Value, roster: &Roster) -> Result<Value, Vec<PayloadFault>> {
        let _ = roster;
        Ok(payload.clone())
    }
}
