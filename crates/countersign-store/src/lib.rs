//! Everything durable, behind two ports: the request log and versioned records. SQL lives here and nowhere
//! else, and never decides: a write is conditional on the versions it expects and on the store's clock.

#![cfg_attr(
    any(test, feature = "conformance"),
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on should stop")
)]

pub mod clock;
pub mod cursor;
mod limits;
pub mod log;
pub mod memory;
pub mod record;
pub mod records;
pub mod share;
pub mod sqlite;
pub mod verify;

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;

pub use clock::{ManualClock, StoreClock, SystemClock};
pub use log::{
    Append, Claimed, Claims, Commit, CommitError, Committed, Content, Counts, Due, Head, Idempotent, ListQuery, Loaded, Opened, OutboxChange,
    OutboxRow, Page, Positioned, RefusedAttempt, RequestLog, RequestRow, StatusName,
};
pub use memory::MemoryStore;
pub use records::{Kind, Put, PutError, Record, Records};
pub use share::{COUNTED_MAX, Card, Part, Shares};
pub use sqlite::SqliteStore;

/// The world failed: the disk, the file, the database. Never a rule.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Fault {
    /// The store could not do it; the sentence says what was tried and what it answered.
    #[error("the store failed: {0}")]
    Store(String),
    /// Something stored does not read back: a damaged or foreign file.
    #[error("the record is damaged at {place}: {what}")]
    Damaged {
        /// Which row.
        place: String,
        /// What is wrong with it.
        what: String,
    },
    /// The commit may or may not have happened; read again before saying anything.
    #[error("the store did not say whether it committed")]
    InDoubt,
}
