//! One-time sign-in links: a random secret for one person, kept as a hash, used up by a press and never by a look.

use super::keys::{hash, read};
use super::sessions::Arrival;
use super::{Engine, EngineError};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_core::id::PersonId;
use countersign_core::refusal::Refusal;
use countersign_store::{Kind, Put, PutError};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A sign-in link is used within this time or not at all.
const LOGIN_LINK_LASTS: SignedDuration = SignedDuration::from_hours(24);

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Link {
    person: String,
    expires_at: Timestamp,
}

impl Engine {
    /// A one-time sign-in link's secret for this person.
    ///
    /// # Errors
    /// When the person is unknown or has left, or the store fails.
    pub async fn create_login_link(&self, person: &PersonId) -> Result<String, EngineError> {
        if !self.shelf().people().roster.is_active(person) {
            return Err(Refusal::UnknownPerson(person.clone()).into());
        }
        let secret = URL_SAFE_NO_PAD.encode(self.draw::<32>());
        let now = self.clock().now();
        let link = Link { person: person.to_string(), expires_at: now.saturating_add(LOGIN_LINK_LASTS).unwrap_or(now) };
        self.write(Kind::LoginLink, &hash(&secret), 0, Some(&link)).await?;
        Ok(secret)
    }

    /// Uses a sign-in link up and opens a session: the session's secret and its person.
    ///
    /// # Errors
    /// When the store fails; `None` for a link that is unknown, used or late, or whose person has left.
    pub async fn use_login_link(&self, secret: &str, arrival: &Arrival) -> Result<Option<(String, PersonId)>, EngineError> {
        let Some(record) = self.records().get(Kind::LoginLink, &hash(secret)).await? else { return Ok(None) };
        let link: Link = read(&record)?;
        // A late one is like one that never was: nothing is written for it, and a sweep takes it away.
        if link.expires_at <= self.clock().now() {
            return Ok(None);
        }
        let removed = self.records().put(Put { kind: Kind::LoginLink, key: hash(secret), expected: record.version, bytes: None }).await;
        match removed {
            Ok(_) => {}
            Err(PutError::Conflict) => return Ok(None),
            Err(PutError::Fault(fault)) => return Err(fault.into()),
        }
        let person = PersonId::new(link.person);
        if !self.shelf().people().roster.is_active(&person) {
            return Ok(None);
        }
        Ok(Some((self.open_session(&person, arrival).await?, person)))
    }

    /// Whose sign-in link this is, without using it up.
    ///
    /// # Errors
    /// When the store fails; `None` for a link that is unknown, used or late.
    pub async fn peek_login_link(&self, secret: &str) -> Result<Option<PersonId>, EngineError> {
        let Some(record) = self.records().get(Kind::LoginLink, &hash(secret)).await? else { return Ok(None) };
        let link: Link = read(&record)?;
        Ok((link.expires_at > self.clock().now()).then(|| PersonId::new(link.person)))
    }
}
