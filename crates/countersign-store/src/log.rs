//! The port of the request log: thirteen verbs. Every change goes through `commit`, which writes events,
//! contents, the request row, its next wake-up, the outbox and the idempotency record together or not at all.

use crate::Fault;
use crate::share::{Card, Part, Shares};
use async_trait::async_trait;
use countersign_core::canonical::Digest;
use countersign_core::event::{ContentId, Event};
use countersign_core::id::{KeyId, PersonId, PolicyName, RequestId, Revision};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::path::Path;

pub use outbox::{Claimed, Claims, OutboxChange, OutboxRow, Room};

mod outbox;

/// Requests, their events and the work they owe.
#[async_trait]
pub trait RequestLog: Send + Sync {
    /// Everything of one request: its events in order, all its contents, and the store's time now.
    async fn load(&self, id: RequestId) -> Result<Option<Loaded>, Fault>;

    /// Writes all of it or nothing. Concurrent commits may share one transaction; each stands or falls alone.
    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError>;

    /// The request that this idempotency key already made.
    async fn find(&self, scope: KeyId, key: &str) -> Result<Option<Idempotent>, Fault>;

    /// Requests whose wake-up has come, earliest first, at most `limit`; and when the next one after now is due.
    /// With a limit of 0 it says the time and nothing else.
    async fn due(&self, limit: usize) -> Result<Due, Fault>;

    /// Leases due outbox rows for `lease_ms`, oldest first, at most `limit`, and of each lane no more than it has room for.
    /// Each claim raises the row's fencing token.
    async fn claim(&self, room: &Room, lease_ms: i64, limit: usize) -> Result<Claims, Fault>;

    /// A page of request rows, newest first (the inbox of a person: most urgent first).
    async fn list(&self, query: &ListQuery) -> Result<Page<RequestRow>, Fault>;

    /// How much there is in each of a person's lists.
    async fn shares(&self, person: &PersonId) -> Result<Shares, Fault>;

    /// Events of all requests after a position, in order, at most `limit`.
    async fn tail(&self, after: u64, limit: usize) -> Result<Vec<Positioned>, Fault>;

    /// The head of each request's chain, by request id, after the one given.
    async fn heads(&self, after: Option<RequestId>, limit: usize) -> Result<Vec<Head>, Fault>;

    /// Refused attempts, newest first. The log is bounded: the oldest give way.
    async fn refused(&self, limit: usize) -> Result<Vec<RefusedAttempt>, Fault>;

    /// How much of everything there is; cheap enough for a scrape every few seconds.
    async fn counts(&self) -> Result<Counts, Fault>;

    /// A consistent copy of the whole store in a new file, while it runs.
    async fn backup(&self, file: &Path) -> Result<(), Fault>;

    /// Reads everything and checks every chain, content and version; the first differences found.
    async fn verify(&self) -> Result<crate::verify::Verified, Fault>;
}

/// A request as stored.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Its events, each with the time of its commit.
    pub events: Vec<(Timestamp, Event)>,
    /// Its payloads, comments, summaries and bodies.
    pub contents: Vec<Content>,
    /// The row as it was written by the last commit.
    pub row: RequestRow,
    /// The store's time.
    pub now: Timestamp,
}

/// Bytes that stand apart from events and can be erased.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Content {
    /// `Digest::salted(salt, bytes)`.
    pub id: ContentId,
    /// Random.
    pub salt: [u8; 16],
    /// The content itself.
    pub bytes: Vec<u8>,
}

/// One conditional write.
#[derive(Clone, Debug, Default)]
pub struct Commit {
    /// The request that grows, if any.
    pub append: Option<Append>,
    /// Records that must still have this version, else [`CommitError::Conflict`].
    pub expect: Vec<(crate::Kind, String, u64)>,
    /// Records that are written with it; each must have the version it expects, else [`CommitError::Conflict`].
    pub puts: Vec<crate::records::Put>,
    /// The store's clock must have reached this.
    pub not_before: Option<Timestamp>,
    /// The store's clock must not have reached this.
    pub not_after: Option<Timestamp>,
    /// Work added, moved or done.
    pub outbox: Vec<OutboxChange>,
    /// Written with the request; a second commit under the same key is [`CommitError::KeyTaken`].
    pub idempotency: Option<Idempotent>,
    /// An attempt that a rule refused, for the bounded log beside the chain.
    pub refused: Option<RefusedAttempt>,
}

/// Events for one request.
#[derive(Clone, Debug)]
pub struct Append {
    /// Which.
    pub id: RequestId,
    /// How many events it has; 0 for a new one.
    pub expected: u64,
    /// The time they all bear.
    pub at: Timestamp,
    /// What happened.
    pub events: Vec<Event>,
    /// What the events name.
    pub contents: Vec<Content>,
    /// What lists show: the cache of the fold after these events.
    pub row: RequestRow,
}

impl Append {
    /// What no decision of the engine may break: a request begins with an event, and ends exactly when it is settled.
    pub(crate) fn sound(&self) -> Result<(), Fault> {
        if self.expected == 0 && self.events.is_empty() {
            return Err(Fault::Store(format!("the request {} has no event to begin with", self.id)));
        }
        if self.row.status.is_final() != self.row.settled_at.is_some() {
            return Err(Fault::Store(format!("the request {} is {} without the time of its end, or the reverse", self.id, self.row.status.as_str())));
        }
        Ok(())
    }
}

/// Whether the store's time lies in `not_before..not_after`.
pub(crate) fn within(not_before: Option<Timestamp>, not_after: Option<Timestamp>, now_ms: i64) -> Result<(), CommitError> {
    let early = not_before.is_some_and(|start| now_ms < crate::clock::millis(start));
    let late = not_after.is_some_and(|end| now_ms >= crate::clock::millis(end));
    if early || late { Err(CommitError::Moment) } else { Ok(()) }
}

/// Work or a key that names a request which is not there.
pub(crate) fn unknown(id: RequestId) -> Fault {
    Fault::Store(format!("there is no request {id}"))
}

/// The columns that lists and wake-ups need: a cache of the fold, rebuilt from events at any time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RequestRow {
    /// Which request.
    pub id: RequestId,
    /// Under which policy.
    pub policy: PolicyName,
    /// Which version of it.
    pub policy_version: Digest,
    /// In whose name.
    pub requester: PersonId,
    /// The key that submitted it, if one did.
    pub submitted_with: Option<KeyId>,
    /// The id that another system knows it by.
    pub external_id: Option<String>,
    /// Where it stands.
    pub status: StatusName,
    /// Rendered from the payload.
    pub title: String,
    /// The risk that the plain summary or the model gave: `low`, `medium`, `high`.
    pub risk: String,
    /// The current revision.
    pub revision: Revision,
    /// Who may decide now.
    pub waiting: BTreeSet<PersonId>,
    /// Whether an action or notice of it is a dead letter.
    pub dead_letter: bool,
    /// The next escalation or expiry, as people see it.
    pub due: Option<Timestamp>,
    /// When it must be looked at again.
    pub next_wakeup: Option<Timestamp>,
    /// When it was submitted.
    pub created_at: Timestamp,
    /// When it ended.
    pub settled_at: Option<Timestamp>,
    /// What a line in a list shows beside.
    pub card: Card,
    /// What it is about, in a few words: others about the same thing have the same.
    pub subject: Option<String>,
}

/// Where a request stands, as lists and the wire say it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum StatusName {
    /// Somebody is asked.
    Pending,
    /// Waits for a new revision.
    Returned,
    /// Nobody left to ask.
    Unroutable,
    /// Every voice is in, not yet an outcome.
    Held,
    /// Ended well.
    Approved,
    /// Ended with a no.
    Rejected,
    /// Nobody decided in time.
    Expired,
    /// Taken back.
    Withdrawn,
}

impl StatusName {
    /// All of them, in the order of their stored codes: append only.
    pub const ALL: [Self; 8] =
        [Self::Pending, Self::Returned, Self::Unroutable, Self::Held, Self::Approved, Self::Rejected, Self::Expired, Self::Withdrawn];

    /// The stable word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Returned => "returned",
            Self::Unroutable => "unroutable",
            Self::Held => "held",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Whether nothing can change it any more.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Approved | Self::Rejected | Self::Expired | Self::Withdrawn)
    }
}

/// What `due` found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Due {
    /// Overdue requests with their due time, earliest first.
    pub overdue: Vec<(RequestId, Timestamp)>,
    /// The next wake-up after now.
    pub next: Option<Timestamp>,
    /// The store's time.
    pub now: Timestamp,
}

/// A key that made a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Idempotent {
    /// Whose key space.
    pub scope: KeyId,
    /// The header's text.
    pub key: String,
    /// The digest of the canonical body that came with it.
    pub body: Digest,
    /// What it made.
    pub request: RequestId,
}

/// An attempt that a rule refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefusedAttempt {
    /// When.
    pub at: Timestamp,
    /// On which request, if one is known.
    pub request: Option<RequestId>,
    /// Who tried, as an id.
    pub actor: String,
    /// What they tried.
    pub attempted: String,
    /// The stable code of the refusal.
    pub code: String,
}

/// What a list is asked for. Empty fields do not filter.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ListQuery {
    /// Any of these.
    pub status: Vec<StatusName>,
    /// Of this policy.
    pub policy: Option<PolicyName>,
    /// Asked by this person.
    pub requester: Option<PersonId>,
    /// Waiting for this person: such a list is ordered by urgency.
    pub approver: Option<PersonId>,
    /// In which this person has this part.
    pub part: Option<(PersonId, Part)>,
    /// About this; with a policy.
    pub subject: Option<String>,
    /// Submitted with this key.
    pub key: Option<KeyId>,
    /// With this external id.
    pub external_id: Option<String>,
    /// Whose title contains this, in any case.
    pub text: Option<String>,
    /// Or this: the same with its numbers written otherwise.
    pub or_text: Option<String>,
    /// Only requests with dead letters.
    pub dead_letter: bool,
    /// At most this many; the store bounds it to 200.
    pub limit: usize,
    /// The `next` of the page before.
    pub cursor: Option<String>,
}

impl ListQuery {
    /// Whether a row belongs in this list: every adapter asks here, so that lists agree.
    #[must_use]
    pub fn admits(&self, row: &RequestRow) -> bool {
        let among = |wanted: &Option<PersonId>, person: &PersonId| wanted.as_ref().is_none_or(|wanted| wanted == person);
        (self.status.is_empty() || self.status.contains(&row.status))
            && self.policy.as_ref().is_none_or(|policy| *policy == row.policy)
            && among(&self.requester, &row.requester)
            && self.approver.as_ref().is_none_or(|person| row.waiting.contains(person))
            && self.part.as_ref().is_none_or(|(person, part)| Part::of(row, person) == Some(*part))
            && (self.subject.is_none() || self.subject == row.subject)
            && (self.key.is_none() || self.key == row.submitted_with)
            && (self.external_id.is_none() || self.external_id == row.external_id)
            && (!self.dead_letter || row.dead_letter)
            && self.tells(&row.title.to_lowercase())
    }

    fn tells(&self, title: &str) -> bool {
        let mut texts = self.text.iter().chain(&self.or_text).peekable();
        texts.peek().is_none() || texts.any(|text| title.contains(&text.to_lowercase()))
    }
}

/// One page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page<T> {
    /// In order.
    pub items: Vec<T>,
    /// Ask with this for the next page; `None` at the end.
    pub next: Option<String>,
}

/// An event with its place in the stream of all events.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Positioned {
    /// Its place; readers ask for what comes after it.
    pub position: u64,
    /// Of which request.
    pub request: RequestId,
    /// Its number in the request, from 1.
    pub number: u64,
    /// When it was committed.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
    /// The hash that chains it.
    pub hash: Digest,
}

/// The end of one request's chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Head {
    /// Which request.
    pub request: RequestId,
    /// How many events.
    pub events: u64,
    /// The hash of the last one.
    pub hash: Digest,
}

/// What a commit made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Committed {
    /// How many events the request has now.
    pub version: u64,
    /// The position of the last event written; 0 where none was.
    pub position: u64,
    /// The store's time at the commit.
    pub now: Timestamp,
}

/// Sizes for metrics and the operations page.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Requests by status.
    pub requests: Vec<(StatusName, u64)>,
    /// Rows in the outbox.
    pub outbox: u64,
    /// The oldest due row.
    pub outbox_oldest: Option<Timestamp>,
    /// Requests with dead letters.
    pub dead_letters: u64,
    /// The last position of the event stream.
    pub position: u64,
}

/// Why a commit wrote nothing.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CommitError {
    /// Somebody else was first: load and decide again.
    #[error("the request changed meanwhile")]
    Conflict,
    /// The store's clock is outside `not_before..not_after`: load and decide again.
    #[error("the moment has passed")]
    Moment,
    /// The idempotency key already made a request.
    #[error("the idempotency key is taken")]
    KeyTaken,
    /// The outbox row is leased to another, or gone.
    #[error("the lease was lost")]
    LeaseLost,
    /// The world failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// What opening a store found: what `doctor` and the ready line say.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Opened {
    /// Migrations that ran now.
    pub migrated: Vec<String>,
    /// The version of the engine below, for example `SQLite 3.54.1`.
    pub engine: String,
}
