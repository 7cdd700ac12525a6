//! Those who do what is owed: the outbox worker performs effects, the wake-up worker fires timers. Each is
//! woken at once by a bell and by a slow poll as safety net, works under leases, and stops when told,
//! losing nothing.

use jiff::{SignedDuration, Timestamp};

pub mod notice;
pub mod outbox;
pub mod perform;
pub mod sweep;
pub mod wakeups;

/// A worker rests at least this long between two looks. What is due is due by the store's clock; on a node
/// whose own clock is ahead of it, the next moment always seems to have come.
const REST_MIN: SignedDuration = SignedDuration::from_millis(5);

/// When to look again: at the next moment that is due, or at the next poll.
pub(crate) fn rest_until(now: Timestamp, next: Option<Timestamp>, poll: Timestamp) -> Timestamp {
    let rested = now.saturating_add(REST_MIN).unwrap_or(now);
    next.map_or(poll, |next| next.min(poll)).max(rested)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_whose_clock_is_ahead_of_the_store_does_not_spin() {
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24);
        let poll = now + SignedDuration::from_secs(1);
        assert!(rest_until(now, Some(Timestamp::UNIX_EPOCH), poll) > now);
        assert_eq!(rest_until(now, None, poll), poll);
    }
}
