//! What differs between two payloads, as JSON pointers.

use serde_json::Value;

/// More differences than this are one: the whole.
const DIFFERENCES_MAX: usize = 100;

/// The places (RFC 6901) at which two values differ, the deepest that say it.
#[must_use]
pub fn changed(before: &Value, after: &Value) -> Vec<String> {
    let mut places = Vec::new();
    compare(before, after, &mut String::new(), &mut places);
    if places.len() > DIFFERENCES_MAX { vec![String::new()] } else { places }
}

fn compare(before: &Value, after: &Value, place: &mut String, places: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(left), Value::Object(right)) => {
            let names = left.keys().chain(right.keys().filter(|name| !left.contains_key(*name)));
            for name in names {
                let pair = (left.get(name).unwrap_or(&Value::Null), right.get(name).unwrap_or(&Value::Null));
                step(&name.replace('~', "~0").replace('/', "~1"), pair, place, places);
            }
        }
        (Value::Array(left), Value::Array(right)) => {
            for index in 0..left.len().max(right.len()) {
                let pair = (left.get(index).unwrap_or(&Value::Null), right.get(index).unwrap_or(&Value::Null));
                step(&index.to_string(), pair, place, places);
            }
        }
        (left, right) if left == right => {}
        _ => places.push(place.clone()),
    }
}

fn step(part: &str, (before, after): (&Value, &Value), place: &mut String, places: &mut Vec<String>) {
    let length = place.len();
    place.push('/');
    place.push_str(part);
    compare(before, after, place, places);
    place.truncate(length);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_difference_is_named_where_it_is() {
        let before = json!({ "a": 1, "b": { "c/d": "x", "e": [1, 2] }, "gone": true });
        let after = json!({ "a": 1, "b": { "c/d": "y", "e": [1, 3, 4] }, "new": 0 });
        assert_eq!(changed(&before, &after), ["/b/c~1d", "/b/e/1", "/b/e/2", "/gone", "/new"]);
        assert!(changed(&before, &before).is_empty());
    }
}
