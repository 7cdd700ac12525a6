//! One round of asking: whom it asked, who said what, and whether its seats can be and are filled by
//! distinct people. Filling seats is a matching, not a sum (rule 3).

use crate::event::{ContentId, Decision, StageResult};
use crate::id::{PersonId, StageId};
use crate::policy::LevelMode;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// One opening of a stage.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stage {
    /// This opening.
    pub id: StageId,
    /// The index among the rule's stages.
    pub spec: usize,
    /// When it opened; its timers count from here.
    pub opened_at: Timestamp,
    /// When it gives up; a level of escalation may move it.
    pub expires_at: Timestamp,
    /// For each seat, who was asked at the opening.
    pub asked: Vec<Vec<PersonId>>,
    /// The escalations that fired, in order.
    pub escalations: Vec<Escalation>,
    /// The last reminder that fired, from 1; 0 for none.
    pub reminders: u32,
    /// Each person's last word.
    pub voices: Vec<Voice>,
    /// Whether an approval must be signed with a passkey.
    pub require_passkey: bool,
    /// Nobody left to ask.
    pub unroutable: bool,
    /// How and when it ended.
    pub closed: Option<(StageResult, Timestamp)>,
}

/// An escalation that fired.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Escalation {
    /// The level; `None` for an operator's hand.
    pub level: Option<usize>,
    /// Added or replaced.
    pub mode: LevelMode,
    /// Whom it asked.
    pub to: Vec<PersonId>,
    /// When it fired.
    pub at: Timestamp,
}

/// One person's last word in a stage.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Voice {
    /// Who.
    pub person: PersonId,
    /// What.
    pub decision: Decision,
    /// When.
    pub at: Timestamp,
    /// In their words.
    pub comment: Option<ContentId>,
    /// False once it no longer counts (rule 1).
    pub counts: bool,
}

/// For each person, the seats they may fill.
pub type Standing = BTreeMap<PersonId, BTreeSet<usize>>;

impl Stage {
    /// Everybody it ever asked, in order, each once.
    #[must_use]
    pub fn everybody_asked(&self) -> Vec<PersonId> {
        let mut people: Vec<PersonId> = Vec::new();
        let all = self.asked.iter().flatten().chain(self.escalations.iter().flat_map(|escalation| &escalation.to));
        for person in all {
            if !people.contains(person) {
                people.push(person.clone());
            }
        }
        people
    }

    /// This person's word here, if it still counts.
    #[must_use]
    pub fn voice(&self, person: &PersonId) -> Option<&Voice> {
        self.voices.iter().find(|voice| &voice.person == person && voice.counts)
    }

    /// Whose word of this kind counts here, in the order it was given.
    pub fn said(&self, decision: Decision) -> impl Iterator<Item = &PersonId> {
        self.voices.iter().filter(move |voice| voice.counts && voice.decision == decision).map(|voice| &voice.person)
    }

    /// Whether this level has fired in this opening (rule 15).
    #[must_use]
    pub fn fired(&self, level: usize) -> bool {
        self.escalations.iter().any(|escalation| escalation.level == Some(level))
    }
}

/// How many of the seats (each with a count) can be filled by distinct people at once: the size of a
/// maximum matching between people and places, by augmenting paths.
#[must_use]
pub fn seats_filled(standing: &Standing, counts: &[u16]) -> usize {
    let places: Vec<usize> = counts.iter().enumerate().flat_map(|(seat, count)| std::iter::repeat_n(seat, usize::from(*count))).collect();
    let people: Vec<&BTreeSet<usize>> = standing.values().collect();
    let mut holder: Vec<Option<usize>> = vec![None; places.len()];
    let mut filled = 0;
    for person in 0..people.len() {
        let mut tried = vec![false; places.len()];
        if find_place(person, &people, &places, &mut holder, &mut tried) {
            filled += 1;
        }
        if filled == places.len() {
            break;
        }
    }
    filled
}

/// The number of places that a stage has.
#[must_use]
pub fn places(counts: &[u16]) -> usize {
    counts.iter().map(|count| usize::from(*count)).sum()
}

fn find_place(person: usize, people: &[&BTreeSet<usize>], places: &[usize], holder: &mut [Option<usize>], tried: &mut [bool]) -> bool {
    for (place, seat) in places.iter().enumerate() {
        let fits = people.get(person).is_some_and(|seats| seats.contains(seat));
        if !fits || tried.get(place).copied().unwrap_or(true) {
            continue;
        }
        if let Some(mark) = tried.get_mut(place) {
            *mark = true;
        }
        let sitting = holder.get(place).copied().flatten();
        let free = sitting.is_none_or(|other| find_place(other, people, places, holder, tried));
        if free {
            if let Some(slot) = holder.get_mut(place) {
                *slot = Some(person);
            }
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(rows: &[(&str, &[usize])]) -> Standing {
        rows.iter().map(|(name, seats)| (PersonId::from(*name), seats.iter().copied().collect())).collect()
    }

    #[test]
    fn one_person_fills_one_seat_only() {
        assert_eq!(seats_filled(&standing(&[("ana", &[0, 1])]), &[1, 1]), 1);
    }

    #[test]
    fn a_person_moves_over_when_another_fits_only_there() {
        let both = standing(&[("ana", &[0, 1]), ("bo", &[0])]);
        assert_eq!(seats_filled(&both, &[1, 1]), 2, "ana must take the seat that bo cannot");
    }

    #[test]
    fn a_sum_is_not_a_matching() {
        let three = standing(&[("ana", &[0]), ("bo", &[0]), ("cy", &[0])]);
        assert_eq!(seats_filled(&three, &[2, 1]), 2, "three managers, no superuser");
    }
}
