//! The store's one clock: what deadlines are judged by. It never goes back: when the machine's clock
//! jumps, time stands still until it has caught up.

use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Where the time comes from. Stores keep whole milliseconds and cut what is finer.
pub trait StoreClock: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl StoreClock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A clock that stands until somebody moves it: for simulations and tests.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// Stands at this moment.
    #[must_use]
    pub fn at(moment: Timestamp) -> Self {
        Self(AtomicI64::new(moment.as_millisecond()))
    }
    /// Moves to this moment, also backwards.
    pub fn set(&self, moment: Timestamp) {
        self.0.store(moment.as_millisecond(), Ordering::SeqCst);
    }
    /// Moves on; a negative span moves back.
    pub fn advance(&self, by: SignedDuration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::SeqCst);
    }
}

impl StoreClock for ManualClock {
    fn now(&self) -> Timestamp {
        timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// A clock held at its high-water mark.
#[derive(Clone)]
pub(crate) struct HeldClock {
    source: Arc<dyn StoreClock>,
    mark: Arc<AtomicI64>,
}

impl HeldClock {
    pub(crate) fn new(source: Arc<dyn StoreClock>, mark_ms: i64) -> Self {
        Self { source, mark: Arc::new(AtomicI64::new(mark_ms)) }
    }

    /// The time now in milliseconds, never less than any answer before.
    pub(crate) fn now_ms(&self) -> i64 {
        let read = self.source.now().as_millisecond();
        self.mark.fetch_max(read, Ordering::SeqCst).max(read)
    }
}

/// The moment of these milliseconds; what no clock can show is the nearest end of time.
pub(crate) fn timestamp(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(if ms < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

/// The milliseconds of a moment, rounded up: nothing is due before it is due.
pub(crate) fn millis(moment: Timestamp) -> i64 {
    let floor = moment.as_millisecond();
    if timestamp(floor) < moment { floor.saturating_add(1) } else { floor }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_jumps_back_is_held() {
        let source = Arc::new(ManualClock::at(timestamp(1_000)));
        let held = HeldClock::new(source.clone(), 0);
        assert_eq!(held.now_ms(), 1_000);
        source.set(timestamp(400));
        assert_eq!(held.now_ms(), 1_000);
        source.set(timestamp(1_500));
        assert_eq!(held.now_ms(), 1_500);
        assert_eq!(HeldClock::new(source, 9_000).now_ms(), 9_000);
    }

    #[test]
    fn a_finer_moment_rounds_up() {
        assert_eq!(millis(timestamp(5)), 5);
        assert_eq!(millis(timestamp(5) + SignedDuration::from_nanos(1)), 6);
    }
}
