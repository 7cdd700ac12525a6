//! A store with something between it and whoever uses it: a fault, a lie, a note taken. What stands between says only
//! the verbs that it alters; all others go straight on.

use async_trait::async_trait;
use countersign_core::id::{KeyId, PersonId, RequestId};
use countersign_store::log::RefusedAttempt;
use countersign_store::verify::Verified;
use countersign_store::{
    Claims, Commit, CommitError, Committed, Counts, Due, Fault, Head, Idempotent, Kind, ListQuery, Loaded, Page, Positioned, Put, PutError, Record,
    Records, RequestLog, RequestRow, Room, Shares,
};
use std::ops::Deref;
use std::path::Path;

/// What stands between.
#[async_trait]
pub trait Between: Send + Sync {
    /// The log beneath.
    fn log(&self) -> &dyn RequestLog;
    /// The records beneath.
    fn records(&self) -> &dyn Records;

    /// Around the loading of a request.
    async fn load(&self, id: RequestId) -> Result<Option<Loaded>, Fault> {
        self.log().load(id).await
    }
    /// Around a commit.
    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        self.log().commit(commit).await
    }
    /// Around a search by idempotency key.
    async fn find(&self, scope: KeyId, key: &str) -> Result<Option<Idempotent>, Fault> {
        self.log().find(scope, key).await
    }
    /// Around the look for what is due.
    async fn due(&self, limit: usize) -> Result<Due, Fault> {
        self.log().due(limit).await
    }
    /// Around a claim of work.
    async fn claim(&self, room: &Room, lease_ms: i64, limit: usize) -> Result<Claims, Fault> {
        self.log().claim(room, lease_ms, limit).await
    }
    /// Around a list.
    async fn list(&self, query: &ListQuery) -> Result<Page<RequestRow>, Fault> {
        self.log().list(query).await
    }
    /// Around the reading of a record.
    async fn get(&self, kind: Kind, key: &str) -> Result<Option<Record>, Fault> {
        self.records().get(kind, key).await
    }
    /// Around the writing of a record.
    async fn put(&self, put: Put) -> Result<u64, PutError> {
        self.records().put(put).await
    }
    /// Around a list of records.
    async fn list_kind(&self, kind: Kind, after: Option<&str>, limit: usize) -> Result<Vec<Record>, Fault> {
        self.records().list_kind(kind, after, limit).await
    }
    /// Around the versions of a record.
    async fn history(&self, kind: Kind, key: &str) -> Result<Vec<Record>, Fault> {
        self.records().history(kind, key).await
    }
}

/// The store as it looks through what stands between.
pub struct Through<T>(pub T);

impl<T> Deref for Through<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

#[async_trait]
impl<T: Between> RequestLog for Through<T> {
    async fn load(&self, id: RequestId) -> Result<Option<Loaded>, Fault> {
        self.0.load(id).await
    }
    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        self.0.commit(commit).await
    }
    async fn find(&self, scope: KeyId, key: &str) -> Result<Option<Idempotent>, Fault> {
        self.0.find(scope, key).await
    }
    async fn due(&self, limit: usize) -> Result<Due, Fault> {
        self.0.due(limit).await
    }
    async fn claim(&self, room: &Room, lease_ms: i64, limit: usize) -> Result<Claims, Fault> {
        self.0.claim(room, lease_ms, limit).await
    }
    async fn list(&self, query: &ListQuery) -> Result<Page<RequestRow>, Fault> {
        self.0.list(query).await
    }
    async fn shares(&self, person: &PersonId) -> Result<Shares, Fault> {
        self.log().shares(person).await
    }
    async fn tail(&self, after: u64, limit: usize) -> Result<Vec<Positioned>, Fault> {
        self.log().tail(after, limit).await
    }
    async fn heads(&self, after: Option<RequestId>, limit: usize) -> Result<Vec<Head>, Fault> {
        self.log().heads(after, limit).await
    }
    async fn refused(&self, limit: usize) -> Result<Vec<RefusedAttempt>, Fault> {
        self.log().refused(limit).await
    }
    async fn counts(&self) -> Result<Counts, Fault> {
        self.log().counts().await
    }
    async fn backup(&self, file: &Path) -> Result<(), Fault> {
        self.log().backup(file).await
    }
    async fn verify(&self) -> Result<Verified, Fault> {
        self.log().verify().await
    }
}

#[async_trait]
impl<T: Between> Records for Through<T> {
    async fn get(&self, kind: Kind, key: &str) -> Result<Option<Record>, Fault> {
        self.0.get(kind, key).await
    }
    async fn put(&self, put: Put) -> Result<u64, PutError> {
        self.0.put(put).await
    }
    async fn list_kind(&self, kind: Kind, after: Option<&str>, limit: usize) -> Result<Vec<Record>, Fault> {
        self.0.list_kind(kind, after, limit).await
    }
    async fn history(&self, kind: Kind, key: &str) -> Result<Vec<Record>, Fault> {
        self.0.history(kind, key).await
    }
}
