//! Whose sign-in this is. A human is joined to a person of the directory by the verified subject of an identity provider
//! alone (issuer and subject), never by a name; one subject is one person, for good, until somebody takes it away.

use super::keys::read;
use super::sessions::Arrival;
use super::{Engine, EngineError};
use countersign_core::canonical::Digest;
use countersign_core::id::{GroupId, PersonId};
use countersign_store::{Fault, Kind, Put, PutError, Record};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Records read at once.
const PAGE: usize = 200;

/// What a provider has proved about whoever signed in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified {
    /// The provider's id in our configuration.
    pub provider: String,
    /// Who it says it is.
    pub issuer: String,
    /// Whom it means: unique there, never used again.
    pub subject: String,
    /// Their address, only where the provider says that it is theirs and we take its word for it.
    pub email: Option<String>,
    /// What to call the sign-in in a list.
    pub label: String,
    /// Their groups by our names; nothing where this provider does not say.
    pub groups: Option<BTreeSet<GroupId>>,
}

/// A sign-in that was joined to a person.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SubjectRecord {
    /// The key among the records: a hash of issuer and subject.
    pub id: String,
    /// Whose it is.
    pub person: String,
    /// The provider's id in our configuration.
    pub provider: String,
    /// Who the provider says it is.
    pub issuer: String,
    /// Whom it means.
    pub subject: String,
    /// What to call it in a list.
    pub label: String,
    /// Since when.
    pub added_at: Timestamp,
}

/// Why a sign-in leads to nobody. Nothing was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotJoined {
    /// Nobody names it, and no trusted address leads to anybody.
    Unknown,
    /// The address leads to somebody who signs in there as somebody else already.
    OtherSubject,
    /// The directory gives it to one person and the record to another.
    Contested,
    /// It is somebody else's.
    Taken,
    /// Whose it is has left.
    Left,
}

/// What became of a sign-in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SignIn {
    /// A session was opened: its secret and its person.
    Entered(String, PersonId),
    /// Nobody was signed in, nothing was made.
    Refused(NotJoined),
}

impl Engine {
    /// Signs in whoever the provider has verified, if they are somebody in the directory.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sign_in(&self, verified: &Verified, arrival: &Arrival) -> Result<SignIn, EngineError> {
        let person = match self.join(verified).await? {
            Ok(person) => person,
            Err(why) => return Ok(SignIn::Refused(why)),
        };
        self.take_groups(&person, verified).await?;
        Ok(SignIn::Entered(self.open_session(&person, arrival).await?, person))
    }

    /// Adds a sign-in to a person who is signed in and has proved both.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn add_subject(&self, person: &PersonId, verified: &Verified) -> Result<Result<(), NotJoined>, EngineError> {
        if !self.shelf().people().roster.is_active(person) {
            return Ok(Err(NotJoined::Left));
        }
        match self.owner(verified).await? {
            Err(why) => return Ok(Err(why)),
            Ok(Some(owner)) if owner != *person => return Ok(Err(NotJoined::Taken)),
            Ok(Some(_)) => {}
            Ok(None) => {
                if self.keep_subject(person, verified).await? != *person {
                    return Ok(Err(NotJoined::Taken));
                }
            }
        }
        self.take_groups(person, verified).await?;
        Ok(Ok(()))
    }

    /// The sign-ins that were joined to a person.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn subjects_of(&self, person: &PersonId) -> Result<Vec<SubjectRecord>, EngineError> {
        let mut found = self.all_subjects().await?;
        found.retain(|subject| subject.person == person.as_str());
        Ok(found)
    }

    /// Takes a sign-in away from a person; whether they had it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn remove_subject(&self, person: &PersonId, id: &str) -> Result<bool, EngineError> {
        let Some(record) = self.records().get(Kind::Subject, id).await? else { return Ok(false) };
        let subject: SubjectRecord = read(&record)?;
        if subject.person != person.as_str() {
            return Ok(false);
        }
        self.write::<SubjectRecord>(Kind::Subject, id, record.version, None).await?;
        self.put_claims(person, &subject.provider, &BTreeSet::new()).await?;
        Ok(true)
    }

    /// The person of a sign-in; joined now, where a trusted address leads to exactly one.
    async fn join(&self, verified: &Verified) -> Result<Result<PersonId, NotJoined>, EngineError> {
        let person = match self.owner(verified).await? {
            Err(why) => return Ok(Err(why)),
            Ok(Some(person)) => person,
            Ok(None) => match self.by_address(verified).await? {
                Err(why) => return Ok(Err(why)),
                Ok(person) => self.keep_subject(&person, verified).await?,
            },
        };
        let active = self.shelf().people().roster.is_active(&person);
        Ok(if active { Ok(person) } else { Err(NotJoined::Left) })
    }

    /// Whose sign-in it is by the directory and by the records, which must not differ.
    async fn owner(&self, verified: &Verified) -> Result<Result<Option<PersonId>, NotJoined>, EngineError> {
        let listed = self.shelf().people().subjects.get(&format!("{}:{}", verified.provider, verified.subject)).cloned();
        let kept = self.records().get(Kind::Subject, &key(verified)).await?;
        let kept = kept.map(|record| read::<SubjectRecord>(&record)).transpose()?.map(|subject| PersonId::new(subject.person));
        Ok(match (listed, kept) {
            (Some(listed), Some(kept)) if listed != kept => {
                tracing::error!(provider = verified.provider, "a sign-in is one person's in the directory and another's on record");
                Err(NotJoined::Contested)
            }
            (listed, kept) => Ok(listed.or(kept)),
        })
    }

    /// The one active person with the address that the provider vouches for.
    async fn by_address(&self, verified: &Verified) -> Result<Result<PersonId, NotJoined>, EngineError> {
        let Some(email) = &verified.email else { return Ok(Err(NotJoined::Unknown)) };
        let people = self.shelf().people();
        let has = |address: &Option<String>| address.as_ref().is_some_and(|address| address.eq_ignore_ascii_case(email));
        let mut found = people.roster.people.values().filter(|person| person.active && has(&person.email));
        let (Some(person), None) = (found.next(), found.next()) else { return Ok(Err(NotJoined::Unknown)) };
        // An address can be given to somebody new; the subject cannot. Whoever signs in there already keeps their place.
        let prefix = format!("{}:", verified.provider);
        let listed = people.subjects.iter().any(|(subject, owner)| owner == &person.id && subject.starts_with(&prefix));
        let kept = self.subjects_of(&person.id).await?.iter().any(|subject| subject.issuer == verified.issuer);
        Ok(if listed || kept { Err(NotJoined::OtherSubject) } else { Ok(person.id.clone()) })
    }

    /// Keeps whose sign-in it is, and answers whose it is: another's, where somebody was faster.
    async fn keep_subject(&self, person: &PersonId, verified: &Verified) -> Result<PersonId, EngineError> {
        let record = SubjectRecord {
            id: key(verified),
            person: person.to_string(),
            provider: verified.provider.clone(),
            issuer: verified.issuer.clone(),
            subject: verified.subject.clone(),
            label: verified.label.clone(),
            added_at: self.clock().now(),
        };
        let bytes = serde_json::to_vec(&record).map_err(|error| Fault::Store(error.to_string()))?;
        match self.records().put(Put { kind: Kind::Subject, key: record.id.clone(), expected: 0, bytes: Some(bytes) }).await {
            Ok(_) => Ok(person.clone()),
            Err(PutError::Fault(fault)) => Err(fault.into()),
            Err(PutError::Conflict) => match self.records().get(Kind::Subject, &record.id).await? {
                Some(kept) => Ok(PersonId::new(read::<SubjectRecord>(&kept)?.person)),
                None => Err(EngineError::Busy),
            },
        }
    }

    async fn take_groups(&self, person: &PersonId, verified: &Verified) -> Result<(), EngineError> {
        match &verified.groups {
            Some(groups) => self.put_claims(person, &verified.provider, groups).await,
            None => Ok(()),
        }
    }

    async fn all_subjects(&self) -> Result<Vec<SubjectRecord>, EngineError> {
        let (mut found, mut after) = (Vec::new(), None::<String>);
        loop {
            let page: Vec<Record> = self.records().list_kind(Kind::Subject, after.as_deref(), PAGE).await?;
            let Some(last) = page.last() else { return Ok(found) };
            after = Some(last.key.clone());
            for record in &page {
                found.push(read(record)?);
            }
        }
    }
}

/// Issuer and subject as one key: what is read of them is never compared in parts.
fn key(verified: &Verified) -> String {
    Digest::of(format!("{}\n{}", verified.issuer, verified.subject).as_bytes()).hex()
}
