//! The store as one node reaches it: slow, failing, cut off in the middle; and the notes that the oracle needs.

use crate::between::{Between, Through};
use crate::executor::Owner;
use crate::faults::Kind as Fate;
use crate::ledger::CommitNote;
use crate::world::World;
use async_trait::async_trait;
use countersign_core::id::{KeyId, RequestId};
use countersign_store::{
    Claims, Commit, CommitError, Committed, Due, Fault, Idempotent, Kind, Loaded, Put, PutError, Record, Records, RequestLog, Room,
};
use futures_util::FutureExt;
use std::sync::Arc;

/// A stalled process sleeps this long, in milliseconds: beyond every lease, now and then.
const STALL: (i64, i64) = (1_000, 400_000);
/// A slow call takes up to so many milliseconds.
const SLOW: i64 = 60;

/// See the module.
pub(crate) struct Disk {
    world: Arc<World>,
    owner: Owner,
}

impl Disk {
    /// The world's store as this node reaches it.
    pub(crate) fn of(world: Arc<World>, owner: Owner) -> Through<Self> {
        Through(Self { world, owner })
    }

    async fn before(&self) -> Result<(), Fault> {
        self.world.time.hop().await;
        let delay = {
            let mut weather = self.world.weather();
            match (weather.strikes(Fate::Stall), weather.strikes(Fate::SlowStore)) {
                (true, _) => Some(weather.between(STALL.0, STALL.1)),
                (_, true) => Some(weather.between(1, SLOW)),
                _ => None,
            }
        };
        if let Some(ms) = delay {
            self.world.time.sleep(ms).await;
        }
        if self.world.weather().strikes(Fate::StoreFails) { Err(Fault::Store("it did not answer".into())) } else { Ok(()) }
    }

    async fn die(&self) -> ! {
        self.world.crash(self.owner);
        std::future::pending().await
    }

    fn strikes(&self, fate: Fate) -> bool {
        self.world.weather().strikes(fate)
    }

    fn note(&self, commit: &Commit, committed: &Result<Committed, CommitError>) {
        let mut ledger = self.world.ledger();
        ledger.arrivals.extend(self.world.twin.phantoms());
        match committed {
            Err(CommitError::Moment) => ledger.moments += 1,
            Err(CommitError::Conflict) => ledger.conflicts += 1,
            Err(CommitError::LeaseLost) => ledger.leases_lost += 1,
            _ => {}
        }
        let (Ok(committed), Some(append)) = (committed, &commit.append) else { return };
        if commit.refused.is_some() {
            ledger.mixed += 1;
        }
        let stored = self.world.store.load(append.id).now_or_never().unwrap();
        let row = stored.ok().flatten().map_or_else(|| append.row.clone(), |loaded| loaded.row);
        ledger.commits.push(CommitNote {
            id: append.id,
            events: (append.expected + 1, append.expected + append.events.len() as u64),
            taken_at: committed.now,
            crew: self.world.crew().version,
            next_wakeup: row.next_wakeup,
            status: row.status,
            waiting: row.waiting,
        });
    }
}

#[async_trait]
impl Between for Disk {
    fn log(&self) -> &dyn RequestLog {
        &*self.world.log
    }

    fn records(&self) -> &dyn Records {
        &*self.world.store
    }

    async fn load(&self, id: RequestId) -> Result<Option<Loaded>, Fault> {
        self.before().await?;
        let loaded = self.world.log.load(id).await;
        self.world.time.hop().await;
        loaded
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        self.before().await?;
        if self.strikes(Fate::CrashBeforeCommit) {
            self.die().await;
        }
        let committed = self.world.log.commit(commit.clone()).await;
        self.note(&commit, &committed);
        if self.strikes(Fate::CrashAfterCommit) {
            self.die().await;
        }
        self.world.time.hop().await;
        if committed.is_ok() && self.strikes(Fate::CommitInDoubt) {
            return Err(Fault::InDoubt.into());
        }
        committed
    }

    async fn find(&self, scope: KeyId, key: &str) -> Result<Option<Idempotent>, Fault> {
        self.before().await?;
        self.world.log.find(scope, key).await
    }

    async fn due(&self, limit: usize) -> Result<Due, Fault> {
        self.before().await?;
        self.world.log.due(limit).await
    }

    async fn claim(&self, room: &Room, lease_ms: i64, limit: usize) -> Result<Claims, Fault> {
        self.before().await?;
        let claims = self.world.log.claim(room, lease_ms, limit).await;
        self.world.time.hop().await;
        if self.strikes(Fate::CommitInDoubt) { Err(Fault::InDoubt) } else { claims }
    }

    async fn get(&self, kind: Kind, key: &str) -> Result<Option<Record>, Fault> {
        self.before().await?;
        let record = self.world.store.get(kind, key).await;
        self.world.time.hop().await;
        record
    }

    async fn put(&self, put: Put) -> Result<u64, PutError> {
        self.before().await?;
        let done = self.world.store.put(put).await;
        self.world.time.hop().await;
        if done.is_ok() && self.strikes(Fate::PutInDoubt) { Err(Fault::InDoubt.into()) } else { done }
    }

    async fn list_kind(&self, kind: Kind, after: Option<&str>, limit: usize) -> Result<Vec<Record>, Fault> {
        self.before().await?;
        self.world.store.list_kind(kind, after, limit).await
    }

    async fn history(&self, kind: Kind, key: &str) -> Result<Vec<Record>, Fault> {
        self.before().await?;
        self.world.store.history(kind, key).await
    }
}
