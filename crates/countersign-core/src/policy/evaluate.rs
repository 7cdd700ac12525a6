//! Which rule a request stands under, and what it answers. A rule that cannot be evaluated fails
//! closed: people are asked, never nobody.

use super::expression::{Facts, Steps};
use super::{OnExpiry, Policy, Rule, RuleRef, Seat, StageSpec, Verdict};
use crate::id::{PersonId, Revision};
use crate::people::Roster;
use jiff::{SignedDuration, Timestamp};
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

/// The name of the ruling that fails closed, and of its one stage.
const FAILED_CLOSED: &str = "failed closed";
const OWNER_STAGE: &str = "owner review";
/// How long the owner is asked where the file has no stage to take it from.
const OWNER_EXPIRY: SignedDuration = SignedDuration::from_hours(72);

impl Policy {
    /// The first rule that holds. The first that cannot be evaluated ends the search: what stands below
    /// it may be milder than what it would have said.
    #[must_use]
    pub fn evaluate(&self, evaluation: &Evaluation<'_>) -> Ruling {
        let (facts, mut steps) = (self.facts(evaluation), Steps::default());
        for (index, rule) in self.rules.iter().enumerate() {
            match rule.when.as_ref().map_or(Ok(true), |when| when.holds(&facts, &mut steps)) {
                Ok(true) => return ruling(index, rule),
                Ok(false) => {}
                Err(reason) => return failed(format!("the rule `{}` could not be evaluated: {reason}", rule.name)),
            }
        }
        failed("no rule holds".to_owned())
    }

    /// The stages of a rule; for [`RuleRef::FailedClosed`] one stage that asks the owner, with the
    /// largest number of voices and the longest deadline of the file.
    #[must_use]
    pub fn stages(&self, rule: &RuleRef) -> Cow<'_, [StageSpec]> {
        match rule {
            RuleRef::Rule(index) => match self.rules.get(*index).map(|rule| &rule.verdict) {
                Some(Verdict::Ask(stages)) => Cow::Borrowed(stages),
                Some(Verdict::Allow | Verdict::Deny) => Cow::Borrowed(&[]),
                None => Cow::Owned(vec![self.owner_stage()]),
            },
            RuleRef::FailedClosed => Cow::Owned(vec![self.owner_stage()]),
        }
    }

    fn owner_stage(&self) -> StageSpec {
        let rules = || self.rules.iter().filter_map(|rule| if let Verdict::Ask(stages) = &rule.verdict { Some(stages) } else { None });
        let voices = |stages: &Vec<StageSpec>| stages.iter().flat_map(|stage| &stage.seats).fold(0_u16, |sum, seat| sum.saturating_add(seat.count));
        StageSpec {
            name: OWNER_STAGE.to_owned(),
            seats: vec![Seat { from: self.owner.clone(), count: rules().map(voices).max().unwrap_or(1).max(1) }],
            with: None,
            reject_quorum: 1,
            repeat_allowed: false,
            remind_every: None,
            escalate: Vec::new(),
            expire_after: rules().flatten().map(|stage| stage.expire_after).max().unwrap_or(OWNER_EXPIRY),
            on_expiry: OnExpiry::Expire,
            require_passkey: rules().flatten().any(|stage| stage.require_passkey),
            require_sign_in: rules().flatten().any(|stage| stage.require_sign_in),
        }
    }

    /// The name of a rule.
    #[must_use]
    pub fn rule_name(&self, rule: &RuleRef) -> &str {
        match rule {
            RuleRef::Rule(index) => self.rules.get(*index).map_or(FAILED_CLOSED, |rule| rule.name.as_str()),
            RuleRef::FailedClosed => FAILED_CLOSED,
        }
    }

    /// The plain summary's risk: `medium` without a condition, `high` where it cannot be evaluated.
    #[must_use]
    pub fn risk(&self, evaluation: &Evaluation<'_>) -> Risk {
        let Some(condition) = &self.risk else { return Risk::Medium };
        match condition.text(&self.facts(evaluation)).as_deref() {
            Ok("low") => Risk::Low,
            Ok("medium") => Risk::Medium,
            _ => Risk::High,
        }
    }

    pub(super) fn facts<'a>(&'a self, evaluation: &Evaluation<'a>) -> Facts<'a> {
        Facts {
            payload: evaluation.payload,
            fields: &self.fields,
            rates: self.rates.as_ref(),
            requester: evaluation.requester,
            approver: None,
            roster: evaluation.roster,
            now: evaluation.now,
            created_at: evaluation.created_at,
            revision: evaluation.revision,
        }
    }
}

fn ruling(index: usize, rule: &Rule) -> Ruling {
    let verdict = match rule.verdict {
        Verdict::Allow => RulingVerdict::Allow,
        Verdict::Deny => RulingVerdict::Deny,
        Verdict::Ask(_) => RulingVerdict::Ask,
    };
    Ruling { rule: RuleRef::Rule(index), rule_name: rule.name.clone(), verdict, failure: None }
}

fn failed(reason: String) -> Ruling {
    Ruling { rule: RuleRef::FailedClosed, rule_name: FAILED_CLOSED.to_owned(), verdict: RulingVerdict::Ask, failure: Some(reason) }
}

#[cfg(test)]
mod tests;
