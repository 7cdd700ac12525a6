//! A store in memory that a test reaches into: it alters what is loaded, lets something happen just before a commit,
//! or lets somebody else always be quicker.

use super::between::{Between, Through};
use async_trait::async_trait;
use countersign_core::id::RequestId;
use countersign_store::{Commit, CommitError, Committed, Fault, Loaded, MemoryStore, Records, RequestLog};
use futures_util::future::BoxFuture;
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
    pub fn over(store: Arc<MemoryStore>) -> Arc<Through<Self>> {
        Arc::new(Through(Self { store, ..Self::default() }))
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
impl Between for Meddled {
    fn log(&self) -> &dyn RequestLog {
        &*self.store
    }
    fn records(&self) -> &dyn Records {
        &*self.store
    }
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
}
