//! Conditions: CEL, parsed by the `cel` crate, checked here when the policy loads, and evaluated here
//! with exact decimals and a step limit. `&&` and `||` go from left to right and stop when decided;
//! a side that was needed and failed makes the whole fail, so that a mistake is never an answer.

use crate::id::{PersonId, Revision};
use crate::money::Rates;
use crate::people::Roster;
use crate::policy::field::Field;
use crate::policy::sight::Veil;
use jiff::Timestamp;
use serde_json::Value;
use std::ops::Range;
use std::sync::Arc;

pub use trace::{Traced, ValueTrace};

pub(super) use steps::COST_MAX;
pub use steps::Steps;
pub(super) use tree::{Comparison, Constant, Kind, Node};

mod call;
mod check;
mod compare;
mod front;
mod method;
mod operate;
mod run;
mod steps;
mod trace;
mod tree;

/// Longer sources are refused.
pub const SOURCE_MAX: usize = 1024;

/// A condition, checked when its policy was loaded. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Condition(Arc<Checked>);

#[derive(Debug)]
struct Checked {
    source: String,
    squeezed: Option<String>,
    root: Node,
    patterns: usize,
}

/// What a condition must come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wanted {
    /// True or false.
    Bool,
    /// One of `low`, `medium`, `high`.
    Risk,
}

/// The names a condition may use.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The payload's fields.
    pub fields: &'a [Field],
    /// What compares different currencies.
    pub rates: Option<&'a Rates>,
    /// Whether `approver` stands for somebody (in `until` only).
    pub approver: bool,
    /// Whether `request` can be used (not in `until`).
    pub request: bool,
    /// What its patterns may weigh.
    pub patterns: usize,
}

/// All that a condition may look at.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The payload, as accepted.
    pub payload: &'a Value,
    /// Its fields.
    pub fields: &'a [Field],
    /// What compares different currencies.
    pub rates: Option<&'a Rates>,
    /// Who asks.
    pub requester: &'a PersonId,
    /// The person weighed by `until`.
    pub approver: Option<&'a PersonId>,
    /// The directory.
    pub roster: &'a Roster,
    /// This moment.
    pub now: Timestamp,
    /// When the request was submitted.
    pub created_at: Timestamp,
    /// Which revision this is.
    pub revision: Revision,
}

/// Why a condition does not load, or what its author should look at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConditionFault {
    /// Stable.
    pub code: &'static str,
    /// What was wrong and what was expected.
    pub message: String,
    /// The bytes of the source that it concerns.
    pub span: Range<usize>,
    /// What to write instead.
    pub suggestion: Option<String>,
}

impl Condition {
    /// Parses and checks a condition. Answers it with what its author should look at.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn compile(source: &str, scope: &Scope<'_>, wanted: Wanted) -> Result<(Self, Vec<ConditionFault>), ConditionFault> {
        let front::Compiled { root, patterns, warnings } = front::compile(source, scope, wanted)?;
        let (source, squeezed) = (source.to_owned(), super::check::squeezed(source));
        Ok((Self(Arc::new(Checked { source, squeezed, root, patterns })), warnings))
    }

    /// As written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// Whether it holds; it takes from these steps.
    ///
    /// # Errors
    /// Why it could not be evaluated: whoever asked must fail closed.
    pub fn holds(&self, facts: &Facts<'_>, steps: &mut Steps) -> Result<bool, String> {
        run::Run::new(facts, steps).truth(&self.0.root)
    }

    /// The text it comes to (of a risk).
    ///
    /// # Errors
    /// Why it could not be evaluated.
    pub fn text(&self, facts: &Facts<'_>) -> Result<String, String> {
        run::Run::new(facts, &mut Steps::default()).text(&self.0.root).map(std::borrow::Cow::into_owned)
    }

    /// The condition taken apart, with the value of each part that the veil leaves to be seen; it takes from these steps.
    #[must_use]
    pub fn trace(&self, facts: &Facts<'_>, veil: &Veil, steps: &mut Steps) -> ValueTrace {
        trace::trace(&self.0.root, &self.0.source, facts, veil, steps)
    }

    /// Whether it depends on what the veil keeps back.
    #[must_use]
    pub fn reads_hidden(&self, veil: &Veil) -> bool {
        veil.covers(&self.0.root)
    }

    /// The steps it takes at most, but for long texts.
    pub(super) fn cost(&self) -> u64 {
        self.0.root.cost
    }

    /// The weight of its patterns.
    pub(super) fn patterns(&self) -> usize {
        self.0.patterns
    }

    /// As written, without the blanks that mean nothing.
    pub(super) fn squeezed(&self) -> Option<&str> {
        self.0.squeezed.as_deref()
    }

    pub(super) fn root(&self) -> &Node {
        &self.0.root
    }
}

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        self.0.source == other.0.source
    }
}

impl Eq for Condition {}

#[cfg(test)]
mod tests;
