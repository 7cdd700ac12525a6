//! Who was recognised lately, and who asks too often. Bounded memory; a revoked key is forgotten at once.

use super::ApiSettings;
use super::problem::Problem;
use crate::engine::Caller;
use countersign_core::canonical::Digest;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A key is looked up in the store at most this often.
const RECOGNISED_FOR: Duration = Duration::from_secs(1);
/// More keys than this are looked up every time.
const RECOGNISED_MAX: usize = 1_024;
/// A limiter forgets those who have been quiet after this many questions.
const SWEEP_EVERY: u64 = 10_000;
/// As many seconds' worth of requests may come at once.
const BURST_SECONDS: u32 = 10;

/// The gate that every request passes.
pub(crate) struct Gate {
    recognised: Mutex<Recognised>,
    callers: DefaultKeyedRateLimiter<String>,
    addresses: DefaultKeyedRateLimiter<IpAddr>,
    asked: AtomicU64,
}

#[derive(Default)]
struct Recognised {
    callers: BTreeMap<[u8; 32], (Caller, Instant)>,
    /// Raised by every revocation, so that a look-up begun before it is not kept after it.
    generation: u64,
}

impl Gate {
    pub(crate) fn new(settings: &ApiSettings) -> Self {
        Self {
            recognised: Mutex::default(),
            callers: RateLimiter::keyed(quota(settings.rate_per_caller)),
            addresses: RateLimiter::keyed(quota(settings.rate_per_address)),
            asked: AtomicU64::new(0),
        }
    }

    /// The caller of this secret, if it was recognised a moment ago; and the generation to remember it under.
    pub(crate) fn recall(&self, secret: &str) -> (Option<Caller>, u64) {
        let recognised = self.recognised.lock().unwrap_or_else(PoisonError::into_inner);
        let found = recognised.callers.get(&Digest::of(secret.as_bytes()).0).filter(|(_, at)| at.elapsed() < RECOGNISED_FOR);
        (found.map(|(caller, _)| caller.clone()), recognised.generation)
    }

    /// Remembers a caller for a moment, unless a key was revoked since the look-up began.
    pub(crate) fn remember(&self, secret: &str, caller: &Caller, generation: u64) {
        let mut recognised = self.recognised.lock().unwrap_or_else(PoisonError::into_inner);
        if recognised.generation != generation {
            return;
        }
        if recognised.callers.len() >= RECOGNISED_MAX {
            recognised.callers.retain(|_, (_, at)| at.elapsed() < RECOGNISED_FOR);
        }
        if recognised.callers.len() < RECOGNISED_MAX {
            recognised.callers.insert(Digest::of(secret.as_bytes()).0, (caller.clone(), Instant::now()));
        }
    }

    /// Forgets everybody: a key was revoked.
    pub(crate) fn forget(&self) {
        let mut recognised = self.recognised.lock().unwrap_or_else(PoisonError::into_inner);
        recognised.generation += 1;
        recognised.callers.clear();
    }

    /// Lets a known caller through, or says how long to wait.
    pub(crate) fn admit(&self, caller: &Caller) -> Result<(), Problem> {
        self.sweep();
        self.callers.check_key(&caller.name()).map_err(|until| limited(until.wait_time_from(DefaultClock::default().now())))
    }

    /// Lets an address through that has not proved who it is.
    pub(crate) fn admit_address(&self, address: IpAddr) -> Result<(), Problem> {
        self.sweep();
        self.addresses.check_key(&address).map_err(|until| limited(until.wait_time_from(DefaultClock::default().now())))
    }

    fn sweep(&self) {
        if self.asked.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            self.callers.retain_recent();
            self.addresses.retain_recent();
        }
    }
}

fn quota(per_second: u32) -> Quota {
    let rate = NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN);
    Quota::per_second(rate).allow_burst(rate.saturating_mul(NonZeroU32::new(BURST_SECONDS).unwrap_or(NonZeroU32::MIN)))
}

fn limited(wait: Duration) -> Problem {
    Problem::new("rate_limited", "too many requests from here; nothing was changed, wait a moment").retry_after(wait.as_secs() + 1)
}
