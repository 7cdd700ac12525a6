//! Reads rules, and finds those that can never be reached.

use super::condition;
use super::reader::{Item, Place, Reader, Table};
use super::stage;
use crate::policy::check::always_before;
use crate::policy::expression::{Scope, Wanted};
use crate::policy::{Rule, Verdict};

const RULES_MAX: usize = 100;
/// The rules of a file are compared with one another in this many steps at most.
const COMPARING_MAX: usize = 200_000;
const KEYS: [&str; 4] = ["name", "when", "verdict", "stage"];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    Allow,
    Deny,
    Ask,
}

pub(super) fn rules(reader: &mut Reader<'_>, table: &Table<'_>, whole: &Place, scope: &Scope<'_>) -> Option<Vec<Rule>> {
    let Some(item) = reader.find(table, "rule") else {
        reader.error(whole, "missing_key", "the policy has no rules", Some("[[rule]]".to_owned()));
        return None;
    };
    let items = reader.array(item, RULES_MAX, "rules, each under `[[rule]]`");
    let (mut read, mut comparing): (Vec<(Rule, Place)>, usize) = (Vec::new(), COMPARING_MAX);
    for item in items {
        if let Some(rule) = rule(reader, item, scope) {
            reachable(reader, &rule, &read, &mut comparing);
            read.push(rule);
        }
    }
    last_holds_always(reader, &read, items.len());
    Some(read.into_iter().map(|(rule, _)| rule).collect())
}

fn rule(reader: &mut Reader<'_>, item: &Item<'_>, scope: &Scope<'_>) -> Option<(Rule, Place)> {
    let table = reader.table(item, "a rule under `[[rule]]`")?;
    let place = Place::of(item);
    reader.keys(table, "a rule", &KEYS);
    let name = reader.label(table, &place, "name = \"one signature\"");
    let written = reader.text(table, "when");
    let when = written.as_ref().and_then(|(source, place)| condition::compile(reader, source, place, scope, Wanted::Bool));
    let verdict = verdict(reader, table, &place, scope);
    let here = written.as_ref().map(|(_, place)| place.clone()).or_else(|| name.as_ref().map(|(_, place)| place.clone()));
    if written.is_some() && when.is_none() {
        return None;
    }
    let (name, _) = name?;
    Some((Rule { name, when, verdict }, here.unwrap_or(place)))
}

fn verdict(reader: &mut Reader<'_>, table: &Table<'_>, place: &Place, scope: &Scope<'_>) -> Verdict {
    let words = [("allow", Answer::Allow), ("deny", Answer::Deny), ("ask", Answer::Ask)];
    let answer = reader.word(table, "verdict", &words, Answer::Ask);
    let stages = reader.find(table, "stage").map(|item| (Place::of(item), stage::stages(reader, item, scope)));
    match (answer, stages) {
        (Answer::Ask, Some((_, stages))) => Verdict::Ask(stages),
        (Answer::Ask, None) => {
            let message = "the rule asks nobody: expected a stage, or a verdict of `allow` or `deny`";
            reader.error(place, "missing_key", message, Some("[[rule.stage]]".to_owned()));
            Verdict::Deny
        }
        (Answer::Allow, None) => Verdict::Allow,
        (Answer::Deny, None) => Verdict::Deny,
        (_, Some((place, _))) => {
            reader.error(&place, "stage_unused", "a rule that allows or denies asks nobody: it takes no stages", None);
            Verdict::Deny
        }
    }
}

fn reachable(reader: &mut Reader<'_>, (rule, place): &(Rule, Place), earlier: &[(Rule, Place)], comparing: &mut usize) {
    if earlier.iter().any(|(other, _)| other.name == rule.name) {
        reader.error(place, "duplicate_name", format!("two rules are named `{}`", rule.name), None);
    }
    let others: Vec<&Rule> = earlier.iter().map(|(other, _)| other).collect();
    if let Some(reason) = always_before(rule, &others, comparing) {
        let message = format!("the rule `{}` can never be reached: {reason}", rule.name);
        reader.error(place, "unreachable_rule", message, Some("rules are read top to bottom; the first that holds decides".to_owned()));
    }
}

fn last_holds_always(reader: &mut Reader<'_>, read: &[(Rule, Place)], written: usize) {
    let Some((last, place)) = read.last().filter(|_| read.len() == written) else { return };
    if last.when.as_ref().is_some_and(|when| when.source().trim() != "true") {
        let message = "the last rule must hold always, so that every request has an answer: expected no `when`";
        reader.error(place, "last_rule", message, Some("end with a rule without `when`, such as `verdict = \"deny\"`".to_owned()));
    }
}
