//! Who sees a marked field, and what stands in its place for everybody else.

use super::*;
use crate::id::Revision;
use crate::people::{Member, Person};
use crate::policy::evaluate::Evaluation;
use crate::policy::explain::{RuleResult, Traced, ValueTrace};
use std::collections::BTreeSet;

const SOURCE: &str = r#"policy  = "raise"
title   = "a raise for {{ whom }}"
owner   = "group:people"
readers = ["user:rex"]
[payload]
whom   = "text"
salary = { type = "money", currencies = ["USD"], visible_to = SIGHTS }
bonus  = { type = "money", currencies = ["USD"], optional = true, visible_to = ["approvers"] }
[[rule]]
name    = "small"
when    = 'size(whom) > 2 && salary < money("10 USD")'
verdict = "allow"
[[rule]]
name = "other"
  [[rule.stage]]
  name      = "review"
  approvers = ["group:board"]
  expire    = { after = "72h" }
"#;

fn policy(sights: &str) -> Policy {
    Policy::load("raise.toml", &SOURCE.replace("SIGHTS", sights), &|_| Err("no file".to_owned())).unwrap().policy
}

fn roster() -> Roster {
    let mut roster = Roster::default();
    for (id, roles, active) in [
        ("aud", vec![Role::Auditor], true),
        ("opa", vec![Role::Operator], true),
        ("adm", vec![Role::Admin], true),
        ("own", vec![], true),
        ("rex", vec![], true),
        ("fin", vec![], true),
        ("ana", vec![], true),
        ("gone", vec![Role::Auditor], false),
    ] {
        let id = PersonId::from(id);
        let person =
            Person { id: id.clone(), name: id.to_string(), email: None, manager: None, limit: None, roles: roles.into_iter().collect(), active };
        roster.people.insert(id, person);
    }
    for (group, member) in [("people", "own"), ("treasury", "fin"), ("gone", "gone")] {
        roster.groups.insert(GroupId::from(group), BTreeSet::from([Member::Person(PersonId::from(member))]));
    }
    roster.groups.insert(GroupId::from("finance"), BTreeSet::from([Member::Group(GroupId::from("treasury"))]));
    roster
}

fn who_sees(sights: &str) -> Vec<&'static str> {
    let (policy, roster) = (policy(sights), roster());
    let everybody = ["aud", "opa", "adm", "own", "rex", "fin", "ana", "gone", "stranger"];
    let sees = |id: &&str| !policy.veil(Viewer::Person(&PersonId::from(*id)), &roster).hides("salary");
    everybody.into_iter().filter(sees).collect()
}

#[test]
fn each_word_means_its_people_and_nobody_else() {
    let table: [(&str, &[&str]); 11] = [
        (r#"["approvers"]"#, &[]),
        (r#"["requester"]"#, &[]),
        (r#""owner""#, &["own"]),
        (r#"["readers"]"#, &["rex"]),
        (r#"["role:auditor"]"#, &["aud"]),
        (r#"["role:operator"]"#, &["opa"]),
        (r#"["role:admin"]"#, &["adm"]),
        (r#"["group:finance"]"#, &["fin"]),
        (r#"["group:nowhere"]"#, &[]),
        (r#"["user:ana", "user:gone"]"#, &["ana"]),
        (r#"["group:gone", "role:auditor", "owner"]"#, &["aud", "own"]),
    ];
    for (sights, expected) in table {
        assert_eq!(who_sees(sights), expected, "{sights}");
    }
}

#[test]
fn rule_7_whoever_is_in_the_request_sees_all_and_a_machine_outside_nothing_marked() {
    let (policy, roster) = (policy(r#"["role:auditor"]"#), roster());
    assert!(policy.veil(Viewer::Party, &roster).is_empty());
    assert_eq!(policy.veil(Viewer::Outside, &roster).names().collect::<Vec<_>>(), ["bonus", "salary"]);
    assert_eq!(policy.veil(Viewer::Person(&PersonId::from("aud")), &roster).names().collect::<Vec<_>>(), ["bonus"]);
}

#[test]
fn a_hidden_value_looks_the_same_whatever_it_is_and_also_where_it_is_absent() {
    let veil = policy(r#"["owner"]"#).veil(Viewer::Outside, &roster());
    let one = veil.over(&json!({"whom": "Leo", "salary": "1.00 USD"}));
    let other = veil.over(&json!({"whom": "Leo", "salary": "999999999.99 USD", "bonus": "5.00 USD"}));
    assert_eq!(one, other);
    assert_eq!(one, json!({"whom": "Leo", "salary": {"redacted": true}, "bonus": {"redacted": true}}));
    let all = json!({"whom": "Leo", "salary": "1.00 USD"});
    assert_eq!(Veil::default().over(&all), all);
}

fn values(trace: &ValueTrace, into: &mut Vec<(String, Traced)>) {
    into.push((trace.source.clone(), trace.value.clone()));
    trace.parts.iter().for_each(|part| values(part, into));
}

fn traced(whom: &str, salary: &str) -> Vec<(String, Traced)> {
    let (policy, roster, requester) = (policy(r#"["owner"]"#), roster(), PersonId::from("ana"));
    let payload = json!({"whom": whom, "salary": salary});
    let now = jiff::Timestamp::UNIX_EPOCH;
    let evaluation = Evaluation { payload: &payload, requester: &requester, roster: &roster, now, created_at: now, revision: Revision::FIRST };
    let rules = policy.rule_traces(&evaluation, &policy.veil(Viewer::Outside, &roster));
    assert_eq!(rules[0].result, RuleResult::NotHeld);
    let mut found = Vec::new();
    values(rules[0].values.as_ref().unwrap(), &mut found);
    found
}

#[test]
fn an_explanation_shows_no_part_that_depends_on_what_is_hidden() {
    let shown = traced("Leo", "4711.00 USD");
    let hidden: Vec<&str> = shown.iter().filter(|(_, value)| *value == Traced::Hidden).map(|(source, _)| source.as_str()).collect();
    assert_eq!(hidden, [r#"size(whom) > 2 && salary < money("10 USD")"#, r#"salary < money("10 USD")"#, "salary"]);
    assert!(shown.contains(&("whom".to_owned(), Traced::Value("\"Leo\"".to_owned()))));
    // Which parts are listed tells nothing either: they are the same where the hidden part is never reached.
    let sources = |shown: Vec<(String, Traced)>| shown.into_iter().map(|(source, _)| source).collect::<Vec<_>>();
    assert_eq!(sources(shown), sources(traced("L", "4711.00 USD")));
}

#[test]
fn a_request_remembers_whom_it_asked_before() {
    use crate::canonical::Digest;
    use crate::event::{Actor, Event, StageOpened};
    use crate::id::{PolicyName, RequestId, StageId};
    let (digest, at, leo) = (Digest::of(b"x"), jiff::Timestamp::UNIX_EPOCH, PersonId::from("leo"));
    let submitted = Event::Submitted {
        policy: PolicyName::new("raise"),
        version: digest,
        requester: leo.clone(),
        by: Actor::Person(leo.clone()),
        payload: digest,
        external_id: None,
    };
    let opened =
        StageOpened { stage: StageId(1), spec: 0, asked: vec![vec![PersonId::from("ana")]], directory: 1, expires_at: at, require_passkey: false };
    let revised = Event::Revised { revision: Revision(2), by: Actor::Person(leo.clone()), payload: digest, lapsed: Vec::new() };
    let record = [(at, submitted), (at, Event::StageOpened(opened)), (at, revised)];
    let request = crate::request::fold(RequestId::from_bytes([1; 16]), &record).unwrap().unwrap();
    assert!(request.stages.is_empty());
    let (ana, rex) = (PersonId::from("ana"), PersonId::from("rex"));
    assert_eq!([request.viewer(&leo), request.viewer(&ana), request.viewer(&rex)], [Viewer::Party, Viewer::Party, Viewer::Person(&rex)]);
}

#[test]
fn reasons_in_words_are_kept_back_with_the_value_and_names_are_not() {
    use crate::event::{AttemptEnded, Event};
    use crate::id::ActionName;
    let ended = |token| Event::ExecutionDeadLettered(AttemptEnded { action: ActionName::new("pay"), token, answer: "4711".into(), output: None });
    let declined = Event::SummaryDeclined { revision: Revision(1), reason: "`4711` is not in the payload".into() };
    let veil = policy(r#"["owner"]"#).veil(Viewer::Outside, &roster());
    for event in [ended(0), declined.clone()] {
        assert!(!format!("{:?}", veil.over_event(event.clone())).contains("4711"));
        assert_eq!(Veil::default().over_event(event.clone()), event);
    }
    assert_eq!(veil.over_event(ended(3)), ended(3), "what an attempt was answered is for operators");
}
