//! Everything that the parts of one run share: time, nodes, people, the weather, and the ledger that the
//! oracle reads.

use crate::crew::Crew;
use crate::dice::Dice;
use crate::executor::{Loop, Owner};
use crate::faults::Weather;
use crate::ledger::Ledger;
use countersign::engine::Engine;
use countersign::engine::shelf::DIRECTORY_KEY;
use countersign::ports::Clock;
use countersign_core::assertion::Proof;
use countersign_core::id::{PersonId, RequestId};
use countersign_store::{Kind, MemoryStore, Put, Records, RequestLog, Room, StoreClock};
use futures_util::FutureExt;
use jiff::Timestamp;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};

/// The run begins here: 2026-03-02T09:00:00Z, in milliseconds.
pub(crate) const START: i64 = 1_772_442_000_000;

/// One process: its engine and whom its futures belong to.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) engine: Arc<Engine>,
    pub(crate) owner: Owner,
}

/// See the module.
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) time: Arc<Loop>,
    pub(crate) store: Arc<MemoryStore>,
    /// What engines talk to: the store, or a twin of it that lies.
    pub(crate) log: Arc<dyn RequestLog>,
    pub(crate) twin: Arc<crate::between::Through<crate::twins::Twin>>,
    pub(crate) store_clock: Arc<Offset>,
    pub(crate) nodes: Mutex<Vec<Option<Node>>>,
    pub(crate) node_clocks: Vec<Arc<Offset>>,
    pub(crate) crews: Mutex<Vec<Arc<Crew>>>,
    pub(crate) weather: Mutex<Weather>,
    pub(crate) ledger: Mutex<Ledger>,
    /// What passkeys signed lately, for whom and by whom.
    pub(crate) signatures: Mutex<Vec<Made>>,
    owners: AtomicU64,
}

/// A signature with the request that it is for and who made it.
pub(crate) type Made = (RequestId, PersonId, Box<Proof>);

/// A clock that is wrong by so many milliseconds.
pub(crate) struct Offset {
    time: Arc<Loop>,
    by: AtomicI64,
}

impl Offset {
    pub(crate) fn new(time: Arc<Loop>) -> Arc<Self> {
        Arc::new(Self { time, by: AtomicI64::new(0) })
    }
    pub(crate) fn set(&self, by: i64) {
        self.by.store(by, Ordering::Relaxed);
    }
    pub(crate) fn by(&self) -> i64 {
        self.by.load(Ordering::Relaxed)
    }
}

/// Puts the directory of this version in force: the record says which one, the crews say who is in it.
pub(crate) fn directory_put(version: u64) -> Put {
    let bytes = Some(version.to_string().into_bytes());
    Put { kind: Kind::Directory, key: DIRECTORY_KEY.into(), expected: version - 1, bytes }
}

pub(crate) fn moment(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap()
}

impl StoreClock for Offset {
    fn now(&self) -> Timestamp {
        moment(self.time.now() + self.by())
    }
}

#[async_trait::async_trait]
impl Clock for Offset {
    fn now(&self) -> Timestamp {
        moment(self.time.now() + self.by())
    }
    /// Workers doze: time moves for what is due, not for the polls that are their safety net.
    async fn sleep_until(&self, until: Timestamp) {
        let wait = until.as_millisecond() - (self.time.now() + self.by());
        self.time.doze_until(self.time.now() + wait.max(0)).await;
    }
}

impl World {
    pub(crate) fn new(seed: u64, nodes: usize, weather: Weather, bug: Option<crate::twins::Bug>) -> Arc<Self> {
        let time = Loop::new(START, Dice::new(seed, 1));
        let store_clock = Offset::new(time.clone());
        let store = Arc::new(MemoryStore::new(store_clock.clone()));
        store.put(directory_put(1)).now_or_never().unwrap().unwrap();
        let twin = crate::twins::Twin::new(bug, store.clone(), time.clone(), Dice::new(seed, 2));
        Arc::new(Self {
            seed,
            store,
            log: twin.clone(),
            twin,
            store_clock,
            nodes: Mutex::new(vec![None; nodes]),
            node_clocks: (0..nodes).map(|_| Offset::new(time.clone())).collect(),
            crews: Mutex::new(vec![Arc::new(Crew::first())]),
            weather: Mutex::new(weather.logged(time.clone())),
            ledger: Mutex::default(),
            signatures: Mutex::default(),
            owners: AtomicU64::new(1),
            time,
        })
    }

    pub(crate) fn dice(&self, stream: u64) -> Dice {
        Dice::new(self.seed, stream)
    }

    pub(crate) fn weather(&self) -> MutexGuard<'_, Weather> {
        self.weather.lock().unwrap()
    }

    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap()
    }

    /// The directory in force: the one that the store's record names.
    pub(crate) fn crew(&self) -> Arc<Crew> {
        let record = self.store.get(Kind::Directory, DIRECTORY_KEY).now_or_never().unwrap().unwrap();
        self.crew_of(record.unwrap().version).unwrap()
    }

    /// The directory of this version, in force or about to be.
    pub(crate) fn crew_of(&self, version: u64) -> Option<Arc<Crew>> {
        self.crews.lock().unwrap().iter().find(|crew| crew.version == version).cloned()
    }

    /// The store's time.
    pub(crate) fn store_now(&self) -> Timestamp {
        self.store.due(0).now_or_never().unwrap().unwrap().now
    }

    pub(crate) fn new_owner(&self) -> Owner {
        self.owners.fetch_add(1, Ordering::Relaxed)
    }

    /// A node that is up, if there is one.
    pub(crate) fn some_node(&self, dice: &mut Dice) -> Option<(usize, Node)> {
        let nodes = self.nodes.lock().unwrap();
        let up: Vec<usize> = (0..nodes.len()).filter(|index| nodes[*index].is_some()).collect();
        let index = *dice.one(&up)?;
        nodes[index].clone().map(|node| (index, node))
    }

    /// Ends a node: all that it was doing stops where it stands.
    pub(crate) fn crash(&self, owner: Owner) {
        let mut nodes = self.nodes.lock().unwrap();
        for node in nodes.iter_mut().filter(|node| node.as_ref().is_some_and(|node| node.owner == owner)) {
            *node = None;
        }
        self.time.kill(owner);
    }

    /// Lets go of what holds on to the world in turn: its nodes, and whatever still waits in time. Else each world that
    /// was played would stay in memory.
    pub(crate) fn end(&self) {
        self.nodes.lock().unwrap().clear();
        self.time.end();
    }

    /// When something can next happen: somebody wakes, a wake-up or an effect is due, or a lease ends.
    pub(crate) fn next_moment(&self) -> Option<i64> {
        let now = self.time.now();
        let due = self.store.due(1).now_or_never().unwrap().unwrap();
        let claims = self.store.claim(&Room::FREE, 1, 0).now_or_never().unwrap().unwrap();
        let true_time = |at: Timestamp| (at.as_millisecond() - self.store_clock.by()).max(now + 1);
        let overdue = !due.overdue.is_empty() || claims.more;
        let polls = self.time.next_sleeper(true).filter(|_| overdue).map(|at| at.max(now + 1));
        let moments = [self.time.next_sleeper(false), due.next.map(true_time), claims.next.map(true_time), polls];
        moments.into_iter().flatten().min()
    }

    /// A call to a node, which ends with nothing when the node does.
    pub(crate) fn call<F: Future + Send>(self: &Arc<Self>, owner: Owner, call: F) -> Call<F> {
        Call { world: self.clone(), owner, call: Box::pin(call), watch: None }
    }
}

/// See [`World::call`].
pub(crate) struct Call<F> {
    world: Arc<World>,
    owner: Owner,
    call: Pin<Box<F>>,
    watch: Option<Pin<Box<crate::executor::Sleep>>>,
}

impl<F: Future> Future for Call<F> {
    type Output = Option<F::Output>;
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.world.time.is_dead(self.owner) {
            return Poll::Ready(None);
        }
        if let Poll::Ready(output) = self.call.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        // A caller notices a dead node within a second.
        loop {
            let until = self.world.time.now() + 1000;
            let time = self.world.time.clone();
            let watch = self.watch.get_or_insert_with(|| Box::pin(time.sleep_until(until)));
            match watch.as_mut().poll(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(()) if self.world.time.is_dead(self.owner) => return Poll::Ready(None),
                Poll::Ready(()) => self.watch = None,
            }
        }
    }
}
