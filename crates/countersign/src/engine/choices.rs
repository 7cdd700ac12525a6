//! What people chose for themselves: language and time zone. Kept in the records, over what the directory says.

use super::shelf::People;
use super::{Caller, Engine, EngineError};
use countersign_core::id::PersonId;
use countersign_store::{Fault, Kind, Put, PutError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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

impl Choices {
    /// Puts them over what the directory says of this person.
    pub(super) fn lay_over(&self, person: &PersonId, people: &mut People) {
        if let Some(zone) = &self.time_zone {
            people.zones.insert(person.clone(), zone.clone());
        }
        if let Some(language) = &self.language {
            people.languages.insert(person.clone(), language.clone());
        }
    }
}

impl Engine {
    /// Reads everybody's choices: at the start.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn restore_choices(&self) -> Result<(), Fault> {
        let (mut after, mut all) = (Some(PREFIX.to_owned()), BTreeMap::new());
        'pages: loop {
            let page = self.records().list_kind(Kind::Setting, after.as_deref(), PAGE).await?;
            for record in &page {
                let Some(person) = record.key.strip_prefix(PREFIX) else { break 'pages };
                match serde_json::from_slice::<Choices>(&record.bytes) {
                    Ok(choices) => drop(all.insert(PersonId::from(person), choices)),
                    Err(error) => tracing::warn!(error = %error, "choices that were kept are not read by this version"),
                }
            }
            match page.last() {
                Some(last) => after = Some(last.key.clone()),
                None => break,
            }
        }
        self.shelf().set_choices(all);
        Ok(())
    }

    /// Reads again what this person chose, which may have been at another node.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn refresh_choices(&self, person: &PersonId) -> Result<(), Fault> {
        let Some(record) = self.records().get(Kind::Setting, &format!("{PREFIX}{person}")).await? else { return Ok(()) };
        match serde_json::from_slice::<Choices>(&record.bytes) {
            Ok(choices) if choices != self.shelf().choices(person) => self.shelf().choose(person, choices),
            Ok(_) => {}
            Err(error) => tracing::warn!(error = %error, "choices that were kept are not read by this version"),
        }
        Ok(())
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
        self.shelf().choose(id, choices);
        Ok(())
    }
}
