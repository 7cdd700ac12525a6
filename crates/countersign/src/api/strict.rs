//! JSON read strictly (I-JSON, RFC 7493): no member twice, nothing after the end, no number that another reader
//! would round, no nesting that another reader would refuse. Two readers of one body must agree on it.

use countersign_core::policy::payload::{MEMORY_MAX, VALUE_MEMORY, object_memory};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::cell::{Cell, RefCell};
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
    let (place, left) = (RefCell::new(Vec::new()), Cell::new(MEMORY_MAX));
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = Strict { place: &place, left: &left }.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    read.map_err(|error| {
        let message = error.to_string();
        let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message).to_owned();
        Malformed { message, line: error.line(), column: error.column(), pointer: pointer(&place.borrow()) }
    })
}

/// A path as RFC 6901 writes it.
fn pointer(path: &[Part]) -> String {
    let written = |part: &Part| match part {
        Part::Element(index) => format!("/{index}"),
        Part::Member(name) => format!("/{}", name.replace('~', "~0").replace('/', "~1")),
    };
    path.iter().map(written).collect()
}

/// A step from a value into it.
#[derive(Debug)]
enum Part {
    Element(usize),
    Member(String),
}

/// Reads a value at a place; on an error the place stays where it was.
#[derive(Clone, Copy)]
struct Strict<'a> {
    place: &'a RefCell<Vec<Part>>,
    /// The memory that may still be taken.
    left: &'a Cell<usize>,
}

impl Strict<'_> {
    /// Takes memory before it is filled: a small text can make a large value.
    fn hold<E: serde::de::Error>(&self, bytes: usize) -> Result<(), E> {
        let left = self.left.get().checked_sub(bytes);
        self.left.set(left.ok_or_else(|| E::custom("it holds more lists, members and elements than are taken"))?);
        Ok(())
    }

    fn enter<E: serde::de::Error>(&self, part: Part) -> Result<(), E> {
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

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Value, E> {
        self.hold(value.len())?;
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: serde::de::Error>(self, value: String) -> Result<Value, E> {
        self.hold(value.len())?;
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        loop {
            self.enter(Part::Element(list.len()))?;
            let Some(element) = elements.next_element_seed(self)? else { break };
            self.hold(VALUE_MEMORY)?;
            list.push(element);
            self.leave();
        }
        self.leave();
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            self.enter(Part::Member(name.clone()))?;
            self.hold(name.len() + object_memory(object.len() + 1) - object_memory(object.len()))?;
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
    fn a_small_text_that_makes_a_large_value_is_refused() {
        let many = |part: &str, count: usize| format!("{{\"a\":[{}]}}", vec![part; count].join(","));
        for (part, taken, refused) in [("1", 100_000, 200_000), ("{\"a\":1}", 5_000, 10_000), ("[]", 100_000, 200_000)] {
            assert!(read(many(part, taken).as_bytes()).is_ok(), "{part}");
            let found = read(many(part, refused).as_bytes()).expect_err(part);
            assert!(found.message.contains("more lists, members and elements") && found.pointer.starts_with("/a/"), "{found:?}");
        }
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
