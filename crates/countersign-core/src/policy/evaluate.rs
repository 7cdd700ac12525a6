//! Which rule a request stands under, and what it answers. A rule that cannot be evaluated fails
//! closed: people are asked, never nobody.

use super::{Policy, RuleRef, StageSpec};
use crate::id::{PersonId, Revision};
use crate::people::Roster;
use jiff::Timestamp;
use serde_json::Value;
use std::borrow::Cow;

/// All that a rule may look at.
#[derive(Clone, Copy, Debug)]
pub struct Evaluation<'a> {
    /// As accepted by [`Policy::accept`].
    pub payload: &'a Value,
    /// Who asks.
    pub requester: &'a PersonId,
    /// The directory at this moment.
    pub roster: &'a Roster,
    /// This moment.
    pub now: Timestamp,
    /// When the request was submitted.
    pub created_at: Timestamp,
    /// Which state of the payload this is.
    pub revision: Revision,
}

/// The answer of the rule that holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RulingVerdict {
    /// Approved without people.
    Allow,
    /// Rejected without people.
    Deny,
    /// The stages of [`Policy::stages`] must be approved.
    Ask,
}

/// Which rule holds, and what it answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ruling {
    /// The rule.
    pub rule: RuleRef,
    /// Its name.
    pub rule_name: String,
    /// Its answer.
    pub verdict: RulingVerdict,
    /// Why no rule could be evaluated, when none could.
    pub failure: Option<String>,
}

/// The plain summary's risk.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Risk {
    /// `low`
    Low,
    /// `medium`, and the default.
    Medium,
    /// `high`, and what a risk condition that fails means.
    High,
}

impl Risk {
    /// As shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// The name of the ruling that fails closed.
const FAILED_CLOSED: &str = "failed closed";

impl Policy {
    /// The first rule that holds.
    #[must_use]
    pub fn evaluate(&self, evaluation: &Evaluation<'_>) -> Ruling {
        let _ = evaluation;
        Ruling {
            rule: RuleRef::FailedClosed,
            rule_name: FAILED_CLOSED.to_owned(),
            verdict: RulingVerdict::Ask,
            failure: Some("conditions are not evaluated yet".to_owned()),
        }
    }

    /// The stages of a rule; for [`RuleRef::FailedClosed`] one stage that asks the owner.
    #[must_use]
    pub fn stages(&self, rule: &RuleRef) -> Cow<'_, [StageSpec]> {
        let _ = rule;
        Cow::Owned(Vec::new())
    }

    /// The name of a rule.
    #[must_use]
    pub fn rule_name(&self, rule: &RuleRef) -> &str {
        match rule {
            RuleRef::Rule(index) => self.rules.get(*index).map_or(FAILED_CLOSED, |rule| rule.name.as_str()),
            RuleRef::FailedClosed => FAILED_CLOSED,
        }
    }

    /// The plain summary's risk.
    #[must_use]
    pub fn risk(&self, evaluation: &Evaluation<'_>) -> Risk {
        let _ = evaluation;
        Risk::High
    }
}
