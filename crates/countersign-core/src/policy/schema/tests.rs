//! The schema against the reader: the same keys everywhere, and no other judgement of a file's shape.

use super::*;
use crate::policy::Policy;

/// What is wrong with this file by the schema, which uses few words of JSON Schema; anything else in it is told too.
pub(in crate::policy) fn refused(source: &str) -> Option<String> {
    let schema = json_schema();
    let file: Value = match toml::from_str(source) {
        Ok(file) => file,
        Err(error) => return Some(error.to_string()),
    };
    fault(&schema, &schema, &file).map(|(place, what)| format!("{place}: {what}"))
}

fn fault(root: &Value, schema: &Value, value: &Value) -> Option<(String, String)> {
    let rules = schema.as_object().unwrap();
    rules.iter().find_map(|(word, rule)| by_word(root, rules, word, rule, value))
}

fn by_word(root: &Value, rules: &Map<String, Value>, word: &str, rule: &Value, value: &Value) -> Option<(String, String)> {
    let here = |wrong: bool| wrong.then(|| (String::new(), format!("{word} {rule}")));
    let within = |name: &str, found: Option<(String, String)>| found.map(|(place, what)| (format!("/{name}{place}"), what));
    let number = |value: &Value| value.as_i64().unwrap_or(i64::MAX);
    match word {
        "description" | "default" | "$schema" | "$defs" => None,
        "type" => here(!match rule.as_str().unwrap() {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "integer" => value.is_i64(),
            "boolean" => value.is_boolean(),
            other => panic!("{other}"),
        }),
        "const" => here(value != rule),
        "enum" => here(!rule.as_array().unwrap().contains(value)),
        "required" => {
            here(value.as_object().is_some_and(|members| rule.as_array().unwrap().iter().any(|key| !members.contains_key(key.as_str().unwrap()))))
        }
        "properties" => {
            let members = value.as_object()?;
            rule.as_object().unwrap().iter().find_map(|(key, schema)| within(key, fault(root, schema, members.get(key)?)))
        }
        "additionalProperties" => {
            let known = |key: &str| rules.get("properties").is_some_and(|properties| properties.get(key).is_some());
            let mut more = value.as_object()?.iter().filter(|(key, _)| !known(key));
            if rule.is_object() { more.find_map(|(key, value)| within(key, fault(root, rule, value))) } else { here(more.next().is_some()) }
        }
        "items" => value.as_array()?.iter().enumerate().find_map(|(index, element)| within(&index.to_string(), fault(root, rule, element))),
        "oneOf" => here(rule.as_array().unwrap().iter().filter(|schema| fault(root, schema, value).is_none()).count() != 1),
        "$ref" => fault(root, root.pointer(rule.as_str().unwrap().trim_start_matches('#')).unwrap(), value),
        "pattern" => here(value.as_str().is_some_and(|text| !regex::Regex::new(rule.as_str().unwrap()).unwrap().is_match(text))),
        "maxLength" => here(value.as_str().is_some_and(|text| text.chars().count() > usize::try_from(number(rule)).unwrap())),
        "minItems" => here(value.as_array().is_some_and(|list| list.len() < usize::try_from(number(rule)).unwrap())),
        "maxItems" => here(value.as_array().is_some_and(|list| list.len() > usize::try_from(number(rule)).unwrap())),
        "minimum" => here(value.is_i64() && number(value) < number(rule)),
        "maximum" => here(value.is_i64() && number(value) > number(rule)),
        other => panic!("the test does not know `{other}`"),
    }
}

/// A file in which everything stands that a file may hold, once; `@NAME@` marks the objects.
const WHOLE: &str = r#"
policy = "whole"
title = "{{ a }}"
owner = "group:finance"
@top@
[payload]
a = { type = "text"@text@ }
b = { type = "integer"@integer@ }
c = { type = "decimal"@decimal@ }
d = { type = "money", currencies = ["USD"]@money@ }
e = { type = "enum", values = ["x"]@enum@ }
f = { type = "list", of = "text"@list@ }
g = { type = "table", columns = { a = "text" }@table@ }
h = { type = "bool"@bool@ }
i = { type = "date"@date@ }
[[rule]]
name = "first"
@rule@
[[rule.stage]]
name = "review"
seats = [{ from = ["user:ana"]@seat@ }]
remind = { every = "1h"@remind@ }
escalate = [{ after = "1h", to = ["user:bo"], expire = { after = "1h"@level-expire@ }@level@ }]
expire = { after = "9h"@expire@ }
@stage@
[on]
rejected = { notify = ["requester"] }
@on@
[[on.approved]]
name = "pay"
http = { url = "https://erp.example/"@http@ }
@action@
[[on.approved]]
name = "log"
command = { argv = ["/bin/log"]@command@ }
"#;

/// The file with a key in one object that nobody knows.
fn strange(object: &str) -> String {
    let mark = format!("@{object}@");
    let line = WHOLE.lines().any(|line| line == mark);
    let with = WHOLE.replace(&mark, if line { "zzzzzzzzzz = 1" } else { ", zzzzzzzzzz = 1" });
    regex::Regex::new("@[a-z-]+@").unwrap().replace_all(&with, "").into_owned()
}

fn load(source: &str) -> Result<(), Vec<crate::policy::diagnostic::Diagnostic>> {
    Policy::load("whole.toml", source, &|_| Err("none".to_owned())).map(drop)
}

#[test]
fn the_schema_knows_the_keys_that_the_reader_knows() {
    let whole = strange("nothing");
    assert_eq!((load(&whole).map_err(|errors| errors[0].render(false)), refused(&whole)), (Ok(()), None));
    let schema = json_schema();
    let field =
        |name: &str| schema["$defs"]["field"]["oneOf"].as_array().unwrap().iter().position(|one| one["properties"]["type"]["const"] == name).unwrap();
    let mut places: Vec<(String, String)> = ["text", "integer", "decimal", "money", "enum", "list", "table", "bool", "date"]
        .map(|name| (name.to_owned(), format!("/$defs/field/oneOf/{}/properties", field(name))))
        .to_vec();
    for (object, place) in [
        ("top", "/properties"),
        ("on", "/properties/on/properties"),
        ("rule", "/$defs/rule/properties"),
        ("stage", "/$defs/stage/properties"),
        ("seat", "/$defs/stage/properties/seats/items/properties"),
        ("remind", "/$defs/stage/properties/remind/properties"),
        ("expire", "/$defs/stage/properties/expire/properties"),
        ("level", "/$defs/stage/properties/escalate/items/properties"),
        ("level-expire", "/$defs/stage/properties/escalate/items/properties/expire/oneOf/1/properties"),
        ("action", "/$defs/action/properties"),
        ("http", "/$defs/action/properties/http/properties"),
        ("command", "/$defs/action/properties/command/properties"),
    ] {
        places.push((object.to_owned(), place.to_owned()));
    }
    for (object, place) in places {
        let errors = load(&strange(&object)).expect_err(&object);
        let unknown = errors.iter().find(|error| error.code == "unknown_key").unwrap_or_else(|| panic!("{object}: {errors:?}"));
        let mut known: Vec<&str> = unknown.suggestion.as_deref().unwrap().split('`').skip(1).step_by(2).collect();
        let mut in_schema: Vec<&str> = schema.pointer(&place).unwrap().as_object().unwrap().keys().map(String::as_str).collect();
        known.sort_unstable();
        in_schema.sort_unstable();
        assert_eq!(known, in_schema, "{object}");
        assert!(refused(&strange(&object)).is_some(), "{object}");
    }
}

#[test]
fn every_policy_that_is_shipped_fits_the_schema() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies");
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(refused(&std::fs::read_to_string(&path).unwrap()), None, "{}", path.display());
        files += 1;
    }
    assert!(files >= 4, "{files}");
}
