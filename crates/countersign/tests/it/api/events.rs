//! The record as pages and as a stream.

use crate::harness::{Harness, PATIENCE, Speaker};
use futures_util::StreamExt;
use reqwest::Method;

/// Reads a stream until so many events came; their ids.
async fn streamed(speaker: &Speaker, path: &str, last: Option<&str>, count: usize) -> Vec<u64> {
    let mut request = speaker.request(Method::GET, path).header("accept", "text/event-stream");
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let (mut text, mut chunks) = (String::new(), response.bytes_stream());
    let read = async {
        while text.matches("\n\n").count() < count {
            text.push_str(std::str::from_utf8(&chunks.next().await.unwrap().unwrap()).unwrap());
        }
        text.lines().filter_map(|line| line.strip_prefix("id: ")).map(|id| id.parse().unwrap()).take(count).collect()
    };
    tokio::time::timeout(PATIENCE, read).await.unwrap()
}

#[tokio::test]
async fn events_name_their_rule_and_why_names_whom_the_next_level_asks() {
    let harness = Harness::start().await;
    let id = harness.submit("12500 USD").await;
    let olga = harness.person("olga").await;
    for path in [format!("/v1/requests/{id}/events"), "/v1/events".to_owned(), "/v1/events?after=1".to_owned()] {
        let page = olga.get(&path).await.ok();
        let ruled = page["items"].as_array().unwrap().iter().find(|event| event["event"] == "ruled").unwrap().clone();
        assert_eq!(ruled["facts"]["rule"], "two signatures", "{path}");
    }
    let why = olga.get(&format!("/v1/requests/{id}/why")).await.ok();
    assert_eq!((&why["next"]["what"], &why["next"]["sentence"]), (&"escalate".into(), &"level 1 asks eva".into()));
}

#[tokio::test]
async fn a_request_shows_its_whole_record() {
    let harness = Harness::start().await;
    let id = harness.submit("5000 USD").await;
    harness.decide("mia", &id, "approve").await.ok();
    let record = harness.person("leo").await.get(&format!("/v1/requests/{id}/events")).await.ok();
    let names: Vec<&str> = record["items"].as_array().unwrap().iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(names[..3], ["submitted", "ruled", "stage_opened"]);
    assert!(names.contains(&"decided") && names.contains(&"settled"));
}

#[tokio::test]
async fn a_stream_goes_on_where_it_broke_off() {
    let harness = Harness::start().await;
    harness.submit("5000 USD").await;
    let olga = harness.person("olga").await;
    let first = streamed(&olga, "/v1/events", None, 2).await;
    let rest = streamed(&olga, "/v1/events", Some(&first[1].to_string()), 1).await;
    assert!(rest[0] > first[1]);
    let (live, _) = tokio::join!(streamed(&olga, "/v1/events?after=0", None, 6), harness.submit("5000 USD"));
    assert!(live.is_sorted() && live[..2] == first[..]);
    let by_query = streamed(&olga, &format!("/v1/events?after={}", first[0]), None, 1).await;
    assert_eq!(by_query[0], first[1]);
}

#[tokio::test]
async fn pages_of_events_follow_one_another() {
    let harness = Harness::start().await;
    harness.submit("12500 USD").await;
    let olga = harness.person("olga").await;
    let page = olga.get("/v1/events?limit=2").await.ok();
    let next = page["next"].as_str().unwrap();
    assert_eq!(page["items"][1]["cursor"], next);
    let more = olga.get(&format!("/v1/events?limit=200&after={next}")).await.ok();
    assert!(more["next"].is_null() && !more["items"].as_array().unwrap().is_empty());
    assert_eq!(olga.get("/v1/events?after=x").await.problem(), (400, "invalid_query"));
}

#[tokio::test]
async fn heads_are_for_those_who_read_everything() {
    let harness = Harness::start().await;
    let id = harness.submit("12500 USD").await;
    let key = harness.key(&["read:all"], "").await;
    let heads = key.get("/v1/heads").await.ok();
    assert_eq!(heads["items"][0]["request"], id);
    assert!(heads["items"][0]["hash"].as_str().unwrap().starts_with("sha256:"));
    assert_eq!(harness.person("leo").await.get("/v1/heads").await.problem(), (403, "forbidden"));
}
