//! JSON read strictly (I-JSON, RFC 7493): no member twice, nothing after the end, no number that another reader
//! would round, no nesting that another reader would refuse. Two readers of one body must agree on it.

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::cell::RefCell;
use std::fmt;

/// A body nests this deep at most.
const DEPTH_MAX: usize = 32;
/// The largest whole number that readers with floats keep exactly (2^53 - 1).
const INTEGER_MAX: u64 = 9_007_199_254_740_991;

/// Why a text is not taken, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Malformed {
    /// One sentence.
    pub message: String,
    /// Line, from 1; 0 where the place is a byte that is no text.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// The member that was being read (RFC 6901).
    pub pointer: String,
}

/// Reads one JSON value and nothing else.
///
/// # Errors
/// The first thing wrong, with its place.
pub fn read(bytes: &[u8]) -> Result<Value, Malformed> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = before.split(|byte| *byte == b'\n').count();
        let column = before.rsplit(|byte| *byte == b'\n').next().map_or(0, <[u8]>::len) + 1;
        Malformed { message: "the body is not UTF-8".into(), line, column, pointer: String::new() }
    })?;
    let place = RefCell::new(Vec::new());
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = Strict { place: &place }.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    read.map_err(|error| {
        let message = error.to_string();
        let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message).to_owned();
        Malformed { message, line: error.line(), column: error.column(), pointer: pointer(&place.borrow()) }
    })
}

/// A path as RFC 6901 writes it.
fn pointer(path: &[String]) -> String {
    path.iter().map(|part| format!("/{}", part.replace('~', "~0").replace('/', "~1"))).collect()
}

/// Reads a value at a place; on an error the place stays where it was.
#[derive(Clone, Copy)]
struct Strict<'a> {
    place: &'a RefCell<Vec<String>>,
}

impl Strict<'_> {
    fn enter<E: serde::de::Error>(&self, part: String) -> Result<(), E> {
        let mut place = self.place.borrow_mut();
        place.push(part);
        if place.len() > DEPTH_MAX { Err(E::custom(format!("it nests deeper than {DEPTH_MAX} levels"))) } else { Ok(()) }
    }

    fn leave(&self) {
        self.place.borrow_mut().pop();
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        exact(value.unsigned_abs())?;
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        exact(value)?;
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        if value.abs() > 9_007_199_254_740_991.0 {
            return Err(beyond());
        }
        Number::from_f64(value).map(Value::Number).ok_or_else(beyond)
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        loop {
            self.enter(list.len().to_string())?;
            let Some(element) = elements.next_element_seed(self)? else { break };
            list.push(element);
            self.leave();
        }
        self.leave();
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            self.enter(name.clone())?;
            if object.contains_key(&name) {
                return Err(A::Error::custom("the same member stands twice in one object"));
            }
            let value = members.next_value_seed(self)?;
            object.insert(name, value);
            self.leave();
        }
        Ok(Value::Object(object))
    }
}

fn exact<E: serde::de::Error>(size: u64) -> Result<(), E> {
    if size > INTEGER_MAX { Err(beyond()) } else { Ok(()) }
}

fn beyond<E: serde::de::Error>() -> E {
    E::custom("a number beyond ±(2^53-1) is not exact everywhere; send it as a string")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_plain_is_read() {
        let value = read(br#" {"a":[1,-2,0.5,"x",null,true,{}],"b":9007199254740991} "#).unwrap();
        assert_eq!(value.to_string(), r#"{"a":[1,-2,0.5,"x",null,true,{}],"b":9007199254740991}"#);
    }

    #[test]
    fn what_two_readers_could_take_differently_is_refused_with_its_place() {
        let deep = format!("{}1{}", "[".repeat(33), "]".repeat(33));
        let cases: [(&[u8], &str, &str); 12] = [
            (br#"{"a":1,"a":2}"#, "twice", "/a"),
            (br#"{"p":{"x/y":[0,{"k":1,"\u006b":2}]}}"#, "twice", "/p/x~1y/1/k"),
            (br#"{"n":9007199254740992}"#, "2^53", "/n"),
            (br#"{"n":-9007199254740992}"#, "2^53", "/n"),
            (br#"{"n":123456789012345678901234567890}"#, "2^53", "/n"),
            (br#"{"n":1e999}"#, "range", "/n"),
            (br#"{"n":01}"#, "invalid number", "/n"),
            (br#"{"n":NaN}"#, "expected value", "/n"),
            (br#"{"a":"\ud800"}"#, "hex escape", "/a"),
            (b"{} {}", "trailing", ""),
            (b"{\"a\":\"\xff\"}", "UTF-8", ""),
            (deep.as_bytes(), "deeper", ""),
        ];
        for (bytes, wanted, place) in cases {
            let found = read(bytes).expect_err(&String::from_utf8_lossy(bytes));
            assert!(found.message.contains(wanted), "{found:?}");
            assert!(found.pointer.starts_with(place) && (found.line, found.column) >= (1, 1), "{found:?}");
        }
    }
}
