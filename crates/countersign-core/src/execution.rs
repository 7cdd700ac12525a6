//! The second, smaller machine: an action after the outcome. Waiting, running under a lease with a
//! fencing token, succeeded; or failed (a dead letter) and then retried or abandoned by an operator.

use crate::event::{ContentId, PlannedAction};
use crate::id::ActionName;
use jiff::Timestamp;

/// One action of one outcome.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Execution {
    /// Which action.
    pub action: ActionName,
    /// The bytes that every attempt sends; none where they could not be rendered: then it can only be abandoned.
    pub body: Option<ContentId>,
    /// How many they are.
    pub bytes: u64,
    /// Where it stands.
    pub state: ExecutionState,
    /// Attempts begun; also the token of the last one.
    pub attempts: u64,
    /// What the last attempt answered.
    pub answer: Option<String>,
    /// When it last changed.
    pub changed_at: Timestamp,
}

/// Where an action stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ExecutionState {
    /// Not before this moment, where one is set.
    Waiting {
        /// The next try.
        not_before: Option<Timestamp>,
    },
    /// An attempt is under way.
    Running {
        /// Until when nobody else may start.
        lease_until: Timestamp,
    },
    /// The receiver took it.
    Succeeded,
    /// A dead letter.
    Failed,
    /// Given up by an operator.
    Abandoned,
}

impl Execution {
    /// As planned when the outcome was committed; without a body it is a dead letter from the start.
    #[must_use]
    pub fn planned(action: &PlannedAction, at: Timestamp) -> Self {
        let state = if action.body.is_some() { ExecutionState::Waiting { not_before: None } } else { ExecutionState::Failed };
        Self { action: action.name.clone(), body: action.body, bytes: action.bytes, state, attempts: 0, answer: None, changed_at: at }
    }

    /// Whether an attempt may start now: it waits, or the lease of the one before has run out.
    #[must_use]
    pub fn may_start(&self, now: Timestamp) -> bool {
        match self.state {
            ExecutionState::Waiting { .. } => true,
            ExecutionState::Running { lease_until } => lease_until <= now,
            _ => false,
        }
    }

    /// The word on the wire.
    #[must_use]
    pub fn status(&self) -> &'static str {
        match self.state {
            ExecutionState::Waiting { .. } => "waiting",
            ExecutionState::Running { .. } => "running",
            ExecutionState::Succeeded => "succeeded",
            ExecutionState::Failed => "failed",
            ExecutionState::Abandoned => "abandoned",
        }
    }
}
