//! The policies that are shipped load without a word, and decide what their comments say.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may unwrap")]

use countersign_core::id::{GroupId, PersonId, Revision};
use countersign_core::people::{Member, Person, Roster};
use countersign_core::policy::evaluate::{Evaluation, Risk, RulingVerdict};
use countersign_core::policy::explain::{RuleResult, Traced};
use countersign_core::policy::parse::Loaded;
use countersign_core::policy::{Policy, RuleRef};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn load(name: &str) -> Policy {
    let path = format!("{}/../../policies/{name}.toml", env!("CARGO_MANIFEST_DIR"));
    let source = std::fs::read_to_string(&path).unwrap();
    match Policy::load(&path, &source, &|_| Err("no such file".to_owned())) {
        Ok(Loaded { policy, warnings }) => {
            assert!(warnings.is_empty(), "{warnings:#?}");
            assert_eq!(policy.name.as_str(), name);
            policy
        }
        Err(errors) => panic!("{}", errors.iter().map(|error| error.render(false)).collect::<String>()),
    }
}

fn person(id: &str, manager: Option<&str>, limit: Option<&str>) -> Person {
    Person {
        id: PersonId::new(id),
        name: id.to_uppercase(),
        email: None,
        manager: manager.map(PersonId::new),
        limit: limit.map(|text| countersign_core::money::Money::parse(text).unwrap()),
        roles: BTreeSet::new(),
        active: id != "gone",
    }
}

fn roster() -> Roster {
    let people = [
        person("leo", Some("mia"), None),
        person("mia", Some("gus"), Some("5000 USD")),
        person("gus", None, Some("50000 USD")),
        person("ana", None, None),
        person("bo", None, None),
        person("eva", None, None),
        person("gone", None, None),
    ];
    let group = |members: &[&str]| members.iter().map(|id| Member::Person(PersonId::new(*id))).collect::<BTreeSet<_>>();
    Roster {
        version: 1,
        people: people.into_iter().map(|person| (person.id.clone(), person)).collect(),
        groups: [
            ("finance", group(&["ana", "bo", "leo", "gone"])),
            ("finance-directors", group(&["eva"])),
            ("operations", group(&["ana", "bo"])),
            ("privacy", group(&["eva", "bo"])),
        ]
        .into_iter()
        .map(|(name, members)| (GroupId::new(name), members))
        .collect(),
    }
}

fn ruled(policy: &Policy, payload: &Value) -> (String, RulingVerdict, Risk) {
    let (roster, leo, now) = (roster(), PersonId::new("leo"), "2026-11-23T09:00:00Z".parse::<Timestamp>().unwrap());
    let accepted = policy.accept(payload, &roster).unwrap();
    let evaluation = Evaluation { payload: &accepted, requester: &leo, roster: &roster, now, created_at: now, revision: Revision::FIRST };
    let ruling = policy.evaluate(&evaluation);
    assert_eq!(ruling.failure, None);
    (ruling.rule_name, ruling.verdict, policy.risk(&evaluation))
}

#[test]
fn expenses_are_decided_by_their_amount() {
    let policy = load("expense");
    for (amount, rule) in [
        ("0.01 USD", "petty cash"),
        ("1000.00 USD", "petty cash"),
        ("1000.01 USD", "one signature"),
        ("10000 USD", "one signature"),
        ("10000.01 USD", "two signatures"),
    ] {
        assert_eq!(ruled(&policy, &json!({"amount": amount, "merchant": "ACME"})).0, rule, "{amount}");
    }
    let nothing = policy.accept(&json!({"amount": "-5 USD", "merchant": "ACME"}), &roster()).unwrap_err();
    assert_eq!(nothing[0].pointer, "/amount", "a negative sum is no expense");
    assert!(policy.check_against(&roster()).is_empty());
}

#[test]
fn an_explanation_shows_the_working_and_who_would_be_asked() {
    let (policy, roster, leo) = (load("expense"), roster(), PersonId::new("leo"));
    let now: Timestamp = "2026-11-23T09:00:00Z".parse().unwrap();
    let payload = json!({"amount": "12500 USD", "merchant": "ACME"});
    let evaluation = Evaluation { payload: &payload, requester: &leo, roster: &roster, now, created_at: now, revision: Revision::FIRST };
    let explanation = policy.explain(&evaluation);
    assert_eq!(explanation.title.text, "ACME, 12500.00 USD");
    assert_eq!(explanation.ruling.rule, RuleRef::Rule(2));
    assert_eq!(
        explanation.rules.iter().map(|rule| &rule.result).collect::<Vec<_>>(),
        [&RuleResult::NotHeld, &RuleResult::NotHeld, &RuleResult::Held]
    );
    let values = explanation.rules[0].values.as_ref().unwrap();
    assert_eq!((values.source.as_str(), &values.value), ("amount <= money(\"1000 USD\")", &Traced::Value("false".to_owned())));
    assert_eq!((values.parts[0].source.as_str(), &values.parts[0].value), ("amount", &Traced::Value("12500 USD".to_owned())));
    let stage = &explanation.stages[0];
    assert_eq!(stage.approvers.iter().map(PersonId::as_str).collect::<Vec<_>>(), ["ana", "bo", "mia"]);
    assert_eq!(stage.quorum, 2);
    assert_eq!(stage.due.unwrap().to_string(), "2026-11-23T17:00:00Z");
    assert_eq!(stage.expires.unwrap().to_string(), "2026-11-26T09:00:00Z");
}

#[test]
fn deployments_are_decided_by_their_arguments() {
    let policy = load("deploy");
    for (argv, rule, risk) in [
        (json!([]), "an empty command", Risk::Medium),
        // Any program takes a spare argument: what it is called must not open the gate.
        (json!(["sh", "-c", "kubectl delete ns prod", "--dry-run"]), "anything else", Risk::Medium),
        (json!(["kubectl", "delete", "--force"]), "forced", Risk::High),
        (json!(["kubectl", "apply"]), "anything else", Risk::Medium),
    ] {
        let (name, _, is) = ruled(&policy, &json!({"argv": argv, "cwd": "/srv"}));
        assert_eq!((name.as_str(), is), (rule, risk), "{argv}");
    }
    assert!(policy.check_against(&roster()).is_empty());
}

#[test]
fn exports_are_decided_by_what_they_hold() {
    let policy = load("data-export");
    let export = |rows: u32, personal: bool, purpose: &str| json!({"dataset": "crm.people", "data_owner": "ana", "destination": "x@example.com", "rows": rows, "personal": personal, "purpose": purpose});
    for (payload, rule, risk) in [
        (export(10, false, "audit"), "no personal data", Risk::Low),
        (export(10, true, "other"), "personal data without a reason", Risk::Medium),
        (export(20_000, true, "audit"), "personal data", Risk::High),
        (export(20_000, false, "audit"), "a large export", Risk::Low),
    ] {
        let (name, _, is) = ruled(&policy, &payload);
        assert_eq!((name.as_str(), is), (rule, risk));
    }
    assert!(policy.check_against(&roster()).is_empty());
}

#[test]
fn public_spending_is_decided_by_its_amount() {
    let policy = load("public-spend");
    let row = |amount: &str| json!({"payer": "Oxford City Council", "date": "2017-04-19", "amount": amount, "merchant": null, "category": "R&D"});
    assert_eq!(ruled(&policy, &row("-20.00 GBP")).1, RulingVerdict::Allow);
    assert_eq!(ruled(&policy, &row("1000 GBP")).1, RulingVerdict::Allow);
    assert_eq!(ruled(&policy, &row("1000.01 GBP")).0, "one approver");
    assert_eq!(ruled(&policy, &row("12700000.00 GBP")).0, "two approvers");
    let accepted = policy.accept(&row("5 GBP"), &roster()).unwrap();
    assert_eq!(accepted.get("merchant"), None);
    assert_eq!(policy.title(&accepted).text, "unnamed merchant, 5.00 GBP");
}
