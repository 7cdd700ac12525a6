//! Bodies: JSON, small, read strictly, with every member known. Everything wrong with the members is told at once,
//! each with its pointer and what was expected.

use super::ApiState;
use super::problem::{FaultBody, Problem};
use super::strict;
use axum::body::Body;
use axum::extract::{FromRequest, Request};
use countersign_core::policy::diagnostic::did_you_mean;
use futures_util::StreamExt;
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value};

/// A text in a body is this long at most, in characters, unless it says otherwise.
pub const TEXT_MAX: usize = 10_000;
/// A name or id in a body is this long at most, in bytes.
pub const NAME_MAX: usize = 255;

/// A body of a known shape.
#[derive(Debug)]
pub struct Strict<T>(pub T);

/// What a body must look like.
pub trait Shape: Sized {
    /// The members it may have.
    const MEMBERS: &'static [&'static str];
    /// Takes them; what is wrong is noted there.
    fn take(members: &mut Members) -> Self;
}

/// A body without members: empty, or an empty object.
#[derive(Debug)]
pub struct Nothing;

impl Shape for Nothing {
    const MEMBERS: &'static [&'static str] = &[];
    fn take(_: &mut Members) -> Self {
        Self
    }
}

/// The members of a body while they are taken.
pub struct Members {
    object: Map<String, Value>,
    faults: Vec<FaultBody>,
}

impl Members {
    /// A text that must be there and not be empty.
    pub fn name(&mut self, name: &str) -> String {
        let faults = self.faults.len();
        let text = self.optional_name(name);
        if text.is_none() && self.faults.len() == faults {
            self.fault(name, "it is missing; a text is expected");
        }
        text.unwrap_or_default()
    }

    /// A name that may be absent.
    pub fn optional_name(&mut self, name: &str) -> Option<String> {
        let text = self.optional_text(name, NAME_MAX)?;
        if text.is_empty() {
            self.fault(name, "it is empty");
        }
        Some(text)
    }

    /// A text that may be absent.
    pub fn optional_text(&mut self, name: &str, max: usize) -> Option<String> {
        match self.object.remove(name)? {
            Value::Null => None,
            Value::String(text) if text.chars().count() > max => {
                self.fault(name, format!("it is longer than {max} characters"));
                None
            }
            Value::String(text) => Some(text),
            other => {
                self.fault(name, format!("a text is expected, not {}", kind(&other)));
                None
            }
        }
    }

    /// A text that must say something.
    pub fn words(&mut self, name: &str, expected: &str) -> String {
        let faults = self.faults.len();
        let text = self.optional_text(name, TEXT_MAX).filter(|text| !text.trim().is_empty());
        if text.is_none() && self.faults.len() == faults {
            self.fault(name, expected);
        }
        text.unwrap_or_default()
    }

    /// A list of names that may be absent.
    pub fn names(&mut self, name: &str) -> Vec<String> {
        let Some(value) = self.object.remove(name) else { return Vec::new() };
        let Value::Array(list) = value else {
            self.fault(name, format!("a list of texts is expected, not {}", kind(&value)));
            return Vec::new();
        };
        let mut names = Vec::new();
        for (index, element) in list.into_iter().enumerate() {
            match element {
                Value::String(text) if !text.is_empty() && text.len() <= NAME_MAX => names.push(text),
                other => {
                    self.fault(&format!("{name}/{index}"), format!("a short text is expected, not {}", kind(&other)));
                }
            }
        }
        names
    }

    /// A whole number from 1.
    pub fn number(&mut self, name: &str) -> u32 {
        let value = self.object.remove(name).unwrap_or_default();
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok()).filter(|number| *number > 0);
        if number.is_none() {
            self.fault(name, "a whole number from 1 is expected");
        }
        number.unwrap_or(1)
    }

    /// Any value; it must be there.
    pub fn value(&mut self, name: &str) -> Value {
        if let Some(value) = self.object.remove(name) {
            return value;
        }
        self.fault(name, "it is missing");
        Value::Null
    }

    /// Any value that may be absent.
    pub fn optional_value(&mut self, name: &str) -> Option<Value> {
        self.object.remove(name).filter(|value| !value.is_null())
    }

    /// Notes a fault.
    pub fn fault(&mut self, name: &str, message: impl Into<String>) {
        self.faults.push(FaultBody { pointer: format!("/{name}"), message: message.into() });
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "this text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

impl<T: Shape> FromRequest<ApiState> for Strict<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = whole(body, state.settings.body_bytes_max).await?;
        if bytes.is_empty() && T::MEMBERS.is_empty() {
            return shaped(Value::Object(Map::new()));
        }
        let kind = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !is_json(kind) {
            return Err(Problem::new("unsupported_media_type", "the body must be JSON, sent as `Content-Type: application/json`"));
        }
        let value = strict::read(&bytes).map_err(|malformed| Problem::malformed(&malformed))?;
        shaped(value)
    }
}

fn shaped<T: Shape>(value: Value) -> Result<Strict<T>, Problem> {
    let Value::Object(object) = value else {
        return Err(Problem::invalid_body(vec![FaultBody {
            pointer: String::new(),
            message: format!("an object is expected, not {}", kind(&value)),
        }]));
    };
    let mut members = Members { object, faults: Vec::new() };
    let shape = T::take(&mut members);
    let Members { object, mut faults } = members;
    for name in object.keys().filter(|name| !T::MEMBERS.contains(&name.as_str())) {
        let suggestion = did_you_mean(name, T::MEMBERS.iter().copied()).map_or_else(String::new, |suggestion| format!("; {suggestion}"));
        let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
        faults.push(FaultBody { pointer, message: format!("this member is not known here{suggestion}") });
    }
    if faults.is_empty() { Ok(Strict(shape)) } else { Err(Problem::invalid_body(faults)) }
}

fn is_json(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json")
}

pub(super) async fn whole(body: Body, bytes_max: usize) -> Result<Vec<u8>, Problem> {
    let mut chunks = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Problem::new("malformed_json", "the body broke off"))?;
        if bytes.len() + chunk.len() > bytes_max {
            return Err(Problem::new("body_too_large", format!("the body is larger than {bytes_max} bytes")));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
