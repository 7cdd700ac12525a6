//! API keys: random secrets shown once, kept as hashes, listed and revoked.

use super::caller::{ActsFor, Caller, Scope};
use super::{Engine, EngineError};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_core::canonical::Digest;
use countersign_core::id::{KeyId, PersonId};
use countersign_store::{Fault, Kind, Put, PutError, Record};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::collections::BTreeSet;

/// A key's last use is written at most this often.
const LAST_USE_EVERY: SignedDuration = SignedDuration::from_mins(10);

/// A key as it is kept: never its secret.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KeyRecord {
    /// `key_…`
    pub id: String,
    /// As given at creation.
    pub name: String,
    /// SHA-256 of the secret, in hex.
    pub hash: String,
    /// The scopes, in words.
    pub scopes: Vec<String>,
    /// A person, `any`, or nothing.
    pub acts_for: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, to within ten minutes.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// What a new key should be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewKey {
    /// For people to recognise it by.
    pub name: String,
    /// What it may do.
    pub scopes: BTreeSet<Scope>,
    /// For whom it submits.
    pub acts_for: ActsFor,
}

/// Whether this caller may make a key with these scopes (rules 2 and 5): a machine may not give a machine the
/// hand that relays people's decisions, nor the one that makes keys. A signed-in admin, or the terminal beside the
/// server, may.
///
/// # Errors
/// When it may not.
pub fn may_make(caller: &Caller, scopes: &BTreeSet<Scope>) -> Result<(), EngineError> {
    let reserved = scopes.contains(&Scope::DecideOnBehalf) || scopes.contains(&Scope::Admin);
    if reserved && matches!(caller, Caller::Key { .. }) {
        let why = "a key may not make keys that relay decisions or make keys: a signed-in admin does, or `countersign key create` beside the server";
        return Err(EngineError::Forbidden(why));
    }
    Ok(())
}

impl NewKey {
    /// Says what is wrong with it, if anything.
    ///
    /// # Errors
    /// One sentence.
    pub fn check(&self) -> Result<(), String> {
        let submits = self.scopes.contains(&Scope::Submit);
        if self.scopes.is_empty() {
            return Err("a key needs at least one scope: submit, read, read:all, decide:on-behalf, operate, admin".into());
        }
        if submits && self.scopes.contains(&Scope::DecideOnBehalf) {
            return Err("no key may both submit and relay decisions; make two keys".into());
        }
        if self.scopes.contains(&Scope::Admin) && self.scopes.len() > 1 {
            return Err("the scope `admin` stands alone: a key that makes keys would otherwise make itself a second hand; make two keys".into());
        }
        if submits && self.acts_for == ActsFor::Nobody {
            return Err("a key that submits must say for whom: --acts-for PERSON, or --acts-for any".into());
        }
        if !submits && self.acts_for != ActsFor::Nobody {
            return Err("--acts-for goes with the scope `submit` only".into());
        }
        Ok(())
    }
}

impl Engine {
    /// Makes a key; the secret is shown here and never again.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn create_key(&self, new: &NewKey) -> Result<(KeyRecord, String), EngineError> {
        let now = self.clock().now();
        let id = KeyId::new(now, self.draw());
        let secret = format!("csk_{}", URL_SAFE_NO_PAD.encode(self.draw::<32>()));
        let acts_for = match &new.acts_for {
            ActsFor::Nobody => None,
            ActsFor::Anybody => Some("any".to_owned()),
            ActsFor::One(person) => Some(person.to_string()),
        };
        let record = KeyRecord {
            id: id.to_string(),
            name: new.name.clone(),
            hash: hash(&secret),
            scopes: new.scopes.iter().map(|scope| scope.as_str().to_owned()).collect(),
            acts_for,
            created_at: now,
            last_used_at: None,
            revoked_at: None,
        };
        self.write(Kind::Key, &record.hash, 0, Some(&record)).await?;
        Ok((record, secret))
    }

    /// All keys, revoked ones too.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list_keys(&self) -> Result<Vec<KeyRecord>, EngineError> {
        let mut keys = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = self.records().list_kind(Kind::Key, after.as_deref(), 200).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.key.clone());
            for record in &page {
                keys.push(read::<KeyRecord>(record)?);
            }
        }
        keys.sort_by_key(|key| key.created_at);
        Ok(keys)
    }

    /// Revokes a key by id or name; `None` where there is none.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn revoke_key(&self, id_or_name: &str) -> Result<Option<KeyRecord>, EngineError> {
        let found = self.list_keys().await?.into_iter().find(|key| key.id == id_or_name || key.name == id_or_name);
        let Some(mut key) = found else { return Ok(None) };
        let current = self.records().get(Kind::Key, &key.hash).await?.map_or(0, |record| record.version);
        key.revoked_at = key.revoked_at.or(Some(self.clock().now()));
        self.write(Kind::Key, &key.hash, current, Some(&key)).await?;
        Ok(Some(key))
    }

    /// The caller behind a key's secret, unless it is unknown or revoked.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn caller_of_key(&self, secret: &str) -> Result<Option<Caller>, EngineError> {
        let Some(record) = self.records().get(Kind::Key, &hash(secret)).await? else { return Ok(None) };
        let key: KeyRecord = read(&record)?;
        if key.revoked_at.is_some() {
            return Ok(None);
        }
        self.note_use(&key, record.version).await;
        let Ok(id) = KeyId::parse(&key.id) else { return Ok(None) };
        let acts_for = match key.acts_for.as_deref() {
            None => ActsFor::Nobody,
            Some("any") => ActsFor::Anybody,
            Some(person) => ActsFor::One(PersonId::from(person)),
        };
        Ok(Some(Caller::Key { id, scopes: key.scopes.iter().filter_map(|word| Scope::parse(word)).collect(), acts_for }))
    }

    async fn note_use(&self, key: &KeyRecord, version: u64) {
        let now = self.clock().now();
        if key.last_used_at.is_some_and(|at| now.duration_since(at) < LAST_USE_EVERY) {
            return;
        }
        let used = KeyRecord { last_used_at: Some(now), ..key.clone() };
        // Whoever lost this race has noted a use of the same minutes.
        if let Err(error) = self.write(Kind::Key, &key.hash, version, Some(&used)).await {
            tracing::debug!(error = %error, "the last use of a key was not noted");
        }
    }

    /// Writes a document among the records, or removes it.
    pub(super) async fn write<T: Serialize>(&self, kind: Kind, key: &str, expected: u64, value: Option<&T>) -> Result<(), EngineError> {
        let bytes = value.map(serde_json::to_vec).transpose().map_err(|error| Fault::Store(error.to_string()))?;
        match self.records().put(Put { kind, key: key.to_owned(), expected, bytes }).await {
            Ok(_) => Ok(()),
            Err(PutError::Conflict) => Err(EngineError::Busy),
            Err(PutError::Fault(fault)) => Err(fault.into()),
        }
    }
}

/// A document as it was written.
pub(super) fn read<T: DeserializeOwned>(record: &Record) -> Result<T, Fault> {
    serde_json::from_slice(&record.bytes).map_err(|error| Fault::Damaged { place: record.key.clone(), what: error.to_string() })
}

/// Secrets are random and long: one SHA-256 is enough, and finding by hash compares nothing secret.
pub(super) fn hash(secret: &str) -> String {
    Digest::of(secret.as_bytes()).hex()
}
