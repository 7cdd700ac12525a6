//! What a browser is told against the web's dangers, on pages that somebody is signed in to and on those of strangers.

use super::open;
use crate::harness::{Answer, Harness};
use reqwest::Method;
use tokio::net::TcpListener;

fn value<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
}

#[tokio::test]
async fn private_pages_are_kept_by_nobody_and_framed_by_nobody() {
    let harness = Harness::start().await;
    let cookie = harness.cookie("mia").await;
    for path in ["/", "/me/sessions", "/me/sign-ins", "/login", "/requests/none", "/v1/me", "/nothing"] {
        let answer = open(&harness, &cookie, path).await;
        assert_eq!(value(&answer, "cache-control"), "no-store", "{path}");
        assert_eq!(value(&answer, "x-frame-options"), "DENY", "{path}");
        assert_eq!(value(&answer, "x-content-type-options"), "nosniff", "{path}");
        assert_eq!(value(&answer, "cross-origin-opener-policy"), "same-origin", "{path}");
        assert_eq!(value(&answer, "cross-origin-resource-policy"), "same-origin", "{path}");
        assert!(value(&answer, "permissions-policy").contains("camera=()"), "{path}");
        let policy = value(&answer, "content-security-policy");
        assert!(policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe") && !policy.contains('*') && !policy.contains("http"), "{path}: {policy}");
        if value(&answer, "content-type").starts_with("text/html") {
            for rule in ["require-trusted-types-for 'script'", "form-action 'self'", "base-uri 'none'"] {
                assert!(policy.contains(rule), "{path}: {policy}");
            }
        }
        assert_eq!(value(&answer, "strict-transport-security"), "", "not over plain HTTP");
    }
}

#[tokio::test]
async fn where_people_come_encrypted_cookies_are_bound_to_this_host() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let harness = Harness::start_on(listener, "[server]\npublic_url = \"https://approvals.example\"\n", "").await;
    let nobody = harness.nobody();
    assert!(value(&nobody.get("/login").await, "strict-transport-security").starts_with("max-age="));
    let link = harness.engine.create_login_link(&"mia".into()).await.unwrap();
    let request = nobody.request(Method::POST, &format!("/login/{link}")).header("origin", "https://approvals.example");
    let entered = nobody.send(request).await;
    let cookie = value(&entered, "set-cookie");
    assert!(cookie.starts_with("__Host-countersign=") && cookie.contains("Secure") && cookie.contains("Path=/"), "{cookie}");
    assert!(!cookie.contains("Domain"), "{cookie}");
}

#[tokio::test]
async fn a_sign_in_link_that_is_unknown_used_or_malformed_is_answered_alike() {
    let harness = Harness::start().await;
    let nobody = harness.nobody();
    let used = harness.engine.create_login_link(&"mia".into()).await.unwrap();
    let press = || nobody.send(nobody.request(Method::POST, &format!("/login/{used}")).header("origin", &harness.base));
    assert_eq!(press().await.status, 303);
    let mut answers = Vec::new();
    for secret in [used.as_str(), "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "%0d%0aset-cookie:a=b", "'%20or%201=1"] {
        let mut answer = nobody.get(&format!("/login/{secret}")).await;
        assert!(answer.headers.get("set-cookie").is_none(), "{secret}");
        for name in ["x-request-id", "date"] {
            answer.headers.remove(name);
        }
        answers.push((answer.status, answer.text, answer.headers));
    }
    for other in &answers {
        assert_eq!(other, &answers[0]);
    }
    assert_eq!(answers[0].0, 410);
}

#[tokio::test]
async fn whoever_guesses_links_is_told_to_wait() {
    let harness = Harness::start().await;
    let nobody = harness.nobody();
    let paths: Vec<String> = (0..260).map(|guess| format!("/login/{guess}")).collect();
    let guesses = futures_util::future::join_all(paths.iter().map(|path| nobody.get(path)));
    assert!(guesses.await.iter().any(|answer| answer.status == 429));
}
