//! The table of who may do what, cell by cell over HTTP; and that what one may not see is like what is not there.

use crate::harness::{Answer, Harness, Speaker};
use reqwest::Method;
use serde_json::{Value, json};

const TABLE: &str = include_str!("roles.txt");
/// The people of the columns.
const PEOPLE: [(&str, &str); 8] = [
    ("stranger", "zoe"),
    ("requester", "leo"),
    ("approver", "mia"),
    ("owner", "ana"),
    ("reader", "rita"),
    ("auditor", "abe"),
    ("operator", "olga"),
    ("admin", "ada"),
];

/// A column: how it calls the API, and the cookie of a person.
struct Column {
    name: String,
    speaker: Speaker,
    cookie: Option<String>,
}

async fn column(harness: &Harness, name: &str) -> Column {
    let person = PEOPLE.iter().find(|(column, _)| *column == name).map(|(_, id)| *id);
    let (speaker, cookie) = match (person, name) {
        (Some(id), _) => (harness.person(id).await, Some(harness.cookie(id).await)),
        (None, "nobody") => (harness.nobody(), Some("countersign=x".to_owned())),
        (None, "submit") => (harness.key(&["submit"], "any").await, None),
        (None, "relay") => (harness.key(&["decide:on-behalf"], "").await, None),
        (None, "admin-key") => (harness.key(&["admin"], "").await, None),
        (None, scope) => (harness.key(&[scope], "").await, None),
    };
    Column { name: name.to_owned(), speaker, cookie }
}

fn body(path: &str, column: &str) -> Value {
    let payload = json!({ "amount": "5001 USD", "merchant": "ACME" });
    match path.rsplit('/').next().unwrap() {
        "decisions" if column == "relay" => json!({ "decision": "approve", "revision": 1, "person": "mia" }),
        "decisions" => json!({ "decision": "approve", "revision": 1 }),
        "comments" => json!({ "comment": "hm" }),
        "revisions" => json!({ "payload": payload }),
        "reassign" => json!({ "to": ["gus"] }),
        "keys" => json!({ "name": format!("made by {column}"), "scopes": ["read"] }),
        _ => json!({}),
    }
}

async fn ask(harness: &Harness, column: &Column, method: &str, path: &str) -> Answer {
    match (method, &column.cookie) {
        ("GET", _) => column.speaker.get(path).await,
        ("POST", _) => column.speaker.post(path, body(path, &column.name)).await,
        (_, cookie) => {
            let nobody = harness.nobody();
            nobody.send(nobody.request(Method::GET, path).header("cookie", cookie.as_deref().unwrap())).await
        }
    }
}

#[tokio::test]
async fn every_cell_of_the_table_is_as_it_says() {
    let harness = Harness::start().await;
    let mut lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    let mut columns = Vec::new();
    for name in lines.next().unwrap().split_whitespace().skip(1) {
        columns.push(column(&harness, name).await);
    }
    let shared = harness.submit("5000 USD").await;
    let (mut wrong, mut cells) = (Vec::new(), 0);
    for line in lines {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (method, path, expected) = (words[0], words[1], &words[2..]);
        assert_eq!(expected.len(), columns.len(), "{line}");
        for (column, expected) in columns.iter().zip(expected).filter(|(_, expected)| **expected != "-") {
            let id = if method == "POST" && path.contains("{id}") { harness.submit("5000 USD").await } else { shared.clone() };
            let answer = ask(&harness, column, method, &path.replace("{id}", &id)).await;
            cells += 1;
            if answer.status.to_string() != *expected {
                wrong.push(format!("{method} {path} as {}: {} instead of {expected}: {}", column.name, answer.status, answer.body["detail"]));
            }
        }
    }
    assert!(wrong.is_empty() && cells > 300, "{cells} cells\n{}", wrong.join("\n"));
}

#[tokio::test]
async fn what_one_may_not_see_is_like_what_is_not_there() {
    let harness = Harness::start().await;
    let (id, none) = (harness.submit("5000 USD").await, "req_00000000000070008000000000000000");
    for name in ["stranger", "submit", "read", "admin-key"] {
        let column = column(&harness, name).await;
        let rows = [("GET", ""), ("GET", "/why"), ("GET", "/events"), ("POST", "/decisions"), ("POST", "/withdraw"), ("POST", "/comments")];
        for (method, end) in rows {
            // A key that acts for the requester takes their requests back, and need not read them (rule 8).
            if (name, end) == ("submit", "/withdraw") {
                continue;
            }
            let mut answers = Vec::new();
            for id in [id.as_str(), none] {
                let mut answer = ask(&harness, &column, method, &format!("/v1/requests/{id}{end}")).await;
                for name in ["x-request-id", "date"] {
                    answer.headers.remove(name);
                }
                answers.push((answer.status, answer.text.replace(id, ""), answer.headers));
            }
            assert_eq!(answers[0], answers[1], "{name} {method} {end}");
        }
        if let Some(cookie) = &column.cookie {
            let pages = [id.as_str(), none].map(|id| format!("/requests/{id}"));
            let (there, gone) = (super::page(&harness, cookie, &pages[0]).await, super::page(&harness, cookie, &pages[1]).await);
            assert_eq!((there.status, &there.text), (gone.status, &gone.text));
        }
    }
}
