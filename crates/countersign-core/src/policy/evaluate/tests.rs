//! Which rule holds, who is asked when none can be evaluated, and whom selectors name.

use super::*;
use crate::id::GroupId;
use crate::money::Money;
use crate::people::{Member, Person};
use crate::policy::select::Asking;
use serde_json::json;
use std::collections::BTreeSet;

const SOURCE: &str = r#"
policy = "p"
title  = "{{ amount }}"
owner  = "group:finance"
risk   = 'receipt == "x" ? "low" : "medium"'
[payload]
amount  = { type = "money", currencies = ["USD"] }
receipt = { type = "url", optional = true }
helper  = { type = "person", optional = true }
[[rule]]
name    = "with receipt"
when    = 'receipt == "http://ok.example" && amount < money("10 USD")'
verdict = "allow"
[[rule]]
name = "rest"
  [[rule.stage]]
  name      = "first"
  approvers = ["managers of requester"]
  until     = 'approver.limit >= amount'
  expire    = { after = "10h" }
  [[rule.stage]]
  name   = "second"
  seats  = [{ from = ["field:helper"] }, { from = ["group:finance"], count = 2 }]
  with   = "first"
  expire = { after = "100h" }
"#;

fn roster() -> Roster {
    let person = |id: &str, manager: Option<&str>, limit: Option<&str>, active| Person {
        id: PersonId::new(id),
        name: id.to_owned(),
        email: None,
        manager: manager.map(PersonId::new),
        limit: limit.map(|text| Money::parse(text).unwrap()),
        roles: BTreeSet::new(),
        active,
    };
    let people = [
        person("leo", Some("mia"), None, true),
        person("mia", Some("old"), Some("100 USD"), true),
        person("old", Some("gus"), Some("900000 USD"), false),
        person("gus", Some("top"), Some("5000 USD"), true),
        person("top", None, None, true),
    ];
    Roster {
        version: 1,
        people: people.into_iter().map(|person| (person.id.clone(), person)).collect(),
        groups: [(GroupId::new("finance"), ["leo", "gus", "old"].map(|id| Member::Person(PersonId::new(id))).into())].into(),
    }
}

fn policy() -> Policy {
    match Policy::load("p.toml", SOURCE, &|_| Err(String::new())) {
        Ok(loaded) => loaded.policy,
        Err(errors) => panic!("{errors:#?}"),
    }
}

fn on<T>(payload: &Value, then: impl Fn(&Policy, &Evaluation<'_>) -> T) -> T {
    let (roster, leo, now) = (roster(), PersonId::new("leo"), "2026-11-23T09:00:00Z".parse().unwrap());
    then(&policy(), &Evaluation { payload, requester: &leo, roster: &roster, now, created_at: now, revision: Revision::FIRST })
}

#[test]
fn the_first_rule_that_holds_decides() {
    let rule = |payload| on(&payload, |policy, evaluation| policy.evaluate(evaluation).rule_name);
    assert_eq!(rule(json!({"amount": "5 USD", "receipt": "http://ok.example"})), "with receipt");
    assert_eq!(rule(json!({"amount": "50 USD", "receipt": "http://ok.example"})), "rest");
}

#[test]
fn a_rule_that_cannot_be_evaluated_asks_the_owner_with_the_largest_quorum() {
    let payload = json!({"amount": "5 USD"});
    let ruling = on(&payload, |policy, evaluation| policy.evaluate(evaluation));
    assert_eq!((ruling.rule.clone(), ruling.verdict), (RuleRef::FailedClosed, RulingVerdict::Ask));
    assert_eq!(ruling.failure.unwrap(), "the rule `with receipt` could not be evaluated: `receipt` is absent");
    let policy = policy();
    let stages = policy.stages(&ruling.rule);
    assert_eq!(stages.len(), 1);
    assert_eq!((stages[0].seats[0].count, stages[0].expire_after), (4, SignedDuration::from_hours(100)));
    assert_eq!((stages[0].seats[0].from.clone(), stages[0].on_expiry), (policy.owner.clone(), OnExpiry::Expire));
}

#[test]
fn a_risk_that_cannot_be_evaluated_is_high() {
    assert_eq!(on(&json!({"amount": "5 USD"}), |policy, evaluation| policy.risk(evaluation)), Risk::High);
    assert_eq!(on(&json!({"amount": "5 USD", "receipt": "http://a.b"}), |policy, evaluation| policy.risk(evaluation)), Risk::Medium);
}

#[test]
fn the_chain_ends_at_the_first_who_may_sign() {
    let asked = |amount: &str, stage: usize| {
        let payload = json!({"amount": amount, "receipt": "http://x.y", "helper": "top"});
        on(&payload, |policy, evaluation| {
            let stages = policy.stages(&RuleRef::Rule(1)).into_owned();
            let asking = Asking { requester: evaluation.requester, payload: evaluation.payload, roster: evaluation.roster, now: evaluation.now };
            let from: Vec<_> = stages[stage].seats.iter().flat_map(|seat| seat.from.clone()).collect();
            policy.resolve(&from, &asking).iter().map(ToString::to_string).collect::<Vec<_>>()
        })
    };
    assert_eq!(asked("50 USD", 0), ["mia"]);
    assert_eq!(asked("500 USD", 0), ["gus", "mia"]);
    assert!(asked("50000 USD", 0).is_empty(), "nobody of the chain may sign, so nobody is asked");
    assert_eq!(asked("50 USD", 1), ["gus", "leo", "top"]);
}

#[test]
fn an_explanation_says_why_it_failed() {
    use crate::policy::explain::RuleResult;
    let explanation = on(&json!({"amount": "5 USD"}), |policy, evaluation| policy.explain(evaluation));
    assert_eq!(explanation.rules[0].result, RuleResult::Failed(Some("`receipt` is absent".to_owned())));
    assert_eq!(explanation.rules[1].result, RuleResult::NotReached);
    assert_eq!(explanation.stages[0].name, "owner review");
    assert!(!explanation.stages[0].approvers.contains(&PersonId::new("leo")));
}
