//! What payloads are taken.

use super::*;
use crate::people::Person;
use crate::policy::Policy;
use serde_json::json;

const SOURCE: &str = r#"
policy = "all"
title  = "x"
owner  = "user:leo"
[payload]
t = { type = "text", min_length = 1, max_length = 5, pattern = "[a-z]+" }
i = { type = "integer", min = 0, max = 10, optional = true }
d = { type = "decimal", min = "0", optional = true }
m = { type = "money", currencies = ["USD", "JPY"], max = "100 USD", optional = true }
day = { type = "date", optional = true }
at = { type = "time", optional = true }
u = { type = "url", optional = true }
e = { type = "email", optional = true }
c = { type = "enum", values = ["a", "b"], optional = true }
b = { type = "bool", optional = true }
p = { type = "person", optional = true }
j = { type = "json", optional = true }
l = { type = "list", of = "text", max = 2, optional = true }
r = { type = "table", columns = { what = "text", n = { type = "integer", optional = true } }, max = 2, optional = true }
[[rule]]
name = "no"
verdict = "deny"
"#;

fn roster() -> Roster {
    let person = |id: &str, active| Person {
        id: PersonId::new(id),
        name: id.to_owned(),
        email: None,
        manager: None,
        limit: None,
        roles: Default::default(),
        active,
    };
    let people = [person("leo", true), person("gone", false)];
    Roster { people: people.into_iter().map(|person| (person.id.clone(), person)).collect(), ..Roster::default() }
}

fn accept(payload: &Value) -> Result<Value, Vec<PayloadFault>> {
    Policy::load("all.toml", SOURCE, &|_| Err(String::new())).unwrap().policy.accept(payload, &roster())
}

#[test]
fn what_fits_is_taken_as_it_is_without_absent_members() {
    let whole = json!({
        "t": "abc", "i": 10, "d": "0.10", "m": "100.00 USD", "day": "2024-02-29", "at": "09:30", "u": "https://example.com/a?b=c", "e": "a@example.com",
        "c": "a", "b": false, "p": "leo", "j": {"x": [1, null]}, "l": ["x", "y"], "r": [{"what": "w"}, {"what": "v", "n": 1}]
    });
    assert_eq!(accept(&whole).unwrap(), whole);
    assert_eq!(accept(&json!({"t": "abc", "i": null, "r": [{"what": "w", "n": null}]})).unwrap(), json!({"t": "abc", "r": [{"what": "w"}]}));
}

#[test]
fn every_fault_has_its_place() {
    for (member, value, pointer) in [
        ("t", json!("abcdef"), "/t"),
        ("t", json!(""), "/t"),
        ("t", json!("A"), "/t"),
        ("t", json!(1), "/t"),
        ("t", json!(null), "/t"),
        ("i", json!(11), "/i"),
        ("i", json!(-1), "/i"),
        ("i", json!(1.5), "/i"),
        ("i", json!("1"), "/i"),
        ("d", json!("-1"), "/d"),
        ("d", json!(1), "/d"),
        ("d", json!("1e3"), "/d"),
        ("m", json!("101 USD"), "/m"),
        ("m", json!("1 EUR"), "/m"),
        ("m", json!("1.5 JPY"), "/m"),
        ("m", json!(5), "/m"),
        ("day", json!("2023-02-29"), "/day"),
        ("day", json!("2023-2-1"), "/day"),
        ("at", json!("25:00"), "/at"),
        ("at", json!("9:00"), "/at"),
        ("u", json!("javascript:alert(1)"), "/u"),
        ("u", json!("https://u:p@example.com"), "/u"),
        ("u", json!("https:///x"), "/u"),
        ("u", json!("http://a b"), "/u"),
        ("e", json!("a@b"), "/e"),
        ("e", json!("a b@c.de"), "/e"),
        ("c", json!("d"), "/c"),
        ("b", json!("true"), "/b"),
        ("p", json!("gone"), "/p"),
        ("p", json!("nobody"), "/p"),
        ("j", json!(0.5), "/j"),
        ("j", json!([9007199254740993_i64]), "/j"),
        ("l", json!(["a", "b", "c"]), "/l"),
        ("l", json!(["a", 1]), "/l/1"),
        ("l", json!([null]), "/l/0"),
        ("r", json!([{"what": 1}]), "/r/0/what"),
        ("r", json!([{}]), "/r/0/what"),
        ("r", json!([{"what": "a", "x": 1}]), "/r/0/x"),
        ("a/b~", json!(1), "/a~1b~0"),
    ] {
        let mut payload = json!({"t": "abc"});
        payload[member] = value.clone();
        let faults = accept(&payload).expect_err(&format!("{member}: {value}"));
        assert_eq!(faults.iter().map(|fault| fault.pointer.as_str()).collect::<Vec<_>>(), [pointer], "{member}: {value}");
    }
}

#[test]
fn unknown_members_come_with_a_suggestion() {
    let faults = accept(&json!({"t": "abc", "dya": "2024-01-01"})).unwrap_err();
    assert_eq!(faults[0].message, "is no field of the policy; did you mean `day`?");
}

#[test]
fn what_is_no_object_or_too_large_is_refused_whole() {
    let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
    for payload in [json!([]), json!("x"), json!({"t": "abc", "j": deep}), json!({"t": "a".repeat(2 << 20)})] {
        assert_eq!(accept(&payload).unwrap_err()[0].pointer, "");
    }
}
