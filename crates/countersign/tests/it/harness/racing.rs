//! A store in which somebody else is always quicker, while the test says so: every commit to a request finds it changed.

use async_trait::async_trait;
use countersign_core::id::{KeyId, PersonId, RequestId};
use countersign_store::log::RefusedAttempt;
use countersign_store::verify::Verified;
use countersign_store::{
    Claims, Commit, CommitError, Committed, Counts, Due, Fault, Head, Idempotent, ListQuery, Loaded, MemoryStore, Page, Positioned, RequestLog,
    RequestRow, Room, Shares,
};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// The in-memory store, and the race.
pub struct Racing {
    pub store: Arc<MemoryStore>,
    pub lost: Arc<AtomicBool>,
    pub tries: Arc<AtomicU32>,
}

#[async_trait]
impl RequestLog for Racing {
    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        if commit.append.is_some() && self.lost.load(Ordering::SeqCst) {
            self.tries.fetch_add(1, Ordering::SeqCst);
            return Err(CommitError::Conflict);
        }
        self.store.commit(commit).await
    }

    async fn load(&self, id: RequestId) -> Result<Option<Loaded>, Fault> {
        self.store.load(id).await
    }

    async fn find(&self, scope: KeyId, key: &str) -> Result<Option<Idempotent>, Fault> {
        self.store.find(scope, key).await
    }

    async fn due(&self, limit: usize) -> Result<Due, Fault> {
        self.store.due(limit).await
    }

    async fn shares(&self, person: &PersonId) -> Result<Shares, Fault> {
        self.store.shares(person).await
    }

    async fn claim(&self, room: &Room, lease_ms: i64, limit: usize) -> Result<Claims, Fault> {
        self.store.claim(room, lease_ms, limit).await
    }

    async fn list(&self, query: &ListQuery) -> Result<Page<RequestRow>, Fault> {
        self.store.list(query).await
    }

    async fn tail(&self, after: u64, limit: usize) -> Result<Vec<Positioned>, Fault> {
        self.store.tail(after, limit).await
    }

    async fn heads(&self, after: Option<RequestId>, limit: usize) -> Result<Vec<Head>, Fault> {
        self.store.heads(after, limit).await
    }

    async fn refused(&self, limit: usize) -> Result<Vec<RefusedAttempt>, Fault> {
        self.store.refused(limit).await
    }

    async fn counts(&self) -> Result<Counts, Fault> {
        self.store.counts().await
    }

    async fn backup(&self, file: &Path) -> Result<(), Fault> {
        self.store.backup(file).await
    }

    async fn verify(&self) -> Result<Verified, Fault> {
        self.store.verify().await
    }
}
