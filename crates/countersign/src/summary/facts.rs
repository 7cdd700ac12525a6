//! What a model may say: the numbers, words, signs and dates that occur in the payload or among the people
//! and policy named.

use std::collections::BTreeSet;

use serde_json::Value;

use super::SummaryAsk;
use super::tokens::{Kind, Token, canonical, tokens};
use super::visible::visible;
use super::words::month;

/// A date as far as it was named.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct PartDate {
    day: Option<u16>,
    month: u8,
    year: Option<u16>,
}

/// Everything that the request says.
#[derive(Default)]
pub(super) struct Facts {
    numbers: BTreeSet<String>,
    words: BTreeSet<String>,
    signs: BTreeSet<String>,
    dates: Vec<PartDate>,
}

impl Facts {
    /// Of the payload, the people and the policy named.
    pub(super) fn of(ask: &SummaryAsk) -> Self {
        let mut facts = Self::default();
        facts.add_value(&ask.payload);
        let named = [&ask.policy, &ask.title, &ask.requester_name];
        for text in named.into_iter().chain(&ask.people).chain(&ask.policy_words) {
            facts.add_text(text);
        }
        facts
    }

    /// Whether a number occurs, with whatever thousands separators. A longer fraction is another number.
    pub(super) fn has_number(&self, number: &Token) -> bool {
        let plain = canonical(&number.text).is_some_and(|plain| self.numbers.contains(&plain));
        plain || self.numbers.contains(&number.text) || number.plain_number().is_some_and(|plain| self.numbers.contains(plain))
    }

    /// Whether a word occurs, in whatever case.
    pub(super) fn has_word(&self, lower: &str) -> bool {
        self.words.contains(lower)
    }

    /// Whether a sign occurs.
    pub(super) fn has_sign(&self, sign: &str) -> bool {
        self.signs.contains(sign)
    }

    /// Whether one date that occurs says all that this one says.
    pub(super) fn explains(&self, date: PartDate) -> bool {
        let fits = |known: &PartDate| {
            known.month == date.month && (date.day.is_none() || date.day == known.day) && (date.year.is_none() || date.year == known.year)
        };
        self.dates.iter().any(fits)
    }

    fn add_value(&mut self, value: &Value) {
        match value {
            Value::Null | Value::Bool(_) => {}
            Value::Number(number) => self.add_text(&number.to_string()),
            Value::String(text) => self.add_text(text),
            Value::Array(items) => items.iter().for_each(|item| self.add_value(item)),
            Value::Object(fields) => fields.iter().for_each(|(name, value)| {
                self.add_text(&name.replace('_', " "));
                self.add_text(name);
                self.add_value(value);
            }),
        }
    }

    fn add_text(&mut self, text: &str) {
        let tokens = tokens(&visible(text));
        self.dates.extend((0..tokens.len()).filter_map(|at| date_at(&tokens, at)));
        for token in tokens {
            match token.kind {
                Kind::Word => drop(self.words.insert(token.lower())),
                Kind::Sign => drop(self.signs.insert(token.text)),
                Kind::Number => self.add_number(&token.text),
                Kind::Mixed => self.add_mixed(&token),
            }
        }
    }

    /// `INV2231` and the stamp `2026-03-07T14:30:00Z`: as a whole, and the letters and numbers in it.
    fn add_mixed(&mut self, token: &Token) {
        self.words.insert(token.lower());
        for part in token.text.split(char::is_alphabetic) {
            let number = part.trim_matches(|char: char| !char.is_numeric());
            if !number.is_empty() {
                self.add_number(number);
            }
        }
        for letters in token.text.split(|char: char| !char.is_alphabetic()).filter(|letters| !letters.is_empty()) {
            self.words.insert(letters.to_lowercase());
        }
    }

    fn add_number(&mut self, text: &str) {
        self.numbers.insert(text.to_owned());
        let Some(plain) = canonical(text) else {
            return self.add_compound(text);
        };
        if plain.contains('.') {
            self.numbers.insert(plain.trim_end_matches('0').trim_end_matches('.').to_owned());
        }
        if text.contains(char::is_whitespace) {
            self.numbers.extend(text.split_whitespace().map(str::to_owned));
        }
        self.numbers.insert(plain);
    }

    /// Dates, times, versions: each run of digits occurs, also without leading zeros; a time also without seconds.
    fn add_compound(&mut self, text: &str) {
        let runs: Vec<&str> = text.split(|char: char| !char.is_numeric()).collect();
        for run in &runs {
            self.numbers.insert((*run).to_owned());
            self.numbers.insert(run.trim_start_matches('0').to_owned());
        }
        match (text.chars().filter(|char| *char == ':').count(), text.rsplit_once(':')) {
            (2, Some((minutes, _))) => drop(self.numbers.insert(minutes.to_owned())),
            _ => self.dates.extend(iso_date(text, &runs)),
        }
    }
}

fn iso_date(text: &str, runs: &[&str]) -> Option<PartDate> {
    let (year, month, day) = match runs {
        [year, month] => (year, month, None),
        [year, month, day] => (year, month, Some(day)),
        _ => return None,
    };
    let day = day.map(|day| day.parse()).transpose().ok()?;
    let dashed = year.len() == 4 && !text.contains(|char: char| char != '-' && !char.is_ascii_digit());
    let month = month.parse().ok().filter(|month| (1..=12).contains(month))?;
    dashed.then_some(PartDate { day, month, year: year.parse().ok() })
}

/// The date around a month's name: `7 March 2026`, `March 7th, 2026`, `7th of March`, `March`. A month in
/// small letters is one only beside a number: `may` and `march` are also verbs.
pub(super) fn date_at(tokens: &[Token], at: usize) -> Option<PartDate> {
    let name = tokens.get(at).filter(|token| token.kind == Kind::Word)?;
    let month = month(&name.lower())?;
    let number = |at: Option<usize>| at.and_then(|at| tokens.get(at)).and_then(Token::plain_number);
    let is = |at: Option<usize>, what: &str| at.and_then(|at| tokens.get(at)).is_some_and(|token| token.text == what);
    let before = at.checked_sub(1);
    let before = if is(before, "of") { at.checked_sub(2) } else { before };
    let after = if is(at.checked_add(1), ".") { at + 2 } else { at + 1 };
    let day_before = number(before).filter(|day| day.len() <= 2);
    let day_after = number(Some(after)).filter(|day| day.len() <= 2 && day_before.is_none());
    let behind = if day_after.is_some() { after + 1 } else { after };
    let behind = if is(Some(behind), ",") { behind + 1 } else { behind };
    let year = number(Some(behind)).filter(|year| year.len() == 4);
    let capital = name.text.starts_with(char::is_uppercase);
    let dated = day_before.or(day_after).or(year).is_some();
    let read = |digits: Option<&str>| digits.and_then(|digits| digits.parse().ok());
    (capital || dated).then(|| PartDate { day: read(day_before.or(day_after)), month, year: read(year) })
}
