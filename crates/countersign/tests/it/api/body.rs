//! Broken requests: each gets its code and its place, and changes nothing.

use crate::harness::Harness;
use reqwest::Method;
use serde_json::json;

const GOOD: &str = r#"{"policy":"expense","requester":"leo","payload":{"amount":"5000 USD","merchant":"ACME"}}"#;

/// Body, status, code, the pointer of the first fault (or of the place), and a part of the sentence.
const BROKEN: [(&str, u16, &str, &str, &str); 34] = [
    ("", 400, "malformed_json", "", "line 1, column 0"),
    ("{", 400, "malformed_json", "", "EOF"),
    ("nonsense", 400, "malformed_json", "", "expected"),
    ("{} {}", 400, "malformed_json", "", "trailing"),
    ("[]", 422, "invalid_body", "", "an object is expected"),
    ("null", 422, "invalid_body", "", "an object is expected"),
    ("\u{feff}{}", 400, "malformed_json", "", "expected value"),
    (r#"{"policy":"expense","policy":"release"}"#, 400, "malformed_json", "/policy", "twice"),
    (r#"{"payload":{"amount":"1 USD","amount":"2 USD"}}"#, 400, "malformed_json", "/payload/amount", "twice"),
    (r#"{"payload":{"amount":"1 USD","am\u006funt":"2 USD"}}"#, 400, "malformed_json", "/payload/amount", "twice"),
    (r#"{"payload":{"n":9007199254740993}}"#, 400, "malformed_json", "/payload/n", "2^53"),
    (r#"{"payload":{"n":1e400}}"#, 400, "malformed_json", "/payload/n", "out of range"),
    (r#"{"payload":{"n":NaN}}"#, 400, "malformed_json", "/payload/n", "expected value"),
    (r#"{"payload":{"n":.5}}"#, 400, "malformed_json", "/payload/n", "expected value"),
    (r#"{"payload":{"s":"\ud800"}}"#, 400, "malformed_json", "/payload/s", "escape"),
    ("{\"payload\":{\"s\":\"a\nb\"}}", 400, "malformed_json", "/payload/s", "control character"),
    (r#"{'policy':'expense'}"#, 400, "malformed_json", "", "key must be a string"),
    (r#"{"policy":"expense",}"#, 400, "malformed_json", "", "trailing comma"),
    (r#"{"policy":"expense"}"#, 422, "invalid_body", "/payload", "missing"),
    (r#"{"payload":{}}"#, 422, "invalid_body", "/policy", "missing"),
    (r#"{"policy":7,"payload":{}}"#, 422, "invalid_body", "/policy", "a text is expected"),
    (r#"{"policy":"","payload":{}}"#, 422, "invalid_body", "/policy", "empty"),
    (r#"{"policy":"expense","payload":{},"requestor":"leo"}"#, 422, "invalid_body", "/requestor", "did you mean `requester`?"),
    (r#"{"policy":"nosuch","requester":"leo","payload":{}}"#, 404, "unknown_policy", "", "nosuch"),
    (r#"{"policy":"expense","payload":{}}"#, 422, "invalid_body", "/requester", "names the person"),
    (r#"{"policy":"expense","requester":"mia","payload":{}}"#, 403, "forbidden", "", "act for"),
    (r#"{"policy":"expense","requester":"leo","payload":{}}"#, 422, "invalid_payload", "/amount", "amount"),
    (r#"{"policy":"expense","requester":"leo","payload":[]}"#, 422, "invalid_payload", "", "object"),
    (r#"{"policy":"expense","requester":"leo","payload":{"amount":5000,"merchant":"X"}}"#, 422, "invalid_payload", "/amount", ""),
    (r#"{"policy":"expense","requester":"leo","payload":{"amount":"5000","merchant":"X"}}"#, 422, "invalid_payload", "/amount", ""),
    (r#"{"policy":"expense","requester":"leo","payload":{"amount":"5000 EUR","merchant":"X"}}"#, 422, "invalid_payload", "/amount", ""),
    (r#"{"policy":"expense","requester":"leo","payload":{"amount":"1.001 USD","merchant":"X"}}"#, 422, "invalid_payload", "/amount", ""),
    (r#"{"policy":"expense","requester":"leo","payload":{"amount":"1 USD","merchant":"X","more":1}}"#, 422, "invalid_payload", "/more", ""),
    (
        r#"{"policy":"expense","requester":"leo","payload":{"amount":"1 USD","merchant":"X","receipt":"javascript:x"}}"#,
        422,
        "invalid_payload",
        "/receipt",
        "",
    ),
];

#[tokio::test]
async fn every_broken_body_gets_its_code_and_place_and_changes_nothing() {
    let harness = Harness::start().await;
    let key = harness.key(&["submit", "read"], "leo").await;
    for (body, status, code, pointer, words) in BROKEN {
        let request = key.request(Method::POST, "/v1/requests").header("content-type", "application/json").body(body);
        let answer = key.send(request).await;
        assert_eq!(answer.problem(), (status, code), "{body}");
        let place = answer.body["errors"][0]["pointer"].as_str().or(answer.body["pointer"].as_str()).unwrap_or_default();
        assert_eq!(place, pointer, "{body} {}", answer.text);
        assert!(answer.text.contains(words), "{body} {}", answer.text);
    }
    assert_eq!(key.get("/v1/requests").await.ok()["items"], json!([]));
    assert_eq!(harness.engine.counts().await.unwrap().position, 0, "no event was recorded");
}

/// Path after the request, body, status, code, pointer of the first fault: what is sent about a request that is there.
const BROKEN_DEEDS: [(&str, &str, u16, &str, &str); 18] = [
    ("decisions", "", 400, "malformed_json", ""),
    ("decisions", "{}", 422, "invalid_body", "/decision"),
    ("decisions", r#"{"decision":"yes","revision":1}"#, 422, "invalid_body", "/decision"),
    ("decisions", r#"{"decision":true,"revision":1}"#, 422, "invalid_body", "/decision"),
    ("decisions", r#"{"decision":"approve"}"#, 422, "invalid_body", "/revision"),
    ("decisions", r#"{"decision":"approve","revision":"1"}"#, 422, "invalid_body", "/revision"),
    ("decisions", r#"{"decision":"approve","revision":1.5}"#, 422, "invalid_body", "/revision"),
    ("decisions", r#"{"decision":"approve","revision":4294967296}"#, 422, "invalid_body", "/revision"),
    ("decisions", r#"{"decision":"approve","revision":1,"revision":1}"#, 400, "malformed_json", "/revision"),
    ("decisions", r#"{"decision":"approve","revision":1,"coment":"x"}"#, 422, "invalid_body", "/coment"),
    ("decisions", r#"{"decision":"approve","revision":1,"comment":7}"#, 422, "invalid_body", "/comment"),
    ("decisions", r#"{"decision":"approve","revision":7}"#, 409, "stale_revision", ""),
    ("revisions", r#"{"payload":{"amount":"1 USD"}}"#, 422, "invalid_payload", "/merchant"),
    ("revisions", r#"{"amount":"1 USD","merchant":"X"}"#, 422, "invalid_body", "/payload"),
    ("comments", r#"{"comment":"  "}"#, 422, "invalid_body", "/comment"),
    ("comments", r#"{"comment":["a"]}"#, 422, "invalid_body", "/comment"),
    ("withdraw", r#"{"reason":"x"}"#, 422, "invalid_body", "/reason"),
    ("reassign", r#"{"to":["eva",7]}"#, 422, "invalid_body", "/to/1"),
];

#[tokio::test]
async fn every_broken_deed_gets_its_code_and_place_and_changes_nothing() {
    let harness = Harness::start().await;
    let id = harness.submit("5000 USD").await;
    // Its notice is on record too, once it has gone.
    harness.receiver().notice("/mia", "approval.requested").await;
    let (mia, leo, olga) = (harness.person("mia").await, harness.person("leo").await, harness.person("olga").await);
    let path = format!("/v1/requests/{id}");
    let before = leo.get(&path).await.ok();
    for (verb, body, status, code, pointer) in BROKEN_DEEDS {
        let speaker = match verb {
            "decisions" => &mia,
            "reassign" => &olga,
            _ => &leo,
        };
        let request = speaker.request(Method::POST, &format!("{path}/{verb}")).header("content-type", "application/json").body(body);
        let answer = speaker.send(request).await;
        assert_eq!(answer.problem(), (status, code), "{verb} {body}");
        let place = answer.body["errors"][0]["pointer"].as_str().or(answer.body["pointer"].as_str()).unwrap_or_default();
        assert_eq!(place, pointer, "{verb} {body} {}", answer.text);
    }
    let after = leo.get(&path).await.ok();
    assert_eq!((&after["status"], &after["revision"], &after["stages"]), (&before["status"], &before["revision"], &before["stages"]));
    let record = olga.get(&format!("{path}/events")).await.ok();
    let deeds = ["decided", "revised", "commented", "withdrawn", "reassigned", "escalated", "settled", "returned"];
    assert!(record["items"].as_array().unwrap().iter().all(|event| !deeds.contains(&event["event"].as_str().unwrap())), "{record}");
}

#[tokio::test]
async fn what_is_no_small_json_text_is_not_read() {
    let harness = Harness::start().await;
    let key = harness.key(&["submit", "read"], "leo").await;
    let post = |kind: &'static str, body: Vec<u8>| key.send(key.request(Method::POST, "/v1/requests").header("content-type", kind).body(body));
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx"] {
        assert_eq!(post(kind, GOOD.into()).await.problem(), (415, "unsupported_media_type"));
    }
    let large = format!(r#"{{"payload":"{}"}}"#, "x".repeat(300 * 1024));
    assert_eq!(post("application/json", large.into_bytes()).await.problem(), (413, "body_too_large"));
    assert_eq!(post("application/json", b"{\"policy\":\"\xff\"}".to_vec()).await.problem(), (400, "malformed_json"));
    let deep = format!(r#"{{"payload":{}1{}}}"#, "[".repeat(40), "]".repeat(40));
    assert_eq!(post("application/json", deep.into_bytes()).await.problem(), (400, "malformed_json"));
    let fine = post("application/json; charset=utf-8", GOOD.into()).await;
    assert_eq!(fine.status, 201, "{}", fine.text);
}

#[tokio::test]
async fn all_that_is_wrong_is_told_at_once() {
    let harness = Harness::start().await;
    let id = harness.submit("5000 USD").await;
    let answer =
        harness.person("mia").await.post(&format!("/v1/requests/{id}/decisions"), json!({ "decision": "aprove", "revision": 0, "why": 1 })).await;
    assert_eq!(answer.problem(), (422, "invalid_body"));
    let places: Vec<&str> = answer.body["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    assert_eq!(places, ["/decision", "/revision", "/why"]);
}

#[tokio::test]
async fn unknown_addresses_and_methods_are_problems_too() {
    let harness = Harness::start().await;
    let nobody = harness.nobody();
    assert_eq!(nobody.get("/v1/nosuch").await.problem(), (404, "unknown_route"));
    let wrong = nobody.delete("/v1/requests").await;
    assert_eq!(wrong.problem(), (405, "method_not_allowed"));
    assert!(wrong.headers["allow"].to_str().unwrap().contains("POST"));
    let page = nobody.get("/errors/own_request").await;
    assert!(page.text.starts_with("# `own_request`"));
}
