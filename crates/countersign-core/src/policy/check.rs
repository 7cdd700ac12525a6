//! What can be said of a whole policy before anybody uses it: rules that can never be reached, and,
//! against today's directory, people who do not exist and stages that cannot reach their quorum.

use super::diagnostic::Diagnostic;
use super::expression::{Comparison, Condition, Constant, Kind, Node};
use super::sight::Sight;
use super::{Policy, Rule, Selector, StageSpec, Verdict};
use crate::people::Roster;
use crate::stage::{Standing, places, seats_filled};
use std::cmp::Ordering;
use std::ops::Range;

mod sights;

/// Two conditions are compared in this many steps at most; where that is not enough, neither is said to imply the
/// other.
const COMPARING_MAX: usize = 1_000;

/// Why a rule can never be reached, given those above it. Takes the steps that comparing takes from `left`.
pub(super) fn always_before(rule: &Rule, earlier: &[&Rule], left: &mut usize) -> Option<String> {
    if earlier.iter().any(|other| other.when.is_none()) {
        return Some("a rule above holds always".to_owned());
    }
    let when = rule.when.as_ref()?;
    if matches!(when.root().kind, Kind::Literal(Constant::Bool(false))) {
        return Some("its condition never holds".to_owned());
    }
    let taken = earlier.iter().find(|other| other.when.as_ref().is_some_and(|other| implied(when, other, left)))?;
    Some(format!("whenever it holds, the rule `{}` above holds too", taken.name))
}

fn implied(this: &Condition, by: &Condition, left: &mut usize) -> bool {
    if this.source() == by.source() || this.squeezed().is_some_and(|text| Some(text) == by.squeezed()) {
        return true;
    }
    let given = COMPARING_MAX.min(*left);
    let mut comparing = Comparing { left: given };
    let implied = comparing.implies(this.root(), by.root());
    *left -= given - comparing.left;
    implied
}

/// The condition without the blanks that mean nothing: those within quoted texts are part of them, and one stays
/// between words. Nothing where escapes, long quotes or comments leave open what is quoted.
pub(super) fn squeezed(source: &str) -> Option<String> {
    if ["\\", "\"\"\"", "'''", "//"].iter().any(|unclear| source.contains(unclear)) {
        return None;
    }
    let word = |character: char| character.is_alphanumeric() || character == '_';
    let (mut kept, mut quote, mut blank) = (String::new(), None, false);
    for character in source.chars() {
        if quote.is_none() && character.is_whitespace() {
            blank = true;
            continue;
        }
        if std::mem::take(&mut blank) && word(character) && kept.chars().next_back().is_some_and(word) {
            kept.push(' ');
        }
        kept.push(character);
        quote = match quote {
            None => Some(character).filter(|mark| ['"', '\''].contains(mark)),
            Some(open) => Some(open).filter(|open| *open != character),
        };
    }
    Some(kept)
}

/// The comparison of two trees: its ways multiply with every `&&` and `||`, so they are counted.
struct Comparing {
    left: usize,
}

impl Comparing {
    /// Whether the second holds wherever the first does. `false` where that is not plain to see.
    fn implies(&mut self, first: &Node, second: &Node) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        match (&first.kind, &second.kind) {
            (_, Kind::Literal(Constant::Bool(true))) => true,
            (Kind::Or(left, right), _) => self.implies(left, second) && self.implies(right, second),
            (_, Kind::And(left, right)) => self.implies(first, left) && self.implies(first, right),
            (_, Kind::Or(left, right)) if self.implies(first, left) || self.implies(first, right) => true,
            (Kind::And(left, right), _) => self.implies(left, second) || self.implies(right, second),
            _ => bound(first).zip(bound(second)).is_some_and(|(first, second)| first.within(&second)),
        }
    }
}

/// `field < literal`, whichever side the literal stands on.
struct Bound<'a> {
    field: &'a str,
    comparison: Comparison,
    literal: &'a Constant,
}

fn bound(node: &Node) -> Option<Bound<'_>> {
    let Kind::Compare(comparison, left, right) = &node.kind else { return None };
    match (&left.kind, &right.kind) {
        (Kind::Field(field), Kind::Literal(literal)) => Some(Bound { field: &field.name, comparison: *comparison, literal }),
        (Kind::Literal(literal), Kind::Field(field)) => Some(Bound { field: &field.name, comparison: flipped(*comparison), literal }),
        _ => None,
    }
}

fn flipped(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
        same => same,
    }
}

impl Bound<'_> {
    fn within(&self, other: &Self) -> bool {
        use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
        let Some(ordering) = order(self.literal, other.literal).filter(|_| self.field == other.field) else { return false };
        match (self.comparison, other.comparison) {
            (Less, Less | LessOrEqual) | (LessOrEqual | Equal, LessOrEqual) => ordering.is_le(),
            (LessOrEqual | Equal, Less) => ordering.is_lt(),
            (Greater, Greater | GreaterOrEqual) | (GreaterOrEqual | Equal, GreaterOrEqual) => ordering.is_ge(),
            (GreaterOrEqual | Equal, Greater) => ordering.is_gt(),
            (Equal, Equal) | (NotEqual, NotEqual) => ordering.is_eq(),
            (Equal, NotEqual) => ordering.is_ne(),
            (Less, NotEqual) => ordering.is_le(),
            (Greater, NotEqual) => ordering.is_ge(),
            _ => false,
        }
    }
}

fn order(left: &Constant, right: &Constant) -> Option<Ordering> {
    match (left, right) {
        (Constant::Money(left), Constant::Money(right)) => left.partial_cmp_same(right).ok(),
        (Constant::Int(left), Constant::Int(right)) => Some(left.cmp(right)),
        (Constant::Decimal(left), Constant::Decimal(right)) => Some(left.cmp(right)),
        (Constant::Date(left), Constant::Date(right)) => Some(left.cmp(right)),
        (Constant::Text(left), Constant::Text(right)) => Some(left.cmp(right)),
        (Constant::Bool(left), Constant::Bool(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

impl Policy {
    /// Findings against today's directory: unknown users and groups, stages that can never reach
    /// their quorum, marks that show a field to nobody.
    #[must_use]
    pub fn check_against(&self, roster: &Roster) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        self.owner.iter().chain(&self.readers).for_each(|selector| self.known(selector, roster, &mut found));
        let sights = self.fields.iter().flat_map(|field| field.visible_to.iter().flatten());
        sights.filter_map(Sight::selector).for_each(|selector| self.known(&selector, roster, &mut found));
        self.blind_sights(roster, &mut found);
        for (index, rule) in self.rules.iter().enumerate() {
            let Verdict::Ask(stages) = &rule.verdict else { continue };
            for (position, stage) in stages.iter().enumerate() {
                let named = stage.seats.iter().flat_map(|seat| &seat.from).chain(stage.escalate.iter().flat_map(|level| &level.to));
                named.for_each(|selector| self.known(selector, roster, &mut found));
                if let Some(message) = unreachable_quorum(stage, roster) {
                    let place = self.stage_place(index, position);
                    let message = format!("the stage `{}` of the rule `{}` {message}", stage.name, rule.name);
                    found.push(Diagnostic::at(&self.file(), &self.source, place, "quorum_unreachable", message));
                }
            }
        }
        let told = self.on.values().flat_map(|consequences| &consequences.notify);
        told.for_each(|selector| self.known(selector, roster, &mut found));
        found.sort_by_key(|finding| (finding.line, finding.column));
        found.dedup();
        found
    }

    fn known(&self, selector: &Selector, roster: &Roster, found: &mut Vec<Diagnostic>) {
        let (text, code, message) = match selector {
            Selector::Person(id) if roster.person(id).is_none() => {
                (format!("user:{id}"), "unknown_user", format!("nobody in the directory is `{id}`"))
            }
            Selector::Person(id) if !roster.is_active(id) => (format!("user:{id}"), "inactive_user", format!("`{id}` has left: nobody is asked")),
            Selector::Group(id) if !roster.groups.contains_key(id) => {
                (format!("group:{id}"), "unknown_group", format!("the directory has no group `{id}`"))
            }
            Selector::Group(id) if roster.members(id).is_empty() => {
                (format!("group:{id}"), "empty_group", format!("the group `{id}` has no active member"))
            }
            _ => return,
        };
        let start = self.source.find(&text).unwrap_or(0);
        let known: Vec<&str> = match selector {
            Selector::Person(_) => roster.people.keys().map(crate::id::PersonId::as_str).collect(),
            _ => roster.groups.keys().map(crate::id::GroupId::as_str).collect(),
        };
        let given = text.split_once(':').map_or("", |(_, id)| id);
        let suggestion = super::diagnostic::did_you_mean(given, known);
        found.push(Diagnostic::at(&self.file(), &self.source, start..start + text.len(), code, message).suggest(suggestion));
    }

    fn file(&self) -> String {
        format!("{}.toml", self.name)
    }

    fn stage_place(&self, rule: usize, stage: usize) -> Range<usize> {
        let place = || {
            let file = toml::de::DeTable::parse(&self.source).ok()?;
            let rules = file.get_ref().iter().find(|(key, _)| key.get_ref() == "rule")?.1.get_ref().as_array()?;
            let stages = rules.get(rule)?.get_ref().as_table()?.iter().find(|(key, _)| key.get_ref() == "stage")?;
            let stage = stages.1.get_ref().as_array()?.get(stage)?.get_ref().as_table()?;
            Some(stage.iter().find(|(key, _)| key.get_ref() == "name")?.1.span())
        };
        place().unwrap_or(0..0)
    }
}

/// Decidable where a stage names only users and groups: too few of them, even if the requester is none. One
/// person fills one seat, so the seats are matched, not counted.
fn unreachable_quorum(stage: &StageSpec, roster: &Roster) -> Option<String> {
    let fixed = |selector: &Selector| match selector {
        Selector::Person(id) => Some(if roster.is_active(id) { [id.clone()].into() } else { Default::default() }),
        Selector::Group(id) => Some(roster.members(id)),
        _ => None,
    };
    let counts: Vec<u16> = stage.seats.iter().map(|seat| seat.count).collect();
    let mut standing = Standing::new();
    for (index, seat) in stage.seats.iter().enumerate() {
        let sets: Option<Vec<_>> = seat.from.iter().map(fixed).collect();
        let people: std::collections::BTreeSet<_> = sets?.into_iter().flatten().collect();
        if people.len() < usize::from(seat.count) {
            return Some(format!("needs {} voices from {} people", seat.count, people.len()));
        }
        for person in people {
            standing.entry(person).or_default().insert(index);
        }
    }
    let (filled, needed) = (seats_filled(&standing, &counts), places(&counts));
    (filled < needed).then(|| format!("needs {needed} different people: today's directory fills {filled} of its seats"))
}
