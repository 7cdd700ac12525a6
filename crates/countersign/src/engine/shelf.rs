//! What is in force: the people of the directory and the policies by name, each swapped whole when its
//! source changes; and every policy version that a request may be pinned to, read back from the records.

use super::choices::Choices;
use super::claims::Listed;
use super::owed::lane_of_url;
use countersign_core::canonical::Digest;
use countersign_core::id::{PersonId, PolicyName};
use countersign_core::people::Roster;
use countersign_core::policy::Policy;
use countersign_store::{Fault, Kind, Put, PutError, Records};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// The directory in force: who there is, and the roads to each.
#[derive(Clone, Debug, Default)]
pub struct People {
    /// For decisions.
    pub roster: Arc<Roster>,
    /// The version of the directory's record, without what else the roster is made of.
    pub directory: u64,
    /// Preferred first; nothing for those who look at the inbox alone.
    pub routes: BTreeMap<PersonId, Vec<Route>>,
    /// IANA zones for the times that people read.
    pub zones: BTreeMap<PersonId, String>,
    /// Whose sign-ins these are, as `<provider>:<subject>`.
    pub subjects: BTreeMap<String, PersonId>,
    /// Language tags (`en`, `de-AT`) for the words that people read.
    pub languages: BTreeMap<PersonId, String>,
}

/// A road to a person, outside the pages.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Route {
    /// A signed POST.
    Webhook {
        /// Where.
        url: String,
        /// Signs the body: `env:NAME` or `file:PATH`.
        secret: Option<String>,
    },
    /// The terminal of the demo.
    Console,
}

impl Route {
    /// The lane of its endpoint.
    #[must_use]
    pub fn lane(&self) -> String {
        match self {
            Self::Webhook { url, .. } => lane_of_url(url),
            Self::Console => "console".into(),
        }
    }
}

impl People {
    /// The roads to this person.
    #[must_use]
    pub fn routes(&self, person: &PersonId) -> &[Route] {
        self.routes.get(person).map_or(&[], Vec::as_slice)
    }

    /// The name that others see; the id where the directory has no such person.
    #[must_use]
    pub fn name(&self, person: &PersonId) -> String {
        self.roster.person(person).map_or_else(|| person.to_string(), |person| person.name.clone())
    }
}

/// A policy version as it is kept for ever: all the texts that its digest covers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PolicySources {
    /// The file's name, for messages.
    pub file: String,
    /// The file's text.
    pub source: String,
    /// The rate table's text, where the policy names one.
    pub rates: Option<String>,
}

impl PolicySources {
    /// Reads the policy again from its kept texts.
    ///
    /// # Errors
    /// When it does not load, in one sentence.
    pub fn load(&self) -> Result<Policy, String> {
        let rates = |_: &str| self.rates.clone().ok_or_else(|| "no rate table was kept".to_owned());
        match Policy::load_kept(&self.file, &self.source, &rates) {
            Ok(loaded) => Ok(loaded.policy),
            Err(found) => Err(found.first().map_or_else(|| "it does not load".into(), |first| first.message.clone())),
        }
    }
}

/// The one record of the directory. Every decision is committed only if this record still has the version that it
/// was made under (rule 1).
pub const DIRECTORY_KEY: &str = "directory";

/// Makes people of the directory's record: its bytes and its version.
pub type ReadPeople = dyn Fn(&[u8], u64) -> Result<People, String> + Send + Sync;

/// What is in force now.
#[derive(Default)]
pub struct Shelf {
    people: RwLock<Arc<People>>,
    /// The directory's own and the groups that providers name, without what people chose for themselves.
    listed: RwLock<Listed>,
    choices: RwLock<BTreeMap<PersonId, Choices>>,
    read_people: RwLock<Option<Arc<ReadPeople>>>,
    in_force: RwLock<BTreeMap<PolicyName, Arc<Policy>>>,
    versions: RwLock<BTreeMap<Digest, Arc<Policy>>>,
    concerns: AtomicUsize,
}

impl Shelf {
    /// The directory in force.
    pub fn people(&self) -> Arc<People> {
        self.people.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts another directory in force, with the groups that providers name.
    pub fn set_people(&self, people: People) {
        self.change_people(|listed| listed.people = people);
    }

    /// Changes what the directory is made of, and puts it in force whole.
    pub(super) fn change_people(&self, change: impl FnOnce(&mut Listed)) {
        change(&mut self.listed.write().unwrap_or_else(PoisonError::into_inner));
        self.put_in_force();
    }

    /// What this person chose for themselves.
    pub fn choices(&self, person: &PersonId) -> Choices {
        self.choices.read().unwrap_or_else(PoisonError::into_inner).get(person).cloned().unwrap_or_default()
    }

    pub(super) fn set_choices(&self, all: BTreeMap<PersonId, Choices>) {
        *self.choices.write().unwrap_or_else(PoisonError::into_inner) = all;
        self.put_in_force();
    }

    pub(super) fn choose(&self, person: &PersonId, choices: Choices) {
        self.choices.write().unwrap_or_else(PoisonError::into_inner).insert(person.clone(), choices);
        self.put_in_force();
    }

    /// Puts the directory in force with everybody's choices over it.
    fn put_in_force(&self) {
        let mut in_force = self.people.write().unwrap_or_else(PoisonError::into_inner);
        let mut people = self.listed.read().unwrap_or_else(PoisonError::into_inner).merged();
        for (person, chosen) in self.choices.read().unwrap_or_else(PoisonError::into_inner).iter() {
            chosen.lay_over(person, &mut people);
        }
        *in_force = Arc::new(people);
    }

    /// Says how the directory's record is read, should another process have put a newer one in force.
    pub fn read_people_with(&self, read: Arc<ReadPeople>) {
        *self.read_people.write().unwrap_or_else(PoisonError::into_inner) = Some(read);
    }

    /// Puts the directory of the records in force, where it is newer than the one here.
    ///
    /// # Errors
    /// When the records cannot be read, or the directory in them cannot: then nothing can be decided.
    pub(super) async fn follow_directory(&self, records: &Arc<dyn Records>) -> Result<(), Fault> {
        let Some(record) = records.get(Kind::Directory, DIRECTORY_KEY).await? else { return Ok(()) };
        let read = self.read_people.read().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(read) = read.filter(|_| record.version > self.people().directory) else { return Ok(()) };
        let people = read(&record.bytes, record.version).map_err(|what| Fault::Damaged { place: "the directory".into(), what })?;
        self.change_people(|listed| {
            if people.roster.version > listed.people.roster.version {
                listed.people = people;
            }
        });
        Ok(())
    }

    /// How many files are not in force as they stand: then the last good version is.
    pub fn concerns(&self) -> usize {
        self.concerns.load(Ordering::Relaxed)
    }

    /// Says how many files are not in force as they stand.
    pub fn set_concerns(&self, files: usize) {
        self.concerns.store(files, Ordering::Relaxed);
    }

    /// The policy of this name in force.
    pub fn policy(&self, name: &PolicyName) -> Option<Arc<Policy>> {
        self.in_force.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// All policies in force, by name.
    pub fn policies(&self) -> Vec<Arc<Policy>> {
        self.in_force.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Keeps a policy version for ever and puts it in force for later submissions.
    ///
    /// # Errors
    /// When the records cannot be written: then the version before stays in force.
    pub async fn put_policy(&self, policy: Policy, sources: &PolicySources, records: &Arc<dyn Records>) -> Result<(), Fault> {
        let (name, version) = (policy.name.clone(), policy.version);
        keep(records, Kind::PolicyVersion, &version.to_string(), &serde_json::to_vec(sources).unwrap_or_default()).await?;
        keep(records, Kind::Policy, name.as_str(), version.to_string().as_bytes()).await?;
        self.shelve(Arc::new(policy));
        Ok(())
    }

    /// Puts the last good version of every policy in the records in force: what a start begins with.
    ///
    /// # Errors
    /// When the records cannot be read.
    pub async fn restore(&self, records: &Arc<dyn Records>) -> Result<(), Fault> {
        let mut after = None;
        loop {
            let page = records.list_kind(Kind::Policy, after.as_deref(), 100).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.key.clone());
            for record in page {
                let version = String::from_utf8_lossy(&record.bytes).into_owned();
                if let Some(digest) = Digest::parse(&version) {
                    let policy = self.version(&digest, records).await?;
                    self.in_force.write().unwrap_or_else(PoisonError::into_inner).insert(policy.name.clone(), policy);
                }
            }
        }
    }

    /// The version that a request is pinned to, in force or not (rule 9).
    ///
    /// # Errors
    /// When its kept texts are missing or damaged.
    pub async fn version(&self, version: &Digest, records: &Arc<dyn Records>) -> Result<Arc<Policy>, Fault> {
        if let Some(policy) = self.versions.read().unwrap_or_else(PoisonError::into_inner).get(version) {
            return Ok(policy.clone());
        }
        let key = version.to_string();
        let damaged = |what: String| Fault::Damaged { place: format!("policy version {key}"), what };
        let record = records.get(Kind::PolicyVersion, &key).await?.ok_or_else(|| damaged("it is missing".into()))?;
        let sources: PolicySources = serde_json::from_slice(&record.bytes).map_err(|error| damaged(error.to_string()))?;
        let policy = sources.load().map_err(damaged)?;
        if policy.version != *version {
            return Err(damaged("its text is not the one that requests were pinned to".into()));
        }
        let policy = Arc::new(policy);
        self.versions.write().unwrap_or_else(PoisonError::into_inner).insert(*version, policy.clone());
        Ok(policy)
    }

    /// A version whose texts somebody has read already: it need not be read from the records again.
    pub fn know(&self, policy: Arc<Policy>) {
        self.versions.write().unwrap_or_else(PoisonError::into_inner).insert(policy.version, policy);
    }

    fn shelve(&self, policy: Arc<Policy>) {
        self.versions.write().unwrap_or_else(PoisonError::into_inner).insert(policy.version, policy.clone());
        self.in_force.write().unwrap_or_else(PoisonError::into_inner).insert(policy.name.clone(), policy);
    }
}

/// Writes a record unless its current version says the same already.
async fn keep(records: &Arc<dyn Records>, kind: Kind, key: &str, bytes: &[u8]) -> Result<(), Fault> {
    loop {
        let current = records.get(kind, key).await?;
        if current.as_ref().is_some_and(|record| record.bytes == bytes) {
            return Ok(());
        }
        let expected = current.map_or(0, |record| record.version);
        match records.put(Put { kind, key: key.to_owned(), expected, bytes: Some(bytes.to_vec()) }).await {
            Ok(_) => return Ok(()),
            Err(PutError::Conflict) => {}
            Err(PutError::Fault(fault)) => return Err(fault),
        }
    }
}
