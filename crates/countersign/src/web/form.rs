//! A form made from a policy's fields: what was typed becomes a payload, the policy's faults find their field, and
//! nothing that was typed is lost. What fits is said by the policy, never here.

use crate::api::strict;
use countersign_core::policy::payload::PayloadFault;
use countersign_core::policy::{Field, FieldType};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

pub mod control;

/// Stands before the name of each control that is a field.
const ROOT: &str = "f";
/// Ends the name of the choice of a currency.
const CURRENCY: &str = "#currency";
/// More rows than this are not read: no field takes as many.
const ROWS_MAX: usize = countersign_core::policy::field::ELEMENTS_MAX;

/// What was typed, by the name of the control.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Typed(BTreeMap<String, String>);

/// A form that was read.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Entered {
    /// As the policy takes it.
    pub payload: Value,
    /// What was typed, without empty rows.
    pub typed: Typed,
    /// What is wrong, by the name of the control.
    pub wrong: BTreeMap<String, String>,
}

impl Typed {
    /// From the pairs of a form; of two controls of one name the last counts.
    #[must_use]
    pub fn of(pairs: Vec<(String, String)>) -> Self {
        Self(pairs.into_iter().collect())
    }

    /// What stands in a control.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    fn put(&mut self, name: String, text: &str) {
        self.0.insert(name, text.to_owned());
    }

    /// The rows below a name that hold anything, in order.
    fn rows(&self, name: &str) -> BTreeSet<usize> {
        let stem = format!("{name}/");
        let below = self.0.range(stem.clone()..).take_while(|(key, _)| key.starts_with(&stem));
        let filled = below.filter(|(key, text)| !text.trim().is_empty() && !key.ends_with(CURRENCY));
        let index = |key: &str| key.get(stem.len()..)?.split('/').next()?.parse().ok().filter(|index| *index < ROWS_MAX);
        filled.filter_map(|(key, _)| index(key)).collect()
    }

    /// How many rows a list or table has.
    #[must_use]
    pub fn row_count(&self, name: &str) -> usize {
        self.rows(name).len()
    }
}

/// The name of a field's control.
#[must_use]
pub fn control_name(field: &Field) -> String {
    format!("{ROOT}/{}", field.name)
}

/// Whether one control can hold it.
#[must_use]
pub fn is_simple(kind: &FieldType) -> bool {
    !matches!(kind, FieldType::Json | FieldType::List { .. } | FieldType::Table { .. })
}

/// Whether it has rows of controls; what nests deeper is typed as JSON.
#[must_use]
pub fn has_rows(kind: &FieldType) -> bool {
    match kind {
        FieldType::List { of, .. } => is_simple(of),
        FieldType::Table { columns, .. } => columns.iter().all(|column| is_simple(&column.kind)),
        _ => false,
    }
}

/// Reads a form.
#[must_use]
pub fn read(fields: &[Field], typed: &Typed) -> Entered {
    let mut entered = Entered::default();
    let mut payload = Map::new();
    for field in fields {
        if let Some(value) = entered.take(&field.kind, &control_name(field), typed) {
            payload.insert(field.name.clone(), value);
        }
    }
    entered.payload = Value::Object(payload);
    entered
}

impl Entered {
    /// Puts the policy's faults beside the controls that they are about; answers those that are about none.
    pub fn blame(&mut self, faults: &[PayloadFault], fields: &[Field]) -> Vec<String> {
        let mut elsewhere = Vec::new();
        for fault in faults {
            match self.place_of(&fault.pointer, fields) {
                Some(name) => drop(self.wrong.entry(name).or_insert_with(|| fault.message.clone())),
                None => elsewhere.push(fault.message.clone()),
            }
        }
        elsewhere
    }

    /// The control of a place in the payload: of the nearest part around it that has one.
    fn place_of(&self, pointer: &str, fields: &[Field]) -> Option<String> {
        let parts: Vec<String> = pointer.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~")).collect();
        let field = fields.iter().find(|field| parts.first() == Some(&field.name))?;
        let depth = match &field.kind {
            FieldType::List { .. } if has_rows(&field.kind) => 2,
            FieldType::Table { .. } if has_rows(&field.kind) => 3,
            _ => 1,
        };
        let whole = parts.len() < depth;
        Some(if whole { control_name(field) } else { format!("{ROOT}/{}", parts.get(..depth)?.join("/")) })
    }

    fn take(&mut self, kind: &FieldType, name: &str, typed: &Typed) -> Option<Value> {
        match kind {
            FieldType::List { of, .. } if has_rows(kind) => {
                self.take_rows(name, typed, &mut |entered, from, to| entered.move_one(of, from, to, typed))
            }
            FieldType::Table { columns, .. } if has_rows(kind) => self.take_rows(name, typed, &mut |entered, from, to| {
                let mut row = Map::new();
                for column in columns.iter() {
                    let place = |stem: &str| format!("{stem}/{}", column.name);
                    if let Some(value) = entered.move_one(&column.kind, &place(from), &place(to), typed) {
                        row.insert(column.name.clone(), value);
                    }
                }
                Some(Value::Object(row))
            }),
            FieldType::Json | FieldType::List { .. } | FieldType::Table { .. } => self.take_json(name, typed),
            simple => self.move_one(simple, name, name, typed),
        }
    }

    /// The rows that hold anything, one after the other without gaps.
    fn take_rows(&mut self, name: &str, typed: &Typed, read: &mut dyn FnMut(&mut Self, &str, &str) -> Option<Value>) -> Option<Value> {
        let rows = typed.rows(name);
        let values: Vec<Value> =
            rows.iter().enumerate().filter_map(|(to, from)| read(self, &format!("{name}/{from}"), &format!("{name}/{to}"))).collect();
        if values.is_empty() { None } else { Some(Value::Array(values)) }
    }

    fn take_json(&mut self, name: &str, typed: &Typed) -> Option<Value> {
        let text = typed.text(name);
        self.typed.put(name.to_owned(), text);
        if text.trim().is_empty() {
            return None;
        }
        match strict::read(text.as_bytes()) {
            Ok(value) => Some(value),
            Err(malformed) => {
                self.wrong.insert(name.to_owned(), format!("{}:{} {}", malformed.line, malformed.column, malformed.message));
                // Something that no field of rows takes, so that the policy does not call it missing.
                Some(Value::String(text.to_owned()))
            }
        }
    }

    fn move_one(&mut self, kind: &FieldType, from: &str, to: &str, typed: &Typed) -> Option<Value> {
        let text = typed.text(from);
        self.typed.put(to.to_owned(), text);
        if let FieldType::Money { currencies, .. } = kind {
            let chosen = typed.text(&format!("{from}{CURRENCY}"));
            let first = currencies.first().map(ToString::to_string).unwrap_or_default();
            let currency = if chosen.is_empty() { first.as_str() } else { chosen };
            self.typed.put(format!("{to}{CURRENCY}"), currency);
            let amount = text.trim();
            return (!amount.is_empty()).then(|| Value::String(format!("{amount} {currency}")));
        }
        if text.trim().is_empty() { None } else { Some(value(kind, text)) }
    }
}

fn value(kind: &FieldType, text: &str) -> Value {
    let trimmed = text.trim();
    match kind {
        FieldType::Text { .. } => Value::String(text.replace("\r\n", "\n")),
        FieldType::Integer { .. } => trimmed.parse::<i64>().map_or_else(|_| Value::String(trimmed.to_owned()), Value::from),
        FieldType::Bool if trimmed == "true" => Value::Bool(true),
        FieldType::Bool if trimmed == "false" => Value::Bool(false),
        _ => Value::String(trimmed.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_core::people::Roster;
    use countersign_core::policy::Policy;
    use serde_json::json;

    const SOURCE: &str = r#"
policy = "all"
title = "{{ note }}"
owner = "group:finance"

[payload]
note   = "text"
amount = { type = "money", currencies = ["USD", "EUR"], optional = true }
count  = { type = "integer", optional = true }
sure   = { type = "bool", optional = true }
tags   = { type = "list", of = "text", optional = true, max = 3 }
items  = { type = "table", optional = true, columns = { name = "text", price = { type = "money", currencies = ["USD"] } } }
free   = { type = "json", optional = true }

[[rule]]
name = "all"
verdict = "allow"
"#;

    fn policy() -> Policy {
        Policy::load("all.toml", SOURCE, &|_: &str| Err(String::new())).unwrap().policy
    }

    fn typed(pairs: &[(&str, &str)]) -> Typed {
        Typed::of(pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect())
    }

    #[test]
    fn each_type_becomes_what_the_policy_takes() {
        let policy = policy();
        let entered = read(
            &policy.fields,
            &typed(&[
                ("f/note", "one\r\ntwo"),
                ("f/amount", " 12.50 "),
                ("f/amount#currency", "EUR"),
                ("f/count", "3"),
                ("f/sure", "false"),
                ("f/tags/0", ""),
                ("f/tags/4", "x"),
                ("f/items/1/name", "chair"),
                ("f/items/1/price", "5"),
                ("f/items/1/price#currency", "USD"),
                ("f/items/0/price#currency", "USD"),
                ("f/free", "{\"a\": 1}"),
                ("f/unknown", "left out"),
            ]),
        );
        let expected = json!({ "note": "one\ntwo", "amount": "12.50 EUR", "count": 3, "sure": false, "tags": ["x"],
            "items": [{ "name": "chair", "price": "5 USD" }], "free": { "a": 1 } });
        assert_eq!(entered.payload, expected);
        assert_eq!(policy.accept(&entered.payload, &Roster::default()).unwrap(), expected);
        assert_eq!((entered.typed.text("f/items/0/name"), entered.typed.row_count("f/items")), ("chair", 1), "rows close their gaps");
    }

    #[test]
    fn every_fault_finds_its_control_and_what_was_typed_stays() {
        let policy = policy();
        let pairs = [
            ("f/amount", "a lot"),
            ("f/count", "1.5"),
            ("f/tags/0", "a"),
            ("f/tags/1", "b"),
            ("f/tags/2", "c"),
            ("f/tags/3", "d"),
            ("f/items/3/name", "chair"),
            ("f/items/3/price", "five"),
            ("f/free", "{\"a\": 1, \"a\": 2}"),
        ];
        let mut entered = read(&policy.fields, &typed(&pairs));
        let faults = policy.accept(&entered.payload, &Roster::default()).unwrap_err();
        assert_eq!(entered.blame(&faults, &policy.fields), Vec::<String>::new());
        let wrong: Vec<&str> = entered.wrong.keys().map(String::as_str).collect();
        assert_eq!(wrong, ["f/amount", "f/count", "f/free", "f/items/0/price", "f/note", "f/tags"]);
        assert_eq!((entered.typed.text("f/amount"), entered.typed.text("f/items/0/price")), ("a lot", "five"));
    }
}
