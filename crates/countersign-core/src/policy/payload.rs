//! Whether a payload fits the fields: every fault at once, each with its place. What fits is taken as
//! it is, but for absent members, which are dropped.

use super::Policy;
use super::diagnostic::did_you_mean;
use super::field::{Field, FieldType, INTEGER_MAX};
use super::pattern::Pattern;
use crate::id::PersonId;
use crate::money::{Money, plain_decimal};
use crate::people::Roster;
use jiff::civil::{Date, Time};
use serde_json::{Map, Value};

/// A payload nests this deep at most.
const DEPTH_MAX: usize = 32;
/// The texts and names of a payload are this many bytes together at most.
const BYTES_MAX: usize = 1 << 20;
/// A payload takes this much memory at most while it is read.
pub const MEMORY_MAX: usize = 4 << 20;
/// The searches of all patterns in a payload take this many steps at most.
const SEARCH_MAX: u64 = 200_000;
/// Longer names of members are cut where a fault is told.
const NAME_SHOWN_MAX: usize = 100;
/// This many faults are told; a payload with more is hopeless.
const FAULTS_MAX: usize = 50;
/// Addresses are this long at most.
const ADDRESS_MAX: usize = 2_048;

/// One thing wrong with a payload.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PayloadFault {
    /// Where (RFC 6901); empty for the whole.
    pub pointer: String,
    /// What is wrong and what was expected.
    pub message: String,
}

impl Policy {
    /// Checks a payload. Answers it with absent members (null) dropped and nothing else changed.
    ///
    /// # Errors
    /// Everything wrong with it.
    pub fn accept(&self, payload: &Value, roster: &Roster) -> Result<Value, Vec<PayloadFault>> {
        if let Err(message) = bounded(payload) {
            return Err(vec![PayloadFault { pointer: String::new(), message }]);
        }
        let mut reading = Reading { roster, faults: Vec::new(), searching: SEARCH_MAX };
        let accepted = reading.object(payload, &self.fields, "");
        if reading.faults.is_empty() { Ok(accepted) } else { Err(reading.faults) }
    }
}

/// Walks without recursion, so that a hostile payload cannot exhaust the stack here.
fn bounded(payload: &Value) -> Result<(), String> {
    let (mut bytes, mut memory, mut open) = (0_usize, 0_usize, vec![(payload, 0_usize)]);
    while let Some((value, depth)) = open.pop() {
        if depth > DEPTH_MAX {
            return Err(format!("nests deeper than {DEPTH_MAX}"));
        }
        let texts = match value {
            Value::String(text) => text.len(),
            Value::Object(members) => members.keys().map(String::len).sum(),
            _ => 0,
        };
        bytes = bytes.saturating_add(texts);
        memory = memory.saturating_add(held(value, texts));
        if bytes > BYTES_MAX {
            return Err(format!("is larger than {BYTES_MAX} bytes"));
        }
        if memory > MEMORY_MAX {
            return Err("holds more lists, members and elements than are taken: send less, or send them as one text".to_owned());
        }
        match value {
            Value::Array(elements) => open.extend(elements.iter().map(|element| (element, depth + 1))),
            Value::Object(members) => open.extend(members.values().map(|member| (member, depth + 1))),
            _ => {}
        }
    }
    Ok(())
}

/// The memory that a value holds, without its elements and members; `texts` are the bytes of its text or names.
fn held(value: &Value, texts: usize) -> usize {
    match value {
        Value::Object(members) => object_memory(members.len()).saturating_add(texts),
        _ => VALUE_MEMORY.saturating_add(texts),
    }
}

/// What a value takes that holds nothing.
pub const VALUE_MEMORY: usize = 32;

/// What an object of so many members takes without them and their names: nodes of eleven, the least of them half full.
#[must_use]
pub fn object_memory(members: usize) -> usize {
    const NODE: usize = 640;
    VALUE_MEMORY.saturating_add(members.div_ceil(5).saturating_mul(NODE))
}

struct Reading<'a> {
    roster: &'a Roster,
    faults: Vec<PayloadFault>,
    /// The steps that searches may still take.
    searching: u64,
}

impl Reading<'_> {
    fn fault(&mut self, pointer: &str, message: impl Into<String>) {
        if !self.hopeless() {
            self.faults.push(PayloadFault { pointer: pointer.to_owned(), message: message.into() });
        }
    }

    /// Whether so much is wrong that nothing more is looked for.
    fn hopeless(&self) -> bool {
        self.faults.len() >= FAULTS_MAX
    }

    fn object(&mut self, value: &Value, fields: &[Field], pointer: &str) -> Value {
        let Some(members) = value.as_object() else {
            self.fault(pointer, "expected an object with the policy's fields");
            return Value::Null;
        };
        if fields.iter().filter(|field| members.contains_key(&field.name)).count() < members.len() {
            self.unknown(members, fields, pointer);
        }
        let mut accepted = Map::new();
        for field in fields {
            if self.hopeless() {
                break;
            }
            let place = child(pointer, &field.name);
            match members.get(&field.name) {
                Some(value) if !value.is_null() => {
                    accepted.insert(field.name.clone(), self.value(value, &field.kind, &place));
                }
                _ if field.optional => {}
                _ => self.fault(&place, format!("is missing: expected {}", expected(&field.kind))),
            }
        }
        Value::Object(accepted)
    }

    fn unknown(&mut self, members: &Map<String, Value>, fields: &[Field], pointer: &str) {
        for name in members.keys().filter(|name| !fields.iter().any(|field| &&field.name == name)).take(FAULTS_MAX) {
            let hint = did_you_mean(name, fields.iter().map(|field| field.name.as_str())).unwrap_or_default();
            let shown: String = name.chars().take(NAME_SHOWN_MAX).collect();
            let shown = if shown.len() < name.len() { format!("{shown}…") } else { shown };
            self.fault(&child(pointer, &shown), format!("is no field of the policy; {hint}").trim_end_matches("; ").to_owned());
        }
    }

    fn value(&mut self, value: &Value, kind: &FieldType, pointer: &str) -> Value {
        match kind {
            FieldType::List { of, max } => self.list(value, *max, pointer, &mut |reading, element, place| reading.value(element, of, place)),
            FieldType::Table { columns, max } => self.list(value, *max, pointer, &mut |reading, row, place| reading.object(row, columns, place)),
            _ => {
                if let Err(message) = self.simple(value, kind) {
                    self.fault(pointer, message);
                }
                value.clone()
            }
        }
    }

    fn list(&mut self, value: &Value, max: usize, pointer: &str, read: &mut dyn FnMut(&mut Self, &Value, &str) -> Value) -> Value {
        let Some(elements) = value.as_array() else {
            self.fault(pointer, "expected a list");
            return Value::Null;
        };
        if elements.len() > max {
            self.fault(pointer, format!("has {} elements: at most {max} are taken", elements.len()));
            return Value::Null;
        }
        let mut accepted = Vec::with_capacity(elements.len());
        for (index, element) in elements.iter().enumerate() {
            if self.hopeless() {
                break;
            }
            accepted.push(read(self, element, &format!("{pointer}/{index}")));
        }
        Value::Array(accepted)
    }

    fn simple(&mut self, value: &Value, kind: &FieldType) -> Result<(), String> {
        let expected = || format!("expected {}", expected(kind));
        let text = || value.as_str().ok_or_else(expected);
        match kind {
            FieldType::Bool if value.is_boolean() => Ok(()),
            FieldType::Bool => Err(expected()),
            FieldType::Integer { min, max } => integer(value, *min, *max).ok_or_else(expected)?,
            FieldType::Json => json_numbers(value),
            FieldType::Decimal { min, max } => {
                let number = plain_decimal(text()?).and_then(Result::ok).ok_or_else(expected)?;
                within(&number, min.as_ref(), max.as_ref())
            }
            FieldType::Money { currencies, min, max } => {
                let money = Money::parse(text()?).map_err(|error| error.to_string())?;
                if !currencies.contains(&money.currency) {
                    return Err(format!("{} is not taken here: {}", money.currency, expected()));
                }
                let bound = |bound: &Option<Money>| bound.filter(|bound| bound.currency == money.currency).map(|bound| bound.amount);
                within(&money.amount, bound(min).as_ref(), bound(max).as_ref())
            }
            FieldType::Person => {
                let id = text()?;
                if self.roster.is_active(&PersonId::new(id)) { Ok(()) } else { Err(format!("`{id}` is nobody active in the directory")) }
            }
            FieldType::Text { min_length, max_length, pattern } => {
                let text = text()?;
                has_length(text, *min_length, *max_length)?;
                pattern.as_ref().map_or(Ok(()), |pattern| self.matches(text, pattern))
            }
            _ => text_kind(text()?, kind),
        }
    }

    fn matches(&mut self, text: &str, pattern: &Pattern) -> Result<(), String> {
        let left = self.searching.checked_sub(pattern.steps(text));
        self.searching = left.ok_or_else(|| format!("is too long to be held against the pattern `{}`", pattern.source()))?;
        if pattern.found_in(text) { Ok(()) } else { Err(format!("does not match the pattern `{}`", pattern.source())) }
    }
}

fn has_length(text: &str, min: usize, max: usize) -> Result<(), String> {
    let length = text.chars().count();
    if length < min {
        return Err(format!("has {length} characters: expected at least {min}"));
    }
    if length > max {
        return Err(format!("has {length} characters: at most {max} are taken"));
    }
    Ok(())
}

fn text_kind(text: &str, kind: &FieldType) -> Result<(), String> {
    let fits = match kind {
        FieldType::Date => date(text).is_some(),
        FieldType::Time => time(text).is_some(),
        FieldType::Url => is_url(text),
        FieldType::Email => is_email(text),
        FieldType::Enum { values } => values.iter().any(|value| value == text),
        _ => false,
    };
    if fits { Ok(()) } else { Err(format!("expected {}", expected(kind))) }
}

fn integer(value: &Value, min: i64, max: i64) -> Option<Result<(), String>> {
    let number = value.as_i64().filter(|number| (-INTEGER_MAX..=INTEGER_MAX).contains(number))?;
    Some(within(&number, Some(&min), Some(&max)))
}

fn within<T: PartialOrd + std::fmt::Display>(value: &T, min: Option<&T>, max: Option<&T>) -> Result<(), String> {
    if let Some(min) = min.filter(|min| value < *min) {
        return Err(format!("is {value}: expected at least {min}"));
    }
    if let Some(max) = max.filter(|max| value > *max) {
        return Err(format!("is {value}: expected at most {max}"));
    }
    Ok(())
}

/// Numbers inside free JSON must have one exact reading too.
fn json_numbers(value: &Value) -> Result<(), String> {
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        match value {
            Value::Number(number) if number.as_i64().is_none_or(|number| number.abs() > INTEGER_MAX) => {
                return Err(format!("holds the number {number}: numbers here are whole and within ±(2^53-1); send others as text"));
            }
            Value::Array(elements) => open.extend(elements),
            Value::Object(members) => open.extend(members.values()),
            _ => {}
        }
    }
    Ok(())
}

/// `2026-01-31` and nothing else.
pub(super) fn date(text: &str) -> Option<Date> {
    let shaped =
        text.len() == 10 && text.bytes().enumerate().all(|(at, byte)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() });
    if shaped { text.parse().ok() } else { None }
}

/// `09:30` or `09:30:00` and nothing else.
pub(super) fn time(text: &str) -> Option<Time> {
    let shaped = matches!(text.len(), 5 | 8)
        && text.bytes().enumerate().all(|(at, byte)| if matches!(at, 2 | 5) { byte == b':' } else { byte.is_ascii_digit() });
    if !shaped || text.ends_with(":60") {
        return None;
    }
    text.parse().ok()
}

/// An absolute http or https address with a host, without white space, controls or credentials.
pub(super) fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let Some(rest) = rest.filter(|_| text.len() <= ADDRESS_MAX) else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let plain = !text.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '"' | '<' | '>' | '\\' | '`' | '{' | '}' | '|' | '^'));
    let host = authority.rsplit_once(':').map_or(authority, |(host, port)| if port.bytes().all(|b| b.is_ascii_digit()) { host } else { authority });
    plain && !host.is_empty() && !authority.contains('@')
}

/// One `@`, a local part, and a host of labels: enough to catch mistakes; only a mail can prove more.
fn is_email(text: &str) -> bool {
    let Some((local, host)) = text.rsplit_once('@') else { return false };
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !matches!(c, '<' | '>' | ',' | ';' | ':' | '"' | '(' | ')' | '@');
    let labels = host.split('.').all(|label| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-'));
    text.len() <= 254 && !local.is_empty() && local.chars().all(plain) && host.contains('.') && labels
}

fn child(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

fn expected(kind: &FieldType) -> String {
    match kind {
        FieldType::Text { .. } => "a text".to_owned(),
        FieldType::Integer { .. } => "a whole number within ±(2^53-1)".to_owned(),
        FieldType::Decimal { .. } => "a decimal in quotes, as in \"12.50\"".to_owned(),
        FieldType::Money { currencies, .. } => {
            let codes: Vec<&str> = currencies.iter().map(crate::money::Currency::code).collect();
            format!("a sum such as \"1250.00 {}\" in {}", codes.first().copied().unwrap_or("USD"), codes.join(" or "))
        }
        FieldType::Date => "a date such as \"2026-01-31\"".to_owned(),
        FieldType::Time => "a time such as \"09:30\"".to_owned(),
        FieldType::Url => "an absolute http or https address without credentials".to_owned(),
        FieldType::Email => "an email address".to_owned(),
        FieldType::Enum { values } => format!("one of {}", values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ")),
        FieldType::Bool => "true or false".to_owned(),
        FieldType::Person => "the id of a person in the directory".to_owned(),
        FieldType::Json => "any JSON".to_owned(),
        FieldType::List { .. } => "a list".to_owned(),
        FieldType::Table { .. } => "a list of rows".to_owned(),
    }
}

#[cfg(test)]
mod tests;
