//! Titles and their numbers.

use super::*;
use crate::policy::Policy;
use serde_json::json;

const SOURCE: &str = r#"policy = "p"
title = "TITLE"
owner = "group:o"
[payload]
merchant = "text"
amount   = { type = "money", currencies = ["USD", "JPY"] }
rows     = "integer"
share    = "decimal"
parts    = { type = "list", of = { type = "money", currencies = ["USD", "JPY"] } }
raw      = "json"
[[rule]]
name    = "all"
verdict = "allow"
"#;

/// A policy with this title.
fn titled(title: &str) -> Policy {
    let source = SOURCE.replace("TITLE", title);
    Policy::load("p.toml", &source, &|_| Err("no file".to_owned())).unwrap().policy
}

/// Each number in brackets.
fn bracketed(title: &str, payload: &Value) -> String {
    titled(title).title(payload).said(|number| format!("[{number}]"))
}

#[test]
fn a_title_knows_where_its_numbers_stand() {
    let payload =
        json!({"merchant": "Müller 12", "amount": "5 USD", "rows": 12000, "share": "0.25", "parts": ["1 USD", "2 JPY"], "raw": {"port": 8080}});
    let cases = [
        ("{{ merchant }}, {{ amount }}", "Müller 12, [5.00 USD]"),
        ("{{ rows }} rows, {{ share }} of {{ parts[0] }}", "[12000] rows, [0.25] of [1.00 USD]"),
        ("{% for part in parts %} {{ part }}{% endfor %}", "[1.00 USD] [2 JPY]"),
        ("{% if amount == '5.00 USD' %}five{% endif %} {{ amount | lower }} {{ amount | length }} {{ raw.port }}", "five 5.00 usd 8 8080"),
        ("{% set all %}{{ amount }}!{% endset %}{{ all }}", "5.00 USD!"),
        ("{% set all %}{{ amount }}{% endset %}{{ all | length }} {{ amount }}", "8 5.00 USD"),
        ("{{ amount ~ '!' }}", "5.00 USD!"),
    ];
    for (title, said) in cases {
        assert_eq!(bracketed(title, &payload), said, "{title}");
    }
    assert_eq!(titled("{{ merchant }}, {{ amount }}").title(&payload).text, "Müller 12, 5.00 USD");
}

#[test]
fn a_text_that_says_the_same_as_a_number_stays_a_text() {
    let payload = json!({"merchant": "12500", "amount": "5 USD", "rows": 12500});
    assert_eq!(bracketed("{{ merchant }}: {{ rows }}, {{ amount }}", &payload), "12500: 12500, [5.00 USD]");
}

#[test]
fn nobody_marks_a_number_of_their_own() {
    let payload = json!({"merchant": "\u{FDD0}12500\u{FDD1}", "amount": "5 USD"});
    assert_eq!(bracketed("{{ merchant }}, {{ amount }}", &payload), "⟨U+FDD0⟩12500⟨U+FDD1⟩, 5.00 USD");
}

#[test]
fn a_number_that_is_cut_is_no_number() {
    let title = |length: usize| titled("{{ merchant }}{{ amount }}").title(&json!({"merchant": "é".repeat(length), "amount": "5 USD"}));
    assert_eq!(title(192).numbers, [(384, 392)]);
    assert_eq!(title(193).numbers, []);
    assert_eq!(title(193).text.chars().count(), 200);
    assert!(title(193).said(|_| String::new()).ends_with("5.00 U…"));
}

#[test]
fn places_that_are_none_are_left_alone() {
    let title = Title { text: "é 12".to_owned(), numbers: vec![(1, 2), (3, 5), (4, 5), (9, 12)] };
    assert_eq!(title.said(|number| format!("[{number}]")), "é [12]");
}
