//! The payload as facts: typed and formatted after the policy's fields, nothing hidden, nothing clickable. What a
//! person approves is this, not what a model said about it.

use crate::summary::visible::visible;
use countersign_core::policy::{Field, FieldType, Policy};
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
    /// Rows under columns.
    Table(Vec<String>, Vec<Vec<String>>),
}

/// The facts, in the order of the policy's fields.
#[must_use]
pub fn facts(policy: &Policy, payload: &Value) -> Vec<Fact> {
    let known = policy.fields.iter().filter_map(|field| Some((field, payload.get(&field.name).filter(|value| !value.is_null())?)));
    known.map(|(field, value)| Fact { label: label(&field.name), shape: shape(&field.kind, value) }).collect()
}

/// The first sum, for the words on a button.
#[must_use]
pub fn sum(policy: &Policy, payload: &Value) -> Option<String> {
    let field = policy.fields.iter().find(|field| matches!(field.kind, FieldType::Money { .. }))?;
    payload.get(&field.name).and_then(Value::as_str).map(grouped)
}

fn label(name: &str) -> String {
    let words = name.replace(['_', '-'], " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn shape(kind: &FieldType, value: &Value) -> Shape {
    match (kind, value) {
        (FieldType::Money { .. } | FieldType::Decimal { .. } | FieldType::Integer { .. }, value) => Shape::Number(grouped(&plain(value))),
        (FieldType::Url, Value::String(text)) => {
            let host = url::Url::parse(text).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
            Shape::Address(host, visible(text).into_owned())
        }
        (FieldType::List { of, .. }, Value::Array(list)) => Shape::List(list.iter().map(|item| flat(of, item)).collect()),
        (FieldType::Table { columns, .. }, Value::Array(rows)) => table(columns, rows),
        (FieldType::Json, value) => text(&serde_json::to_string_pretty(value).unwrap_or_default()),
        (_, value) => text(&plain(value)),
    }
}

fn text(text: &str) -> Shape {
    let shown = visible(text).into_owned();
    if shown.chars().count() > FOLD_AFTER { Shape::Long(shown.chars().take(FOLD_AFTER).collect(), shown) } else { Shape::Text(shown) }
}

fn table(columns: &[Field], rows: &[Value]) -> Shape {
    let cell = |row: &Value, column: &Field| row.get(&column.name).map_or_else(String::new, |value| flat(&column.kind, value));
    let cells = rows.iter().map(|row| columns.iter().map(|column| cell(row, column)).collect()).collect();
    Shape::Table(columns.iter().map(|column| label(&column.name)).collect(), cells)
}

fn flat(kind: &FieldType, value: &Value) -> String {
    match kind {
        FieldType::Money { .. } | FieldType::Decimal { .. } | FieldType::Integer { .. } => grouped(&plain(value)),
        _ => visible(&plain(value)).into_owned(),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".into(),
        Value::Bool(false) => "no".into(),
        other => other.to_string(),
    }
}

/// `12500.00 USD` as `12,500.00 USD`.
fn grouped(number: &str) -> String {
    let (amount, rest) = number.split_at(number.find([' ', '.']).unwrap_or(number.len()));
    let (sign, digits) = amount.strip_prefix('-').map_or(("", amount), |digits| ("-", digits));
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return visible(number).into_owned();
    }
    let mut shown = String::from(sign);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_grouped_and_nothing_else_is_touched() {
        for (given, shown) in
            [("12500.00 USD", "12,500.00 USD"), ("-1234567", "-1,234,567"), ("999 JPY", "999 JPY"), ("1e9", "1e9"), ("0.125", "0.125")]
        {
            assert_eq!(grouped(given), shown);
        }
    }

    #[test]
    fn what_hides_is_shown() {
        assert_eq!(text("ACME\u{202e}gpj"), Shape::Text("ACME⟨U+202E⟩gpj".into()));
    }
}
