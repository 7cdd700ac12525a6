//! Real public payments through the real server: each row of the file becomes a request, and the counts of those who
//! must agree come out. All of the collection where it lies beside the repository, the committed sample otherwise.

use crate::site::{Site, err, out, program};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const RULES: [(&str, &str); 3] = [
    ("small sums and refunds", "auto (amount <= 1000)"),
    ("one approver", "one approver (1000 < amount <= 10000)"),
    ("two approvers", "two approvers (amount > 10000)"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The rows, and how many fall to each rule.
fn rows() -> (PathBuf, BTreeMap<String, u64>) {
    let shared = std::env::var_os("COUNTERSIGN_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from).join("data/open");
    let read = |file: PathBuf| serde_json::from_str::<Value>(&std::fs::read_to_string(file).unwrap()).unwrap();
    let sums = |payers: &Value, names: [&str; 3]| {
        let sum = |name: &str| payers.as_object().unwrap().values().map(|payer| payer[name].as_u64().unwrap()).sum::<u64>();
        RULES.iter().zip(names).map(|((rule, _), name)| ((*rule).to_owned(), sum(name))).collect()
    };
    if shared.join("spend.jsonl.gz").exists() {
        return (shared.join("spend.jsonl.gz"), sums(&read(shared.join("expected-spend.json")), RULES.map(|(_, name)| name)));
    }
    eprintln!("absent: {} (COUNTERSIGN_SHARED names its folder); the committed sample is submitted instead", shared.display());
    let sample = root().join("examples/public-spend");
    (sample.join("spend-sample.jsonl"), sums(&read(sample.join("expected.json"))["payers"], ["none", "one", "two"]))
}

/// A folder with the policy that ships; its actions have no receiver here and are left out.
fn site() -> Site {
    let site = Site::new();
    let policy = std::fs::read_to_string(root().join("policies/public-spend.toml")).unwrap();
    std::fs::write(site.path().join("policies/public-spend.toml"), policy.split("[[on.approved]]").next().unwrap()).unwrap();
    site
}

#[test]
fn every_row_becomes_a_request_and_falls_where_it_was_counted() {
    let (file, expected) = rows();
    let site = site();
    let server = site.serve();
    let key = site.expect(0, &["key", "create", "ci", "--scope", "submit,read:all", "--acts-for", "any"]);
    let keyed = |arguments: &[&str]| {
        let done = program(site.path()).args(arguments).env("COUNTERSIGN_URL", &server.url).env("COUNTERSIGN_KEY", key.trim()).output().unwrap();
        assert!(done.status.success(), "{arguments:?}: {}", err(&done));
        out(&done)
    };
    let (from, map) = (file.display().to_string(), root().join("examples/public-spend/map.toml").display().to_string());
    let all: u64 = expected.values().sum();
    let told = keyed(&["submit", "public-spend", "--from", &from, "--map", &map, "--requester", "leo"]);
    assert_eq!(told.lines().last(), Some(format!("{all} submitted, 0 refused").as_str()));
    let mut counted = BTreeMap::<String, u64>::new();
    for line in keyed(&["--json", "events", "--limit", "1000000"]).lines().filter(|line| line.contains("\"ruled\"")) {
        let event: Value = serde_json::from_str(line).unwrap();
        *counted.entry(event["facts"]["rule"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    assert_eq!(counted, expected);
    let metrics = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(async { reqwest::get(format!("{}/metrics", server.url)).await.unwrap().text().await.unwrap() });
    let requests =
        |status: &str| metrics.lines().find_map(|line| line.strip_prefix(&format!("countersign_requests{{name=\"{status}\"}} ")).map(str::to_owned));
    assert_eq!(requests("approved"), Some(expected[RULES[0].0].to_string()), "small sums and refunds are approved by rule");
    assert_eq!(requests("pending"), Some((all - expected[RULES[0].0]).to_string()), "all others wait for people");
}
