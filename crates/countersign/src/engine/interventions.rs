//! What an admin, or a key that administers, does to the sign-ins of somebody else: on record among the versioned records,
//! in the same commit as what it does, so that none is done that an auditor does not see.

use super::keys::read;
use super::{Caller, Engine, EngineError};
use countersign_core::id::PersonId;
use countersign_store::{Commit, CommitError, Fault, Kind, Put};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What was done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// Sessions of theirs were ended.
    SessionsEnded,
    /// A passkey of theirs was removed.
    PasskeyRemoved,
}

impl Deed {
    /// The stable word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SessionsEnded => "sessions_ended",
            Self::PasskeyRemoved => "passkey_removed",
        }
    }
}

/// An intervention as it is kept; when, is the store's to say.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Kept {
    by: String,
    deed: Deed,
    person: String,
    count: usize,
}

/// An intervention as it is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Intervention {
    /// Its place in the list.
    pub place: String,
    /// When, by the store's clock.
    pub at: Timestamp,
    /// The admin, or the key.
    pub by: String,
    /// What was done.
    pub deed: Deed,
    /// To whom.
    pub person: PersonId,
    /// How many sessions or passkeys.
    pub count: usize,
}

impl Engine {
    /// The interventions after this place, newest first.
    ///
    /// # Errors
    /// When the caller does not read everything, or the store fails.
    pub async fn interventions(&self, caller: &Caller, after: Option<&str>, limit: usize) -> Result<Vec<Intervention>, EngineError> {
        if !caller.reads_all(&self.shelf().people().roster) {
            return Err(EngineError::Forbidden("only those who read every request may read what admins did to others' sign-ins"));
        }
        let records = self.records().list_kind(Kind::Intervention, after, limit).await?;
        let told = |record: &countersign_store::Record| {
            let Kept { by, deed, person, count } = read(record)?;
            Ok(Intervention { place: record.key.clone(), at: record.at, by, deed, person: PersonId::new(person), count })
        };
        Ok(records.iter().map(told).collect::<Result<_, Fault>>()?)
    }

    /// The entry for what this caller is about to do; none where it is to their own sign-ins.
    pub(super) fn intervention(&self, caller: &Caller, deed: Deed, person: &PersonId, count: usize) -> Result<Option<Put>, EngineError> {
        if matches!(caller, Caller::Person { id, .. } if id == person) {
            return Ok(None);
        }
        let kept = Kept { by: caller.name(), deed, person: person.to_string(), count };
        let bytes = serde_json::to_vec(&kept).map_err(|error| Fault::Store(error.to_string()))?;
        // By key, the newest comes first.
        let left = u64::MAX - u64::try_from(self.clock().now().as_millisecond()).unwrap_or_default();
        let key = format!("{left:016x}-{:08x}", u32::from_be_bytes(self.draw()));
        Ok(Some(Put { kind: Kind::Intervention, key, expected: 0, bytes: Some(bytes) }))
    }

    /// Writes records together or not at all; whether nobody else was quicker.
    pub(super) async fn put_together(&self, puts: Vec<Put>) -> Result<bool, EngineError> {
        match self.log().commit(Commit { puts, ..Commit::default() }).await {
            Ok(_) => Ok(true),
            Err(CommitError::Fault(fault)) => Err(fault.into()),
            Err(_) => Ok(false),
        }
    }
}

/// Whether this could be a place in the list.
#[must_use]
pub fn is_place(text: &str) -> bool {
    let hex = |part: &str, length: usize| part.len() == length && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    text.split_once('-').is_some_and(|(left, drawn)| hex(left, 16) && hex(drawn, 8))
}
