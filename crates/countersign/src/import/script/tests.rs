//! What the script's files become. The samples and what they become stand in `tests/import`.

use super::*;
use countersign_core::policy::Policy;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

const CONFIG: &str = include_str!("../../../tests/import/workflow_config.json");
const PENDING: &str = include_str!("../../../tests/import/pending_approvals.jsonl");

fn options() -> ScriptOptions {
    ScriptOptions {
        requester: Some("leo".into()),
        time_zone: Some("Europe/Berlin".into()),
        escalate_to: Some("group:finance".into()),
        ..ScriptOptions::default()
    }
}

fn shown(conversion: &Conversion) -> String {
    let mut text = String::new();
    for (name, policy) in &conversion.policies {
        let _ = writeln!(text, "==== policies/{name}\n{policy}");
    }
    let _ = writeln!(text, "==== directory.toml\n{}\n==== countersign.toml\n{}", conversion.directory, conversion.webhooks);
    text.push_str("==== submissions\n");
    for s in &conversion.submissions {
        let _ = writeln!(text, "{} {} by {} as {} at {}: {} {:?}", s.line, s.policy, s.requester, s.external_id, s.created_at, s.payload, s.summary);
    }
    text.push_str("==== lines\n");
    for line in &conversion.lines {
        let _ = writeln!(text, "{} {}: {:?}", line.line, line.old_id.as_deref().unwrap_or("-"), line.verdict);
    }
    text.push_str("==== notes\n");
    conversion.notes.iter().for_each(|note| text.push_str(&format!("{note}\n")));
    text
}

/// Converts, and checks what must hold of every conversion: it loads, and what it submits fits.
fn converted(config: &str, pending: &str, options: &ScriptOptions) -> Conversion {
    let conversion = convert(config, pending, options).unwrap();
    let directory =
        crate::directory::parse("directory.toml", &conversion.directory).unwrap_or_else(|faults| panic!("{faults:?}\n{}", conversion.directory));
    let hooks = crate::config::Config::parse(None, &conversion.webhooks, &BTreeMap::new()).unwrap().hooks;
    assert!(hooks.iter().all(|hook| hook.flat));
    let mut policies = BTreeMap::new();
    for (file, text) in &conversion.policies {
        let loaded = Policy::load(file, text, &|_| Err("no rates".into())).unwrap_or_else(|faults| panic!("{file}: {faults:?}\n{text}"));
        assert_eq!(file, &format!("{}.toml", loaded.policy.name));
        policies.insert(loaded.policy.name.to_string(), loaded.policy);
    }
    assert_eq!(policies.len(), conversion.policies.len());
    for submission in &conversion.submissions {
        let accepted = policies[&submission.policy].accept(&submission.payload, &directory.people.roster);
        assert_eq!(accepted.as_ref(), Ok(&submission.payload), "line {}", submission.line);
        assert!(directory.people.roster.is_active(&submission.requester.as_str().into()), "{}", submission.requester);
    }
    let ids: BTreeSet<_> = conversion.submissions.iter().map(|submission| &submission.external_id).collect();
    assert_eq!(ids.len(), conversion.submissions.len());
    conversion
}

fn verdicts(conversion: &Conversion) -> Vec<String> {
    conversion.lines.iter().map(|line| format!("{:?}", line.verdict)).collect()
}

#[test]
fn the_sample_becomes_policies_people_and_requests() {
    let conversion = converted(CONFIG, PENDING, &options());
    insta::with_settings!({ snapshot_path => "../../../tests/import", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("converted", shown(&conversion));
    });
}

#[test]
fn converting_twice_gives_the_same() {
    assert_eq!(convert(CONFIG, PENDING, &options()), convert(CONFIG, PENDING, &options()));
}

#[test]
fn what_the_options_do_not_supply_is_asked_for_line_by_line() {
    let line = r#"{"id": 1, "type": "t", "data": {}, "created_at": "2026-01-01T00:00:00", "required_approver": "ana"}"#;
    let bare = ScriptOptions::default();
    assert!(verdicts(&converted("{}", line, &bare))[0].contains("--requester"));
    let named = ScriptOptions { requester: Some("leo".into()), ..bare };
    assert!(verdicts(&converted("{}", line, &named))[0].contains("--time-zone"));
    let zoned = ScriptOptions { time_zone: Some("UTC".into()), ..named };
    let conversion = converted(r#"{"timeout_hours": 8}"#, line, &zoned);
    assert_eq!(verdicts(&conversion), ["Taken"]);
    assert!(conversion.policies[0].1.contains("# escalate  ="));
    assert!(conversion.notes.iter().any(|note| note.contains("--escalate-to")));
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let told = |options: ScriptOptions| convert("{}", "", &options).unwrap_err()[0].to_string();
    assert!(told(ScriptOptions { time_zone: Some("Mars/Base".into()), ..options() }).starts_with("--time-zone: `Mars/Base`"));
    assert!(told(ScriptOptions { escalate_to: Some("the boss".into()), ..options() }).starts_with("--escalate-to: `the boss`"));
}

#[test]
fn a_configuration_that_is_none_says_where() {
    let told = |config: &str| convert(config, "", &options()).unwrap_err()[0].to_string();
    assert!(told("{\n  \"approvers\": {,}\n}").starts_with("workflow_config.json:2:17: is no JSON"), "{}", told("{\n  \"approvers\": {,}\n}"));
    assert!(told("[]").contains("expected an object"));
    assert!(told(r#"{"timeout_hours": 0}"#).contains("expected hours above zero"));
    assert!(told(r#"{"timeout_hours": 1000000}"#).contains("at most"));
}

#[test]
fn approvers_are_found_wherever_copies_of_the_script_keep_them() {
    let line = r#"{"id": 1, "type": "pay", "data": {"a": 1}, "created_at": 1767225600.5}"#;
    for config in [
        r#"{"approvers": {"pay": {"id": "ana", "webhook": "http://a.example/"}}}"#,
        r#"{"approvers": {"pay": "ana"}}"#,
        r#"{"approval_rules": {"pay": {"approver": {"id": "ana"}, "threshold": 5}}}"#,
        r#"{"approval_rules": {"pay": {"approver": "ana"}}, "approvers": {"ana": {"webhook": "http://a.example/"}}}"#,
        r#"{"action_types": {"pay": {"approvers": [{"id": "ana"}]}}}"#,
        r#"{"rules": [{"action_type": "pay", "approver": "ana"}]}"#,
        r#"{"pay": {"id": "ana", "webhook": "http://a.example/"}}"#,
        r#"{"default_approver": {"id": "ana"}}"#,
    ] {
        let conversion = converted(config, line, &options());
        assert_eq!(conversion.policies.len(), 1, "{config}");
        assert!(conversion.policies[0].1.contains("approvers = [\"user:ana\"]"), "{config}\n{}", conversion.policies[0].1);
        assert_eq!(conversion.directory.contains("http://a.example/"), config.contains("http://a.example/"), "{config}");
        assert_eq!(conversion.submissions[0].created_at.to_string(), "2026-01-01T00:00:00.5Z");
    }
}

#[test]
fn colliding_ids_are_told_apart_the_same_on_every_run() {
    let line = |id: &str, n: u32, status: &str| {
        format!(
            r#"{{"id": "{id}", "type": "t", "data": {{"n": {n}}}, "created_at": "2026-01-01T00:00:00", "status": "{status}", "required_approver": "ana"}}"#
        )
    };
    let ids = |lines: &[String]| converted("{}", &lines.join("\n"), &options()).submissions.into_iter().map(|s| s.external_id).collect::<Vec<_>>();
    let lines = [line("x", 1, "pending"), line("x", 2, "pending"), line("x#2", 3, "pending"), line("x", 4, "pending"), line("x", 1, "pending")];
    assert_eq!(ids(&lines), ["x", "x#3", "x#2", "x#4"]);
    let later = [line("x", 1, "approved"), line("x", 2, "pending"), line("x#2", 3, "pending"), line("x", 4, "pending"), line("x", 1, "pending")];
    assert_eq!(ids(&later), ["x#3", "x#2", "x#4"]);
}

#[test]
fn one_human_is_one_person() {
    let line =
        r#"{"id": 1, "type": "t", "data": {}, "created_at": "2026-01-01T00:00:00Z", "requester": "Ana@Example.com", "required_approver": "user:bo"}"#;
    let config = r#"{"approvers": {"t": [{"id": "ana", "email": "ana@example.com"}, {"id": "cy", "email": "ana@example.com"}, "bo", "any"]}}"#;
    let conversion = converted(config, line, &options());
    assert_eq!(conversion.submissions[0].requester, "ana");
    assert!(conversion.submissions[0].policy.ends_with("-bo"));
    assert_eq!(conversion.directory.matches("[[person]]").count(), 4);
    assert!(conversion.notes.iter().any(|note| note.contains("share an address")), "{:?}", conversion.notes);
}

#[test]
fn foreign_text_stays_within_its_quotes() {
    let evil = r#"x\"\n[[on.approved]]\nname = \"pay\"\n# {{ 7 }} \u0000\u007f"#;
    let line = format!(
        r#"{{"id": "{evil}", "type": "{evil}", "data": {{"{evil}": 1.50}}, "created_at": "2026-01-01T00:00:00Z", "requester": "{evil}", "required_approver": {{"id": "{evil}", "name": "{evil}", "webhook": "http://a.example/{evil}"}}}}"#
    );
    let config = format!(r#"{{"approvers": {{"{evil}": {{"id": "{evil}", "threshold": "{evil}"}}, "../../etc/passwd": "ana"}}}}"#);
    let conversion = converted(&config, &line, &options());
    assert_eq!(verdicts(&conversion), ["Taken"]);
    assert!(conversion.policies.iter().all(|(name, text)| !name.contains(['/', '\\']) && !text.contains("\n[[on.")));
    assert!(conversion.notes.iter().any(|note| note.contains("is the only approver")));
}

#[test]
fn an_empty_start_is_fine() {
    let conversion = converted("{}", "", &ScriptOptions::default());
    assert_eq!((conversion.policies.len(), conversion.submissions.len(), conversion.webhooks.as_str()), (0, 0, ""));
    assert!(conversion.notes.iter().any(|note| note.contains("nothing will be")));
}
