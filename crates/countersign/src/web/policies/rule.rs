//! One line of the decision table: the condition, the verdict, whom each stage asks and when it gives up.

use super::diagram::{Diagram, diagram};
use crate::engine::shelf::People;
use crate::web::preview::names;
use crate::web::words::Words;
use crate::wire::explain::{expiry, requirement};
use countersign_core::id::PersonId;
use countersign_core::policy::{Level, LevelMode, Policy, Rule, Selector, StageSpec, Verdict};
use jiff::SignedDuration;
use std::collections::BTreeSet;

/// A rule for the page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RuleRow {
    /// Its name.
    pub name: String,
    /// Its condition as written; `None` holds always.
    pub when: Option<String>,
    /// `allow`, `deny` or `ask`.
    pub verdict: &'static str,
    /// The stages in order.
    pub stages: Vec<StageRow>,
    /// The stages as a picture, where there are any.
    pub diagram: Option<Diagram>,
}

/// A stage for the page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StageRow {
    /// Its name.
    pub name: String,
    /// How many distinct people it needs.
    pub quorum: usize,
    /// Whom it asks, in words: one line a seat.
    pub whom: Vec<String>,
    /// Who that is today, as far as it does not depend on who asks.
    pub today: String,
    /// Beside which stage it runs.
    pub beside: Option<String>,
    /// What it requires, reminders, escalations, the end: one sentence each.
    pub times: Vec<String>,
}

/// All rules.
#[must_use]
pub fn rows(policy: &Policy, people: &People, words: &Words) -> Vec<RuleRow> {
    policy.rules.iter().map(|rule| row(rule, people, words)).collect()
}

fn row(rule: &Rule, people: &People, words: &Words) -> RuleRow {
    let (verdict, specs) = match &rule.verdict {
        Verdict::Allow => ("allow", [].as_slice()),
        Verdict::Deny => ("deny", [].as_slice()),
        Verdict::Ask(specs) => ("ask", specs.as_slice()),
    };
    let stages: Vec<StageRow> = specs.iter().map(|spec| stage(spec, specs, people, words)).collect();
    RuleRow {
        name: rule.name.clone(),
        when: rule.when.as_ref().map(|when| when.source().to_owned()),
        verdict,
        diagram: (!specs.is_empty()).then(|| diagram(specs, &stages, words)),
        stages,
    }
}

fn stage(spec: &StageSpec, all: &[StageSpec], people: &People, words: &Words) -> StageRow {
    let many = spec.seats.len() > 1;
    let seat = |seat: &countersign_core::policy::Seat| {
        let from = either(&whom(&seat.from, people, words), words);
        if many { words.say("policy-seat").arg("count", seat.count).arg("from", from).to_string() } else { from }
    };
    StageRow {
        name: spec.name.clone(),
        quorum: spec.seats.iter().map(|seat| usize::from(seat.count)).sum(),
        whom: spec.seats.iter().map(seat).collect(),
        today: names(&today(spec.seats.iter().flat_map(|seat| &seat.from), people), people).join(", "),
        beside: spec.with.and_then(|place| all.get(place)).map(|other| other.name.clone()),
        times: times(spec, people, words),
    }
}

/// Those whom selectors name whoever asks.
fn today<'a>(selectors: impl Iterator<Item = &'a Selector>, people: &People) -> BTreeSet<PersonId> {
    let named = selectors.flat_map(|selector| match selector {
        Selector::Person(id) if people.roster.is_active(id) => [id.clone()].into(),
        Selector::Group(id) => people.roster.members(id),
        _ => BTreeSet::new(),
    });
    named.collect()
}

/// Selectors in words.
#[must_use]
pub fn whom(selectors: &[Selector], people: &People, words: &Words) -> Vec<String> {
    let said = selectors.iter().map(|selector| match selector {
        Selector::Person(id) => people.name(id),
        Selector::Group(id) => words.say("policy-group").arg("group", id.to_string()).to_string(),
        Selector::ManagerOfRequester => words.say("policy-manager").to_string(),
        Selector::ManagersOfRequester { until: None } => words.say("policy-managers").to_string(),
        Selector::ManagersOfRequester { until: Some(until) } => words.say("policy-managers-until").arg("until", until.source()).to_string(),
        Selector::Field(name) => words.say("policy-field").arg("field", name.clone()).to_string(),
        Selector::Requester => words.say("policy-requester").to_string(),
    });
    said.collect()
}

fn either(said: &[String], words: &Words) -> String {
    said.join(&format!(" {} ", words.say("policy-or")))
}

fn times(spec: &StageSpec, people: &People, words: &Words) -> Vec<String> {
    let remind = spec.remind_every.map(|every| words.say("policy-remind").arg("every", span(every, words)).to_string());
    let ends = words.one("policy-expiry", expiry(spec.on_expiry));
    let require = requirement(spec.require_passkey, spec.require_sign_in).map(|word| words.one("policy-require", word).to_string());
    let end = ends.arg("after", span(spec.expire_after, words)).to_string();
    let rejections = (spec.reject_quorum > 1).then(|| words.say("policy-rejections").arg("count", spec.reject_quorum).to_string());
    let repeat = spec.repeat_allowed.then(|| words.say("policy-repeat").to_string());
    let levels = spec.escalate.iter().map(|level| escalation(level, people, words));
    require.into_iter().chain(remind).chain(levels).chain([end]).chain(rejections).chain(repeat).collect()
}

fn escalation(level: &Level, people: &People, words: &Words) -> String {
    let mode = match level.mode {
        LevelMode::Add => "add",
        LevelMode::Replace => "replace",
    };
    let to = whom(&level.to, people, words).join(", ");
    words.one("policy-escalate", mode).arg("after", span(level.after, words)).arg("to", to).to_string()
}

/// A span of a policy, exact: `36 hours`, `1 hour 30 minutes`.
#[must_use]
pub fn span(duration: SignedDuration, words: &Words) -> String {
    let seconds = duration.as_secs().unsigned_abs();
    let unit = |unit: &str, count: u64| (count > 0).then(|| words.one("exact", unit).arg("count", count).to_string());
    let parts = if seconds >= 172_800 || seconds.is_multiple_of(86_400) {
        [
            unit("days", seconds / 86_400),
            unit("hours", seconds % 86_400 / 3_600),
            unit("minutes", seconds % 3_600 / 60),
            unit("seconds", seconds % 60),
        ]
    } else {
        [None, unit("hours", seconds / 3_600), unit("minutes", seconds % 3_600 / 60), unit("seconds", seconds % 60)]
    };
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}
