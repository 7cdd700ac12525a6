//! Reading and playing scenarios.

use super::*;

const POLICY: &str = r#"
policy = "expense"
title  = "{{ merchant }}, {{ amount }}"
owner  = "group:finance"

[payload]
amount   = { type = "money", currencies = ["USD"] }
merchant = "text"

[[rule]]
name    = "petty cash"
when    = 'amount <= money("1000 USD")'
verdict = "allow"

[[rule]]
name = "two signatures"
  [[rule.stage]]
  name      = "review"
  approvers = ["manager of requester", "group:finance"]
  quorum    = 2
  escalate  = [{ after = "8h", to = ["group:finance-directors"] }]
  expire    = { after = "72h" }

[[on.approved]]
name = "pay"
http = { url = "https://erp.example/payments" }
"#;

const EXAMPLE: &str = r#"
policy  policies/expense.toml
people  leo reports to mia; mia reports to gus; finance: ana, bo, leo; finance-directors: eva

Mon 09:00  leo submits A: amount = "900 USD", merchant = "ACME"       => approved by rule "petty cash"; runs pay; tells leo
Mon 09:00  leo submits B: amount = "12500 USD", merchant = "ACME"     => asks ana, bo, mia (2 needed); due Mon 17:00
Mon 09:05  leo approves B                         => refused: own_request
Mon 10:00  mia approves B                         => 1 of 2
Mon 17:00  the clock strikes                      => B escalated to eva; 1 of 2 still stands; due Thu 09:00
Mon 17:30  ana approves B "receipts match"        => approved; runs pay; tells leo
"#;

fn read_file(name: &str) -> Result<String, String> {
    if name == "policies/expense.toml" { Ok(POLICY.to_owned()) } else { Err("no such file".to_owned()) }
}

fn played(deeds: &str) -> Vec<String> {
    let source =
        format!("policy policies/expense.toml\npeople leo reports to mia; finance: ana, bo, leo; finance-directors: eva; zoe is operator\n{deeds}");
    let played = play("x.scenario", &source, &read_file).unwrap();
    played.differences.into_iter().map(|difference| difference.actual).collect()
}

fn faults(source: &str) -> Vec<String> {
    let findings = play("x.scenario", source, &read_file).unwrap_err();
    findings.iter().map(|finding| format!("{}:{} {}", finding.line, finding.column, finding.message)).collect()
}

#[test]
fn the_example_of_the_interfaces_page_holds_verbatim() {
    let played = play("expense.scenario", EXAMPLE, &read_file).unwrap();
    assert_eq!(played, Played { lines: 6, differences: Vec::new() });
}

#[test]
fn accepting_rewrites_only_what_stands_behind_the_arrow() {
    let wrong = EXAMPLE.replace("=> 1 of 2\n", "=> 2 of 2   # the first voice\n").replace("      => refused: own_request", "");
    let accepted = accept("expense.scenario", &wrong, &read_file);
    let expected = EXAMPLE
        .replace("=> 1 of 2\n", "=> 1 of 2   # the first voice\n")
        .replace("                   => refused: own_request", "               => refused: own_request");
    assert_eq!(accepted.split_whitespace().collect::<Vec<_>>(), expected.split_whitespace().collect::<Vec<_>>());
    assert!(accepted.contains("=> 1 of 2   # the first voice\n"), "alignment and comment stay");
}

#[test]
fn the_first_difference_names_its_line() {
    let wrong = EXAMPLE.replace("=> 1 of 2\n", "=> 2 of 2\n");
    let played = play("expense.scenario", &wrong, &read_file).unwrap();
    assert_eq!(played.differences, [Difference { line: 8, expected: "2 of 2".into(), actual: "1 of 2".into() }]);
}

#[test]
fn an_action_is_retried_dead_lettered_retried_by_hand_and_given_up() {
    let told = played(
        "Mon 09:00 leo submits: amount = \"900 USD\", merchant = ACME\n09:01 the receiver answers 503\n09:02 the receiver fails\n\
         09:03 the receiver answers 410\n09:04 ana retries pay\n09:05 zoe retries pay\n09:06 the receiver fails for good\n09:07 zoe abandons pay\n\
         09:08 zoe retries pay",
    );
    let expected = [
        "approved by rule \"petty cash\"; runs pay; tells leo",
        "pay failed (503); tries again in 5s",
        "pay failed (no answer); tries again in 30s",
        "pay failed for good (410); tells ana, bo, leo, zoe",
        "refused: not_an_operator",
        "runs pay",
        "pay failed for good (no answer); tells ana, bo, leo, zoe",
        "pay given up",
        "refused: not_a_dead_letter",
    ];
    assert_eq!(told, expected);
}

#[test]
fn what_cannot_be_read_is_told_with_its_place() {
    assert_eq!(faults("policy policies/expense.toml\npeople leo, mia"), ["2:13 `leo, mia` says nothing about people"]);
    let head = "policy policies/expense.toml\npeople leo reports to mia\n";
    assert_eq!(faults(&format!("{head}Mon 09:00 leo aproves A => x")), ["3:15 `aproves` is no deed"]);
    assert_eq!(faults(&format!("{head}Mon 25:00 leo approves A => x")), ["3:5 `25:00` is no time of day"]);
    assert_eq!(faults(&format!("{head}Mon 09:00 lea submits: amount = 1 => x")), ["3:11 `lea` is nobody: people are introduced in a `people` line"]);
    assert_eq!(faults(&format!("{head}Mon 09:00 leo approves => x")), ["3:23 nothing has been submitted yet"]);
    let back = format!("{head}Tue 09:00 the clock strikes =>\nMon 09:00 the clock strikes =>");
    assert_eq!(faults(&back), ["4:1 time only moves forward: this line lies before the one above"]);
    assert_eq!(faults("people leo"), ["1:1 the scenario names no policy"]);
    assert_eq!(faults("policy nowhere.toml"), ["1:8 `nowhere.toml` could not be read: no such file"]);
}

#[test]
fn later_weeks_and_zones_are_written_as_they_are_read() {
    let told = played(
        "zone Europe/Berlin\nFri 22:00 leo submits: amount = \"12500 USD\", merchant = ACME\nnext Mon 21:59 the clock strikes\n\
         Mon 22:00 the clock strikes",
    );
    assert_eq!(told[0], "asks ana, bo, mia (2 needed); due Sat 06:00");
    assert_eq!(told[1], "escalated to eva, 2d 15h 59m late; due Mon 22:00");
    assert_eq!(told[2], "expired; tells leo");
    let dst = played("zone Europe/Berlin\n2026-03-28 20:00 leo submits: amount = \"12500 USD\", merchant = ACME");
    assert_eq!(dst, ["asks ana, bo, mia (2 needed); due Sun 05:00"], "eight hours that have passed, one of them lost");
}
