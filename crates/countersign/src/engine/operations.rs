//! What an operator looks at besides dead letters: what does not move, and how this node fares.

use super::health::{Endpoint, Tries};
use super::{Caller, Engine, EngineError};
use countersign_store::{Counts, ListQuery, RequestRow, StatusName};
use jiff::Timestamp;

/// Overdue wake-ups are counted up to here: more means that nobody fires them.
const OVERDUE_MAX: usize = 1_000;

/// How this node fares.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NodeState {
    /// Of this program.
    pub version: &'static str,
    /// Since when it runs.
    pub started_at: Timestamp,
    /// The moment of this look.
    pub now: Timestamp,
    /// The store's file with its log.
    pub store_bytes: Option<u64>,
    /// Rows, requests, events.
    pub counts: Counts,
    /// Requests whose wake-up has come and was not fired yet, up to a thousand, and the oldest.
    pub overdue: (usize, Option<Timestamp>),
    /// The next wake-up after now.
    pub next_wakeup: Option<Timestamp>,
    /// Files of directory and policies that are not in force as they stand.
    pub concerns: usize,
    /// The model that writes, with its last answers.
    pub model: Option<(String, Tries)>,
    /// Each endpoint that was tried.
    pub endpoints: Vec<(Endpoint, Tries)>,
}

impl Engine {
    /// Requests that wait and have nobody to ask.
    ///
    /// # Errors
    /// When the caller is no operator, or the store fails.
    pub async fn unroutable(&self, caller: &Caller, limit: usize) -> Result<Vec<RequestRow>, EngineError> {
        caller.operates(&self.shelf().people().roster)?;
        let query = ListQuery { status: vec![StatusName::Unroutable], limit, ..ListQuery::default() };
        Ok(self.log().list(&query).await?.items)
    }

    /// How this node fares.
    ///
    /// # Errors
    /// When the caller is no operator, or the store fails.
    pub async fn node_state(&self, caller: &Caller) -> Result<NodeState, EngineError> {
        caller.operates(&self.shelf().people().roster)?;
        let due = self.log().due(OVERDUE_MAX).await?;
        Ok(NodeState {
            version: env!("CARGO_PKG_VERSION"),
            started_at: self.health.started_at(),
            now: due.now,
            store_bytes: self.health.store_bytes(),
            counts: self.counts().await?,
            overdue: (due.overdue.len(), due.overdue.first().map(|(_, at)| *at)),
            next_wakeup: due.next,
            concerns: self.shelf().concerns(),
            model: self.health.model(),
            endpoints: self.health.endpoints(),
        })
    }
}
