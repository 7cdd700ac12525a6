//! The payload as facts: typed and formatted after the policy's fields, nothing hidden, nothing clickable. What a
//! person approves is this, not what a model said about it.

use super::words::Words;
use crate::engine::Seen;
use crate::summary::scripts::{Deceit, deceits};
use crate::summary::visible::visible;
use countersign_core::policy::{Field, FieldType};
use serde_json::Value;

/// A longer text is folded.
const FOLD_AFTER: usize = 400;

/// One fact.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fact {
    /// The field's name in words.
    pub label: String,
    /// How it is shown.
    pub shape: Shape,
    /// The keys of words about how it may deceive.
    pub flags: Vec<&'static str>,
}

/// How a fact is shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Shape {
    /// A sum or number: aligned digits.
    Number(String),
    /// Text on lines.
    Text(String),
    /// A long text: its beginning, and the whole.
    Long(String, String),
    /// An address: its host first, for that is what matters; never a link.
    Address(String, String),
    /// A list.
    List(Vec<String>),
    /// Nothing of it: the words that say so.
    Hidden(String),
    /// Rows under columns.
    Table(Vec<String>, Vec<Vec<String>>),
}

/// The facts, in the order of the policy's fields.
#[must_use]
pub fn facts(seen: &Seen, words: &Words) -> Vec<Fact> {
    let known = seen.policy.fields.iter().filter_map(|field| Some((field, seen.payload.get(&field.name).filter(|value| !value.is_null())?)));
    let fact = |(field, value): (&Field, &Value)| match seen.veil.hides(&field.name) {
        true => Fact { label: label(&field.name), shape: Shape::Hidden(words.say("fact-redacted").to_string()), flags: Vec::new() },
        false => Fact { label: label(&field.name), shape: shape(&field.kind, value, words), flags: flags_of(value) },
    };
    known.map(fact).collect()
}

/// The keys of the words that tell how a text may deceive its reader.
#[must_use]
pub fn flags(text: &str) -> Vec<&'static str> {
    let word = |deceit: &Deceit| match deceit {
        Deceit::Hidden => "fact-hidden",
        Deceit::Mixed => "fact-mixed",
        Deceit::LooksLatin => "fact-looks-latin",
    };
    deceits(text).iter().map(word).collect()
}

/// The same for all texts within a value.
fn flags_of(value: &Value) -> Vec<&'static str> {
    let mut found: Vec<&'static str> = match value {
        Value::String(text) => flags(text),
        Value::Array(list) => list.iter().flat_map(flags_of).collect(),
        Value::Object(members) => members.iter().flat_map(|(name, value)| flags(name).into_iter().chain(flags_of(value))).collect(),
        _ => Vec::new(),
    };
    found.sort_unstable();
    found.dedup();
    found
}

/// The first sum, for the words on a button; a hidden one is none.
#[must_use]
pub fn sum(seen: &Seen, words: &Words) -> Option<String> {
    let field = seen.policy.fields.iter().find(|field| matches!(field.kind, FieldType::Money { .. }))?;
    seen.payload.get(&field.name).and_then(Value::as_str).map(|sum| number(sum, words))
}

/// A field's name in words.
#[must_use]
pub fn label(name: &str) -> String {
    let words = name.replace(['_', '-'], " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn shape(kind: &FieldType, value: &Value, words: &Words) -> Shape {
    match (kind, value) {
        (FieldType::Money { .. } | FieldType::Decimal { .. } | FieldType::Integer { .. }, value) => {
            Shape::Number(number(&plain(value, words), words))
        }
        (FieldType::Url, Value::String(text)) => {
            let host = url::Url::parse(text).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
            Shape::Address(host, visible(text).into_owned())
        }
        (FieldType::List { of, .. }, Value::Array(list)) => Shape::List(list.iter().map(|item| flat(of, item, words)).collect()),
        (FieldType::Table { columns, .. }, Value::Array(rows)) => table(columns, rows, words),
        (FieldType::Json, value) => text(&serde_json::to_string_pretty(value).unwrap_or_default()),
        (kind, value) => text(&flat(kind, value, words)),
    }
}

fn text(text: &str) -> Shape {
    let shown = visible(text).into_owned();
    if shown.chars().count() > FOLD_AFTER { Shape::Long(shown.chars().take(FOLD_AFTER).collect(), shown) } else { Shape::Text(shown) }
}

fn table(columns: &[Field], rows: &[Value], words: &Words) -> Shape {
    let cell = |row: &Value, column: &Field| row.get(&column.name).map_or_else(String::new, |value| flat(&column.kind, value, words));
    let cells = rows.iter().map(|row| columns.iter().map(|column| cell(row, column)).collect()).collect();
    Shape::Table(columns.iter().map(|column| label(&column.name)).collect(), cells)
}

/// A value on one line, typed after its field.
#[must_use]
pub fn flat(kind: &FieldType, value: &Value, words: &Words) -> String {
    match (kind, value) {
        (FieldType::Money { .. } | FieldType::Decimal { .. } | FieldType::Integer { .. }, value) => number(&plain(value, words), words),
        (FieldType::Date, Value::String(text)) => text.parse().map_or_else(|_| visible(text).into_owned(), |date| words.date(date)),
        (FieldType::Time, Value::String(text)) => text.parse().map_or_else(|_| visible(text).into_owned(), |time| words.clock(time)),
        (_, value) => visible(&plain(value, words)).into_owned(),
    }
}

fn plain(value: &Value, words: &Words) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => words.say("fact-yes").to_string(),
        Value::Bool(false) => words.say("fact-no").to_string(),
        other => other.to_string(),
    }
}

fn number(text: &str, words: &Words) -> String {
    visible(&words.number(text)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_is_shown() {
        assert_eq!(text("ACME\u{202e}gpj"), Shape::Text("ACME⟨U+202E⟩gpj".into()));
    }
}
