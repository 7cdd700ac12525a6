//! Titles that know where their numbers stand: one text for machines, and for people the same with the separators of
//! whoever reads. While a title is made, each number of the payload that is printed whole stands between two marks.

use super::TITLE_MAX;
use super::is_hidden;
use crate::policy::field::{Field, FieldType};
use minijinja::{Error, Output, State, Value as Printed, escape_formatter};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write;

/// Under this name the formatter finds the numbers; no template can name it.
pub(super) const NUMBERS: &str = "its numbers";
/// Before a number. Both marks are no characters and never will be.
const OPEN: char = '\u{FDD0}';
/// After it.
const CLOSE: char = '\u{FDD1}';

/// A title, and where in it the numbers of the payload stand.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Title {
    /// As it is stored and sent: numbers as in the payload, sums with the digits of their currency.
    pub text: String,
    /// From which byte to which each number stands, in order.
    pub numbers: Vec<(u32, u32)>,
}

impl Title {
    /// The text with each number said by `number`; whatever is no place in the text is left alone.
    #[must_use]
    pub fn said(&self, number: impl Fn(&str) -> String) -> String {
        let mut said = String::with_capacity(self.text.len() + 8);
        let mut rest = 0;
        for (from, to) in self.numbers.iter().map(|(from, to)| (*from as usize, *to as usize)) {
            let (Some(before), Some(digits)) = (self.text.get(rest..from), self.text.get(from..to)) else { continue };
            said.push_str(before);
            said.push_str(&number(digits));
            rest = to;
        }
        said + self.text.get(rest..).unwrap_or_default()
    }

    /// A title without numbers.
    #[must_use]
    pub fn plain(text: String) -> Self {
        Self { text, numbers: Vec::new() }
    }

    /// One line in which nothing hides, of what was rendered with marks: white space becomes one blank, what cannot be
    /// seen its number.
    pub(super) fn one_line(rendered: &str, marked: bool) -> Self {
        let mut line = Line::default();
        for (index, word) in rendered.split_whitespace().enumerate() {
            let blank = (index > 0).then_some(' ').into_iter();
            for character in blank.chain(word.chars()) {
                if !line.takes(character, marked) {
                    return line.cut();
                }
            }
        }
        line.title
    }
}

/// A title on its way.
#[derive(Default)]
struct Line {
    title: Title,
    count: usize,
    /// Where the number began in which we are.
    open: Option<u32>,
}

impl Line {
    /// Whether there was room.
    fn takes(&mut self, character: char, marked: bool) -> bool {
        let at = u32::try_from(self.title.text.len()).unwrap_or(u32::MAX);
        match character {
            OPEN if marked => self.open = Some(at),
            CLOSE if marked => self.title.numbers.extend(self.open.take().map(|from| (from, at))),
            _ if is_hidden(character) => {
                let piece = format!("⟨U+{:04X}⟩", u32::from(character));
                self.title.text.push_str(&piece);
                self.count += piece.chars().count();
            }
            _ => {
                self.title.text.push(character);
                self.count += 1;
            }
        }
        self.count <= TITLE_MAX
    }

    fn cut(self) -> Title {
        let Title { text, mut numbers } = self.title;
        let mut cut: String = text.chars().take(TITLE_MAX - 1).collect();
        numbers.retain(|(_, to)| *to as usize <= cut.len());
        cut.push('…');
        Title { text: cut, numbers }
    }
}

/// Prints a value of a template: a number of the payload between marks where its context lists them, everything else as
/// it is.
pub(super) fn print(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Printed) -> Result<(), Error> {
    let listed = state.lookup(NUMBERS).is_some_and(|numbers| numbers.get_item(&Printed::from(value.to_string())).is_ok_and(|found| found.is_true()));
    if !listed {
        return escape_formatter(out, state, value);
    }
    out.write_char(OPEN).map_err(Error::from)?;
    escape_formatter(out, state, value)?;
    out.write_char(CLOSE).map_err(Error::from)
}

/// A number between its marks.
pub(super) fn mark(text: &mut String, number: &str) {
    text.push(OPEN);
    text.push_str(number);
    text.push(CLOSE);
}

/// Whether this template looks at texts that it has printed: marks in them would change what it says.
pub(super) fn reads_its_own_text(source: &str) -> bool {
    ["endset", "endfilter", "endmacro", "endcall", "autoescape"].iter().any(|word| source.contains(word))
}

/// Every sum, decimal and whole number of these fields as it would be printed, but for those that some text of the payload
/// says as well. `None` where a text holds marks of its own: who reads it must see them, so no number is marked.
pub(super) fn numbers(fields: &[Field], payload: &Value) -> Option<BTreeSet<String>> {
    let (mut numbers, mut others) = (BTreeSet::new(), BTreeSet::new());
    let members = fields.iter().filter_map(|field| Some((field, payload.get(&field.name)?)));
    members.for_each(|(field, value)| collect(&field.kind, value, &mut numbers, &mut others));
    numbers.retain(|number| !others.contains(number));
    (!numbers.is_empty() && !holds_marks(payload)).then_some(numbers)
}

fn collect(kind: &FieldType, value: &Value, numbers: &mut BTreeSet<String>, others: &mut BTreeSet<String>) {
    match (kind, value) {
        (FieldType::Money { .. } | FieldType::Decimal { .. } | FieldType::Integer { .. }, value) => texts(value, numbers),
        (FieldType::List { of, .. }, Value::Array(all)) => all.iter().for_each(|value| collect(of, value, numbers, others)),
        (FieldType::Table { columns, .. }, Value::Array(rows)) => {
            let cells = rows.iter().flat_map(|row| columns.iter().filter_map(move |column| Some((column, row.get(&column.name)?))));
            cells.for_each(|(column, value)| collect(&column.kind, value, numbers, others));
        }
        (_, value) => texts(value, others),
    }
}

/// Everything in it that is printed as it is.
fn texts(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => drop(found.insert(text.clone())),
        Value::Number(number) => drop(found.insert(number.to_string())),
        Value::Array(all) => all.iter().for_each(|value| texts(value, found)),
        Value::Object(members) => members.values().for_each(|value| texts(value, found)),
        Value::Null | Value::Bool(_) => {}
    }
}

fn holds_marks(value: &Value) -> bool {
    let marked = |text: &str| text.contains([OPEN, CLOSE]);
    match value {
        Value::String(text) => marked(text),
        Value::Array(all) => all.iter().any(holds_marks),
        Value::Object(members) => members.iter().any(|(name, value)| marked(name) || holds_marks(value)),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
