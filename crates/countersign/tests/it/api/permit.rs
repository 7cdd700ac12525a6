//! Who may do what: every scope against every deed, and what travels around each answer.

use crate::harness::Harness;
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn every_scope_opens_its_own_doors_and_no_other() {
    let harness = Harness::start().await;
    let id = harness.submit("12500 USD").await;
    let request = format!("/v1/requests/{id}");
    // Status for: read a foreign request, submit, decide for mia, reassign, list keys, all events.
    let table: [(&[&str], &str, [u16; 6]); 7] = [
        (&["submit"], "leo", [404, 201, 403, 404, 403, 403]),
        (&["submit", "read"], "leo", [200, 201, 403, 403, 403, 403]),
        (&["read"], "", [404, 403, 403, 404, 403, 403]),
        (&["read:all"], "", [200, 403, 403, 403, 403, 200]),
        (&["decide:on-behalf"], "", [200, 403, 200, 403, 403, 403]),
        (&["operate"], "", [200, 403, 403, 200, 403, 200]),
        (&["admin"], "", [404, 403, 403, 404, 200, 403]),
    ];
    for (scopes, acts_for, expected) in table {
        let key = harness.key(scopes, acts_for).await;
        let submission = json!({ "policy": "expense", "requester": "leo", "payload": { "amount": "5000 USD", "merchant": "ACME" } });
        let decision = json!({ "decision": "approve", "revision": 1, "person": "mia" });
        let got = [
            key.get(&request).await.status,
            key.post("/v1/requests", submission).await.status,
            key.post(&format!("{request}/decisions"), decision).await.status,
            key.post(&format!("{request}/reassign"), json!({ "to": ["zoe"] })).await.status,
            key.get("/v1/keys").await.status,
            key.get("/v1/events").await.status,
        ];
        assert_eq!(got, expected, "{scopes:?}");
    }
}

#[tokio::test]
async fn a_key_that_reassigns_is_on_record_as_itself_and_for_nobody() {
    let harness = Harness::start().await;
    let id = harness.submit("12500 USD").await;
    let key = harness.key(&["operate"], "").await;
    key.post(&format!("/v1/requests/{id}/reassign"), json!({ "to": ["zoe"] })).await.ok();
    key.post(&format!("/v1/requests/{id}/comments"), json!({ "comment": "asked zoe" })).await.ok();
    let events = key.get(&format!("/v1/requests/{id}/events")).await.ok();
    let of = |name: &str| events["items"].as_array().unwrap().iter().find(|event| event["event"] == name).unwrap()["facts"].clone();
    let (operator, speaker) = (of("escalated")["cause"]["operator"].clone(), of("commented")["by"].clone());
    assert!(operator["key"].as_str().unwrap().starts_with("key_") && operator["for"].is_null(), "{operator}");
    assert_eq!(operator, speaker);
    let missing = "/v1/requests/req_00000000000070008000000000000000/reassign";
    assert_eq!(key.post(missing, json!({ "to": ["zoe"] })).await.problem(), (404, "unknown_request"));
    let leo = harness.person("leo").await;
    assert_eq!(leo.post(&format!("/v1/requests/{id}/reassign"), json!({ "to": ["zoe"] })).await.problem(), (403, "forbidden"));
}

#[tokio::test]
async fn without_a_valid_credential_nothing_opens() {
    let harness = Harness::start().await;
    let nobody = harness.nobody();
    for path in ["/v1/requests", "/v1/inbox", "/v1/me", "/v1/events", "/v1/keys", "/v1/people", "/v1/delegations"] {
        let answer = nobody.get(path).await;
        assert_eq!(answer.problem(), (401, "unauthenticated"), "{path}");
        assert!(answer.headers["www-authenticate"].to_str().unwrap().starts_with("Bearer"));
    }
    for token in ["csk_wrong", "css_wrong", "wrong", ""] {
        assert_eq!(harness.bearer(token).get("/v1/me").await.problem(), (401, "unauthenticated"), "{token}");
    }
    for path in ["/healthz", "/readyz", "/openapi.json", "/docs/", "/metrics"] {
        assert_eq!(nobody.get(path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn a_cookie_decides_nothing_for_another_site() {
    let harness = Harness::start().await;
    let id = harness.submit("5000 USD").await;
    let (cookie, nobody) = (harness.cookie("mia").await, harness.nobody());
    let send = |name: &'static str, value: String| {
        let body = json!({ "decision": "approve", "revision": 1 });
        let request = nobody.request(Method::POST, &format!("/v1/requests/{id}/decisions")).header("cookie", &cookie).header(name, value);
        nobody.send(request.json(&body))
    };
    assert_eq!(send("origin", "https://evil.example".into()).await.problem(), (403, "cross_site"));
    assert_eq!(send("sec-fetch-site", "cross-site".into()).await.problem(), (403, "cross_site"));
    assert_eq!(send("x-nothing", "said".into()).await.problem(), (403, "cross_site"));
    assert_eq!(send("origin", harness.base.clone()).await.status, 200);
}

#[tokio::test]
async fn a_signed_out_session_is_over() {
    let harness = Harness::start().await;
    let mia = harness.person("mia").await;
    assert_eq!(mia.get("/v1/me").await.ok()["id"], "mia");
    assert_eq!(mia.post("/v1/logout", json!({})).await.status, 204);
    assert_eq!(mia.get("/v1/me").await.status, 401);
}

#[tokio::test]
async fn every_answer_carries_its_id_and_its_guards() {
    let harness = Harness::start().await;
    let nobody = harness.nobody();
    let answer = nobody.send(nobody.request(Method::GET, "/v1/me").header("x-request-id", "trace-7")).await;
    assert_eq!(answer.headers["x-request-id"], "trace-7");
    let odd = nobody.send(nobody.request(Method::GET, "/v1/me").header("x-request-id", "a b\tc")).await;
    assert_ne!(odd.headers["x-request-id"], "a b\tc");
    for name in ["content-security-policy", "x-content-type-options", "referrer-policy", "cache-control", "x-frame-options"] {
        assert!(answer.headers.contains_key(name), "{name}");
    }
}

#[tokio::test]
async fn strangers_who_knock_too_often_are_told_to_wait() {
    let harness = Harness::start().await;
    let nobody = harness.nobody();
    let answers = futures_util::future::join_all((0..260).map(|_| nobody.get("/v1/me"))).await;
    let limited = answers.iter().find(|answer| answer.status == 429).expect("a flood is limited");
    assert_eq!(limited.problem(), (429, "rate_limited"));
    assert!(limited.headers["retry-after"].to_str().unwrap().parse::<u32>().unwrap() >= 1);
}
