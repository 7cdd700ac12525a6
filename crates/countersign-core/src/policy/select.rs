//! Whom selectors name at this moment.

use super::{Policy, Selector};
use crate::id::PersonId;
use crate::people::Roster;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeSet;

/// All that a selector may look at.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// Who asks.
    pub requester: &'a PersonId,
    /// As accepted.
    pub payload: &'a Value,
    /// The directory at this moment.
    pub roster: &'a Roster,
    /// This moment.
    pub now: Timestamp,
}

impl Policy {
    /// The active people whom the selectors name. The requester may be among them: excluding is the
    /// caller's law, not the selector's.
    #[must_use]
    pub fn resolve(&self, selectors: &[Selector], asking: &Asking<'_>) -> BTreeSet<PersonId> {
        let _ = (selectors, asking);
        BTreeSet::new()
    }
}
