//! Asking for something through a form made from a policy's fields.

use super::desk::{Desk, hidden, location};
use crate::harness::Harness;
use serde_json::json;

/// Every type that a field may have.
const EVERYTHING: &str = r#"
policy = "everything"
title = "{{ note }}"
owner = "group:finance"

[payload]
note   = "text"
code   = { type = "text", pattern = "[A-Z]{3}-[0-9]+", optional = true }
amount = { type = "money", currencies = ["USD", "EUR"], max = "5000 USD" }
count  = { type = "integer", min = 1, max = 10 }
rate   = { type = "decimal", optional = true, max = "2.5" }
day    = "date"
at     = { type = "time", optional = true }
page   = { type = "url", optional = true }
mail   = { type = "email", optional = true }
kind   = { type = "enum", values = ["hardware", "software"] }
sure   = "bool"
owner  = "person"
free   = { type = "json", optional = true }
tags   = { type = "list", of = "text", optional = true, max = 3 }
items  = { type = "table", columns = { name = "text", price = { type = "money", currencies = ["USD"] } } }

[[rule]]
name = "all"
  [[rule.stage]]
  name = "review"
  approvers = ["field:owner"]
  expire = { after = "72h" }
"#;

const FILLED: [(&str, &str); 15] = [
    ("do", "send"),
    ("f/note", "Chairs\r\nfor the office"),
    ("f/code", "ABC-1"),
    ("f/amount", "12.50"),
    ("f/amount#currency", "EUR"),
    ("f/count", "3"),
    ("f/day", "2026-01-31"),
    ("f/at", "09:30"),
    ("f/kind", "hardware"),
    ("f/sure", "false"),
    ("f/owner", "ana"),
    ("f/free", "{\"deep\": [1, 2]}"),
    ("f/tags/1", "blue"),
    ("f/items/1/name", "chair"),
    ("f/items/1/price", "5"),
];

async fn with_everything() -> Harness {
    let harness = Harness::start().await;
    std::fs::write(harness.folder().join("policies/everything.toml"), EVERYTHING).unwrap();
    assert_eq!(harness.sources.reload().await.wrong, []);
    harness
}

async fn made(harness: &Harness) -> usize {
    harness.person("leo").await.get("/v1/requests").await.ok()["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_form_of_every_type_becomes_the_payload_that_the_api_would_take() {
    let harness = with_everything().await;
    let leo = Desk::of(&harness, "leo").await;
    assert!(leo.open("/new").await.text.contains("href=\"/new/everything\""));
    let page = leo.open("/new/everything").await.text;
    for part in [
        "type=\"date\"",
        "type=\"time\"",
        "type=\"url\"",
        "type=\"email\"",
        "list=\"people\"",
        "<option value=\"ana\">Ana Costa",
        "<option>EUR",
        "<option value=\"hardware\"",
        "name=\"f/items/0/price\"",
        "At most 5000 USD",
        "Must match [A-Z]{3}-[0-9]+",
        "name=\"f/tags/1\"",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    assert!(!page.contains("style=") && !page.contains("Max Gone"), "who left is not offered");
    let to = location(&leo.press("/new/everything", "/new/everything", &FILLED).await);
    let id = to.strip_prefix("/requests/").unwrap();
    let request = harness.person("leo").await.get(&format!("/v1/requests/{id}")).await.ok();
    assert_eq!(
        request["payload"],
        json!({ "note": "Chairs\nfor the office", "code": "ABC-1", "amount": "12.50 EUR", "count": 3, "day": "2026-01-31", "at": "09:30", "kind": "hardware",
            "sure": false, "owner": "ana", "free": { "deep": [1, 2] }, "tags": ["blue"], "items": [{ "name": "chair", "price": "5 USD" }] })
    );
}

#[tokio::test]
async fn what_does_not_fit_is_said_beside_its_field_and_nothing_typed_is_lost() {
    let harness = with_everything().await;
    let form = [
        ("do", "send"),
        ("f/note", "kept <i>as</i> typed"),
        ("f/amount", "12,50"),
        ("f/count", "99"),
        ("f/day", "2026-02-30"),
        ("f/owner", "max"),
        ("f/free", "{"),
        ("f/items/4/price", "lots"),
    ];
    let leo = Desk::of(&harness, "leo").await;
    let again = leo.press("/new/everything", "/new/everything", &form).await;
    assert_eq!(again.status, 422);
    for part in [
        "kept &#60;i&#62;as&#60;/i&#62; typed",
        "value=\"12,50\"",
        "value=\"99\"",
        "value=\"max\"",
        "name=\"f/items/0/price\" type=\"text\" inputmode=\"decimal\" value=\"lots\"",
        "id=\"f-amount-wrong\"",
        "id=\"f-count-wrong\"",
        "id=\"f-day-wrong\"",
        "id=\"f-owner-wrong\"",
        "id=\"f-free-wrong\"",
        "id=\"f-items-0-price-wrong\"",
        "id=\"f-items-0-name-wrong\"",
        "id=\"f-kind-wrong\"",
        "id=\"f-sure-wrong\"",
        "9 fields need your attention",
        "Nobody of this id is active",
    ] {
        assert!(again.text.contains(part), "{part} in {}", again.text);
    }
    let german = Desk::of(&harness, "leo").await.german().press("/new/everything", "/new/everything", &form).await;
    assert!(
        german.text.contains("lang=\"de\"") && german.text.contains("Niemand mit dieser Kennung") && german.text.contains("Es wurde nichts gesendet")
    );
    assert_eq!(made(&harness).await, 0);
}

#[tokio::test]
async fn a_preview_says_what_would_happen_and_stores_nothing() {
    let harness = Harness::start().await;
    let leo = Desk::of(&harness, "leo").await;
    let form = [("do", "preview"), ("f/amount", "12500"), ("f/merchant", "<b>ACME</b>\u{202e}gpj")];
    let page = leo.press("/new/expense", "/new/expense", &form).await;
    assert_eq!(page.status, 200, "{}", page.text);
    for part in [
        "two signatures",
        "Mia Stone",
        "Ana Costa",
        "Bo Lind",
        "does not apply",
        "amount &#60;= money(&#34;1000 USD&#34;)",
        "U+202E",
        "2 different people",
    ] {
        assert!(page.text.contains(part), "{part} in {}", page.text);
    }
    assert!(!page.text.contains("<b>ACME"), "what was typed is text");
    let preview = page.text.split("id=\"preview\"").nth(1).unwrap();
    assert!(!preview.contains("Leo Park"), "who asks is not asked");
    let allowed = leo.press("/new/expense", "/new/expense", &[("do", "preview"), ("f/amount", "5"), ("f/merchant", "ACME")]).await;
    assert!(allowed.text.contains("Approved at once"));
    assert_eq!(made(&harness).await, 0);
}

#[tokio::test]
async fn pressing_twice_asks_once() {
    let harness = Harness::start().await;
    let leo = Desk::of(&harness, "leo").await;
    let key = hidden(&leo.open("/new/expense").await.text, "key");
    assert_eq!(key.len(), 32);
    let form = [("do", "send"), ("key", key.as_str()), ("f/amount", "5000"), ("f/merchant", "ACME")];
    let (first, second) = tokio::join!(leo.press("/new/expense", "/new/expense", &form), leo.press("/new/expense", "/new/expense", &form));
    assert_eq!(location(&first), location(&second));
    assert_eq!(made(&harness).await, 1);
    let changed = leo.press("/new/expense", "/new/expense", &[("do", "send"), ("key", &key), ("f/amount", "6000"), ("f/merchant", "ACME")]).await;
    assert_eq!(changed.status, 409, "{}", changed.text);
    assert!(changed.text.contains(&format!("href=\"{}\"", location(&first))) && changed.text.contains("value=\"6000\""));
    let fresh = hidden(&changed.text, "key");
    assert_ne!(fresh, key);
    let other = leo.press("/new/expense", "/new/expense", &[("do", "send"), ("key", &fresh), ("f/amount", "6000"), ("f/merchant", "ACME")]).await;
    assert_ne!(location(&other), location(&first));
    assert_eq!(made(&harness).await, 2);
}

#[tokio::test]
async fn further_rows_come_without_a_script_and_end_at_the_bound() {
    let harness = with_everything().await;
    let leo = Desk::of(&harness, "leo").await;
    let page = leo
        .press("/new/everything", "/new/everything", &[("do", "more:f/items"), ("f/items/0/name", "chair"), ("f/tags/0", "a"), ("f/tags/2", "b")])
        .await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("name=\"f/items/4/name\"") && !page.text.contains("name=\"f/items/5/name\""));
    assert!(page.text.contains("name=\"f/tags/2\"") && !page.text.contains("name=\"f/tags/3\"") && !page.text.contains("more:f/tags"));
    assert!(page.text.contains("chair"));
}

#[tokio::test]
async fn only_a_form_of_this_sign_in_asks_and_an_unknown_policy_is_none() {
    let harness = Harness::start().await;
    let leo = Desk::of(&harness, "leo").await;
    leo.refuses_foreign_forms("/new/expense", "/new/expense", &[("do", "send"), ("f/amount", "5000"), ("f/merchant", "ACME")]).await;
    assert_eq!(made(&harness).await, 0);
    assert_eq!(leo.open("/new/nosuch").await.status, 404);
    assert_eq!(leo.press("/new/expense", "/new/nosuch", &[("do", "send")]).await.status, 404);
    for path in ["/new", "/new/expense", "/policies", "/policies/expense", "/operations", "/audit", "/audit/events.csv", "/audit/heads.jsonl", "/me"]
    {
        assert_eq!(harness.nobody().get(path).await.status, 401, "{path}");
    }
}
