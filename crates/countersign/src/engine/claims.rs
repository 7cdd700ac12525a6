//! Groups by claim: what identity providers say of people at sign-in, kept as records and merged into the directory.
//! A group that a provider no longer names is gone with the next sign-in there.

use super::keys::read;
use super::shelf::People;
use super::{Engine, EngineError};
use countersign_core::canonical::Digest;
use countersign_core::id::{GroupId, PersonId};
use countersign_core::people::Member;
use countersign_store::{Fault, Kind, Put, PutError, Record};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Records read at once.
const PAGE: usize = 200;

/// What the directory in force is made of.
#[derive(Clone, Debug, Default)]
pub(super) struct Listed {
    /// As the file lists them.
    pub(super) people: People,
    /// As providers said at the last sign-in, by person and provider.
    pub(super) claims: BTreeMap<(String, String), Claimed>,
}

/// What one provider says of one person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Claimed {
    /// Their groups, by our names.
    groups: BTreeSet<String>,
    /// How often it was written: the directory's version counts it.
    version: u64,
}

/// As it is kept.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct ClaimsRecord {
    person: String,
    provider: String,
    groups: BTreeSet<String>,
}

impl Listed {
    /// The directory with the groups that providers name. Its version counts the writes to all it is made of, so that
    /// two directories of one version are the same.
    pub(super) fn merged(&self) -> People {
        let mut people = self.people.clone();
        people.directory = people.roster.version;
        if people.roster.version == 0 || self.claims.is_empty() {
            return people;
        }
        let roster = Arc::make_mut(&mut people.roster);
        for ((person, _), claimed) in &self.claims {
            roster.version += claimed.version;
            let person = PersonId::from(person.as_str());
            if !roster.people.contains_key(&person) {
                continue;
            }
            for group in &claimed.groups {
                roster.groups.entry(GroupId::from(group.as_str())).or_default().insert(Member::Person(person.clone()));
            }
        }
        people
    }
}

impl Engine {
    /// Takes up what these providers said before: what a start begins with. What others said counts no more.
    ///
    /// # Errors
    /// When the records cannot be read.
    pub(crate) async fn restore_claims(&self, providers: &BTreeSet<String>) -> Result<(), Fault> {
        let (mut claims, mut after) = (BTreeMap::new(), None);
        loop {
            let page = self.records().list_kind(Kind::Claims, after.as_deref(), PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.key.clone());
            for record in page {
                let kept: ClaimsRecord = read(&record)?;
                let groups = if providers.contains(&kept.provider) { kept.groups } else { BTreeSet::new() };
                claims.insert((kept.person, kept.provider), Claimed { groups, version: record.version });
            }
        }
        self.shelf().change_people(|listed| listed.claims = claims);
        Ok(())
    }

    /// Keeps what a provider says of a person now, and puts it in force.
    ///
    /// # Errors
    /// When the records cannot be written: then nobody is in another group than before.
    pub(super) async fn put_claims(&self, person: &PersonId, provider: &str, groups: &BTreeSet<GroupId>) -> Result<(), EngineError> {
        let groups: BTreeSet<String> = groups.iter().map(ToString::to_string).collect();
        let kept = ClaimsRecord { person: person.to_string(), provider: provider.to_owned(), groups };
        let Some(version) = self.keep_claims(&kept).await? else { return Ok(()) };
        let before = self.shelf().people().roster.clone();
        let claimed = Claimed { groups: kept.groups, version };
        self.shelf().change_people(|listed| drop(listed.claims.insert((kept.person, kept.provider), claimed)));
        // Open requests are looked at beside what runs: with many of them nobody's sign-in waits for that.
        self.directory_put(&before).await
    }

    /// The version under which it is kept, if it is new.
    async fn keep_claims(&self, kept: &ClaimsRecord) -> Result<Option<u64>, Fault> {
        let key = Digest::of(format!("{}\n{}", kept.person, kept.provider).as_bytes()).hex();
        let bytes = serde_json::to_vec(kept).map_err(|error| Fault::Store(error.to_string()))?;
        loop {
            let current: Option<Record> = self.records().get(Kind::Claims, &key).await?;
            let nothing_new = current.as_ref().map_or(kept.groups.is_empty(), |record| record.bytes == bytes);
            if nothing_new {
                return Ok(None);
            }
            let expected = current.map_or(0, |record| record.version);
            match self.records().put(Put { kind: Kind::Claims, key: key.clone(), expected, bytes: Some(bytes.clone()) }).await {
                Ok(version) => return Ok(Some(version)),
                Err(PutError::Conflict) => {}
                Err(PutError::Fault(fault)) => return Err(fault),
            }
        }
    }
}
