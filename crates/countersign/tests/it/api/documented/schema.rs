//! Whether a value is what a schema of the description says: types, required members, no members that are not named.
//! As much of JSON Schema as the description uses; a word of it that is not known here is a difference too.

use serde_json::Value;

/// What a schema may say here, and what says nothing about values.
const WORDS: [&str; 15] = [
    "$ref",
    "type",
    "properties",
    "required",
    "items",
    "oneOf",
    "additionalProperties",
    "description",
    "format",
    "minimum",
    "maximum",
    "title",
    "example",
    "propertyNames",
    "enum",
];

/// Everything in which the value differs, with its place.
pub(super) fn differences(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    differ(document, schema, value, "", &mut found);
    found
}

fn differ(document: &Value, schema: &Value, value: &Value, place: &str, found: &mut Vec<String>) {
    let Some(said) = schema.as_object() else { return };
    found.extend(said.keys().filter(|word| !WORDS.contains(&word.as_str())).map(|word| format!("{place}: the schema says `{word}`")));
    if let Some(name) = said.get("$ref").and_then(Value::as_str) {
        let pointer = name.trim_start_matches('#');
        match document.pointer(pointer) {
            Some(schema) => differ(document, schema, value, place, found),
            None => found.push(format!("{place}: there is no {name}")),
        }
    }
    if let Some(kinds) = said.get("oneOf").and_then(Value::as_array) {
        let fit = kinds.iter().filter(|kind| differences(document, kind, value).is_empty()).count();
        if fit != 1 {
            found.push(format!("{place}: {fit} of {} kinds fit {value}", kinds.len()));
        }
    }
    if let Some(values) = said.get("enum").and_then(Value::as_array)
        && !values.contains(value)
    {
        found.push(format!("{place}: {value} is none of {values:?}"));
    }
    if let Some(kind) = said.get("type").filter(|kind| !is_of(value, kind)) {
        return found.push(format!("{place}: {value} is not of type {kind}"));
    }
    if let Some(least) = said.get("minimum").and_then(Value::as_f64)
        && value.as_f64().is_some_and(|number| number < least)
    {
        found.push(format!("{place}: {value} is less than {least}"));
    }
    if let (Some(schema), Some(items)) = (said.get("items"), value.as_array()) {
        items.iter().enumerate().for_each(|(index, item)| differ(document, schema, item, &format!("{place}/{index}"), found));
    }
    if let Some(members) = value.as_object() {
        object(document, schema, members, place, found);
    }
}

fn object(document: &Value, schema: &Value, members: &serde_json::Map<String, Value>, place: &str, found: &mut Vec<String>) {
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    found.extend(required.filter(|name| !members.contains_key(*name)).map(|name| format!("{place}: `{name}` is missing")));
    let Some(properties) = schema["properties"].as_object() else { return };
    for (name, member) in members {
        match (properties.get(name), schema.get("additionalProperties")) {
            (Some(schema), _) | (None, Some(schema)) => differ(document, schema, member, &format!("{place}/{name}"), found),
            (None, None) => found.push(format!("{place}: `{name}` is not described")),
        }
    }
}

fn is_of(value: &Value, kind: &Value) -> bool {
    let is = |word: &str| match word {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    };
    match kind {
        Value::String(word) => is(word),
        Value::Array(words) => words.iter().filter_map(Value::as_str).any(is),
        _ => false,
    }
}

#[test]
fn a_value_that_is_not_as_described_is_found() {
    let document = serde_json::json!({ "components": { "schemas": { "A": {
        "type": "object", "required": ["id", "at"],
        "properties": { "id": { "type": "string" }, "at": { "type": ["string", "null"] }, "n": { "type": "array", "items": { "type": "integer", "minimum": 0 } } },
    } } } });
    let schema = serde_json::json!({ "$ref": "#/components/schemas/A" });
    let differs = |value: Value| differences(&document, &schema, &value);
    assert_eq!(differs(serde_json::json!({ "id": "x", "at": null, "n": [0, 7] })), Vec::<String>::new());
    for (value, what) in [
        (serde_json::json!({ "id": "x" }), "`at` is missing"),
        (serde_json::json!({ "id": 7, "at": "now" }), "/id: 7 is not of type"),
        (serde_json::json!({ "id": "x", "at": null, "more": 1 }), "`more` is not described"),
        (serde_json::json!({ "id": "x", "at": null, "n": [-1] }), "/n/0: -1 is less than 0"),
        (serde_json::json!([]), "is not of type"),
    ] {
        assert!(differs(value.clone()).iter().any(|found| found.contains(what)), "{value}: {:?}", differs(value.clone()));
    }
}
