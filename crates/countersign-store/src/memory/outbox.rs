//! Owed effects: leases, fencing tokens, lanes.

use crate::Fault;
use crate::clock::{millis, timestamp};
use crate::log::{Claimed, Claims, CommitError, OutboxChange, OutboxRow, Room};
use countersign_core::id::{EffectId, RequestId};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub(super) struct Outbox {
    rows: BTreeMap<EffectId, Owed>,
    added: u64,
}

struct Owed {
    row: OutboxRow,
    /// When it may be claimed: its due time, or the end of its lease.
    due: i64,
    first_due: i64,
    /// Among rows of the same due time, the one added first comes first.
    nth: u64,
    token: u64,
    leased: bool,
    attempts: u32,
}

impl Outbox {
    pub(super) fn len(&self) -> u64 {
        self.rows.len() as u64
    }

    pub(super) fn oldest(&self) -> Option<Timestamp> {
        self.rows.values().map(|owed| owed.due).min().map(timestamp)
    }

    /// Whether all changes can be made, one after the other.
    pub(super) fn check(&self, changes: &[OutboxChange], known: impl Fn(RequestId) -> bool) -> Result<(), CommitError> {
        let mut touched = BTreeSet::new();
        for change in changes {
            match change {
                OutboxChange::Add(row) if !known(row.request) => return Err(crate::log::unknown(row.request).into()),
                OutboxChange::Add(row) if self.rows.contains_key(&row.id) || !touched.insert(row.id) => {
                    return Err(Fault::Store(format!("the effect {} is owed already", row.id)).into());
                }
                OutboxChange::Done { id, token } | OutboxChange::Later { id, token, .. } | OutboxChange::Extend { id, token, .. } => {
                    let held = self.rows.get(id).is_some_and(|owed| owed.leased && owed.token == *token);
                    if !held || !touched.insert(*id) {
                        return Err(CommitError::LeaseLost);
                    }
                }
                OutboxChange::Add(_) | OutboxChange::Release { .. } => {}
            }
        }
        Ok(())
    }

    pub(super) fn apply(&mut self, changes: Vec<OutboxChange>, now: i64) {
        for change in changes {
            match change {
                OutboxChange::Add(row) => self.add(row),
                OutboxChange::Done { id, .. } => drop(self.rows.remove(&id)),
                OutboxChange::Later { id, due_at, .. } => self.later(id, millis(due_at)),
                OutboxChange::Extend { id, until, .. } => self.extend(id, millis(until)),
                OutboxChange::Release { request } => self.release(request, now),
            }
        }
    }

    fn add(&mut self, row: OutboxRow) {
        self.added += 1;
        let due = millis(row.due_at);
        let owed = Owed { due, first_due: due, nth: self.added, token: 0, leased: false, attempts: 0, row };
        self.rows.insert(owed.row.id, owed);
    }

    fn later(&mut self, id: EffectId, due: i64) {
        if let Some(owed) = self.rows.get_mut(&id) {
            owed.due = due;
            owed.leased = false;
            owed.attempts += 1;
        }
    }

    fn extend(&mut self, id: EffectId, until: i64) {
        if let Some(owed) = self.rows.get_mut(&id) {
            owed.due = until;
        }
    }

    fn release(&mut self, request: RequestId, now: i64) {
        for owed in self.rows.values_mut().filter(|owed| owed.row.request == request && owed.row.waits) {
            owed.row.waits = false;
            owed.due = owed.due.min(now);
            owed.first_due = owed.due;
        }
    }

    pub(super) fn claim(&mut self, room: &Room, lease_ms: i64, limit: usize, now: i64) -> Claims {
        let mut ready: Vec<_> = self.rows.values_mut().filter(|owed| owed.due <= now).collect();
        ready.sort_by_key(|owed| (owed.due, owed.nth));
        let mut taken = BTreeMap::<String, usize>::new();
        ready.retain(|owed| {
            let here = taken.entry(owed.row.lane.clone()).or_default();
            *here += 1;
            *here <= room.in_lane(&owed.row.lane)
        });
        let more = ready.len() > limit;
        ready.truncate(limit);
        let claimed = ready.into_iter().map(|owed| owed.lease(now.saturating_add(lease_ms))).collect();
        let next = self.rows.values().map(|owed| owed.due).filter(|due| *due > now).min();
        Claims { claimed, next: next.map(timestamp), more }
    }
}

impl Owed {
    fn lease(&mut self, until: i64) -> Claimed {
        self.row.waits = false;
        let row = OutboxRow { due_at: timestamp(self.due), ..self.row.clone() };
        self.due = until;
        self.leased = true;
        self.token += 1;
        Claimed { row, token: self.token, first_due: timestamp(self.first_due), attempts: self.attempts }
    }
}
