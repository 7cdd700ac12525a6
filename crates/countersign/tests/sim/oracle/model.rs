//! A request as the oracle folds it: its own states, its own reading of the rules, from events alone.

use crate::crew::{Crew, P};
use crate::law::{Law, Says, StageLaw, When};
use countersign_core::event::{Actor, Decision, StageResult};
use countersign_core::id::{RequestId, StageId};
use countersign_core::policy::OutcomeName;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// One opening.
#[derive(Clone, Debug)]
pub(crate) struct Opening {
    pub(crate) id: StageId,
    pub(crate) spec: usize,
    pub(crate) law: StageLaw,
    pub(crate) opened: i64,
    pub(crate) expires: i64,
    pub(crate) asked: Vec<Vec<P>>,
    pub(crate) raised: Vec<Raised>,
    pub(crate) reminders: i64,
    /// The last word of each person, and whether it counts.
    pub(crate) voices: BTreeMap<P, (Decision, bool)>,
    pub(crate) unroutable: bool,
    pub(crate) closed: Option<StageResult>,
}

/// An escalation.
#[derive(Clone, Debug)]
pub(crate) struct Raised {
    pub(crate) level: Option<usize>,
    pub(crate) replace: bool,
    pub(crate) to: Vec<P>,
}

/// An action after the outcome.
#[derive(Clone, Debug, Default)]
pub(crate) struct Act {
    pub(crate) name: String,
    pub(crate) token: u64,
    pub(crate) running_until: Option<i64>,
    pub(crate) succeeded: bool,
    pub(crate) dead: bool,
    pub(crate) abandoned: bool,
    /// When the current attempt began.
    pub(crate) begun: i64,
}

/// See the module.
pub(crate) struct Model {
    pub(crate) id: RequestId,
    pub(crate) law: &'static Law,
    pub(crate) requester: P,
    pub(crate) submitter: P,
    pub(crate) revision: u32,
    pub(crate) payload: Value,
    /// The rule; `None` where it failed closed.
    pub(crate) rule: Option<usize>,
    pub(crate) openings: Vec<Opening>,
    pub(crate) opened: u32,
    pub(crate) returned: bool,
    pub(crate) settled: Option<(OutcomeName, i64)>,
    pub(crate) acts: Vec<Act>,
    pub(crate) signatures: super::signatures::Signatures,
}

/// What the rules say of a payload: the rule, or that none can be evaluated.
pub(crate) fn ruling(law: &Law, payload: &Value) -> Option<usize> {
    let amount = payload.get("amount").and_then(Value::as_i64);
    for (index, rule) in law.rules.iter().enumerate() {
        let holds = match rule.when {
            When::Always => true,
            When::AmountIs(wanted) => amount == Some(wanted),
            When::AmountIsAndNoteIsGo(wanted) if amount == Some(wanted) => payload.get("note")?.as_str() == Some("go"),
            When::AmountIsAndNoteIsGo(_) => false,
        };
        if holds {
            return Some(index);
        }
    }
    None
}

/// Whether distinct people can fill all seats: tried place by place, person by person.
pub(crate) fn fill(people: &BTreeMap<P, BTreeSet<usize>>, counts: &[usize]) -> bool {
    let places: Vec<usize> = counts.iter().enumerate().flat_map(|(seat, count)| vec![seat; *count]).collect();
    let people: Vec<&BTreeSet<usize>> = people.values().collect();
    place(&places, &people, &mut vec![false; people.len()])
}

fn place(places: &[usize], people: &[&BTreeSet<usize>], used: &mut Vec<bool>) -> bool {
    let Some((seat, rest)) = places.split_first() else { return true };
    for index in 0..people.len() {
        if used[index] || !people[index].contains(seat) {
            continue;
        }
        used[index] = true;
        if place(rest, people, used) {
            return true;
        }
        used[index] = false;
    }
    false
}

impl Model {
    pub(crate) fn human(actor: &Actor) -> Option<P> {
        match actor {
            Actor::Person(person) => Some(person.clone()),
            Actor::Key { person, .. } => person.clone(),
            Actor::Engine => None,
        }
    }

    pub(crate) fn says(&self) -> Option<&'static Says> {
        self.rule.and_then(|index| self.law.rules.get(index)).map(|rule| &rule.says)
    }

    pub(crate) fn stages(&self) -> Vec<StageLaw> {
        self.law.stages(self.rule)
    }

    pub(crate) fn excluded(&self, person: &P) -> bool {
        *person == self.requester || *person == self.submitter
    }

    pub(crate) fn opening(&mut self, id: StageId) -> Option<&mut Opening> {
        self.openings.iter_mut().find(|opening| opening.id == id)
    }

    /// Those whose approval counts in another stage of this revision, where voices may not repeat.
    pub(crate) fn barred(&self, of: StageId, repeat: bool) -> BTreeSet<P> {
        if repeat {
            return BTreeSet::new();
        }
        let others = self.openings.iter().filter(|opening| opening.id != of);
        others.flat_map(|opening| opening.said(Decision::Approve)).collect()
    }

    /// Whom these selectors name and the law lets decide.
    pub(crate) fn askable(&self, selectors: &[crate::law::Sel], crew: &Crew, of: StageId, repeat: bool) -> BTreeSet<P> {
        let barred = self.barred(of, repeat);
        let named = crew.select(selectors, &self.requester, &self.payload);
        named.into_iter().filter(|person| !self.excluded(person) && !barred.contains(person)).collect()
    }

    /// Who may fill which seats: asked, still named, active, not excluded. With `now`, only those asked since
    /// the last replacement.
    pub(crate) fn standing(&self, opening: &Opening, crew: &Crew, now: bool) -> BTreeMap<P, BTreeSet<usize>> {
        let barred = self.barred(opening.id, opening.law.repeat);
        let may = |person: &P| !self.excluded(person) && !barred.contains(person) && crew.active.contains(person);
        let replaced = opening.raised.iter().rposition(|raised| raised.replace).filter(|_| now);
        let mut found: BTreeMap<P, BTreeSet<usize>> = BTreeMap::new();
        if replaced.is_none() {
            for (seat, asked) in opening.asked.iter().enumerate() {
                let named = crew.select(&opening.law.seats[seat].from, &self.requester, &self.payload);
                for person in asked.iter().filter(|person| named.contains(*person) && may(person)) {
                    found.entry(person.clone()).or_default().insert(seat);
                }
            }
        }
        for raised in opening.raised.iter().skip(replaced.unwrap_or(0)) {
            let named = raised.level.map(|level| crew.select(&opening.law.escalate[level].to, &self.requester, &self.payload));
            for person in raised.to.iter().filter(|person| named.as_ref().is_none_or(|named| named.contains(*person)) && may(person)) {
                found.entry(person.clone()).or_default().extend(0..opening.law.seats.len());
            }
        }
        found
    }

    /// Who may say no: all whom the stage asked, and whom it names though their approval is spent elsewhere.
    pub(crate) fn objecting(&self, opening: &Opening, crew: &Crew, now: bool) -> BTreeSet<P> {
        let spent = self.barred(opening.id, opening.law.repeat);
        let replaced = opening.raised.iter().rposition(|raised| raised.replace).filter(|_| now);
        let mut found: BTreeSet<P> = BTreeSet::new();
        if replaced.is_none() {
            for (seat, asked) in opening.asked.iter().enumerate() {
                let named = crew.select(&opening.law.seats[seat].from, &self.requester, &self.payload);
                found.extend(named.into_iter().filter(|person| asked.contains(person) || spent.contains(person)));
            }
        }
        for raised in opening.raised.iter().skip(replaced.unwrap_or(0)) {
            match raised.level.map(|level| crew.select(&opening.law.escalate[level].to, &self.requester, &self.payload)) {
                Some(named) => found.extend(named.into_iter().filter(|person| raised.to.contains(person) || spent.contains(person))),
                None => found.extend(raised.to.iter().cloned()),
            }
        }
        found.retain(|person| !self.excluded(person) && crew.active.contains(person));
        found
    }

    /// Approvals that count, with the seats that their makers still stand for.
    pub(crate) fn heard(&self, opening: &Opening, crew: &Crew) -> BTreeMap<P, BTreeSet<usize>> {
        let mut ever = self.standing(opening, crew, false);
        let said = opening.said(Decision::Approve);
        ever.retain(|person, _| said.contains(person));
        ever
    }

    /// Those heard and those who may still decide.
    pub(crate) fn reach(&self, opening: &Opening, crew: &Crew) -> BTreeMap<P, BTreeSet<usize>> {
        let mut reach = self.standing(opening, crew, true);
        for (person, seats) in self.heard(opening, crew) {
            reach.entry(person).or_default().extend(seats);
        }
        reach
    }

    /// The opening as it would stand if whom the policy names now were asked.
    pub(crate) fn asked_anew(&self, opening: &Opening, crew: &Crew) -> Opening {
        let mut anew = opening.clone();
        let ask = |from: &[crate::law::Sel]| self.askable(from, crew, opening.id, opening.law.repeat).into_iter().collect::<Vec<P>>();
        anew.asked = opening.law.seats.iter().map(|seat| ask(&seat.from)).collect();
        for raised in &mut anew.raised {
            if let Some(level) = raised.level {
                raised.to = ask(&opening.law.escalate[level].to);
            }
        }
        anew
    }

    pub(crate) fn next_timer(&self, at: i64) -> Option<i64> {
        if self.settled.is_some() {
            return None;
        }
        let open = self.openings.iter().filter(|opening| opening.closed.is_none());
        open.flat_map(|opening| opening.timers(at, self.returned)).min()
    }

    pub(crate) fn waiting(&self, crew: &Crew) -> BTreeSet<P> {
        if self.settled.is_some() || self.returned {
            return BTreeSet::new();
        }
        let open = self.openings.iter().filter(|opening| opening.closed.is_none());
        open.flat_map(|opening| self.standing(opening, crew, true).into_keys().filter(|person| !opening.spoke(person))).collect()
    }
}

impl Opening {
    pub(crate) fn said(&self, decision: Decision) -> BTreeSet<P> {
        self.voices.iter().filter(|(_, voice)| **voice == (decision, true)).map(|(person, _)| person.clone()).collect()
    }

    pub(crate) fn spoke(&self, person: &P) -> bool {
        self.voices.get(person).is_some_and(|(_, counts)| *counts)
    }

    pub(crate) fn fired(&self, level: usize) -> bool {
        self.raised.iter().any(|raised| raised.level == Some(level))
    }

    /// What is still to fire, in milliseconds.
    pub(crate) fn timers(&self, at: i64, returned: bool) -> Vec<i64> {
        let mut timers = vec![self.expires];
        if returned {
            return timers;
        }
        let levels = self.law.escalate.iter().enumerate().filter(|(level, _)| !self.fired(*level));
        timers.extend(levels.map(|(_, level)| self.opened + level.after));
        if let Some(every) = self.law.remind {
            let passed = (at.min(self.expires) - self.opened) / every;
            let due = self.opened + every * passed.max(self.reminders + 1);
            timers.extend((due < self.expires).then_some(due));
        }
        timers
    }
}
