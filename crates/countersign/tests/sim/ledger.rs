//! What the world outside the engine has seen: what was promised to callers, what reached receivers, and
//! which directory was in force around each commit. Kept apart from the store, for the oracle alone.

use crate::crew::P;
use countersign_core::event::{Decision, NoticeKind};
use countersign_core::id::{RequestId, Revision};
use countersign_core::refusal::Refusal;
use jiff::Timestamp;

/// One commit that the store took.
#[derive(Clone, Debug)]
pub(crate) struct CommitNote {
    pub(crate) id: RequestId,
    /// The numbers of its events, from 1: first and last.
    pub(crate) events: (u64, u64),
    /// The store's time when it took it.
    pub(crate) taken_at: Timestamp,
    /// The directory's version that was in force at that moment.
    pub(crate) crew: u64,
    /// What the row says, for comparison with what the events say.
    pub(crate) next_wakeup: Option<Timestamp>,
    pub(crate) status: countersign_store::StatusName,
    pub(crate) waiting: std::collections::BTreeSet<P>,
}

/// A look at all open requests with a directory, as it ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub(crate) version: u64,
    /// How many commits the store had taken when it began and when it ended.
    pub(crate) begun: usize,
    pub(crate) ended: usize,
}

/// What a caller asked for.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Asked {
    Submit { key: Option<String>, requester: P, payload: String },
    Decide { person: P, decision: Decision, revision: Revision, relayed: bool },
    DecideAsMachine,
    Revise { person: P },
    Withdraw { person: P },
    Comment,
    Operate(&'static str),
}

/// What a caller was told.
#[derive(Clone, Debug)]
pub(crate) enum Told {
    /// Done; how many events it made.
    Done(usize),
    Refused(Refusal),
    Forbidden,
    /// An error, or no answer at all: anything may be true.
    Unknown,
}

/// One command as its caller saw it.
#[derive(Clone, Debug)]
pub(crate) struct Deed {
    pub(crate) id: Option<RequestId>,
    pub(crate) asked: Asked,
    /// Words that no other command bears, where it has any.
    pub(crate) mark: Option<String>,
    pub(crate) told: Told,
}

/// Something that reached a receiver.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    /// The store's time.
    pub(crate) at: Timestamp,
    pub(crate) url: String,
    /// The idempotency key.
    pub(crate) key: String,
    pub(crate) body: Vec<u8>,
    /// Whether it is an action, not a notice.
    pub(crate) action: bool,
}

/// See the module.
#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) commits: Vec<CommitNote>,
    pub(crate) looks: Vec<Look>,
    pub(crate) deeds: Vec<Deed>,
    pub(crate) arrivals: Vec<Arrival>,
    /// When each key was first sent to its receiver, whatever became of it; the store's time.
    pub(crate) knocks: std::collections::BTreeMap<String, i64>,
    /// Records as they were seen during the run: none may change afterwards.
    pub(crate) glimpses: Vec<(RequestId, Vec<Vec<u8>>)>,
    /// Commits that wrote a refused attempt together with an event.
    pub(crate) mixed: u64,
    /// Policy versions with the true time when a node put them in force.
    pub(crate) editions: Vec<(usize, i64)>,
    /// Commits that the store refused for their moment.
    pub(crate) moments: u64,
    pub(crate) conflicts: u64,
    pub(crate) leases_lost: u64,
}

pub(crate) fn kind_word(kind: NoticeKind) -> &'static str {
    countersign::engine::owed::type_name(kind)
}
