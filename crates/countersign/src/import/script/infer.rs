//! What type a field has, from all the values that the script's lines gave it. In doubt `json`, which
//! takes anything: a type that is too narrow would refuse what the script used to take.

use crate::import::{Literal, integer, is_decimal};
use countersign_core::policy::parse::names_a_field;
use serde_json::{Map, Value};

/// Policies take this many fields.
const FIELDS_MAX: usize = 100;
/// Lists hold this many elements unless their field says otherwise, each a text of this many characters.
const ELEMENTS_MAX: usize = 100;
const ELEMENT_CHARS_MAX: usize = 10_000;
/// The lengths that a text may be given: the first that is at least twice what was seen.
const LENGTHS: [usize; 4] = [200, 1_000, 10_000, 100_000];

/// The fields of an action type.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Shape {
    /// One field for each member, in the order they were first seen.
    Fields(Vec<Field>),
    /// All of it in the one field `data`, for the reason given.
    Whole { optional: bool, reason: String },
}

/// One field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) optional: bool,
}

/// What a field holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Integer,
    Bool,
    Decimal,
    Date,
    Email,
    Url,
    Text { max_length: usize },
    Texts,
    Json,
}

/// The shape that all these payloads have.
pub(super) fn shape(payloads: &[&Literal]) -> Shape {
    let absent = payloads.is_empty() || payloads.iter().any(|payload| **payload == Literal::Null);
    let whole = |reason: String| Shape::Whole { optional: absent, reason };
    if payloads.iter().all(|payload| **payload == Literal::Null) {
        return whole("no line shows which fields there are".to_owned());
    }
    let mut names: Vec<&str> = Vec::new();
    for payload in payloads.iter().filter(|payload| ***payload != Literal::Null) {
        let Some(members) = payload.members() else { return whole(format!("a line has {} for its data", payload.kind())) };
        for (name, _) in members {
            if !names_a_field(name) {
                return whole(format!("{} is no name that a field may have", super::names::quoted(name)));
            }
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
    }
    if names.len() > FIELDS_MAX {
        return whole(format!("there are {} fields, and a policy takes {FIELDS_MAX}", names.len()));
    }
    Shape::Fields(names.into_iter().map(|name| field(name, payloads)).collect())
}

fn field(name: &str, payloads: &[&Literal]) -> Field {
    let values: Vec<&Literal> = payloads.iter().filter_map(|payload| payload.get(name)).collect();
    Field { name: name.to_owned(), kind: kind(&values), optional: values.len() < payloads.len() }
}

fn kind(values: &[&Literal]) -> Kind {
    let all = |fits: &dyn Fn(&Literal) -> bool| !values.is_empty() && values.iter().all(|value| fits(value));
    let texts = |fits: fn(&str) -> bool| all(&|value| value.text().is_some_and(fits));
    let numbers = |fits: fn(&str) -> bool| all(&|value| matches!(value, Literal::Number(text) if fits(text)));
    if numbers(|text| integer(text).is_some()) {
        Kind::Integer
    } else if numbers(is_decimal) {
        Kind::Decimal
    } else if all(&|value| matches!(value, Literal::Bool(_))) {
        Kind::Bool
    } else if texts(is_date) {
        Kind::Date
    } else if texts(is_email) {
        Kind::Email
    } else if texts(is_url) {
        Kind::Url
    } else if texts(|_| true) {
        let longest = values.iter().filter_map(|value| value.text()).map(|text| text.chars().count()).max().unwrap_or(0);
        let roomy = LENGTHS.into_iter().find(|length| longest.saturating_mul(2) <= *length);
        roomy.or(LENGTHS.last().copied().filter(|length| longest <= *length)).map_or(Kind::Json, |max_length| Kind::Text { max_length })
    } else if all(&is_texts) {
        Kind::Texts
    } else {
        Kind::Json
    }
}

fn is_texts(value: &Literal) -> bool {
    let fits = |element: &Literal| element.text().is_some_and(|text| text.chars().count() <= ELEMENT_CHARS_MAX);
    matches!(value, Literal::List(elements) if elements.len() <= ELEMENTS_MAX && elements.iter().all(fits))
}

fn is_date(text: &str) -> bool {
    let shaped =
        text.len() == 10 && text.bytes().enumerate().all(|(at, byte)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() });
    shaped && text.parse::<jiff::civil::Date>().is_ok()
}

/// Narrower than what policies take, so that all that is found here fits there.
pub(super) fn is_email(text: &str) -> bool {
    let Some((local, host)) = text.split_once('@') else { return false };
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte));
    let labels = host.contains('.')
        && host.split('.').all(|label| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'));
    text.len() <= 254 && plain(local) && labels
}

/// An absolute http or https address that policies take.
pub(super) fn is_url(text: &str) -> bool {
    let plain = text.len() <= 2_048 && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\`{}|^".contains(&byte));
    let parsed = url::Url::parse(text).ok().filter(|_| plain && super::config::is_address(text));
    let authority = text.split("://").nth(1).and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    parsed.is_some_and(|url| url.host().is_some()) && !authority.contains('@')
}

impl Shape {
    /// A payload of this shape.
    pub(super) fn payload(&self, payload: &Literal) -> Value {
        let members = match self {
            Self::Whole { .. } if *payload == Literal::Null => Map::new(),
            Self::Whole { .. } => Map::from_iter([("data".to_owned(), payload.to_value())]),
            Self::Fields(fields) => {
                fields.iter().filter_map(|field| Some((field.name.clone(), field.kind.value(payload.get(&field.name)?)))).collect()
            }
        };
        Value::Object(members)
    }
}

impl Kind {
    fn value(self, value: &Literal) -> Value {
        match (self, value) {
            (Self::Decimal, Literal::Number(text)) => Value::String(text.clone()),
            _ => value.to_value(),
        }
    }

    /// The name that policies give to this type.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Bool => "bool",
            Self::Decimal => "decimal",
            Self::Date => "date",
            Self::Email => "email",
            Self::Url => "url",
            Self::Text { .. } => "text",
            Self::Texts => "list",
            Self::Json => "json",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_of(values: &str) -> Kind {
        let Literal::List(values) = Literal::parse(values).unwrap() else { panic!("a list of values") };
        kind(&values.iter().collect::<Vec<_>>())
    }

    #[test]
    fn a_type_holds_all_that_was_seen() {
        for (values, kind) in [
            ("[1, -2]", Kind::Integer),
            ("[1, 2.50]", Kind::Decimal),
            ("[9007199254740992]", Kind::Decimal),
            ("[1e3]", Kind::Json),
            ("[true, false]", Kind::Bool),
            ("[true, 1]", Kind::Json),
            (r#"["2026-01-31"]"#, Kind::Date),
            (r#"["2026-02-30"]"#, Kind::Text { max_length: 200 }),
            (r#"["2026-01-31", ""]"#, Kind::Text { max_length: 200 }),
            (r#"["a@b.example"]"#, Kind::Email),
            (r#"["https://a.example/x?y=1"]"#, Kind::Url),
            (r#"["https://me:pw@a.example"]"#, Kind::Text { max_length: 200 }),
            (r#"[["a"], []]"#, Kind::Texts),
            (r#"[["a"], [1]]"#, Kind::Json),
            (r#"[{"a": 1}]"#, Kind::Json),
            (r#"["a", 1]"#, Kind::Json),
            ("[]", Kind::Json),
        ] {
            assert_eq!(kind_of(values), kind, "{values}");
        }
        let long = |chars: usize| kind_of(&format!("[\"{}\"]", "é".repeat(chars)));
        assert_eq!((long(101), long(60_000), long(100_001)), (Kind::Text { max_length: 1_000 }, Kind::Text { max_length: 100_000 }, Kind::Json));
    }

    #[test]
    fn names_that_no_field_may_have_keep_the_whole_together() {
        for name in ["cost-center", "now", "2nd", "größe", "in", ""] {
            let payload = Literal::parse(&format!("{{\"a\": 1.50, \"{name}\": 2}}")).unwrap();
            let shape = shape(&[&payload]);
            assert!(matches!(shape, Shape::Whole { optional: false, .. }), "{name}");
            assert_eq!(shape.payload(&payload)["data"]["a"], "1.50");
        }
    }
}
