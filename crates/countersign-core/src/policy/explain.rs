//! Why a request stands where it stands: every rule with its sub-conditions and their values, and who
//! would be asked. Holds no way to the outside.

use super::Policy;
use super::evaluate::{Evaluation, Risk, Ruling};
pub use super::expression::ValueTrace;
use crate::id::PersonId;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// A dry run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Explanation {
    /// The answer.
    pub ruling: Ruling,
    /// Every rule, in the order of the file.
    pub rules: Vec<RuleTrace>,
    /// The stages that would open.
    pub stages: Vec<StagePreview>,
    /// The rendered title.
    pub title: String,
    /// The plain summary's risk.
    pub risk: Risk,
}

/// What became of one rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RuleTrace {
    /// The rule's name.
    pub name: String,
    /// Its condition as written; `None` holds always.
    pub condition: Option<String>,
    /// What it came to.
    pub result: RuleResult,
    /// The condition taken apart; `None` where there is none or it was not reached.
    pub values: Option<ValueTrace>,
}

/// What a rule came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RuleResult {
    /// It gives the verdict.
    Held,
    /// The next was tried.
    NotHeld,
    /// It could not be evaluated, for this reason.
    Failed(String),
    /// An earlier one had held or failed.
    NotReached,
}

/// A stage as it would open.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StagePreview {
    /// The stage's name.
    pub name: String,
    /// How many distinct people it needs.
    pub quorum: u32,
    /// Each seat: who may fill it (without the requester), and how many it needs.
    pub seats: Vec<(BTreeSet<PersonId>, u16)>,
    /// All of them.
    pub approvers: BTreeSet<PersonId>,
    /// The next escalation or expiry, were it opened now; `None` beside a stage that opens later.
    pub due: Option<Timestamp>,
    /// Its expiry, were it opened now; `None` for a stage that opens later.
    pub expires: Option<Timestamp>,
}

impl Policy {
    /// Evaluates and shows the working. No sink, no effect.
    #[must_use]
    pub fn explain(&self, evaluation: &Evaluation<'_>) -> Explanation {
        Explanation {
            ruling: self.evaluate(evaluation),
            rules: Vec::new(),
            stages: Vec::new(),
            title: self.title(evaluation.payload),
            risk: self.risk(evaluation),
        }
    }
}
