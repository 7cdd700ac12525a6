//! Sessions: who is signed in, from where, since when. The secret is random, shown once and kept as a hash; a session
//! ends when it was idle too long, when it is too old, when it is ended by its person, or when that person leaves.

use super::keys::{hash, read};
use super::{Caller, Engine, EngineError};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_core::canonical::Digest;
use countersign_core::event::Door;
use countersign_core::id::{PersonId, SessionId};
use countersign_store::{Kind, Put, PutError, Record};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A session's last use is written at most this often.
const LAST_USE_EVERY: SignedDuration = SignedDuration::from_mins(1);
/// So many bytes of a secret say whose it is, so that the sessions of a person stand together among the records.
const TAG_BYTES: usize = 8;
/// The random rest of a secret.
const RANDOM_BYTES: usize = 32;
/// Sessions read at once.
const PAGE: usize = 100;

/// How long a session lasts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SessionRules {
    /// Without any use.
    pub idle: SignedDuration,
    /// In all.
    pub absolute: SignedDuration,
}

impl Default for SessionRules {
    fn default() -> Self {
        Self { idle: SignedDuration::from_hours(12), absolute: SignedDuration::from_hours(7 * 24) }
    }
}

/// How somebody signed in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignedBy {
    /// By a one-time link.
    Link,
    /// By this identity provider.
    Provider(String),
    /// By a passkey.
    Passkey,
}

impl fmt::Display for SignedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Link => f.write_str("link"),
            Self::Provider(id) => write!(f, "provider:{id}"),
            Self::Passkey => f.write_str("passkey"),
        }
    }
}

/// A sign-in as it comes in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Arrival {
    /// How.
    pub by: SignedBy,
    /// With what, in a few words.
    pub device: String,
    /// From where.
    pub address: String,
}

/// A session as it is kept: never its secret.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SessionRecord {
    /// `ses_…`
    pub id: String,
    /// Whose it is.
    pub person: String,
    /// How they signed in.
    pub by: SignedBy,
    /// With what, in a few words.
    pub device: String,
    /// From where.
    pub address: String,
    /// Since when.
    pub created_at: Timestamp,
    /// To within a minute.
    pub last_used_at: Timestamp,
    /// When it ends, however much it is used.
    pub ends_at: Timestamp,
}

impl SessionRecord {
    /// Whether it still opens anything.
    pub(super) fn lasts(&self, now: Timestamp, rules: &SessionRules) -> bool {
        now < self.ends_at && now.duration_since(self.last_used_at) < rules.idle
    }
}

impl Engine {
    /// Opens a session under a fresh secret: whatever the browser brought along is never taken for one.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn open_session(&self, person: &PersonId, arrival: &Arrival) -> Result<String, EngineError> {
        let now = self.clock().now();
        let secret = URL_SAFE_NO_PAD.encode([tag(person).as_slice(), &self.draw::<RANDOM_BYTES>()].concat());
        let record = SessionRecord {
            id: SessionId::new(now, self.draw()).to_string(),
            person: person.to_string(),
            by: arrival.by.clone(),
            device: arrival.device.clone(),
            address: arrival.address.clone(),
            created_at: now,
            last_used_at: now,
            ends_at: now.saturating_add(self.settings().sessions.absolute).unwrap_or(now),
        };
        let key = key_of(&secret).unwrap_or_default();
        self.write(Kind::Session, &key, 0, Some(&record)).await?;
        Ok(secret)
    }

    /// The session of this secret, unless it is unknown, has ended, or its person has left.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn session(&self, secret: &str) -> Result<Option<SessionRecord>, EngineError> {
        let Some(key) = key_of(secret) else { return Ok(None) };
        let Some(record) = self.records().get(Kind::Session, &key).await? else { return Ok(None) };
        let session: SessionRecord = read(&record)?;
        let active = self.shelf().people().roster.is_active(&PersonId::from(session.person.as_str()));
        if !active || !session.lasts(self.clock().now(), &self.settings().sessions) {
            self.remove_session(&record).await?;
            return Ok(None);
        }
        self.note_session_use(&record, &session).await;
        Ok(Some(session))
    }

    /// The caller behind a session's secret, unless it is unknown, has ended, or its person has left.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn caller_of_session(&self, secret: &str, door: Door) -> Result<Option<Caller>, EngineError> {
        let session = self.session(secret).await?;
        Ok(session.map(|session| Caller::Person { id: PersonId::new(session.person), door }))
    }

    /// The sessions of a person that last, newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sessions_of(&self, person: &PersonId) -> Result<Vec<SessionRecord>, EngineError> {
        let (now, rules) = (self.clock().now(), self.settings().sessions);
        let all = self.session_records(person).await?;
        let mut sessions = all.into_iter().map(|(_, session)| session).filter(|session| session.lasts(now, &rules)).collect::<Vec<_>>();
        sessions.sort_by_key(|session| std::cmp::Reverse(session.created_at));
        Ok(sessions)
    }

    /// Ends the session of this secret.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn end_session(&self, secret: &str) -> Result<(), EngineError> {
        let Some(key) = key_of(secret) else { return Ok(()) };
        match self.records().get(Kind::Session, &key).await? {
            Some(record) => self.remove_session(&record).await,
            None => Ok(()),
        }
    }

    /// Ends every session of somebody who left.
    pub(super) async fn end_sessions_of(&self, person: &PersonId) -> Result<usize, EngineError> {
        let all = self.session_records(person).await?;
        for (record, _) in &all {
            self.remove_session(record).await?;
        }
        Ok(all.len())
    }

    async fn session_records(&self, person: &PersonId) -> Result<Vec<(Record, SessionRecord)>, EngineError> {
        let prefix = format!("{}/", hex(&tag(person)));
        let (mut found, mut after) = (Vec::new(), prefix.clone());
        loop {
            let page = self.records().list_kind(Kind::Session, Some(&after), PAGE).await?;
            let whole = page.len() == PAGE && page.last().is_some_and(|record| record.key.starts_with(&prefix));
            for record in page.into_iter().filter(|record| record.key.starts_with(&prefix)) {
                after.clone_from(&record.key);
                let session: SessionRecord = read(&record)?;
                if session.person == person.as_str() {
                    found.push((record, session));
                }
            }
            if !whole {
                return Ok(found);
            }
        }
    }

    /// Removes a session whatever its version is by now: a use noted meanwhile does not keep it alive.
    async fn remove_session(&self, record: &Record) -> Result<(), EngineError> {
        let mut version = record.version;
        loop {
            match self.records().put(Put { kind: Kind::Session, key: record.key.clone(), expected: version, bytes: None }).await {
                Ok(_) => return Ok(()),
                Err(PutError::Fault(fault)) => return Err(fault.into()),
                Err(PutError::Conflict) => match self.records().get(Kind::Session, &record.key).await? {
                    Some(newer) => version = newer.version,
                    None => return Ok(()),
                },
            }
        }
    }

    async fn note_session_use(&self, record: &Record, session: &SessionRecord) {
        let now = self.clock().now();
        if now.duration_since(session.last_used_at) < LAST_USE_EVERY {
            return;
        }
        let used = SessionRecord { last_used_at: now, ..session.clone() };
        // Whoever lost this race has noted a use of the same minute, or ended the session.
        if let Err(error) = self.write(Kind::Session, &record.key, record.version, Some(&used)).await {
            tracing::debug!(error = %error, "the last use of a session was not noted");
        }
    }
}

/// The key of this secret among the records: whose it is, and its hash.
fn key_of(secret: &str) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(secret).ok()?;
    let tag = bytes.get(..TAG_BYTES).filter(|_| bytes.len() == TAG_BYTES + RANDOM_BYTES)?;
    Some(format!("{}/{}", hex(tag), hash(secret)))
}

fn tag(person: &PersonId) -> [u8; TAG_BYTES] {
    let digest = Digest::of(format!("sessions of {person}").as_bytes());
    let mut tag = [0; TAG_BYTES];
    tag.iter_mut().zip(digest.0).for_each(|(to, from)| *to = from);
    tag
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

mod whose;

#[cfg(test)]
mod tests;
