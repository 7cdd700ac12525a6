//! The reference adapter: everything in ordered maps behind one lock, with the same law as SQLite. Made for
//! simulation: deterministic, with a clock that can be moved and faults that can be ordered.

use crate::clock::{HeldClock, StoreClock, SystemClock, timestamp};
use crate::limits::READ_MAX;
use crate::log::{Claims, Commit, CommitError, Committed, Counts, Due, Head, Idempotent, ListQuery, Loaded, Page, Positioned};
use crate::log::{RefusedAttempt, RequestLog, RequestRow, Room};
use crate::records::{Kind, Put, PutError, Record, Records};
use crate::share::Shares;
use crate::verify::Verified;
use crate::{Fault, record};
use async_trait::async_trait;
use countersign_core::id::{KeyId, PersonId, RequestId};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

mod documents;
mod outbox;
mod requests;

/// What becomes of a call, as a simulation orders it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Weather {
    /// It works.
    Fine,
    /// It fails before anything is written.
    FailBefore,
    /// It is done, and the answer is lost: [`Fault::InDoubt`].
    InDoubtAfter,
}

/// Which call is about to happen.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Call {
    /// Any read.
    Read,
    /// `commit`.
    Commit,
    /// `claim`.
    Claim,
    /// `put`.
    Put,
}

/// Asked before each call.
pub trait Faults: Send + Sync {
    /// What becomes of this call.
    fn next(&self, call: Call) -> Weather;
}

impl<F: Fn(Call) -> Weather + Send + Sync> Faults for F {
    fn next(&self, call: Call) -> Weather {
        self(call)
    }
}

/// The store that forgets everything when it is dropped.
pub struct MemoryStore {
    state: Mutex<State>,
    clock: HeldClock,
    faults: Arc<dyn Faults>,
}

#[derive(Default)]
struct State {
    requests: requests::Requests,
    outbox: outbox::Outbox,
    documents: documents::Documents,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new(Arc::new(SystemClock))
    }
}

impl MemoryStore {
    /// Empty, with this clock and fine weather.
    #[must_use]
    pub fn new(clock: Arc<dyn StoreClock>) -> Self {
        Self::with_faults(clock, Arc::new(|_| Weather::Fine))
    }

    /// Empty, with this clock and these faults.
    #[must_use]
    pub fn with_faults(clock: Arc<dyn StoreClock>, faults: Arc<dyn Faults>) -> Self {
        Self { state: Mutex::new(State::default()), clock: HeldClock::new(clock, 0), faults }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn read<T>(&self, read: impl FnOnce(&State) -> T) -> Result<T, Fault> {
        match self.faults.next(Call::Read) {
            Weather::Fine => Ok(read(&self.state())),
            Weather::FailBefore | Weather::InDoubtAfter => Err(ordered()),
        }
    }

    fn write<T, E: From<Fault>>(&self, call: Call, write: impl FnOnce(&mut State, i64) -> Result<T, E>) -> Result<T, E> {
        let weather = self.faults.next(call);
        if weather == Weather::FailBefore {
            return Err(ordered().into());
        }
        let done = write(&mut self.state(), self.clock.now_ms());
        if weather == Weather::InDoubtAfter { Err(Fault::InDoubt.into()) } else { done }
    }
}

fn ordered() -> Fault {
    Fault::Store("a fault that was ordered".to_owned())
}

impl State {
    fn commit(&mut self, commit: Commit, now: i64) -> Result<Committed, CommitError> {
        let blobs = commit.append.as_ref().map(record::encode_all).transpose()?.unwrap_or_default();
        crate::log::within(commit.not_before, commit.not_after, now)?;
        if commit.idempotency.as_ref().is_some_and(|made| self.requests.find(made.scope, &made.key).is_some()) {
            return Err(CommitError::KeyTaken);
        }
        self.requests.check(commit.append.as_ref())?;
        self.documents.check(&commit.expect)?;
        self.documents.check_puts(&commit.puts)?;
        let coming = commit.append.as_ref().map(|append| append.id);
        self.requests.check_known(commit.idempotency.as_ref().map(|made| made.request), coming)?;
        self.outbox.check(&commit.outbox, |id| coming == Some(id) || self.requests.has(id))?;
        let (version, position) = commit.append.map_or((0, 0), |append| self.requests.append(append, blobs));
        self.outbox.apply(commit.outbox, now);
        for put in commit.puts {
            // `check_puts` let them all through, and nothing came between.
            let _ = self.documents.put(put, now);
        }
        self.requests.remember(commit.idempotency, commit.refused);
        Ok(Committed { version, position, now: timestamp(now) })
    }
}

#[async_trait]
impl RequestLog for MemoryStore {
    async fn load(&self, id: RequestId) -> Result<Option<Loaded>, Fault> {
        let now = timestamp(self.clock.now_ms());
        self.read(|state| state.requests.load(id, now))
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        self.write(Call::Commit, |state, now| state.commit(commit, now))
    }

    async fn find(&self, scope: KeyId, key: &str) -> Result<Option<Idempotent>, Fault> {
        self.read(|state| state.requests.find(scope, key).cloned())
    }

    async fn due(&self, limit: usize) -> Result<Due, Fault> {
        let now = self.clock.now_ms();
        if limit == 0 {
            return self.read(|_| Due { overdue: Vec::new(), next: None, now: timestamp(now) });
        }
        self.read(|state| state.requests.due(now, limit.min(READ_MAX)))
    }

    async fn claim(&self, room: &Room, lease_ms: i64, limit: usize) -> Result<Claims, Fault> {
        self.write(Call::Claim, |state, now| Ok(state.outbox.claim(room, lease_ms, limit.min(READ_MAX), now)))
    }

    async fn list(&self, query: &ListQuery) -> Result<Page<RequestRow>, Fault> {
        self.read(|state| state.requests.list(query))?
    }

    async fn shares(&self, person: &PersonId) -> Result<Shares, Fault> {
        self.read(|state| state.requests.shares(person))
    }

    async fn tail(&self, after: u64, limit: usize) -> Result<Vec<Positioned>, Fault> {
        self.read(|state| state.requests.tail(after, limit.min(READ_MAX)))
    }

    async fn heads(&self, after: Option<RequestId>, limit: usize) -> Result<Vec<Head>, Fault> {
        self.read(|state| state.requests.heads(after, limit.min(READ_MAX)))
    }

    async fn refused(&self, limit: usize) -> Result<Vec<RefusedAttempt>, Fault> {
        self.read(|state| state.requests.refused(limit))
    }

    async fn counts(&self) -> Result<Counts, Fault> {
        self.read(|state| Counts { outbox: state.outbox.len(), outbox_oldest: state.outbox.oldest(), ..state.requests.counts() })
    }

    async fn backup(&self, _file: &Path) -> Result<(), Fault> {
        Err(Fault::Store("a store in memory has no file to copy".to_owned()))
    }

    async fn verify(&self) -> Result<Verified, Fault> {
        self.read(|state| {
            let mut auditor = crate::verify::Auditor::new();
            state.requests.audit(&mut auditor);
            state.documents.audit(&mut auditor);
            auditor.finish()
        })
    }
}

#[async_trait]
impl Records for MemoryStore {
    async fn get(&self, kind: Kind, key: &str) -> Result<Option<Record>, Fault> {
        self.read(|state| state.documents.get(kind, key))
    }

    async fn put(&self, put: Put) -> Result<u64, PutError> {
        self.write(Call::Put, |state, now| state.documents.put(put, now))
    }

    async fn list_kind(&self, kind: Kind, after: Option<&str>, limit: usize) -> Result<Vec<Record>, Fault> {
        self.read(|state| state.documents.list(kind, after, limit.min(READ_MAX)))
    }

    async fn history(&self, kind: Kind, key: &str) -> Result<Vec<Record>, Fault> {
        self.read(|state| state.documents.history(kind, key))
    }
}

#[cfg(test)]
mod tests;
