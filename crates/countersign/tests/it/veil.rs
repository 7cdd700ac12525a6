//! Fields that a policy keeps from some (`visible_to`), over HTTP and on the pages: a table of who looks by every door,
//! with values that would be recognised anywhere.

use crate::harness::{Answer, Harness, PATIENCE, Speaker};
use crate::web::desk::Desk;
use countersign::engine::Instruction;
use countersign_core::canonical::Digest;
use countersign_core::command::Command;
use countersign_core::id::{RequestId, Revision};
use countersign_store::Content;
use futures_util::StreamExt;
use reqwest::Method;
use serde_json::{Value, json};

mod outward;
mod signed;

const POLICY: &str = include_str!("veil/raise.toml");
/// Every notice to a system, in both shapes.
const HOOKS: &str = "[[webhook]]\nurl = \"RECEIVER/hook\"\n[[webhook]]\nurl = \"RECEIVER/flat\"\nformat = \"flat\"\n";
/// The hidden sums and notes, of the first and of the second revision, as they stand without separators.
const SALARIES: [&str; 2] = ["4711081500", "5822092600"];
const NOTES: [&str; 2] = ["xanadu", "ozymandias"];

/// Which of the hidden fields somebody sees.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sees {
    All,
    /// What is `visible_to = ["role:auditor"]`.
    Note,
    Nothing,
}

/// Everybody who may see the request, in and beside it.
const PEOPLE: [(&str, &str, Sees); 7] = [
    ("requester", "leo", Sees::All),
    ("asked", "mia", Sees::All),
    ("owner", "ana", Sees::Nothing),
    ("reader", "rita", Sees::Nothing),
    ("auditor", "abe", Sees::Note),
    ("operator", "olga", Sees::Nothing),
    ("admin", "ada", Sees::Nothing),
];
const KEYS: [(&[&str], &str, Sees); 5] = [
    (&["submit", "read"], "leo", Sees::All),
    (&["submit", "read"], "any", Sees::Nothing),
    (&["read:all"], "", Sees::Nothing),
    (&["operate"], "", Sees::Nothing),
    (&["decide:on-behalf"], "", Sees::Nothing),
];

fn payload(at: usize) -> Value {
    let (salary, note) = [("47110815.00 USD", "Xanadu"), ("58220926.00 USD", "Ozymandias")][at];
    json!({ "whom": "Leo", "salary": salary, "note": note })
}

async fn start() -> Harness {
    Harness::start_with(HOOKS, &[("raise", POLICY)]).await
}

/// Leo asks for a raise, and for another one in a second revision; a model writes of it; another request is like it.
async fn asked(harness: &Harness) -> String {
    let leo = harness.person("leo").await;
    leo.post("/v1/requests", json!({ "policy": "raise", "payload": payload(0) })).await.ok();
    let id = leo.post("/v1/requests", json!({ "policy": "raise", "payload": payload(0) })).await.ok()["id"].as_str().unwrap().to_owned();
    leo.post(&format!("/v1/requests/{id}/revisions"), json!({ "payload": payload(1) })).await.ok();
    harness.person("mia").await.post(&format!("/v1/requests/{id}/comments"), json!({ "comment": "a plain word" })).await.ok();
    let words = json!({ "text": "A raise to 58,220,926.00 USD.", "impact": "For Ozymandias.", "risk": "high" });
    let bytes = serde_json::to_vec(&words).unwrap();
    let content = Content { id: Digest::salted(&[7; 16], &bytes), salt: [7; 16], bytes };
    let mut written = Instruction::new(Command::Summarised { revision: Revision(2), by: "llama".into(), summary: content.id }, "engine");
    written.contents.push(content);
    harness.engine.handle(RequestId::parse(&id).unwrap(), written).await.unwrap();
    id
}

/// The text without case and without what separates digits.
fn squeezed(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// What of the hidden values occurs in an answer that one may not see there.
fn betrayed(answer: &Answer, sees: Sees) -> Vec<&'static str> {
    let (text, mut hidden) = (squeezed(&format!("{}{:?}", answer.text, answer.headers)), Vec::new());
    if sees != Sees::All {
        hidden.extend(SALARIES);
    }
    if sees == Sees::Nothing {
        hidden.extend(NOTES);
    }
    hidden.into_iter().filter(|value| text.contains(value)).collect()
}

fn digest_of_payload() -> String {
    countersign_core::canonical::digest_of(&payload(1)).hex()
}

async fn stream(speaker: &Speaker) -> Answer {
    let request = speaker.request(Method::GET, "/v1/events").header("accept", "text/event-stream");
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let (mut text, mut chunks) = (String::new(), response.bytes_stream());
    while status == 200 && !text.contains("event: summarised") {
        let chunk = tokio::time::timeout(PATIENCE, chunks.next()).await.unwrap().unwrap().unwrap();
        text.push_str(std::str::from_utf8(&chunk).unwrap());
    }
    Answer { status, headers, text, body: Value::Null }
}

/// Everything that the API says of the request, and of all requests, to this speaker.
async fn api(speaker: &Speaker, id: &str) -> Vec<(String, Answer)> {
    let of_it = ["", "?wait=0s", "/why", "/events", "/comments", "/assertions"].map(|end| format!("/v1/requests/{id}{end}"));
    let lists = ["/v1/requests", "/v1/requests?q=4711", "/v1/requests?approver=mia", "/v1/inbox", "/v1/inbox?person=mia", "/v1/events?limit=200"];
    let others = ["/v1/dead-letters", "/v1/policies/raise", "/v1/heads", "/v1/refused"];
    let mut answers = Vec::new();
    for path in of_it.into_iter().chain(lists.into_iter().chain(others).map(str::to_owned)) {
        answers.push((path.clone(), speaker.get(&path).await));
    }
    answers.push(("stream".into(), stream(speaker).await));
    let deeds = [
        ("decisions", json!({ "decision": "approve", "revision": 1, "comment": "too early" })),
        ("decisions", json!({ "decision": "approve", "revision": 1, "person": "mia" })),
        ("passkey", json!({ "decision": "approve", "revision": 2 })),
        ("comments", json!({ "comment": "hm" })),
        ("reassign", json!({ "to": ["leo"] })),
    ];
    for (verb, body) in deeds {
        answers.push((format!("POST {verb}"), speaker.post(&format!("/v1/requests/{id}/{verb}"), body).await));
    }
    answers
}

#[tokio::test]
async fn no_answer_of_the_api_tells_a_hidden_field_to_one_who_may_not_see_it() {
    let harness = start().await;
    let id = asked(&harness).await;
    let mut speakers = Vec::new();
    for (role, person, sees) in PEOPLE {
        speakers.push((role.to_owned(), harness.person(person).await, sees));
    }
    for (scopes, acts_for, sees) in KEYS {
        speakers.push((format!("key {} for {acts_for}", scopes.join(" ")), harness.key(scopes, acts_for).await, sees));
    }
    let (mut wrong, mut looked) = (Vec::new(), 0);
    for (name, speaker, sees) in &speakers {
        for (path, answer) in api(speaker, &id).await {
            looked += usize::from(answer.status < 300);
            wrong.extend(betrayed(&answer, *sees).into_iter().map(|value| format!("{name} at {path}: {value}")));
            if *sees != Sees::All && answer.text.contains(&digest_of_payload()) {
                wrong.push(format!("{name} at {path}: the digest, by which the value can be guessed"));
            }
        }
        let request = speaker.get(&format!("/v1/requests/{id}")).await.ok();
        let shown = (request["payload"]["salary"] == payload(1)["salary"], request["payload"]["note"] == payload(1)["note"]);
        assert_eq!(shown, (*sees == Sees::All, *sees != Sees::Nothing), "{name}: {request}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(looked > 100, "only {looked} answers showed anything");
}

#[tokio::test]
async fn a_hidden_field_is_marked_and_what_is_made_of_it_is_not_there() {
    let harness = start().await;
    let id = asked(&harness).await;
    let path = format!("/v1/requests/{id}");
    let rita = harness.person("rita").await.get(&path).await.ok();
    let mark = json!({ "redacted": true });
    assert_eq!(rita["payload"], json!({ "whom": "Leo", "salary": mark, "note": mark, "bonus": mark }), "an absent field too");
    assert_eq!(rita["redacted"], json!(["bonus", "note", "salary"]));
    assert_eq!((&rita["payload_digest"], &rita["summary"]["by"]), (&Value::Null, &json!("plain")));
    assert_eq!(rita["summary"]["text"], "Leo Park asks for raise: bonus hidden, note hidden, salary hidden, whom Leo.");
    let abe = harness.person("abe").await.get(&path).await.ok();
    assert_eq!((&abe["redacted"], &abe["payload"]["note"]), (&json!(["bonus", "salary"]), &json!("Ozymandias")));
    let mia = harness.person("mia").await.get(&path).await.ok();
    assert_eq!((mia["redacted"].is_null(), &mia["payload"]), (true, &payload(1)));
    assert_eq!((&mia["payload_digest"], &mia["summary"]["by"]), (&json!(format!("sha256:{}", digest_of_payload())), &json!("llama")));
    let stale = harness.person("rita").await.post(&format!("{path}/decisions"), json!({ "decision": "approve", "revision": 1 })).await;
    assert_eq!(
        (stale.problem().1, &stale.body["changed"]),
        ("stale_revision", &json!(["/bonus", "/note", "/salary"])),
        "what is hidden may have changed"
    );
    let stale = harness.decide("mia", &id, "approve").await;
    assert_eq!((stale.problem().1, &stale.body["changed"]), ("stale_revision", &json!(["/note", "/salary"])));
    let policy = harness.person("rita").await.get("/v1/policies/raise").await.ok();
    assert_eq!(policy["fields"][2]["visible_to"], json!(["role:auditor"]));
}

#[tokio::test]
async fn no_page_tells_a_hidden_field_to_one_who_may_not_see_it() {
    let harness = start().await;
    let id = asked(&harness).await;
    let request = format!("/requests/{id}");
    let pages = ["/", "/?group=all", "/?group=all&q=4711", "/operations", "/audit", "/audit/events.jsonl", "/audit/events.csv", "/policies/raise"];
    let mut wrong = Vec::new();
    for (role, person, sees) in PEOPLE {
        let (desk, german) = (Desk::of(&harness, person).await, Desk::of(&harness, person).await.german());
        let sign = format!("{request}/sign");
        for path in pages.into_iter().chain([request.as_str(), sign.as_str()]) {
            for desk in [&desk, &german] {
                let page = desk.open(path).await;
                wrong.extend(betrayed(&page, sees).into_iter().map(|value| format!("{role} at {path}: {value}")));
                if sees != Sees::All && page.text.contains(&digest_of_payload()[..12]) {
                    wrong.push(format!("{role} at {path}: the digest"));
                }
            }
        }
        let (page, seite) = (desk.open(&request).await, german.open(&request).await);
        assert_eq!(page.status, 200, "{role}");
        let text = squeezed(&page.text);
        // The facts, and both sides of what changed.
        let shown = [SALARIES[0], SALARIES[1], NOTES[0], NOTES[1]].map(|value| text.contains(value));
        let expected = [sees == Sees::All, sees == Sees::All, sees != Sees::Nothing, sees != Sees::Nothing];
        assert_eq!(shown, expected, "{role}");
        let hidden = (page.text.contains("hidden from you"), seite.text.contains("vor Ihnen verborgen"), page.text.contains("id=\"redacted\""));
        assert_eq!(hidden, (sees != Sees::All, sees != Sees::All, sees != Sees::All), "{role}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // Rows are the same for everybody: what is kept from anybody is not in them.
    let inbox = Desk::of(&harness, "mia").await.open("/").await.text;
    assert!(inbox.contains("a raise for Leo") && !squeezed(&inbox).contains(SALARIES[1]), "{inbox}");
}

#[tokio::test]
async fn why_a_model_was_not_heard_is_kept_back_where_it_could_tell() {
    let harness = start().await;
    let leo = harness.person("leo").await;
    let id = leo.post("/v1/requests", json!({ "policy": "raise", "payload": payload(0) })).await.ok()["id"].as_str().unwrap().to_owned();
    let reason = "47,110,815 for Xanadu stands nowhere in the payload".to_owned();
    let declined = Instruction::new(Command::DeclineSummary { revision: Revision(1), reason }, "engine");
    harness.engine.handle(RequestId::parse(&id).unwrap(), declined).await.unwrap();
    let doors = [format!("/v1/requests/{id}/events"), "/v1/events".to_owned(), format!("/requests/{id}"), "/audit".to_owned()];
    let exports = ["/audit/events.jsonl".to_owned(), "/audit/events.csv".to_owned(), format!("/audit?request={id}")];
    for (role, person, sees) in PEOPLE {
        let (speaker, desk) = (harness.person(person).await, Desk::of(&harness, person).await);
        for path in doors.iter().chain(&exports) {
            let answer = if path.starts_with("/v1") { speaker.get(path).await } else { desk.open(path).await };
            let told = squeezed(&answer.text).contains(SALARIES[0].trim_end_matches("00"));
            let own = answer.status == 200 && sees == Sees::All && path.contains(&id);
            assert_eq!(told, own, "{role} at {path}: {}", answer.text);
        }
    }
}

#[tokio::test]
async fn a_page_behind_the_veil_is_the_same_whatever_the_hidden_value_is() {
    let harness = start().await;
    let leo = harness.person("leo").await;
    let rita = Desk::of(&harness, "rita").await;
    let mut facts = Vec::new();
    for (salary, note) in [("1.00 USD", None), ("99999999.99 USD", Some("n".repeat(5_000)))] {
        let mut payload = json!({ "whom": "Leo", "salary": salary });
        note.into_iter().for_each(|note| payload["note"] = note.into());
        let made = leo.post("/v1/requests", json!({ "policy": "raise", "payload": payload })).await.ok();
        let page = rita.open(&format!("/requests/{}", made["id"].as_str().unwrap())).await.text;
        let part = |from: &str, to: &str| page.split(from).nth(1).unwrap().split(to).next().unwrap().to_owned();
        facts.push([part("id=\"facts-list\"", "</dl>"), part("id=\"summary\"", "</section>"), part("id=\"rules\"", "</details>")]);
    }
    assert_eq!(facts[0], facts[1]);
}
