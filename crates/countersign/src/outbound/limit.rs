//! Lanes: how many tries may be under way to one endpoint at once, so that a slow receiver delays only
//! itself. Says which lanes are full; the worker leaves their work where it waits.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

/// Enough to fill a fast receiver, few enough that a hanging one holds no more than this for a timeout.
pub const IN_FLIGHT_PER_LANE: usize = 32;

/// One endpoint: scheme, host and port; or one kind of local work.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Lane(String);

impl Lane {
    /// The lane of a URL. All that cannot be read share one.
    pub fn of(url: &str) -> Self {
        Self(super::origin(url))
    }

    /// The lane of all local programs.
    pub fn commands() -> Self {
        Self("command:".to_owned())
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// All lanes of one node. Clones share them.
#[derive(Clone, Debug)]
pub struct Lanes {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    per_lane: usize,
    /// Only lanes with something under way are in it, so it is bounded by the tries themselves.
    in_flight: Mutex<BTreeMap<Lane, usize>>,
    freed: Notify,
}

/// A place in a lane, given back when dropped.
#[derive(Debug)]
pub struct Pass {
    shared: Arc<Shared>,
    lane: Lane,
}

impl Default for Lanes {
    fn default() -> Self {
        Self::new(IN_FLIGHT_PER_LANE)
    }
}

impl Lanes {
    /// Lanes with so many places each, at least one.
    pub fn new(per_lane: usize) -> Self {
        let shared = Shared { per_lane: per_lane.max(1), in_flight: Mutex::default(), freed: Notify::new() };
        Self { shared: Arc::new(shared) }
    }

    /// Takes a place, or says that the lane is full.
    pub fn try_enter(&self, lane: &Lane) -> Option<Pass> {
        let mut in_flight = self.shared.in_flight.lock().unwrap_or_else(PoisonError::into_inner);
        let count = in_flight.entry(lane.clone()).or_default();
        if *count >= self.shared.per_lane {
            return None;
        }
        *count += 1;
        Some(Pass { shared: Arc::clone(&self.shared), lane: lane.clone() })
    }

    /// The lanes that are full now: work for these is not worth claiming.
    pub fn busy(&self) -> Vec<Lane> {
        let in_flight = self.shared.in_flight.lock().unwrap_or_else(PoisonError::into_inner);
        in_flight.iter().filter(|(_, count)| **count >= self.shared.per_lane).map(|(lane, _)| lane.clone()).collect()
    }

    /// Returns when a full lane has a place again; at once if that happened since the last call. For one
    /// waiter: the worker that claims.
    pub async fn freed(&self) {
        self.shared.freed.notified().await;
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut in_flight = self.shared.in_flight.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(count) = in_flight.get_mut(&self.lane) else {
            return;
        };
        let was_full = *count >= self.shared.per_lane;
        *count = count.saturating_sub(1);
        if *count == 0 {
            in_flight.remove(&self.lane);
        }
        if was_full {
            self.shared.freed.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_lane_holds_up_only_itself() {
        let lanes = Lanes::new(2);
        let (slow, quick) = (Lane::of("http://Slow.example/a"), Lane::of("http://quick.example/"));
        assert_eq!(slow, Lane::of("http://slow.example:80/b?c"));
        assert_ne!(slow, Lane::of("https://slow.example/"));
        let first = lanes.try_enter(&slow).unwrap();
        let _second = lanes.try_enter(&slow).unwrap();
        assert!(lanes.try_enter(&slow).is_none());
        assert_eq!(lanes.busy(), std::slice::from_ref(&slow));
        assert!(lanes.try_enter(&quick).is_some());
        drop(first);
        lanes.freed().await;
        assert!(lanes.busy().is_empty() && lanes.try_enter(&slow).is_some());
    }

    #[test]
    fn an_empty_lane_is_forgotten() {
        let lanes = Lanes::default();
        drop(lanes.try_enter(&Lane::commands()).unwrap());
        assert!(lanes.shared.in_flight.lock().unwrap().is_empty());
    }
}
