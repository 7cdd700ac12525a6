//! A store in memory that a test reaches into: it alters what is loaded, lets something happen just before a commit,
//! or lets somebody else always be quicker.

use async_trait::async_trait;
use countersign_core::id::{KeyId, PersonId, RequestId};
use countersign_store::log::RefusedAttempt;
use countersign_store::verify::Verified;
use countersign_store::{
    Claims, Commit, CommitError, Committed, Counts, Due, Fault, Head, Idempotent, Kind, ListQuery, Loaded, MemoryStore, Page, Positioned, Put,
    PutError, Record, Records, RequestLog, RequestRow, Room, Shares,
};
use futures_util::future::BoxFuture;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

type Loading = Box<dyn Fn(&mut Loaded) + Send>;
type Meanwhile = Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>;

/// See the module.
#[derive(Default)]
pub struct Meddled {
    store: Arc<MemoryStore>,
    /// While it is true every commit that adds events finds its request changed.
    pub outrun: AtomicBool,
    /// How many did.
    pub tries: AtomicU32,
    loading: Mutex<Option<Loading>>,
    meanwhile: Mutex<Option<Meanwhile>>,
}

impl Meddled {
    /// Over this store.
    pub fn over(store: Arc<MemoryStore>) -> Self {
        Self { store, ..Self::default() }
    }

    /// From now on everything is loaded like this; `None` ends it.
    pub fn load_like(&self, alter: Option<Loading>) {
        *self.loading.lock().unwrap() = alter;
    }

    /// Happens once, just before the next commit that adds events.
    pub fn before_commit(&self, happens: Meanwhile) {
        *self.meanwhile.lock().unwrap() = Some(happens);
    }
}

#[async_trait]
impl RequestLog for Meddled {
    async fn load(&self, id: RequestId) -> Result<Option<Loaded>, Fault> {
        let mut loaded = self.store.load(id).await?;
        if let (Some(loaded), Some(alter)) = (&mut loaded, &*self.loading.lock().unwrap()) {
            alter(loaded);
        }
        Ok(loaded)
    }
    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        if commit.append.is_some() && self.outrun.load(Ordering::SeqCst) {
            self.tries.fetch_add(1, Ordering::SeqCst);
            return Err(CommitError::Conflict);
        }
        let happens = if commit.append.is_some() { self.meanwhile.lock().unwrap().take() } else { None };
        if let Some(happens) = happens {
            happens().await;
        }
        self.store.commit(commit).await
    }
    async fn shares(&self, person: &PersonId) -> Result<Shares, Fault> {
        self.store.shares(person).await
    }
    async fn find(&self, scope: KeyId, key: &str) -> Result<Option<Idempotent>, Fault> {
        self.store.find(scope, key).await
    }
    async fn due(&self, limit: usize) -> Result<Due, Fault> {
        self.store.due(limit).await
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

#[async_trait]
impl Records for Meddled {
    async fn get(&self, kind: Kind, key: &str) -> Result<Option<Record>, Fault> {
        self.store.get(kind, key).await
    }
    async fn put(&self, put: Put) -> Result<u64, PutError> {
        self.store.put(put).await
    }
    async fn list_kind(&self, kind: Kind, after: Option<&str>, limit: usize) -> Result<Vec<Record>, Fault> {
        self.store.list_kind(kind, after, limit).await
    }
    async fn history(&self, kind: Kind, key: &str) -> Result<Vec<Record>, Fault> {
        self.store.history(kind, key).await
    }
}
