//! Coming from the approval script: its files become ours, its pending lines become requests, once.

use crate::site::{Server, Site, err, out, program};
use serde_json::{Value, json};
use std::process::Output;

const CONFIG: &str = include_str!("../import/workflow_config.json");
const PENDING: &str = include_str!("../import/pending_approvals.jsonl");

/// A site in which the script's policies and people are in force, and two of its lines have ids that make no header.
fn converted() -> (Site, String) {
    let site = Site::new();
    let line = |id: &str| {
        let payload = json!({ "amount": 12.5, "vendor": "Stationer", "date": "2025-04-02", "items": ["pens"] });
        let approver = json!({ "id": "finance_manager", "webhook": "http://localhost:9000/finance" });
        json!({ "id": id, "type": "expense_report", "data": payload, "created_at": "2025-04-02T09:00:00", "status": "pending", "required_approver": approver })
    };
    let odd = [line(&"long-".repeat(50)), line("größe")].map(|line| line.to_string()).join("\n");
    std::fs::write(site.path().join("workflow_config.json"), CONFIG).unwrap();
    std::fs::write(site.path().join("pending_approvals.jsonl"), format!("{PENDING}{odd}\n")).unwrap();
    let written = import(&site, &[], &[]);
    assert_eq!(written.status.code(), Some(1), "two of the sample's lines cannot be understood: {}", err(&written));
    put_in_force(&site);
    let key = site.expect(0, &["key", "create", "script", "--scope", "submit,read", "--acts-for", "leo"]);
    (site, key.trim().to_owned())
}

fn import(site: &Site, more: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = program(site.path());
    command.args(["import", "script", "--requester", "leo", "--time-zone", "Europe/Berlin", "--escalate-to", "group:finance"]).args(more);
    command.envs(environment.iter().copied()).output().unwrap()
}

/// What a person does after looking at the files.
fn put_in_force(site: &Site) {
    let (imported, here) = (site.path().join("imported"), site.path());
    let people = std::fs::read_to_string(imported.join("directory.toml")).unwrap();
    std::fs::write(here.join("directory.toml"), people.replace("members = []", "members = [\"cfo\"]")).unwrap();
    std::fs::remove_dir_all(here.join("policies")).unwrap();
    std::fs::rename(imported.join("policies"), here.join("policies")).unwrap();
    site.expect(0, &["doctor"]);
}

fn submitted(site: &Site, server: &Server, key: &str) -> Vec<Value> {
    let environment = [("COUNTERSIGN_URL", server.url.as_str()), ("COUNTERSIGN_KEY", key)];
    let sent = import(site, &["--submit"], &environment);
    assert_eq!(sent.status.code(), Some(0), "{}{}", out(&sent), err(&sent));
    let list = program(site.path()).args(["--json", "list", "--limit", "200"]).envs(environment).output().unwrap();
    let list: Value = serde_json::from_str(&out(&list)).unwrap();
    list["items"].as_array().unwrap().clone()
}

#[test]
fn pending_lines_become_requests_once_however_odd_their_ids() {
    let (site, key) = converted();
    let server = site.serve();
    let first = submitted(&site, &server, &key);
    let ids: Vec<&str> = first.iter().rev().map(|line| line["external_id"].as_str().unwrap()).collect();
    let long = "long-".repeat(50);
    assert_eq!(ids, ["a1b2c3d4", "a1b2c3d4#2", "c3d4e5f6", "d4e5f6a7", "e5f6a7b8", &long, "größe"]);
    assert!(first.iter().all(|line| line["status"] == "pending" && line["requester"] == "leo"), "{first:?}");
    assert_eq!(submitted(&site, &server, &key), first, "sent again, nothing is made twice");
}

#[test]
fn a_line_that_the_server_refuses_is_named_and_the_others_go_on() {
    let (site, key) = converted();
    let policy = site.path().join("policies/expense_report-cfo.toml");
    let changed = std::fs::read_to_string(&policy).unwrap().replace("amount  = \"decimal\"", "amount  = \"bool\"");
    std::fs::write(&policy, changed).unwrap();
    let server = site.serve();
    let sent = import(&site, &["--submit"], &[("COUNTERSIGN_URL", &server.url), ("COUNTERSIGN_KEY", &key)]);
    assert_eq!(sent.status.code(), Some(1), "{}{}", out(&sent), err(&sent));
    assert!(out(&sent).contains("line 6: req_") && out(&sent).contains("line 7: invalid_payload"), "{}", out(&sent));
    let nowhere = import(&site, &["--submit"], &[("COUNTERSIGN_URL", "http://127.0.0.1:1"), ("COUNTERSIGN_KEY", &key)]);
    assert_eq!(nowhere.status.code(), Some(3), "{}", err(&nowhere));
}
