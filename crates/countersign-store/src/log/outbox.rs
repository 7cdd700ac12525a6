//! Work owed to the outside: how it is added, moved and done, and how it is claimed, lane by lane.

use countersign_core::id::{EffectId, RequestId};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Work added, moved or done, in the same transaction as what caused it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum OutboxChange {
    /// New work.
    Add(OutboxRow),
    /// Done: the row goes. Without the current token the whole commit is [`CommitError::LeaseLost`].
    Done {
        /// Which row.
        id: EffectId,
        /// The token of the claim.
        token: u64,
    },
    /// To be tried again then; the lease ends now. Token as above.
    Later {
        /// Which row.
        id: EffectId,
        /// The token of the claim.
        token: u64,
        /// When.
        due_at: Timestamp,
    },
    /// The lease lasts longer. Token as above.
    Extend {
        /// Which row.
        id: EffectId,
        /// The token of the claim.
        token: u64,
        /// Until when.
        until: Timestamp,
    },
    /// Notices of this request that wait for its summary may leave now.
    Release {
        /// Of which request.
        request: RequestId,
    },
}

/// One effect that is owed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OutboxRow {
    /// Its id, also the idempotency key of a notice.
    pub id: EffectId,
    /// Of which request.
    pub request: RequestId,
    /// The endpoint it goes to: rows of one lane are limited together.
    pub lane: String,
    /// Whether it waits for the summary, until `due_at` at most.
    pub waits: bool,
    /// Not before.
    pub due_at: Timestamp,
    /// What to do, in the engine's own form.
    pub effect: Vec<u8>,
}

/// Leased work.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claimed {
    /// The work.
    pub row: OutboxRow,
    /// The fencing token of this claim: also how often it was claimed.
    pub token: u64,
    /// When it was first due, for the age of retries.
    pub first_due: Timestamp,
    /// How many tries ended in `Later` so far.
    pub attempts: u32,
}

/// How many rows of each lane a claim may take: lanes walk apart, so that a slow receiver delays only itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Room {
    /// In lanes that are not named.
    pub each: usize,
    /// In these.
    pub of: BTreeMap<String, usize>,
}

impl Room {
    /// As much as the claim's limit lets through, in every lane.
    pub const FREE: Self = Self { each: usize::MAX, of: BTreeMap::new() };

    /// In this lane.
    #[must_use]
    pub fn in_lane(&self, lane: &str) -> usize {
        self.of.get(lane).copied().unwrap_or(self.each)
    }
}

/// What `claim` found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Claims {
    /// Leased now.
    pub claimed: Vec<Claimed>,
    /// When the next row that is not due now will be; also the end of a lease.
    pub next: Option<Timestamp>,
    /// Whether more was due, in lanes with room, than the limit let through.
    pub more: bool,
}
