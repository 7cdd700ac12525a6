//! Passkeys: enrolled by a signed-in person, for signing in and for signing approvals. All of a person's are one
//! record, so that their number, their counters and their removal are conditional writes.

use super::interventions::Deed;
use super::keys::read;
use super::{Caller, Engine, EngineError};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_core::canonical::Digest;
use countersign_core::event::Door;
use countersign_core::id::PersonId;
use countersign_store::{Kind, Put};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;
use webauthn_rs::prelude::Passkey;

pub use enrol::Enrolment;
pub use fault::PasskeyFault;
pub use step_up::{SignedVerdict, StepUp};

mod ceremony;
mod cose;
mod enrol;
mod fault;
mod session;
mod sign_in;
mod step_up;
mod verify;

/// A person has at most this many.
pub const PASSKEYS_MAX: usize = 10;
/// The longest name of a passkey, in characters.
pub const NAME_MAX: usize = 60;
/// The record of the salt that user handles are made with.
const SALT: &str = "passkey user handles";

/// A passkey as others see it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listed {
    /// The credential's id, base64url.
    pub id: String,
    /// As its person named it.
    pub name: String,
    /// When it was enrolled.
    pub created_at: Timestamp,
    /// When it last signed.
    pub last_used_at: Option<Timestamp>,
    /// Whether a copy is kept by the person's provider.
    pub backed_up: bool,
    /// Since when it is refused, because its counter went back.
    pub suspected_at: Option<Timestamp>,
}

/// A passkey as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    name: String,
    created_at: Timestamp,
    last_used_at: Option<Timestamp>,
    suspected_at: Option<Timestamp>,
    key: Passkey,
}

impl Kept {
    fn id(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.key.cred_id())
    }

    fn listed(&self) -> Listed {
        let key = serde_json::to_value(&self.key).unwrap_or(Value::Null);
        let backed_up = key.pointer("/cred/backup_state").and_then(Value::as_bool).unwrap_or(false);
        Listed {
            id: self.id(),
            name: self.name.clone(),
            created_at: self.created_at,
            last_used_at: self.last_used_at,
            backed_up,
            suspected_at: self.suspected_at,
        }
    }
}

/// All passkeys of one person, as one record.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Keyring {
    person: String,
    passkeys: Vec<Kept>,
}

impl Engine {
    /// The passkeys of a person: one's own, or another's for an admin.
    ///
    /// # Errors
    /// When the caller may not, or the store fails.
    pub async fn passkeys(&self, caller: &Caller, of: Option<&PersonId>) -> Result<Vec<Listed>, EngineError> {
        let person = self.whose(caller, of)?;
        let handle = self.user_handle(&person).await?;
        Ok(self.keyring(handle, &person).await?.0.passkeys.iter().map(Kept::listed).collect())
    }

    /// Gives one's own passkey another name.
    ///
    /// # Errors
    /// When there is no such passkey, or the store fails.
    pub async fn rename_passkey(&self, caller: &Caller, id: &str, name: &str) -> Result<Listed, EngineError> {
        let person = web_person(caller)?.clone();
        let name = tidy(name);
        self.change_keyring(&person, |keyring| {
            let found = keyring.passkeys.iter_mut().find(|kept| kept.id() == id).ok_or(PasskeyFault::Unknown)?;
            found.name.clone_from(&name);
            Ok(found.listed())
        })
        .await
    }

    /// Removes a passkey: one's own, or another's for an admin.
    ///
    /// # Errors
    /// When there is no such passkey, the caller may not, or the store fails.
    pub async fn remove_passkey(&self, caller: &Caller, of: Option<&PersonId>, id: &str) -> Result<Listed, EngineError> {
        let person = self.whose(caller, of)?;
        let beside = self.intervention(caller, Deed::PasskeyRemoved, &person, 1)?;
        self.change_keyring_beside(&person, beside, |keyring| {
            let at = keyring.passkeys.iter().position(|kept| kept.id() == id).ok_or(PasskeyFault::Unknown)?;
            Ok(keyring.passkeys.remove(at).listed())
        })
        .await
    }

    /// Whose passkeys are meant.
    fn whose(&self, caller: &Caller, of: Option<&PersonId>) -> Result<PersonId, EngineError> {
        let own = web_person(caller)?;
        match of {
            None => Ok(own.clone()),
            Some(person) if person == own => Ok(own.clone()),
            Some(person) => {
                caller.administers(&self.shelf().people().roster)?;
                Ok(person.clone())
            }
        }
    }

    /// The handle under which authenticators know a person: says nothing about them to whoever reads a device.
    async fn user_handle(&self, person: &PersonId) -> Result<Uuid, EngineError> {
        let salt = loop {
            if let Some(record) = self.records().get(Kind::Setting, SALT).await? {
                break read::<String>(&record)?;
            }
            // Whoever loses this race reads the winner's.
            match self.write(Kind::Setting, SALT, 0, Some(&Digest(self.draw()).hex())).await {
                Ok(()) | Err(EngineError::Busy) => {}
                Err(error) => return Err(error),
            }
        };
        let digest = Digest::salted(salt.as_bytes(), person.as_str().as_bytes()).0;
        let mut bytes = [0_u8; 16];
        bytes.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        Ok(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }

    /// A person's passkeys with the version of their record.
    async fn keyring(&self, handle: Uuid, person: &PersonId) -> Result<(Keyring, u64), EngineError> {
        let none = || (Keyring { person: person.to_string(), passkeys: Vec::new() }, 0);
        let Some(record) = self.records().get(Kind::Passkeys, &handle.simple().to_string()).await? else { return Ok(none()) };
        Ok((read(&record)?, record.version))
    }

    /// Changes a person's passkeys, again and again until nobody else did meanwhile.
    async fn change_keyring<T>(&self, person: &PersonId, change: impl Fn(&mut Keyring) -> Result<T, PasskeyFault>) -> Result<T, EngineError> {
        self.change_keyring_beside(person, None, change).await
    }

    /// The same, with what is written together with it.
    async fn change_keyring_beside<T>(
        &self,
        person: &PersonId,
        beside: Option<Put>,
        change: impl Fn(&mut Keyring) -> Result<T, PasskeyFault>,
    ) -> Result<T, EngineError> {
        let handle = self.user_handle(person).await?;
        loop {
            let (mut keyring, expected) = self.keyring(handle, person).await?;
            let changed = change(&mut keyring)?;
            let bytes = serde_json::to_vec(&keyring).map_err(|error| countersign_store::Fault::Store(error.to_string()))?;
            let put = Put { kind: Kind::Passkeys, key: handle.simple().to_string(), expected, bytes: Some(bytes) };
            if self.put_together(std::iter::once(put).chain(beside.clone()).collect()).await? {
                return Ok(changed);
            }
        }
    }
}

/// The person at a browser: passkeys are for nobody else.
fn web_person(caller: &Caller) -> Result<&PersonId, EngineError> {
    match caller {
        Caller::Person { id, door: Door::Web } => Ok(id),
        _ => Err(EngineError::Forbidden("passkeys are for people at a browser: no key and no terminal uses them")),
    }
}

/// A name as it is kept: one line, not too long, never empty.
fn tidy(name: &str) -> String {
    let plain: String = name.chars().filter(|letter| !letter.is_control()).take(NAME_MAX).collect();
    let plain = plain.trim();
    if plain.is_empty() { "Passkey".to_owned() } else { plain.to_owned() }
}

#[cfg(test)]
mod tests;
