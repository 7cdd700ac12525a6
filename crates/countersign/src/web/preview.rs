//! What would become of a payload, in words: which rule applies and why, why not those before it, who would be
//! asked. Drawn from a dry run, which holds no way to the outside.

use super::words::{When, Words};
use crate::engine::dryrun::DryRun;
use crate::engine::shelf::People;
use crate::summary::visible::visible;
use crate::wire::explain::{expiry, requirement};
use countersign_core::id::PersonId;
use countersign_core::policy::evaluate::RulingVerdict;
use countersign_core::policy::explain::{RuleResult, RuleTrace, StagePreview, Traced, ValueTrace};
use std::collections::BTreeSet;

/// A dry run for the page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Preview {
    /// As the request would be called.
    pub title: String,
    /// `allow`, `deny` or `ask`.
    pub verdict: &'static str,
    /// The rule that applies.
    pub rule: String,
    /// Why no rule could be evaluated, where that is so.
    pub failure: Option<String>,
    /// `low`, `medium` or `high`.
    pub risk: &'static str,
    /// Every rule, in the order of the file.
    pub rules: Vec<RuleLine>,
    /// The stages that would open.
    pub stages: Vec<Asked>,
}

/// What became of one rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RuleLine {
    /// Its name.
    pub name: String,
    /// Its condition, where it has one.
    pub when: Option<String>,
    /// `held`, `not-held`, `failed` or `not-reached`.
    pub result: &'static str,
    /// Why it failed.
    pub failure: Option<String>,
    /// The parts of the condition with their values.
    pub parts: Vec<Part>,
}

/// A part of a condition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Part {
    /// How deep it stands, at most 5.
    pub depth: usize,
    /// As written.
    pub source: String,
    /// What it came to.
    pub value: String,
}

/// A stage that would open.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asked {
    /// Its name.
    pub name: String,
    /// How many distinct people it needs.
    pub quorum: u32,
    /// Who would be asked, by name.
    pub people: Vec<String>,
    /// Whether too few of them are there.
    pub too_few: bool,
    /// When it would give up, were it opened now.
    pub expires: Option<When>,
    /// What becomes of the request then: `expire`, `reject` or `approve`.
    pub on_expiry: &'static str,
    /// `passkey` or `sign-in`, where a decision needs one.
    pub require: Option<&'static str>,
}

/// In the reader's words.
#[must_use]
pub fn preview(run: &DryRun, people: &People, words: &Words) -> Preview {
    let explained = &run.explained;
    let verdict = match explained.ruling.verdict {
        RulingVerdict::Allow => "allow",
        RulingVerdict::Deny => "deny",
        RulingVerdict::Ask => "ask",
    };
    Preview {
        title: words.title(&explained.title),
        verdict,
        rule: explained.ruling.rule_name.clone(),
        failure: explained.ruling.failure.clone(),
        risk: explained.risk.as_str(),
        rules: explained.rules.iter().map(rule_line).collect(),
        stages: explained.stages.iter().map(|stage| asked(stage, people, words)).collect(),
    }
}

fn rule_line(rule: &RuleTrace) -> RuleLine {
    let (result, failure) = match &rule.result {
        RuleResult::Held => ("held", None),
        RuleResult::NotHeld => ("not-held", None),
        RuleResult::Failed(why) => ("failed", why.clone()),
        RuleResult::NotReached => ("not-reached", None),
    };
    let mut parts = Vec::new();
    if let Some(whole) = &rule.values {
        flatten(whole, 0, &mut parts);
    }
    RuleLine { name: rule.name.clone(), when: rule.condition.clone(), result, failure, parts }
}

fn flatten(part: &ValueTrace, depth: usize, into: &mut Vec<Part>) {
    let value = match &part.value {
        Traced::Value(value) | Traced::Failed(value) => visible(value).into_owned(),
        // A preview is of what its reader typed: nothing of it is hidden.
        Traced::Hidden => String::new(),
    };
    into.push(Part { depth: depth.min(5), source: part.source.clone(), value });
    for inner in &part.parts {
        flatten(inner, depth + 1, into);
    }
}

fn asked(stage: &StagePreview, people: &People, words: &Words) -> Asked {
    let needed = usize::try_from(stage.quorum).unwrap_or(usize::MAX);
    Asked {
        name: stage.name.clone(),
        quorum: stage.quorum,
        people: names(&stage.approvers, people),
        too_few: stage.approvers.len() < needed,
        expires: stage.expires.map(|at| words.time(at)),
        on_expiry: expiry(stage.on_expiry),
        require: requirement(stage.require_passkey, stage.require_sign_in),
    }
}

/// People by name.
#[must_use]
pub fn names(ids: &BTreeSet<PersonId>, people: &People) -> Vec<String> {
    ids.iter().map(|id| people.name(id)).collect()
}
