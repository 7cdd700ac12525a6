//! JSON whose numbers keep the text they were written as. A float in between would change sums; here
//! `115.80` stays `115.80`. A member that is given twice is an error, as no two readers agree about it.

use super::{integer, shortened};
use serde::de::{Deserializer as _, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use std::fmt;

/// Imported JSON nests this deep at most.
const DEPTH_MAX: usize = 48;

/// One JSON value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Literal {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// As written.
    Number(String),
    /// Without quotes and escapes.
    Text(String),
    /// In order.
    List(Vec<Literal>),
    /// In the order of the text; no name occurs twice.
    Object(Vec<(String, Literal)>),
}

/// Why a text is no JSON that can be imported.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub struct LiteralFault {
    /// From 1.
    pub line: u64,
    /// From 1, in bytes.
    pub column: u64,
    /// What is wrong.
    pub message: String,
}

impl Literal {
    /// Reads one JSON value.
    ///
    /// # Errors
    /// The first place where it is no JSON, names a member twice, or nests too deep.
    pub fn parse(text: &str) -> Result<Self, LiteralFault> {
        let raw: &RawValue = serde_json::from_str(text).map_err(|error| located(text, 0, &error))?;
        read(text, raw, 0)
    }

    /// The member of this name, unless it is absent or null.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        let members = self.members()?;
        members.iter().find(|(key, value)| key == name && *value != Self::Null).map(|(_, value)| value)
    }

    /// The first of these members that is there.
    #[must_use]
    pub fn any(&self, names: &[&str]) -> Option<&Self> {
        names.iter().find_map(|name| self.get(name))
    }

    /// The members of an object.
    #[must_use]
    pub fn members(&self) -> Option<&[(String, Self)]> {
        if let Self::Object(members) = self { Some(members) } else { None }
    }

    /// A text.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// A text, or a number as written: what people use as ids.
    #[must_use]
    pub fn word(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Number(text) => Some(text.trim()).filter(|text| !text.is_empty()),
            _ => None,
        }
    }

    /// For messages: which kind of value it is.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }

    /// As a payload carries it: whole numbers that every reader reads alike stay numbers, all others
    /// become texts of the digits that were written.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(bool) => Value::Bool(*bool),
            Self::Number(text) => integer(text).map_or_else(|| Value::String(text.clone()), Value::from),
            Self::Text(text) => Value::String(text.clone()),
            Self::List(elements) => Value::Array(elements.iter().map(Self::to_value).collect()),
            Self::Object(members) => Value::Object(members.iter().map(|(name, value)| (name.clone(), value.to_value())).collect()),
        }
    }
}

fn read(whole: &str, raw: &RawValue, depth: usize) -> Result<Literal, LiteralFault> {
    let text = raw.get();
    let offset = (text.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize);
    if depth > DEPTH_MAX {
        let (line, column) = position(whole, offset);
        return Err(LiteralFault { line, column, message: format!("nests deeper than {DEPTH_MAX}") });
    }
    let wrong = |error: serde_json::Error| located(whole, offset, &error);
    let mut json = serde_json::Deserializer::from_str(text);
    Ok(match text.bytes().next() {
        Some(b'{') => {
            let members = json.deserialize_map(Members).map_err(wrong)?;
            let members = members.into_iter().map(|(name, value)| Ok((name, read(whole, value, depth + 1)?)));
            Literal::Object(members.collect::<Result<_, _>>()?)
        }
        Some(b'[') => {
            let elements = json.deserialize_seq(Elements).map_err(wrong)?;
            Literal::List(elements.into_iter().map(|element| read(whole, element, depth + 1)).collect::<Result<_, _>>()?)
        }
        Some(b'"') => Literal::Text(serde_json::from_str(text).map_err(wrong)?),
        Some(b't') => Literal::Bool(true),
        Some(b'f') => Literal::Bool(false),
        Some(b'n') => Literal::Null,
        _ => Literal::Number(text.to_owned()),
    })
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut members: Self::Value = Vec::new();
        let mut names = std::collections::BTreeSet::new();
        while let Some((name, value)) = access.next_entry::<String, &RawValue>()? {
            if !names.insert(name.clone()) {
                return Err(A::Error::custom(format!("`{}` is given twice", shortened(&name))));
            }
            members.push((name, value));
        }
        Ok(members)
    }
}

struct Elements;

impl<'de> Visitor<'de> for Elements {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = access.next_element()? {
            elements.push(element);
        }
        Ok(elements)
    }
}

/// Where an error of a part stands in the whole.
fn located(whole: &str, offset: usize, error: &serde_json::Error) -> LiteralFault {
    let text = error.to_string();
    let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message).to_owned();
    let (line, column) = position(whole, offset);
    let (below, within) = (error.line() as u64, error.column() as u64);
    match below {
        0 | 1 => LiteralFault { line, column: (column + within).saturating_sub(1).max(1), message },
        _ => LiteralFault { line: line + below - 1, column: within.max(1), message },
    }
}

fn position(whole: &str, offset: usize) -> (u64, u64) {
    let before = whole.get(..offset).unwrap_or_default();
    let lines = before.bytes().filter(|byte| *byte == b'\n').count() as u64;
    let last = before.rsplit('\n').next().unwrap_or_default();
    (lines + 1, last.len() as u64 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_keep_the_text_they_were_written_as() {
        let literal = Literal::parse(r#"{"a": 115.80, "b": [1e3, -0.0], "c": 12}"#).unwrap();
        assert_eq!(literal.get("a"), Some(&Literal::Number("115.80".into())));
        assert_eq!(literal.to_value(), json!({"a": "115.80", "b": ["1e3", "-0.0"], "c": 12}));
    }

    #[test]
    fn whole_numbers_that_readers_may_round_become_texts() {
        let literal = Literal::parse("[9007199254740991, 9007199254740992, -9007199254740992]").unwrap();
        assert_eq!(literal.to_value(), json!([9_007_199_254_740_991_i64, "9007199254740992", "-9007199254740992"]));
    }

    #[test]
    fn a_fault_names_its_place_in_the_whole_text() {
        let at = |text: &str| Literal::parse(text).map_err(|fault| (fault.line, fault.column, fault.message)).unwrap_err();
        assert_eq!(at(r#"{"a": NaN}"#), (1, 7, "expected value".into()));
        assert_eq!(at("{\"a\": 1,\n \"b\": {\"x\": 1, \"x\": 2}}"), (2, 22, "`x` is given twice".into()));
        assert_eq!(at("{\"a\": [\n  \"\\ud800 \"]}").0, 2);
        assert!(at("").2.contains("EOF"));
    }

    #[test]
    fn what_nests_too_deep_is_refused_without_recursion() {
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert!(Literal::parse(&deep).unwrap_err().message.contains("nests deeper"));
    }

    #[test]
    fn absent_and_null_members_are_alike() {
        let literal = Literal::parse(r#"{"id": null, "name": "x", "n": 7}"#).unwrap();
        assert_eq!(literal.get("id"), None);
        assert_eq!(literal.any(&["id", "name"]).and_then(Literal::text), Some("x"));
        assert_eq!(literal.get("n").and_then(Literal::word), Some("7"));
    }
}
