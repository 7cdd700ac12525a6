//! The store in one SQLite file: one writer thread that commits in groups, a few readers beside it. Each
//! file below owns the SQL of its tables; this one only sends work to the right thread.

use crate::Fault;
use crate::clock::{HeldClock, timestamp};
use crate::log::{Claims, Commit, CommitError, Committed, Counts, Due, Head, Idempotent, ListQuery, Loaded, Opened, Page, Positioned};
use crate::log::{RefusedAttempt, RequestLog, RequestRow, Room};
use crate::records::{Kind, Put, PutError, Record, Records};
use crate::share::Shares;
use crate::verify::Verified;
use async_trait::async_trait;
use countersign_core::id::{KeyId, PersonId, RequestId};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use open::OpenOptions;
use recent::Found;

mod backup;
mod list;
mod migrate;
mod open;
mod outbox;
mod parts;
mod readers;
mod recent;
mod records;
mod refused;
mod requests;
mod rows;
mod stream;
mod tallies;
mod verify;
mod wakeups;
mod writer;
mod written;

/// A store in a file. Dropping it finishes what was queued.
pub struct SqliteStore {
    path: PathBuf,
    opened: Opened,
    clock: HeldClock,
    readers: readers::Readers,
    recent: Arc<recent::Recent>,
    /// Absent where the store was opened only for reading.
    writer: Option<writer::Writer>,
    /// Held as long as the store: no second server writes to this file. Last, so that it is let go last.
    _lock: Option<File>,
}

impl SqliteStore {
    /// What opening found.
    #[must_use]
    pub fn opened(&self) -> &Opened {
        &self.opened
    }

    fn writer(&self) -> Result<&writer::Writer, Fault> {
        self.writer.as_ref().ok_or_else(|| Fault::Store(format!("{} was opened only for reading", self.path.display())))
    }
}

#[async_trait]
impl RequestLog for SqliteStore {
    async fn load(&self, id: RequestId) -> Result<Option<Loaded>, Fault> {
        let clock = self.clock.clone();
        let ticket = match self.recent.look(id, || timestamp(clock.now_ms())) {
            Found::Known(loaded) => return Ok(Some(*loaded)),
            Found::Unknown(ticket) => ticket,
        };
        let loaded = self.readers.read(move |db| requests::load(db, id, || timestamp(clock.now_ms()))).await?;
        self.recent.read(id, ticket, loaded.as_ref());
        Ok(loaded)
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        let written = written::Written::of(commit.append.as_ref())?;
        self.writer()?.commit(commit, written).await
    }

    async fn find(&self, scope: KeyId, key: &str) -> Result<Option<Idempotent>, Fault> {
        let key = key.to_owned();
        self.readers.read(move |db| requests::find(db, scope, key)).await
    }

    async fn due(&self, limit: usize) -> Result<Due, Fault> {
        if limit == 0 {
            return Ok(Due { overdue: Vec::new(), next: None, now: timestamp(self.clock.now_ms()) });
        }
        let clock = self.clock.clone();
        self.readers.read(move |db| wakeups::due(db, clock.now_ms(), limit)).await
    }

    async fn claim(&self, room: &Room, lease_ms: i64, limit: usize) -> Result<Claims, Fault> {
        self.writer()?.claim(room.clone(), lease_ms, limit).await
    }

    async fn list(&self, query: &ListQuery) -> Result<Page<RequestRow>, Fault> {
        let query = query.clone();
        self.readers.read(move |db| list::list(db, &query)).await
    }

    async fn shares(&self, person: &PersonId) -> Result<Shares, Fault> {
        let person = person.clone();
        self.readers.read(move |db| parts::shares(db, &person)).await
    }

    async fn tail(&self, after: u64, limit: usize) -> Result<Vec<Positioned>, Fault> {
        self.readers.read(move |db| stream::tail(db, after, limit)).await
    }

    async fn heads(&self, after: Option<RequestId>, limit: usize) -> Result<Vec<Head>, Fault> {
        self.readers.read(move |db| stream::heads(db, after, limit)).await
    }

    async fn refused(&self, limit: usize) -> Result<Vec<RefusedAttempt>, Fault> {
        self.readers.read(move |db| refused::newest(db, limit)).await
    }

    async fn counts(&self) -> Result<Counts, Fault> {
        self.readers.read(tallies::counts).await
    }

    async fn backup(&self, file: &Path) -> Result<(), Fault> {
        let (path, file) = (self.path.clone(), file.to_owned());
        readers::apart(move || backup::backup(&path, &file)).await
    }

    async fn verify(&self) -> Result<Verified, Fault> {
        let path = self.path.clone();
        readers::apart(move || verify::verify(&path)).await
    }
}

#[async_trait]
impl Records for SqliteStore {
    async fn get(&self, kind: Kind, key: &str) -> Result<Option<Record>, Fault> {
        let key = key.to_owned();
        self.readers.read(move |db| records::get(db, kind, key)).await
    }

    async fn put(&self, put: Put) -> Result<u64, PutError> {
        self.writer()?.put(put).await
    }

    async fn list_kind(&self, kind: Kind, after: Option<&str>, limit: usize) -> Result<Vec<Record>, Fault> {
        let after = after.unwrap_or_default().to_owned();
        self.readers.read(move |db| records::list(db, kind, &after, limit)).await
    }

    async fn history(&self, kind: Kind, key: &str) -> Result<Vec<Record>, Fault> {
        let key = key.to_owned();
        self.readers.read(move |db| records::history(db, kind, &key)).await
    }
}

#[cfg(test)]
mod tests;
