//! Broken policies and what is said of them: code, line, column.

use super::*;
use crate::id::{GroupId, PersonId};
use crate::people::{Member, Person, Role, Roster};
use crate::policy::diagnostic::Severity;
use std::collections::BTreeSet;

const GOOD: &str = r#"policy = "expense"
title  = "{{ merchant }}, {{ amount }}"
owner  = "group:finance"
[payload]
amount   = { type = "money", currencies = ["USD"] }
merchant = "text"
[[rule]]
name    = "small"
when    = 'amount <= money("1000 USD")'
verdict = "allow"
[[rule]]
name = "large"
  [[rule.stage]]
  name      = "review"
  approvers = ["manager of requester"]
  escalate  = [{ after = "8h", to = ["group:finance"] }]
  expire    = { after = "72h" }
[[on.approved]]
name = "pay"
http = { url = "https://erp.example/pay", secret = "env:S" }
"#;

fn load(source: &str) -> Result<Loaded, Vec<Diagnostic>> {
    Policy::load("p.toml", source, &|name| if name == "r.toml" { Ok("base = \"USD\"\n[rates]\n".to_owned()) } else { Err("no such file".to_owned()) })
}

fn with(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    GOOD.replacen(from, to, 1)
}

#[test]
fn a_good_policy_loads_without_a_word() {
    let loaded = load(GOOD).unwrap();
    assert!(loaded.warnings.is_empty());
    assert_eq!(loaded.policy.fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>(), ["amount", "merchant"]);
    assert_eq!(loaded.policy.consequences(OutcomeName::Approved).actions.len(), 1);
}

const STAGE_END: &str = "expire    = { after = \"72h\" }";
/// What is written for what, and what is said of it where.
const BROKEN: &[(&str, &str, &str, usize, usize)] = &[
    ("policy = \"expense\"", "policy = \"Big Expense\"", "invalid_name", 1, 10),
    ("policy = \"expense\"", "polcy = \"expense\"", "missing_key", 1, 1),
    ("owner  = \"group:finance\"", "owner  = \"finance\"", "unknown_selector", 3, 10),
    ("owner  = \"group:finance\"\n", "", "missing_key", 1, 1),
    ("{{ merchant }}", "{{ merchnt }}", "template", 2, 10),
    ("title  = \"{{", "title  = \"{{{%", "template", 2, 10),
    ("merchant = \"text\"", "merchant = { type = \"text\", optional = true }", "unguarded_optional", 2, 10),
    ("merchant = \"text\"", "merchant = \"txt\"", "unknown_type", 6, 12),
    ("merchant = \"text\"", "merchant = { type = \"text\", maxlength = 3 }", "unknown_key", 6, 29),
    ("merchant = \"text\"", "merchant = \"text\"\nrequester = \"text\"", "reserved_name", 7, 1),
    ("merchant = \"text\"", "merchant = \"text\"\n\"a-b\" = \"text\"", "invalid_name", 7, 1),
    ("currencies = [\"USD\"]", "currencies = [\"USX\"]", "currency", 5, 44),
    (", currencies = [\"USD\"]", "", "missing_key", 5, 21),
    ("amount <= money(\"1000 USD\")", "amout <= money(\"1000 USD\")", "unknown_name", 9, 12),
    ("amount <= money(\"1000 USD\")", "amount <= money(\"1000 EUR\")", "currency", 9, 19),
    ("amount <= money(\"1000 USD\")", "amount <= 1000", "condition_type", 9, 19),
    ("amount <= money(\"1000 USD\")", "false", "unreachable_rule", 9, 11),
    ("verdict = \"allow\"", "verdict = \"alow\"", "unknown_value", 10, 11),
    ("when    = 'amount <= money(\"1000 USD\")'\n", "", "unreachable_rule", 11, 8),
    ("name = \"large\"", "name = \"large\"\nwhen = 'amount > money(\"1000 USD\")'", "last_rule", 13, 8),
    ("name = \"large\"", "name = \"small\"", "duplicate_name", 12, 8),
    ("name = \"large\"", "name = \"large\"\ncooling_off = \"1h\"", "not_yet", 13, 1),
    (STAGE_END, "expire    = { after = \"8 business hours\" }", "not_yet", 17, 25),
    (STAGE_END, "expire    = { after = \"0h\" }", "duration", 17, 25),
    (STAGE_END, "", "missing_key", 13, 3),
    (STAGE_END, "expire    = { after = \"4h\" }", "timer_order", 16, 16),
    (STAGE_END, "expire    = { after = \"72h\" }\n  quorumm = 2", "unknown_key", 18, 3),
    (STAGE_END, "expire    = { after = \"72h\" }\n  quorum = 0", "out_of_range", 18, 12),
    (STAGE_END, "expire    = { after = \"72h\" }\n  quorum = 2\n  on_expiry = \"approve\"", "silent_consent", 19, 15),
    (STAGE_END, "expire    = { after = \"72h\" }\n  with = \"nothing\"", "unknown_stage", 18, 10),
    (STAGE_END, "expire    = { after = \"72h\" }\n  require = \"password\"", "unknown_value", 18, 13),
    (STAGE_END, "expire    = { after = \"72h\" }\n  require = \"passkey\"\n  on_expiry = \"approve\"", "silent_consent", 19, 15),
    (STAGE_END, "expire    = { after = \"72h\" }\n  seats = [{ from = [\"user:a\"] }]", "both_given", 18, 11),
    ("[\"manager of requester\"]", "[\"manager of requestor\"]", "unknown_selector", 15, 16),
    ("[\"manager of requester\"]", "[\"requester\"]", "requester_asked", 15, 16),
    ("[\"manager of requester\"]", "[\"field:merchant\"]", "unknown_selector", 15, 16),
    ("[\"manager of requester\"]", "[]", "empty_list", 15, 15),
    ("secret = \"env:S\"", "secret = \"whsec_abc\"", "literal_secret", 20, 52),
    ("secret = \"env:S\"", "headers = { Authorization = \"Bearer abc\" }", "literal_secret", 20, 71),
    ("https://erp.example/pay", "ftp://erp.example/pay", "invalid_url", 20, 16),
    ("[[on.approved]]", "[[on.aproved]]", "unknown_key", 18, 6),
    ("http = {", "command = { argv = [\"x\"] }\nhttp = {", "action_target", 18, 1),
    ("title  =", "rates = \"none.toml\"\ntitle  =", "rates", 2, 9),
    ("name = \"pay\"", "name = pay", "toml_syntax", 19, 8),
];

#[test]
fn broken_policies_are_refused_with_code_line_and_column() {
    refused(BROKEN);
}

/// Each change to the good policy is refused with this code at this place.
#[track_caller]
fn refused(cases: &[(&str, &str, &str, usize, usize)]) {
    let mut missed = Vec::new();
    for (from, to, code, line, column) in cases {
        let broken = with(from, to);
        let errors = load(&broken).expect_err(to);
        let shape = ["unknown_key", "missing_key", "unknown_type", "unknown_value", "out_of_range", "not_yet", "empty_list", "toml_syntax"];
        if shape.contains(code) && crate::policy::schema::tests::refused(&broken).is_none() {
            missed.push(format!("{to}: the schema takes it"));
        }
        let found: Vec<_> = errors.iter().map(|error| (error.code, error.line, error.column)).collect();
        if !found.contains(&(*code, *line, *column)) {
            missed.push(format!("{to}: expected {code} at {line}:{column}, found {found:?}"));
        }
        assert!(errors.iter().all(|error| error.render(true).contains("p.toml")));
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn a_finding_reads_well() {
    let errors = load(&with("amount <= money(\"1000 USD\")", "amount <= 1000")).unwrap_err();
    insta::assert_snapshot!(errors[0].render(false));
    let errors = load(&with("  name      = \"review\"", "  name      = \"review\"\n  quorumm = 2")).unwrap_err();
    insta::assert_snapshot!(errors[0].render(false));
}

#[test]
fn rules_that_can_never_be_reached_are_found() {
    let second = |when: &str| {
        with("[[rule]]\nname = \"large\"", &format!("[[rule]]\nname = \"second\"\nwhen = '{when}'\nverdict = \"deny\"\n[[rule]]\nname = \"large\""))
    };
    for when in [
        "amount <= money(\"1000 USD\")",
        "amount <= money(\"1000.00 USD\")",
        "amount < money(\"500 USD\")",
        "money(\"500 USD\") > amount",
        "amount == money(\"3 USD\")",
        "merchant == \"x\" && amount < money(\"500 USD\")",
        "amount<=money(\"1000 USD\")",
        "amount < money(\"5 USD\") || amount == money(\"7 USD\")",
    ] {
        assert_eq!(load(&second(when)).expect_err(when)[0].code, "unreachable_rule", "{when}");
    }
    for when in
        ["amount <= money(\"1000.01 USD\")", "amount > money(\"1 USD\")", "merchant == \"x\"", "amount < money(\"5 USD\") || merchant == \"x\""]
    {
        assert!(load(&second(when)).is_ok(), "{when}");
    }
}

#[test]
fn blanks_within_a_text_are_part_of_it() {
    let two = |first: &str, second: &str| {
        let rule = |name: &str, when: &str| format!("[[rule]]\nname = \"{name}\"\nwhen = '{when}'\nverdict = \"deny\"\n");
        with("[[rule]]\nname = \"large\"", &format!("{}{}[[rule]]\nname = \"large\"", rule("a", first), rule("b", second)))
    };
    for (first, second) in [("merchant == \"AB C\"", "merchant == \"ABC\""), ("merchant.contains(\"a b\")", "merchant.contains(\"ab\")")] {
        assert!(load(&two(first, second)).is_ok(), "{first} / {second}");
    }
    for (first, second) in [
        ("merchant.contains(\"a b\")", "merchant .contains( \"a b\" )"),
        ("merchant in [\"a b\", \"c\"]", "merchant in [ \"a b\",\"c\" ]"),
        ("merchant.contains(\"a\\\\b\")", "merchant.contains(\"a\\\\b\")"),
    ] {
        assert_eq!(load(&two(first, second)).expect_err(second)[0].code, "unreachable_rule", "{first} / {second}");
    }
}

#[test]
fn a_body_that_prints_an_optional_field_bare_is_refused_in_a_file_and_borne_in_a_version_kept() {
    let body = |text: &str| {
        with("merchant = \"text\"", "merchant = \"text\"\nreceipt = { type = \"url\", optional = true }")
            .replace("name = \"pay\"", &format!("name = \"pay\"\nbody = '{text}'"))
    };
    let bare = body("{\"r\": \"{{ receipt }}\"}");
    let found = load(&bare).unwrap_err();
    assert_eq!((found[0].code, found.len()), ("unguarded_optional", 1), "{found:?}");
    assert!(found[0].suggestion.as_ref().is_some_and(|text| text.contains("{{ receipt | json }}")), "{found:?}");
    assert!(Policy::load_kept("p.toml", &bare, &|_| Err(String::new())).is_ok());
    assert!(load(&body("{\"r\": {{ receipt | json }}}")).is_ok());
}

#[test]
fn the_version_covers_the_file_and_its_rates() {
    let version = |source: &str| load(source).unwrap().policy.version;
    assert_eq!(version(GOOD), version(GOOD));
    assert_ne!(version(GOOD), version(&format!("{GOOD}# a comment\n")));
    let source = with("title  =", "rates = \"r.toml\"\ntitle  =");
    let other = Policy::load("p.toml", &source, &|_| Ok("base = \"EUR\"\n[rates]\n".to_owned())).unwrap().policy.version;
    assert_ne!(version(&source), other);
}

#[test]
fn silence_that_approves_is_a_warning_where_one_voice_is_needed() {
    let loaded = load(&with("expire    = {", "on_expiry = \"approve\"\n  expire    = {")).unwrap();
    assert_eq!(loaded.warnings.iter().map(|warning| warning.code).collect::<Vec<_>>(), ["silent_consent"]);
}

#[test]
fn everything_wrong_is_told_at_once_and_in_order() {
    let source = with("merchant = \"text\"", "merchant = \"txt\"").replace("\"72h\"", "\"72 h\"").replace("alow", "x");
    let lines: Vec<_> = load(&source).unwrap_err().iter().map(|error| error.line).collect();
    assert!(lines.contains(&6) && lines.contains(&17) && lines.is_sorted(), "{lines:?}");
}

#[test]
fn hostile_files_are_refused() {
    let deep = format!("{GOOD}x = {}1{}", "[".repeat(5000), "]".repeat(5000));
    let rules: String =
        (0..150).map(|index| format!("[[rule]]\nname = \"r{index}\"\nwhen = 'merchant == \"{index}\"'\nverdict = \"deny\"\n")).collect();
    for source in [String::new(), "x".repeat(100_000), deep, with("[[rule]]", &format!("{rules}[[rule]]")), "\u{0}".to_owned()] {
        assert!(load(&source).is_err());
    }
}

#[test]
fn seats_that_only_one_person_could_fill_are_found() {
    let seats = "seats = [{ from = [\"user:mia\"] }, { from = [\"user:mia\"] }, { from = [\"user:ana\", \"user:bo\"] }]";
    let policy = load(&with("approvers = [\"manager of requester\"]", seats)).unwrap().policy;
    let person = |id: &str| {
        let id = PersonId::new(id);
        (id.clone(), Person { name: id.to_string(), id, email: None, manager: None, limit: None, roles: BTreeSet::new(), active: true })
    };
    let finance = (GroupId::new("finance"), BTreeSet::from([Member::Person(PersonId::new("ana"))]));
    let roster = Roster { version: 1, people: ["mia", "ana", "bo"].map(person).into(), groups: [finance].into() };
    let found: Vec<_> = policy.check_against(&roster).into_iter().map(|finding| (finding.code, finding.message)).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].0 == "quorum_unreachable" && found[0].1.contains("needs 3 different people"), "{found:?}");
}

#[test]
fn todays_directory_is_checked_against() {
    let policy = load(&with("[\"manager of requester\"]", "[\"group:finanse\", \"user:leo\"]\n  quorum = 3")).unwrap().policy;
    let person = |id: &str| Person {
        id: PersonId::new(id),
        name: id.to_owned(),
        email: None,
        manager: None,
        limit: None,
        roles: BTreeSet::new(),
        active: true,
    };
    let roster = Roster {
        version: 1,
        people: [person("leo")].into_iter().map(|person| (person.id.clone(), person)).collect(),
        groups: [(GroupId::new("finance"), BTreeSet::from([Member::Person(PersonId::new("leo"))]))].into(),
    };
    let found: Vec<_> = policy.check_against(&roster).into_iter().map(|finding| (finding.code, finding.line, finding.suggestion)).collect();
    assert_eq!(found, [("quorum_unreachable", 14, None), ("unknown_group", 15, Some("did you mean `finance`?".to_owned())),]);
}

#[test]
fn a_mark_says_what_was_meant_and_where_it_cannot_stand() {
    let said = |field: &str| {
        let errors = load(&with("merchant = \"text\"", &format!("merchant = \"text\"\n{field}"))).unwrap_err();
        errors.into_iter().next().unwrap().suggestion.unwrap()
    };
    assert_eq!(said(r#"note = { type = "text", visible_to = ["aprovers"] }"#), "did you mean `approvers`?");
    assert_eq!(said(r#"note = { type = "text", visible_to = ["role:auditors"] }"#), "did you mean `role:auditor`?");
    assert!(said(r#"note = { type = "text", visible_to = ["everybody"] }"#).starts_with("known here: `approvers`, `requester`, `owner`"));
    let title = load(&with("merchant = \"text\"", "merchant = { type = \"text\", visible_to = \"owner\" }")).unwrap_err();
    assert!(title[0].message.contains("the title uses `merchant`"), "{}", title[0].message);
}

#[test]
fn whom_a_hidden_field_names_is_not_asked() {
    let hidden = with("merchant = \"text\"", "merchant = \"text\"\nboss = { type = \"person\", visible_to = [\"owner\"] }");
    let errors = load(&hidden.replace("\"manager of requester\"", "\"field:boss\"")).unwrap_err();
    assert_eq!((errors[0].code, errors[0].line), ("veiled_selector", 16));
}

#[test]
fn a_mark_that_names_nobody_of_the_directory_is_told() {
    let marked = with("merchant = \"text\"", "merchant = \"text\"\nnote = { type = \"text\", visible_to = [\"group:fiance\", \"user:nn\"] }");
    let found = load(&marked).unwrap().policy.check_against(&Roster::default());
    let codes: Vec<_> = found.iter().filter(|finding| finding.line == 7).map(|finding| finding.code).collect();
    assert_eq!(codes, ["unknown_group", "unknown_user"]);
}

#[test]
fn a_mark_for_somebody_who_sees_no_request_is_a_warning() {
    let marked = |names: &str| with("merchant = \"text\"", &format!("merchant = \"text\"\nnote = {{ type = \"text\", visible_to = {names} }}"));
    let person = |id: &str, manager: Option<&str>, roles: &[Role]| Person {
        id: PersonId::new(id),
        name: id.to_owned(),
        email: None,
        manager: manager.map(PersonId::new),
        limit: None,
        roles: roles.iter().copied().collect(),
        active: true,
    };
    let people = [
        person("leo", Some("mia"), &[]),
        person("mia", None, &[]),
        person("ana", None, &[]),
        person("aud", None, &[Role::Auditor]),
        person("tom", None, &[]),
    ];
    let group = |id: &str, member: &str| (GroupId::new(id), BTreeSet::from([Member::Person(PersonId::new(member))]));
    let roster = Roster {
        version: 1,
        people: people.into_iter().map(|person| (person.id.clone(), person)).collect(),
        groups: [group("finance", "ana"), group("press", "tom"), group("auditors", "aud")].into(),
    };
    let told = |source: &str| {
        let found = load(source).unwrap().policy.check_against(&roster).into_iter().filter(|finding| finding.code == "blind_sight");
        found.map(|finding| (finding.line, finding.column, finding.severity, finding.message)).collect::<Vec<_>>()
    };
    let told_of_press = told(&marked(r#"["owner", "group:press"]"#));
    let message = "`visible_to` shows `note` to `group:press`, who sees no request of this policy".to_owned();
    assert_eq!(told_of_press, [(7, 48, Severity::Warning, message)]);
    assert_eq!(told(&marked("\"user:tom\""))[0].1, 38);
    let seeing = r#"["group:finance", "group:auditors", "user:mia", "approvers", "role:admin"]"#;
    assert_eq!(told(&marked(seeing)), [], "the owner, an auditor, a manager who is asked, words for roles");
    let reader = marked(r#"["group:press"]"#).replace("title  =", "readers = [\"group:press\"]\ntitle  =");
    assert_eq!(told(&reader), []);
    let anybody =
        marked(r#"["group:press"]"#).replace("note = {", "boss = \"person\"\nnote = {").replace("\"manager of requester\"", "\"field:boss\"");
    assert_eq!(told(&anybody), [], "whom a request names is asked");
}

#[test]
fn a_mark_that_cannot_stand_is_refused_with_code_line_and_column() {
    let marked: [(&str, &str, usize, usize); 8] = [
        ("merchant = \"text\"\nnote = { type = \"text\", visible_to = [\"role:auditr\"] }", "unknown_sight", 7, 39),
        ("merchant = \"text\"\nnote = { type = \"text\", visible_to = \"manager of requester\" }", "unknown_sight", 7, 38),
        ("merchant = \"text\"\nnote = { type = \"text\", visible_to = [] }", "empty_list", 7, 38),
        ("merchant = \"text\"\nnote = { type = \"text\", visible_to = true }", "wrong_type", 7, 38),
        ("merchant = \"text\"\nnote = { type = \"text\", visible_too = [\"owner\"] }", "unknown_key", 7, 25),
        ("merchant = \"text\"\nt = { type = \"table\", columns = { a = { type = \"text\", visible_to = \"owner\" } } }", "wrong_type", 7, 69),
        ("merchant = \"text\"\nl = { type = \"list\", of = { type = \"text\", visible_to = \"owner\" } }", "wrong_type", 7, 57),
        ("merchant = { type = \"text\", visible_to = [\"owner\"] }", "veiled_title", 2, 10),
    ];
    refused(&marked.map(|(to, code, line, column)| ("merchant = \"text\"", to, code, line, column)));
}

#[test]
fn every_word_of_later_versions_says_not_yet() {
    for word in [
        "calendar",
        "calendars",
        "cooling_off",
        "execute_within",
        "witness",
        "for_each",
        "delegation",
        "delegations",
        "delegate",
        "freeze",
        "frozen",
        "share",
    ] {
        let found = load(&with("name = \"large\"", &format!("name = \"large\"\n{word} = \"1h\""))).unwrap_err();
        assert!(found.iter().any(|one| (one.code, one.line) == ("not_yet", 13)), "{word}: {found:?}");
    }
}
