//! The description and the running server say the same.

use crate::harness::Harness;
use reqwest::Method;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

#[tokio::test]
async fn every_documented_route_answers() {
    let harness = Harness::start().await;
    let olga = harness.person("olga").await;
    let document = harness.nobody().get("/openapi.json").await.ok();
    let mut routes = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let path = path
            .replace("{id}", "req_00000000000070008000000000000000")
            .replace("{name}", "expense")
            .replace("{action}", "pay")
            .replace("{notice}", "eff_00000000000070008000000000000000");
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

/// The sources of the door, by path; tests at the end of a file left out.
fn sources() -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let body = text.split("#[cfg(test)]\nmod tests").next().unwrap().to_owned();
                found.push((path.display().to_string(), body));
            }
        }
    }
    let mut found = Vec::new();
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for part in ["api", "app", "web"] {
        walk(&src.join(part), &mut found);
        let file = src.join(format!("{part}.rs"));
        found.push((file.display().to_string(), std::fs::read_to_string(file).unwrap()));
    }
    found
}

/// Every text between these two, in all sources.
fn between(sources: &[(String, String)], from: &str, to: &str) -> Vec<String> {
    let cut = |text: &String| text.split(from).skip(1).map(|rest| rest.split(to).next().unwrap().to_owned()).collect::<Vec<_>>();
    sources.iter().flat_map(|(_, text)| cut(text)).collect()
}

/// Path and method of everything that the document describes.
fn described(document: &Value) -> BTreeSet<(String, String)> {
    let paths = document["paths"].as_object().unwrap();
    paths.iter().flat_map(|(path, methods)| methods.as_object().unwrap().keys().map(|method| (path.clone(), method.clone()))).collect()
}

#[test]
fn what_is_annotated_is_mounted_and_described_and_no_api_route_is_mounted_otherwise() {
    let (sources, document) = (sources(), serde_json::to_value(countersign::api::openapi()).unwrap());
    let annotated = between(&sources, "#[utoipa::path(", ")]").into_iter().map(|text| {
        let method = text.split(',').next().unwrap().trim().to_owned();
        let path = text.split("path = \"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        (path, method)
    });
    let described = described(&document);
    assert_eq!(annotated.collect::<BTreeSet<_>>(), described, "a handler with `#[utoipa::path]` is mounted by `routes!` in api.rs");
    assert!(described.len() >= 30, "{}", described.len());
    let plain: Vec<String> = between(&sources, ".route(\"", "\"");
    assert!(plain.len() > 10, "{plain:?}");
    assert!(plain.iter().all(|path| !path.starts_with("/v1")), "a route of the API is described: mount it by `routes!`, not `.route`: {plain:?}");
}

#[tokio::test]
async fn every_address_takes_the_methods_that_are_described_and_no_other() {
    let harness = Harness::start().await;
    let (nobody, document) = (harness.nobody(), harness.nobody().get("/openapi.json").await.ok());
    let described = described(&document);
    for path in document["paths"].as_object().unwrap().keys() {
        let address = path.replace("{id}", "req_00000000000070008000000000000000").replace("{name}", "expense").replace("{action}", "pay");
        let other = nobody.send(nobody.request(Method::TRACE, &address)).await;
        assert_eq!(other.problem(), (405, "method_not_allowed"), "{path}");
        let taken = other.headers["allow"].to_str().unwrap().split(',').map(|method| method.trim().to_lowercase()).filter(|method| method != "head");
        let told: BTreeSet<String> = described.iter().filter(|(known, _)| known == path).map(|(_, method)| method.clone()).collect();
        assert_eq!(taken.collect::<BTreeSet<_>>(), told, "{path}");
    }
}
