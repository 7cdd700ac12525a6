//! A deterministic executor on one thread: futures are polled in an order that the seed chooses, and time
//! moves on, to the next moment at which anything can happen, only when none can run.

use crate::dice::Dice;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

/// Something that runs.
pub(crate) type Run = Pin<Box<dyn Future<Output = ()> + Send>>;
/// Who owns a future: it is dropped when its owner dies. 0 never dies.
pub(crate) type Owner = u64;
/// More polls than this in one stretch of a seed: something spins.
const STEPS_MAX: u64 = 300_000;

struct Flag {
    id: u64,
    set: AtomicBool,
    ready: Arc<Mutex<Vec<u64>>>,
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        if !self.set.swap(true, Ordering::Relaxed) {
            self.ready.lock().unwrap().push(self.id);
        }
    }
}

struct Running {
    owner: Owner,
    run: Run,
    flag: Arc<Flag>,
}

/// Virtual time and the queues that futures reach from inside.
pub(crate) struct Loop {
    now: AtomicI64,
    sleepers: Mutex<BTreeMap<(i64, u64), (Waker, bool)>>,
    next: AtomicU64,
    spawned: Mutex<Vec<(Owner, Run)>>,
    dead: Mutex<BTreeSet<Owner>>,
    ready: Arc<Mutex<Vec<u64>>>,
    dice: Mutex<Dice>,
}

impl Loop {
    /// Time starts here, in milliseconds.
    pub(crate) fn new(now: i64, dice: Dice) -> Arc<Self> {
        Arc::new(Self {
            now: AtomicI64::new(now),
            sleepers: Mutex::default(),
            next: AtomicU64::new(1),
            spawned: Mutex::default(),
            dead: Mutex::default(),
            ready: Arc::default(),
            dice: Mutex::new(dice),
        })
    }

    /// True time, in milliseconds.
    pub(crate) fn now(&self) -> i64 {
        self.now.load(Ordering::Relaxed)
    }

    /// Starts a future; it runs when its turn comes.
    pub(crate) fn spawn(&self, owner: Owner, run: impl Future<Output = ()> + Send + 'static) {
        self.spawned.lock().unwrap().push((owner, Box::pin(run)));
    }

    /// Ends all futures of this owner, wherever they stand.
    pub(crate) fn kill(&self, owner: Owner) {
        self.dead.lock().unwrap().insert(owner);
    }

    /// Drops all that was spawned or sleeps.
    pub(crate) fn end(&self) {
        let spawned = std::mem::take(&mut *self.spawned.lock().unwrap());
        drop(spawned);
        let sleepers = std::mem::take(&mut *self.sleepers.lock().unwrap());
        drop(sleepers);
    }

    /// Whether this owner has died.
    pub(crate) fn is_dead(&self, owner: Owner) -> bool {
        self.dead.lock().unwrap().contains(&owner)
    }

    /// Waits until true time has come that far, and makes time go there.
    pub(crate) fn sleep_until(self: &Arc<Self>, until: i64) -> Sleep {
        Sleep { time: self.clone(), until, lazy: false, key: None }
    }

    /// Waits as above, but time does not move for this alone.
    pub(crate) fn doze_until(self: &Arc<Self>, until: i64) -> Sleep {
        Sleep { time: self.clone(), until, lazy: true, key: None }
    }

    /// Sleeps this many milliseconds.
    pub(crate) fn sleep(self: &Arc<Self>, ms: i64) -> Sleep {
        self.sleep_until(self.now().saturating_add(ms))
    }

    /// The first moment that somebody sleeps towards; of those who merely doze, where asked.
    pub(crate) fn next_sleeper(&self, lazy: bool) -> Option<i64> {
        self.sleepers.lock().unwrap().iter().find(|(_, (_, dozes))| *dozes == lazy).map(|((until, _), _)| *until)
    }

    /// Moves time and wakes those whose time has come.
    pub(crate) fn advance(&self, to: i64) {
        let to = to.max(self.now());
        self.now.store(to, Ordering::Relaxed);
        let mut sleepers = self.sleepers.lock().unwrap();
        let later = sleepers.split_off(&(to + 1, 0));
        let woken = std::mem::replace(&mut *sleepers, later);
        drop(sleepers);
        woken.into_values().for_each(|(waker, _)| waker.wake());
    }

    fn chance(&self, permille: u32) -> bool {
        self.dice.lock().unwrap().permille(permille)
    }

    /// Lets others go first, now and then: where the network, or the disk, would take its time.
    pub(crate) async fn hop(&self) {
        while self.chance(400) {
            let mut passed = false;
            std::future::poll_fn(|context| {
                if std::mem::replace(&mut passed, true) {
                    return Poll::Ready(());
                }
                context.waker().wake_by_ref();
                Poll::Pending
            })
            .await;
        }
    }
}

/// See [`Loop::sleep_until`].
pub(crate) struct Sleep {
    time: Arc<Loop>,
    until: i64,
    lazy: bool,
    key: Option<(i64, u64)>,
}

impl Future for Sleep {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let key = self.key.take();
        let mut sleepers = self.time.sleepers.lock().unwrap();
        if let Some(key) = key {
            sleepers.remove(&key);
        }
        if self.time.now() >= self.until {
            return Poll::Ready(());
        }
        let key = (self.until, self.time.next.fetch_add(1, Ordering::Relaxed));
        sleepers.insert(key, (context.waker().clone(), self.lazy));
        drop(sleepers);
        self.key = Some(key);
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            self.time.sleepers.lock().unwrap().remove(&key);
        }
    }
}

/// Holds the futures and polls them.
pub(crate) struct Executor {
    time: Arc<Loop>,
    running: BTreeMap<u64, Running>,
    next: u64,
    /// Polls so far.
    pub(crate) steps: u64,
    /// What was polled, in order, as one number.
    pub(crate) trace: u64,
}

impl Executor {
    /// Over this time.
    pub(crate) fn new(time: Arc<Loop>) -> Self {
        Self { time, running: BTreeMap::new(), next: 1, steps: 0, trace: 0xcbf2_9ce4_8422_2325 }
    }

    /// Runs what can run until nothing can, then moves time as `next` says, until it says `None`.
    pub(crate) fn run(&mut self, next: impl Fn() -> Option<i64>) -> Result<(), String> {
        let limit = self.steps + STEPS_MAX;
        loop {
            self.settle();
            let Some(id) = self.pick() else {
                match next() {
                    Some(to) => self.time.advance(to),
                    None => return Ok(()),
                }
                continue;
            };
            self.poll(id);
            if self.steps > limit {
                return Err(format!("more than {STEPS_MAX} steps: something spins"));
            }
        }
    }

    fn settle(&mut self) {
        let dead = std::mem::take(&mut *self.time.dead.lock().unwrap());
        if !dead.is_empty() {
            self.running.retain(|_, running| !dead.contains(&running.owner));
            self.time.spawned.lock().unwrap().retain(|(owner, _)| !dead.contains(owner));
            // Owners are never used twice: the dead stay so.
            self.time.dead.lock().unwrap().extend(dead);
        }
        let spawned = std::mem::take(&mut *self.time.spawned.lock().unwrap());
        for (owner, run) in spawned {
            let id = self.next;
            self.next += 1;
            let flag = Arc::new(Flag { id, set: AtomicBool::new(true), ready: self.time.ready.clone() });
            self.time.ready.lock().unwrap().push(id);
            self.running.insert(id, Running { owner, run, flag });
        }
    }

    fn pick(&mut self) -> Option<u64> {
        let mut ready = self.time.ready.lock().unwrap();
        if ready.is_empty() {
            return None;
        }
        let index = self.time.dice.lock().unwrap().below(ready.len());
        Some(ready.swap_remove(index))
    }

    fn poll(&mut self, id: u64) {
        let Some(running) = self.running.get_mut(&id) else { return };
        self.steps += 1;
        self.trace = (self.trace ^ id ^ self.time.now().unsigned_abs()).wrapping_mul(0x0000_0100_0000_01b3);
        running.flag.set.store(false, Ordering::Relaxed);
        let waker = Waker::from(running.flag.clone());
        if running.run.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
            self.running.remove(&id);
        }
    }
}
