//! The one place where the law meets the world: load, decide, commit; on a conflict load again. Every door
//! and every worker comes through here, and nothing else writes to the request log.

use crate::ports::{Clock, Random};
use countersign_core::id::{EffectId, RequestId};
use countersign_core::refusal::Refusal;
use countersign_store::{Fault, Records, RequestLog};
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use tokio::sync::{Notify, broadcast};

pub use brief::{brief, plain_seen};
pub use caller::{Caller, Scope};
pub use handle::{Handled, Instruction};
pub use seen::Seen;
pub use whole::Whole;

pub mod attach;
pub mod audit;
mod brief;
pub mod caller;
pub mod choices;
pub mod claims;
mod commits;
pub mod confirm;
mod dead_letters;
pub mod deed;
mod directory;
pub mod dryrun;
mod handle;
pub mod health;
pub mod interventions;
pub mod keys;
mod ledger;
mod login;
pub mod open_pages;
pub mod operations;
pub mod owed;
pub mod passkeys;
pub mod proof;
pub mod query;
mod row;
pub mod rows;
pub mod runs;
pub mod seen;
pub mod sessions;
pub mod shelf;
pub mod similar;
pub mod subjects;
pub mod submit;
pub mod sweep;
pub mod verification;
pub mod versions;
pub mod whole;

/// How many requests' changes a slow listener may fall behind before it must look for itself.
const CHANGES_QUEUED_MAX: usize = 4096;

/// What the engine needs from outside.
pub struct Ports {
    /// Requests, durable.
    pub log: Arc<dyn RequestLog>,
    /// Directory, policies, keys: durable and versioned.
    pub records: Arc<dyn Records>,
    /// Time for sleeping and for logs; decisions take the store's.
    pub clock: Arc<dyn Clock>,
    /// Ids and salts.
    pub random: Arc<dyn Random>,
}

/// How the engine is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The base of every link that is sent out.
    pub public_url: String,
    /// Whether a model writes summaries, and how long a notice waits for it.
    pub summary_budget: Option<jiff::SignedDuration>,
    /// Webhooks that take every event.
    pub hooks: Vec<owed::Hook>,
    /// How long people stay signed in.
    pub sessions: sessions::SessionRules,
    /// Whether notices to people carry a link that confirms one decision.
    pub confirm_links: bool,
}

/// The engine. Cheap to share; holds no request.
pub struct Engine {
    ports: Ports,
    settings: Settings,
    shelf: shelf::Shelf,
    /// Rung when the outbox may have work that is due.
    pub outbox_bell: Notify,
    /// Rung when a wake-up may have moved closer.
    pub wakeup_bell: Notify,
    /// When the wake-up worker looks next by itself, in milliseconds: only what is due earlier need ring.
    pub(crate) wakeup_armed: AtomicI64,
    changes: broadcast::Sender<RequestId>,
    /// What this node saw of the outside.
    pub health: health::Health,
    check: verification::Check,
    outlet: proof::Outlet,
    open_pages: Arc<open_pages::OpenPages>,
    commit_times: prometheus_client::metrics::histogram::Histogram,
}

/// Why the engine did not do it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EngineError {
    /// A rule said no; nothing changed.
    #[error("refused: {}", .0.detail())]
    Refused(Refusal),
    /// The caller may not do this at all.
    #[error("{0}")]
    Forbidden(&'static str),
    /// The payload does not fit the policy's fields.
    #[error("the payload does not fit the policy")]
    InvalidPayload(Vec<countersign_core::policy::payload::PayloadFault>),
    /// No policy of this name is in force.
    #[error("there is no policy `{0}`")]
    UnknownPolicy(String),
    /// The key came with another body before.
    #[error("this idempotency key came with another body before")]
    IdempotencyConflict(RequestId),
    /// The file is none that may stand beside a request.
    #[error("{}", .0.detail())]
    UnfitAttachment(crate::attachment::Unfit),
    /// There is no such file beside this request.
    #[error("there is no such attachment")]
    UnknownAttachment,
    /// The link was used meanwhile.
    #[error("the link is used up")]
    LinkSpent,
    /// The request is changing faster than it can be decided.
    #[error("the request is busy; try again")]
    Busy,
    /// A passkey could not be used.
    #[error("{}", .0.detail())]
    Passkey(passkeys::PasskeyFault),
    /// The world failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<passkeys::PasskeyFault> for EngineError {
    fn from(fault: passkeys::PasskeyFault) -> Self {
        Self::Passkey(fault)
    }
}

impl From<Refusal> for EngineError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Engine {
    /// An engine over these ports.
    #[must_use]
    pub fn new(ports: Ports, settings: Settings) -> Self {
        let (changes, _) = broadcast::channel(CHANGES_QUEUED_MAX);
        let health = health::Health::new(ports.clock.now());
        Self {
            ports,
            settings,
            shelf: shelf::Shelf::default(),
            outbox_bell: Notify::new(),
            wakeup_bell: Notify::new(),
            wakeup_armed: AtomicI64::new(i64::MAX),
            changes,
            health,
            check: verification::Check::default(),
            outlet: proof::Outlet::default(),
            open_pages: Arc::default(),
            commit_times: commits::times(),
        }
    }

    /// The shelf of policies and people in force.
    pub fn shelf(&self) -> &shelf::Shelf {
        &self.shelf
    }

    /// How it is set up.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The clock that workers sleep by.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.ports.clock
    }

    /// The request log, for workers that claim from it.
    pub(crate) fn log(&self) -> &Arc<dyn RequestLog> {
        &self.ports.log
    }

    /// The versioned records.
    pub(crate) fn records(&self) -> &Arc<dyn Records> {
        &self.ports.records
    }

    /// Word of every request that changes, by id.
    pub fn changes(&self) -> broadcast::Receiver<RequestId> {
        self.changes.subscribe()
    }

    /// The pages that are open on this node and hear of changes.
    pub fn open_pages(&self) -> &Arc<open_pages::OpenPages> {
        &self.open_pages
    }

    /// Random bytes.
    pub(crate) fn draw<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0_u8; N];
        self.ports.random.fill(&mut bytes);
        bytes
    }

    fn new_effect_id(&self, now: jiff::Timestamp) -> EffectId {
        EffectId::new(now, self.draw())
    }
}
