//! What people chose for themselves: language and time zone. Kept in the records, over what the directory says.

use super::{Caller, Engine, EngineError};
use countersign_core::id::PersonId;
use countersign_store::{Fault, Kind, Put, PutError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

/// Stands before the person's id in the record's key.
const PREFIX: &str = "person:";
/// Records read at once.
const PAGE: usize = 200;

/// One person's choices; what is absent is as the directory has it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Choices {
    /// `en`, `de`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// A name of the IANA database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
}

/// Everybody's, as pages need them at once.
#[derive(Debug, Default)]
pub(crate) struct Chosen(RwLock<BTreeMap<PersonId, Choices>>);

impl Chosen {
    fn put(&self, person: PersonId, choices: Choices) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(person, choices);
    }
}

impl Engine {
    /// What this person chose.
    #[must_use]
    pub fn choices(&self, person: &PersonId) -> Choices {
        self.chosen.0.read().unwrap_or_else(PoisonError::into_inner).get(person).cloned().unwrap_or_default()
    }

    /// The time zone in which this person reads times: chosen, or the directory's.
    #[must_use]
    pub fn zone_of(&self, person: &PersonId) -> Option<String> {
        self.choices(person).time_zone.or_else(|| self.shelf().people().zones.get(person).cloned())
    }

    /// Reads everybody's choices: at the start.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn restore_choices(&self) -> Result<(), Fault> {
        let mut after = Some(PREFIX.to_owned());
        loop {
            let page = self.records().list_kind(Kind::Setting, after.as_deref(), PAGE).await?;
            for record in &page {
                let Some(person) = record.key.strip_prefix(PREFIX) else { return Ok(()) };
                match serde_json::from_slice(&record.bytes) {
                    Ok(choices) => self.chosen.put(PersonId::from(person), choices),
                    Err(error) => tracing::warn!(person.id = person, error = %error, "choices that were kept are not read by this version"),
                }
            }
            match page.last() {
                Some(last) => after = Some(last.key.clone()),
                None => return Ok(()),
            }
        }
    }

    /// Keeps what the caller chose for themselves.
    ///
    /// # Errors
    /// When the caller is no person, or the store fails.
    pub async fn choose(&self, caller: &Caller, choices: Choices) -> Result<(), EngineError> {
        let Caller::Person { id, .. } = caller else { return Err(EngineError::Forbidden("only a person chooses a language and a time zone")) };
        let key = format!("{PREFIX}{id}");
        let current = self.records().get(Kind::Setting, &key).await?;
        let bytes = serde_json::to_vec(&choices).map_err(|error| Fault::Store(error.to_string()))?;
        if current.as_ref().is_none_or(|record| record.bytes != bytes) {
            let expected = current.map_or(0, |record| record.version);
            match self.records().put(Put { kind: Kind::Setting, key, expected, bytes: Some(bytes) }).await {
                Ok(_) => {}
                Err(PutError::Conflict) => return Err(EngineError::Busy),
                Err(PutError::Fault(fault)) => return Err(fault.into()),
            }
        }
        self.chosen.put(id.clone(), choices);
        Ok(())
    }
}
