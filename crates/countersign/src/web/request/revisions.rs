//! What changed between the revision before and this one, field by field.

use crate::engine::Seen;
use crate::summary::visible::visible;
use crate::web::facts::{flat, label};
use crate::web::words::Words;
use countersign_core::event::Event;
use countersign_core::policy::FieldType;
use jiff::Timestamp;
use serde_json::Value;

/// A longer value is cut: the whole of it is among the facts.
const SHOWN_MAX: usize = 300;

/// One field that differs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// The field in words.
    pub field: String,
    /// What it was; nothing where it was absent.
    pub before: Option<String>,
    /// What it is.
    pub after: Option<String>,
}

/// The fields that differ from the revision before; none for the first.
#[must_use]
pub fn differences(seen: &Seen, events: &[(Timestamp, Event)], words: &Words) -> Vec<Difference> {
    let Some(before) = payload_before(seen, events) else { return Vec::new() };
    let value = |payload: &Value, name: &str| payload.get(name).filter(|value| !value.is_null()).cloned();
    let hidden = || Some(words.say("fact-redacted").to_string());
    let differs = |field: &countersign_core::policy::Field| {
        // Also where nothing changed: that it did, or did not, is something of it.
        if seen.veil.hides(&field.name) {
            return Some(Difference { field: label(&field.name), before: hidden(), after: hidden() });
        }
        let (old, new) = (value(&before, &field.name), value(&seen.payload, &field.name));
        let shown = |value: Option<Value>| value.map(|value| cut(&shown(&field.kind, &value, words)));
        (old != new).then(|| Difference { field: label(&field.name), before: shown(old), after: shown(new) })
    };
    seen.policy.fields.iter().filter_map(differs).collect()
}

fn payload_before(seen: &Seen, events: &[(Timestamp, Event)]) -> Option<Value> {
    events.iter().rev().filter_map(|(_, event)| seen.proposed(event)).nth(1)
}

fn shown(kind: &FieldType, value: &Value, words: &Words) -> String {
    match value {
        Value::Array(_) | Value::Object(_) => visible(&serde_json::to_string_pretty(value).unwrap_or_default()).into_owned(),
        value => flat(kind, value, words),
    }
}

fn cut(text: &str) -> String {
    let short: String = text.chars().take(SHOWN_MAX).collect();
    if short.len() < text.len() { format!("{short} …") } else { short }
}
