//! Lists, the inbox and their pages.

use crate::harness::Harness;
use serde_json::{Value, json};

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
