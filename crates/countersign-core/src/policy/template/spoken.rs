//! Payloads as texts for people show them: sums with the digits that their currency has. Nothing is rounded: a sum is
//! never taken with more digits than its currency has, so digits are only added.

use crate::money::Money;
use crate::policy::field::{Field, FieldType, TEXT_MAX_DEFAULT};
use serde_json::Value;

/// Of the payload what is named, with its sums in full; everything else as it was sent.
pub(super) fn spoken(fields: &[Field], payload: &Value, names: &[String]) -> Value {
    let named = names.iter().filter_map(|name| Some((name.clone(), begun(payload.get(name)?))));
    let mut shown = Value::Object(named.collect());
    members(fields, &mut shown);
    shown
}

/// The value; of a very long text its beginning, of which a title shows little: copying all of it would take more
/// steps than a title has.
fn begun(value: &Value) -> Value {
    let end = |text: &str| text.char_indices().nth(TEXT_MAX_DEFAULT).map(|(end, _)| end);
    match value.as_str().and_then(|text| text.get(..end(text)?)) {
        Some(beginning) => Value::String(beginning.to_owned()),
        None => value.clone(),
    }
}

fn members(fields: &[Field], whole: &mut Value) {
    for field in fields {
        if let Some(value) = whole.get_mut(&field.name) {
            one(&field.kind, value);
        }
    }
}

fn one(kind: &FieldType, value: &mut Value) {
    match (kind, value) {
        (FieldType::Money { .. }, Value::String(text)) => {
            if let Ok(sum) = Money::parse(text) {
                *text = sum.in_full().to_string();
            }
        }
        (FieldType::List { of, .. }, Value::Array(all)) => all.iter_mut().for_each(|value| one(of, value)),
        (FieldType::Table { columns, .. }, Value::Array(rows)) => rows.iter_mut().for_each(|row| members(columns, row)),
        _ => {}
    }
}
