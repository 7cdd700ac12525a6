//! The payloads of scenarios: `amount = "900 USD", count = 3, tags = ["a", "b"]`, typed by the policy's fields.

use super::read::{Fault, Piece};
use crate::policy::Policy;
use crate::policy::diagnostic::did_you_mean;
use crate::policy::field::FieldType;
use serde_json::{Map, Value};

/// Reads `field = value, …`.
pub(super) fn assignments(text: Piece<'_>, policy: Option<&Policy>) -> Result<Map<String, Value>, Fault> {
    let mut read = Map::new();
    for part in text.split(',').into_iter().filter(|part| !part.text.is_empty()) {
        let Some((name, _)) = part.text.split_once('=') else {
            return Err(Fault::at(part, format!("`{}` gives no field a value", part.text), Some("amount = \"900 USD\"".to_owned())));
        };
        let value = Piece { text: part.text.get(name.len() + 1..).unwrap_or_default(), at: part.at + name.len() + 1 }.trim();
        let name = Piece { text: name, at: part.at }.trim();
        if name.text.is_empty() || name.text.contains(char::is_whitespace) {
            return Err(Fault::at(name, format!("`{}` is no name of a field", name.text), known(name.text, policy)));
        }
        let kind = policy.and_then(|policy| policy.fields.iter().find(|field| field.name == name.text)).map(|field| &field.kind);
        read.insert(name.text.to_owned(), value_of(value, kind)?);
    }
    Ok(read)
}

fn known(name: &str, policy: Option<&Policy>) -> Option<String> {
    did_you_mean(name, policy?.fields.iter().map(|field| field.name.as_str()))
}

/// One value; a bare word is a text where the field wants one.
fn value_of(text: Piece<'_>, kind: Option<&FieldType>) -> Result<Value, Fault> {
    if text.text.is_empty() {
        return Err(Fault::at(text, "expected a value", Some("amount = \"900 USD\"".to_owned())));
    }
    if let Some(inner) = text.text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let of = if let Some(FieldType::List { of, .. }) = kind { Some(of.as_ref()) } else { None };
        let parts = Piece { text: inner, at: text.at + 1 }.split(',');
        return parts.into_iter().filter(|part| !part.text.is_empty()).map(|part| element(part, of, kind)).collect();
    }
    match serde_json::from_str::<Value>(text.text) {
        Ok(Value::Number(number)) if matches!(kind, Some(FieldType::Decimal { .. } | FieldType::Text { .. })) => {
            Ok(Value::String(number.to_string()))
        }
        Ok(value) => Ok(value),
        Err(_) if text.text.contains(['"', '[', ']', '{', '}']) => {
            Err(Fault::at(text, format!("`{}` is no value: expected a quoted text, a number, true, false or a list in [ ]", text.text), None))
        }
        Err(_) => Ok(Value::String(text.text.to_owned())),
    }
}

/// An element of a list, or a row `{ column = value, … }` of a table.
fn element(text: Piece<'_>, of: Option<&FieldType>, kind: Option<&FieldType>) -> Result<Value, Fault> {
    let Some(inner) = text.text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else { return value_of(text, of) };
    let columns = match (kind, of) {
        (Some(FieldType::Table { columns, .. }), _) | (_, Some(FieldType::Table { columns, .. })) => columns.as_ref(),
        _ => &[],
    };
    let mut row = Map::new();
    for part in (Piece { text: inner, at: text.at + 1 }).split(',').into_iter().filter(|part| !part.text.is_empty()) {
        let (name, _) = part.text.split_once('=').ok_or_else(|| Fault::at(part, "expected `column = value`", None))?;
        let value = Piece { text: part.text.get(name.len() + 1..).unwrap_or_default(), at: part.at + name.len() + 1 }.trim();
        let column = columns.iter().find(|column| column.name == name.trim()).map(|column| &column.kind);
        row.insert(name.trim().to_owned(), value_of(value, column)?);
    }
    Ok(Value::Object(row))
}
