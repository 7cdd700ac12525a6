//! The description and the running server say the same.

use crate::harness::Harness;
use reqwest::Method;
use serde_json::Value;

#[tokio::test]
async fn every_documented_route_answers() {
    let harness = Harness::start().await;
    let olga = harness.person("olga").await;
    let document = harness.nobody().get("/openapi.json").await.ok();
    let mut routes = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let path = path.replace("{id}", "req_00000000000070008000000000000000").replace("{name}", "expense").replace("{action}", "pay");
        for method in methods.as_object().unwrap().keys().filter(|name| !["parameters", "summary"].contains(&name.as_str())) {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            if path == "/v1/logout" || (path == "/v1/sessions" && method == Method::DELETE) {
                continue;
            }
            let answer = olga.send(olga.request(method.clone(), &path)).await;
            let code = answer.body["code"].as_str().unwrap_or_default();
            assert!(!["unknown_route", "method_not_allowed", "unauthenticated", "fault"].contains(&code), "{method} {path}: {}", answer.text);
            routes += 1;
        }
    }
    assert!(routes > 25, "{routes}");
}

#[test]
fn the_description_is_the_one_that_was_reviewed() {
    let document: Value = serde_json::to_value(countersign::api::openapi()).unwrap();
    insta::with_settings!({ snapshot_path => "../../snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_json_snapshot!("openapi", document);
    });
}

#[test]
fn every_route_of_the_interface_is_described() {
    let document: Value = serde_json::to_value(countersign::api::openapi()).unwrap();
    let routes = [
        ("/v1/requests", "post"),
        ("/v1/requests", "get"),
        ("/v1/requests/{id}", "get"),
        ("/v1/requests/{id}/decisions", "post"),
        ("/v1/requests/{id}/revisions", "post"),
        ("/v1/requests/{id}/withdraw", "post"),
        ("/v1/requests/{id}/comments", "post"),
        ("/v1/requests/{id}/reassign", "post"),
        ("/v1/requests/{id}/executions/{action}/retry", "post"),
        ("/v1/requests/{id}/executions/{action}/abandon", "post"),
        ("/v1/requests/{id}/events", "get"),
        ("/v1/requests/{id}/why", "get"),
        ("/v1/inbox", "get"),
        ("/v1/events", "get"),
        ("/v1/policies", "get"),
        ("/v1/policies/{name}", "get"),
        ("/v1/policies/{name}/explain", "post"),
        ("/v1/delegations", "get"),
        ("/v1/delegations", "put"),
        ("/v1/delegations", "delete"),
        ("/v1/people", "get"),
        ("/v1/groups", "get"),
        ("/v1/me", "get"),
        ("/v1/passkeys", "get"),
        ("/v1/passkeys", "post"),
        ("/v1/passkeys/enrolment", "post"),
        ("/v1/passkeys/challenge", "post"),
        ("/v1/passkeys/sign-in", "post"),
        ("/v1/passkeys/{id}", "put"),
        ("/v1/passkeys/{id}", "delete"),
        ("/v1/requests/{id}/passkey", "post"),
        ("/v1/requests/{id}/assertions", "get"),
        ("/v1/sessions", "get"),
        ("/v1/sessions", "delete"),
        ("/v1/sessions/{id}", "delete"),
        ("/v1/keys", "get"),
        ("/v1/keys", "post"),
        ("/v1/keys/{id}", "delete"),
        ("/v1/heads", "get"),
        ("/v1/refused", "get"),
        ("/v1/login", "post"),
        ("/v1/logout", "post"),
    ];
    for (path, method) in routes {
        assert!(document["paths"][path][method].is_object(), "{method} {path}");
    }
    let described: usize = document["paths"].as_object().unwrap().values().map(|methods| methods.as_object().unwrap().len()).sum();
    assert_eq!(described, routes.len());
}
