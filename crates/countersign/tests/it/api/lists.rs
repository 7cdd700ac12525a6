//! Lists, the inbox and their pages.

use crate::harness::Harness;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn pages_cover_everything_once() {
    let harness = Harness::start().await;
    let mut made = Vec::new();
    for _ in 0..7 {
        made.push(harness.submit("5000 USD").await);
    }
    let leo = harness.person("leo").await;
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = leo.get(&format!("/v1/requests?limit=3{cursor}")).await.ok();
        seen.extend(ids(&page));
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    made.reverse();
    assert_eq!(seen, made);
    for bad in ["limit=0", "limit=201", "limit=x", "cursor=rubbish", "status=pendin", "colour=red"] {
        assert_eq!(leo.get(&format!("/v1/requests?{bad}")).await.problem(), (400, "invalid_query"), "{bad}");
    }
}

#[tokio::test]
async fn filters_narrow_and_nobody_lists_what_is_not_theirs() {
    let harness = Harness::start().await;
    let (open, allowed) = (harness.submit("5000 USD").await, harness.submit("10 USD").await);
    let olga = harness.person("olga").await;
    for (query, expected) in [
        ("status=pending", vec![&open]),
        ("status=approved", vec![&allowed]),
        ("status=pending,approved", vec![&allowed, &open]),
        ("approver=mia", vec![&open]),
        ("policy=release", vec![]),
        ("requester=leo&q=acme,%205000", vec![&open]),
    ] {
        let found = olga.get(&format!("/v1/requests?{query}")).await.ok();
        assert_eq!(ids(&found).iter().collect::<Vec<_>>(), expected, "{query}");
    }
    let mia = harness.person("mia").await;
    assert_eq!(ids(&mia.get("/v1/inbox").await.ok()), [open.as_str()]);
    assert_eq!(mia.get("/v1/requests").await.ok()["items"], json!([]), "mia asked for nothing");
    assert_eq!(mia.get("/v1/requests?requester=leo").await.problem(), (403, "forbidden"));
    assert_eq!(mia.get("/v1/inbox?person=ana").await.problem(), (403, "forbidden"));
}

#[tokio::test]
async fn a_decided_request_leaves_the_inbox() {
    let harness = Harness::start().await;
    let id = harness.submit("12500 USD").await;
    harness.decide("mia", &id, "approve").await.ok();
    assert_eq!(harness.person("mia").await.get("/v1/inbox").await.ok()["items"], json!([]));
    assert_eq!(ids(&harness.person("ana").await.get("/v1/inbox").await.ok()), [id]);
}

/// Cursors that each list gives out, and what no list ever gave out.
const FOREIGN: [&str; 14] = [
    "n1",
    "u1.2",
    "7",
    "req_00000000000070008000000000000000",
    "rubbish",
    "",
    "-1",
    "18446744073709551616",
    "n",
    "u1",
    "n%00",
    "%F0%9F%92%A9",
    "null",
    "../..",
];

#[tokio::test]
async fn no_list_takes_a_cursor_that_it_did_not_give_out() {
    let harness = Harness::start().await;
    let id = harness.submit("5000 USD").await;
    let speaker = harness.person("ada").await;
    let olga = harness.person("olga").await;
    let document = harness.nobody().get("/openapi.json").await.ok();
    let mut lists = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let schema = &methods["get"]["responses"]["200"]["content"]["application/json"]["schema"]["$ref"];
        if !schema.as_str().is_some_and(|name| name.ends_with("Page")) {
            continue;
        }
        lists.insert(path.clone());
        // Only a browser has passkeys; the tests that drive one list them.
        if path == "/v1/passkeys" {
            continue;
        }
        let path = path.replace("{id}", &id);
        let who = if path == "/v1/keys" { &speaker } else { &olga };
        who.get(&path).await.ok();
        let own: &[&str] = match path.as_str() {
            "/v1/requests" | "/v1/dead-letters" => &["n1"],
            "/v1/inbox" => &["u1.2"],
            "/v1/heads" => &["req_00000000000070008000000000000000"],
            _ => &[],
        };
        for cursor in FOREIGN {
            let answer = who.get(&format!("{path}?cursor={cursor}")).await;
            if own.contains(&cursor) {
                answer.ok();
            } else {
                assert_eq!(answer.problem(), (400, "invalid_query"), "{path}?cursor={cursor}");
            }
        }
    }
    let all = [
        "/v1/events",
        "/v1/groups",
        "/v1/heads",
        "/v1/inbox",
        "/v1/interventions",
        "/v1/keys",
        "/v1/people",
        "/v1/policies",
        "/v1/refused",
        "/v1/requests",
    ];
    assert!(all.iter().all(|list| lists.contains(*list)), "{lists:?}");
}

#[tokio::test]
async fn no_list_of_events_begins_after_what_is_no_cursor() {
    let harness = Harness::start().await;
    harness.submit("5000 USD").await;
    let olga = harness.person("olga").await;
    for cursor in FOREIGN.into_iter().filter(|cursor| *cursor != "7") {
        assert_eq!(olga.get(&format!("/v1/events?after={cursor}")).await.problem(), (400, "invalid_query"), "{cursor}");
        let stream = olga.request(reqwest::Method::GET, &format!("/v1/events?after={cursor}")).header("accept", "text/event-stream");
        assert_eq!(olga.send(stream).await.problem(), (400, "invalid_query"), "{cursor}");
    }
    let last = olga.request(reqwest::Method::GET, "/v1/events").header("accept", "text/event-stream").header("last-event-id", "n1");
    assert_eq!(olga.send(last).await.problem(), (400, "invalid_query"));
    assert_eq!(olga.get(&format!("/v1/events?after={}", u64::MAX)).await.ok()["items"], json!([]), "after the end there is nothing");
}
