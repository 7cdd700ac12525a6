//! Why a request stands where it stands: every rule with its sub-conditions and their values, and who
//! would be asked. Holds no way to the outside.

use super::evaluate::{Evaluation, Risk, Ruling, RulingVerdict};
use super::expression::Steps;
pub use super::expression::{Traced, ValueTrace};
use super::select::Asking;
use super::sight::Veil;
use super::template::Title;
use super::{OnExpiry, Policy, StageSpec};
use crate::id::PersonId;
use jiff::{SignedDuration, Timestamp};
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
    pub title: Title,
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
    /// It could not be evaluated, for this reason; `None` where the reason could tell what is kept from the reader.
    Failed(Option<String>),
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
    /// What becomes of the request where it expires.
    pub on_expiry: OnExpiry,
    /// Whether an approval must be signed with a passkey.
    pub require_passkey: bool,
    /// Whether whoever decides must have signed in: a confirm link is not enough.
    pub require_sign_in: bool,
}

impl Policy {
    /// Evaluates and shows the working. No sink, no effect.
    #[must_use]
    pub fn explain(&self, evaluation: &Evaluation<'_>) -> Explanation {
        let ruling = self.evaluate(evaluation);
        Explanation {
            rules: self.rule_traces(evaluation, &Veil::default()),
            stages: self.previews(&ruling, evaluation),
            title: self.title(evaluation.payload),
            risk: self.risk(evaluation),
            ruling,
        }
    }

    /// Every rule and what became of it, as somebody sees it from whom the veil keeps fields.
    #[must_use]
    pub fn rule_traces(&self, evaluation: &Evaluation<'_>, veil: &Veil) -> Vec<RuleTrace> {
        let facts = self.facts(evaluation);
        let (mut steps, mut showing) = (Steps::default(), Steps::default());
        let mut decided = false;
        let traced = self.rules.iter().map(|rule| {
            let condition = rule.when.as_ref().map(|when| when.source().to_owned());
            if decided {
                return RuleTrace { name: rule.name.clone(), condition, result: RuleResult::NotReached, values: None };
            }
            let result = match rule.when.as_ref().map_or(Ok(true), |when| when.holds(&facts, &mut steps)) {
                Ok(true) => RuleResult::Held,
                Ok(false) => RuleResult::NotHeld,
                Err(reason) => RuleResult::Failed(Some(reason).filter(|_| !rule.when.as_ref().is_some_and(|when| when.reads_hidden(veil)))),
            };
            decided = result != RuleResult::NotHeld;
            RuleTrace { name: rule.name.clone(), condition, result, values: rule.when.as_ref().map(|when| when.trace(&facts, veil, &mut showing)) }
        });
        traced.collect()
    }

    fn previews(&self, ruling: &Ruling, evaluation: &Evaluation<'_>) -> Vec<StagePreview> {
        if ruling.verdict != RulingVerdict::Ask {
            return Vec::new();
        }
        let stages = self.stages(&ruling.rule);
        stages.iter().enumerate().map(|(index, stage)| self.preview(stage, opens_at_once(&stages, index), evaluation)).collect()
    }

    fn preview(&self, stage: &StageSpec, open: bool, evaluation: &Evaluation<'_>) -> StagePreview {
        let asking = Asking { requester: evaluation.requester, payload: evaluation.payload, roster: evaluation.roster, now: evaluation.now };
        let seats: Vec<(BTreeSet<PersonId>, u16)> = stage
            .seats
            .iter()
            .map(|seat| {
                let mut people = self.resolve(&seat.from, &asking);
                people.remove(evaluation.requester);
                (people, seat.count)
            })
            .collect();
        let first = stage.escalate.first().map_or(stage.expire_after, |level| level.after.min(stage.expire_after));
        let at = |after| if open { evaluation.now.checked_add::<SignedDuration>(after).ok() } else { None };
        StagePreview {
            name: stage.name.clone(),
            quorum: seats.iter().map(|(_, count)| u32::from(*count)).sum(),
            approvers: seats.iter().flat_map(|(people, _)| people).cloned().collect(),
            seats,
            due: at(first),
            expires: at(stage.expire_after),
            on_expiry: stage.on_expiry,
            require_passkey: stage.require_passkey,
            require_sign_in: stage.require_sign_in,
        }
    }
}

/// The first stage opens at once, and so does every one that runs beside one that does.
fn opens_at_once(stages: &[StageSpec], index: usize) -> bool {
    match stages.get(index).and_then(|stage| stage.with) {
        Some(beside) if beside < index => opens_at_once(stages, beside),
        _ => index == 0,
    }
}
