//! Why this rule: every rule of the policy with what became of it, its condition taken apart with the values that
//! this request gave.

use crate::engine::Seen;
use crate::summary::visible::visible;
use crate::web::words::Words;
use askama::Template;
use countersign_core::policy::RuleRef;
use countersign_core::policy::explain::{RuleResult, RuleTrace, Traced, ValueTrace};

/// One rule of the policy and what became of it.
#[derive(Clone, Debug)]
pub struct RuleLine {
    /// Its name.
    pub name: String,
    /// What it came to, in words.
    pub result: String,
    /// Whether it applies.
    pub held: bool,
    /// Its condition, where it has one that is not taken apart.
    pub when: Option<String>,
    /// Its condition taken apart.
    pub tree: Option<Part>,
}

/// A part of a condition with its value and its own parts.
#[derive(Clone, Debug, Template)]
#[template(path = "condition.html")]
pub struct Part {
    source: String,
    value: String,
    class: &'static str,
    parts: Vec<Part>,
}

/// The name of the rule that applies; `None` where none could be evaluated.
#[must_use]
pub fn rule_name(seen: &Seen) -> Option<String> {
    match seen.request.rule {
        RuleRef::FailedClosed => None,
        RuleRef::Rule(_) => Some(seen.policy.rule_name(&seen.request.rule).to_owned()),
    }
}

/// Every rule, in the order of the file.
#[must_use]
pub fn rules(seen: &Seen, words: &Words) -> Vec<RuleLine> {
    seen.rules().iter().map(|rule| line(rule, words)).collect()
}

fn line(rule: &RuleTrace, words: &Words) -> RuleLine {
    let result = match &rule.result {
        RuleResult::Held => words.say("rule-held"),
        RuleResult::NotHeld => words.say("rule-not-held"),
        RuleResult::Failed(Some(why)) => words.say("rule-failed").arg("why", visible(why)),
        RuleResult::Failed(None) => words.say("rule-failed").arg("why", words.say("fact-redacted").to_string()),
        RuleResult::NotReached => words.say("rule-not-reached"),
    };
    let always = || words.say("rule-always").to_string();
    let when = rule.values.is_none().then(|| rule.condition.clone().unwrap_or_else(always));
    let tree = rule.values.as_ref().map(|values| part(values, words));
    RuleLine { name: rule.name.clone(), result: result.to_string(), held: rule.result == RuleResult::Held, when, tree }
}

fn part(trace: &ValueTrace, words: &Words) -> Part {
    let (value, class) = match &trace.value {
        Traced::Value(value) if value == "true" => (words.say("value-true").to_string(), "yes"),
        Traced::Value(value) if value == "false" => (words.say("value-false").to_string(), "no"),
        Traced::Value(value) => (visible(&words.number(value)).into_owned(), "value"),
        Traced::Failed(why) => (visible(why).into_owned(), "wrong"),
        Traced::Hidden => (words.say("fact-redacted").to_string(), "redacted"),
    };
    Part { source: visible(&trace.source).into_owned(), value, class, parts: trace.parts.iter().map(|inner| part(inner, words)).collect() }
}
