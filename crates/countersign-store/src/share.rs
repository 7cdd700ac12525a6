//! What a list shows of a request beside its row, and which part a person has in it: waiting for them, waiting for
//! others, done.

use crate::log::RequestRow;
use countersign_core::id::PersonId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Each count of [`Shares`] ends here: "1,000 and more" is told without counting on.
pub const COUNTED_MAX: usize = 1_000;

/// What a line in a list shows, so that no list reads a request for it. A cache of the fold, as the row is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Card {
    /// The first sum of the payload.
    pub amount: Option<String>,
    /// How many distinct people the open stages need.
    pub needed: u32,
    /// Whose approval counts in them.
    pub approved_by: Vec<PersonId>,
    /// Since when they ask.
    pub since: Option<Timestamp>,
    /// The requester, everybody asked, everybody who said something.
    pub involved: BTreeSet<PersonId>,
    /// From which byte to which of the title a number stands: each reader sees it with their own separators.
    pub numbers: Vec<(u32, u32)>,
}

/// The card as stored: short names, times in milliseconds.
#[derive(Serialize, Deserialize)]
struct Form {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    a: Option<String>,
    #[serde(default)]
    n: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    y: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    s: Option<i64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    p: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    t: Vec<(u32, u32)>,
}

impl Card {
    pub(crate) fn text(&self) -> String {
        let ids = |person: &PersonId| person.as_str().to_owned();
        let form = Form {
            a: self.amount.clone(),
            n: self.needed,
            y: self.approved_by.iter().map(ids).collect(),
            s: self.since.map(crate::clock::millis),
            p: self.involved.iter().map(ids).collect(),
            t: self.numbers.clone(),
        };
        serde_json::to_string(&form).unwrap_or_default()
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let form: Form = serde_json::from_str(text).ok()?;
        Some(Self {
            amount: form.a,
            needed: form.n,
            approved_by: form.y.into_iter().map(PersonId::new).collect(),
            since: form.s.map(crate::clock::timestamp),
            involved: form.p.into_iter().map(PersonId::new).collect(),
            numbers: form.t,
        })
    }
}

/// A person's part in requests that do not wait for them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Part {
    /// They were asked or said something, and others must go on; not their own request.
    Others,
    /// It has an outcome, and they asked for it, were asked, or said something.
    Done,
}

impl Part {
    /// The part that this person has in the request of this row, if one of these.
    #[must_use]
    pub fn of(row: &RequestRow, person: &PersonId) -> Option<Self> {
        if !row.card.involved.contains(person) {
            return None;
        }
        match row.status.is_final() {
            true => Some(Self::Done),
            false => (!row.waiting.contains(person) && row.requester != *person).then_some(Self::Others),
        }
    }

    /// The stored code.
    pub(crate) fn code(self) -> i64 {
        match self {
            Self::Others => 1,
            Self::Done => 2,
        }
    }
}

/// How many requests each of a person's lists holds, each counted up to [`COUNTED_MAX`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Shares {
    /// Waiting for them.
    pub waiting: usize,
    /// Waiting for others.
    pub others: usize,
    /// Asked for by them, without an outcome.
    pub mine: usize,
    /// With an outcome.
    pub done: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_reads_back() {
        let full = Card {
            amount: Some("12500.00 USD".into()),
            needed: 2,
            approved_by: vec!["mia".into()],
            since: Some(Timestamp::UNIX_EPOCH),
            involved: ["leo".into(), "mia".into()].into(),
            numbers: vec![(6, 18)],
        };
        for card in [full, Card::default()] {
            assert_eq!(Card::parse(&card.text()), Some(card));
        }
    }
}
