//! Policies and payloads made to hurt: each goes its whole way (read, checked, evaluated, explained, rendered,
//! digested) in a process of its own, whose memory may grow by 16 MiB. The time is told, not judged: what
//! bounds it is the count of steps, which the conditions' own tests hold.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may unwrap")]

use countersign_core::canonical::digest_of;
use countersign_core::id::{GroupId, PersonId, Revision};
use countersign_core::people::{Member, Person, Roster};
use countersign_core::policy::Policy;
use countersign_core::policy::evaluate::Evaluation;
use serde_json::{Value, json};
use std::hint::black_box;
use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// What a policy or payload may take.
const MEMORY_MAX_KIB: u64 = 16 << 10;
/// A case that runs longer does not end by itself.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(20);
/// Names the case that a child plays.
const CASE: &str = "COUNTERSIGN_HOSTILE_CASE";

/// What a case is called, and what makes it.
type Named = (&'static str, fn() -> Case);
/// Text of a policy file; payload.
type Case = (String, Value);

const FIELDS: &str = r#"
text = { type = "text", max_length = 100000 }
tags = { type = "list", of = { type = "text", max_length = 100000 }, max = 1000 }
deep = { type = "list", of = { type = "list", of = "integer", max = 1000 }, max = 1000 }
rows = { type = "table", columns = { a = "integer", b = { type = "text", optional = true } }, max = 1000 }
few = { type = "table", columns = { a = "integer" }, max = 100, optional = true }
some = { type = "list", of = "text", max = 200, optional = true }
nested = { type = "list", of = { type = "list", of = "integer", max = 40 }, max = 40, optional = true }
free = { type = "json", optional = true }
sum = { type = "decimal", optional = true }
"#;

fn policy(fields: &str, rules: &str) -> String {
    format!(
        "policy = \"hostile\"\ntitle = \"{{{{ text }}}}\"\nowner = \"user:ana\"\n[payload]\n{fields}{rules}[[rule]]\nname = \"rest\"\nverdict = \"deny\"\n"
    )
}

fn rule(name: &str, when: &str) -> String {
    format!("[[rule]]\nname = \"{name}\"\nwhen = '{when}'\nverdict = \"allow\"\n")
}

fn rules(count: usize, when: &str) -> String {
    (0..count).map(|index| rule(&format!("r{index}"), &format!("{when} && size(text) > {}", 1_000_000 + index))).collect()
}

fn plain() -> Value {
    json!({ "text": "x", "tags": [], "deep": [], "rows": [] })
}

fn with(members: Value) -> Value {
    let mut payload = plain();
    payload.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    payload
}

/// Brackets to the left as deep as they are taken.
fn chain(terms: impl Iterator<Item = String>, by: &str) -> String {
    terms.reduce(|left, right| format!("({left}{by}{right})")).unwrap()
}

fn numbers(count: usize) -> Value {
    Value::Array(vec![json!(7); count])
}

fn cases() -> Vec<Named> {
    [conditions(), texts(), payloads(), files()].concat()
}

/// Conditions that take long or hold much.
fn conditions() -> Vec<Named> {
    vec![
        ("nothing special", || (policy(FIELDS, &rules(3, "text == \"x\"")), plain())),
        ("conjunctions against disjunctions", || {
            let and = chain((0..30).map(|i| format!("text!=\"{i}\"")), "&&");
            let or = chain((0..30).map(|i| format!("text==\"a{i}\"")), "||");
            (policy(FIELDS, &(rule("or", &or) + &rule("and", &and))), plain())
        }),
        ("a hundred rules of conjunctions and disjunctions", || {
            let term = |at: usize| chain((0..8).map(|i| format!("text!=\"{at}{i}\"")), "&&");
            let terms =
                (0..98).map(|at| rule(&format!("r{at}"), &if at % 2 == 1 { term(at) } else { term(at).replace("&&", "||").replace("!=", "==") }));
            (policy(FIELDS, &terms.collect::<String>()), plain())
        }),
        ("long chains in every rule", || {
            (policy(FIELDS, &rules(30, &["size(text)<1"; 20].join("||"))), with(json!({ "text": "x".repeat(100_000) })))
        }),
        ("macros in macros", || {
            (policy(FIELDS, &rules(2, "few.map(a, few.map(b, a.a + b.a).size()).sum() > 0")), with(json!({ "few": vec![json!({ "a": 1 }); 100] })))
        }),
        ("lists of lists that are copied", || {
            let body = ["size(l)>0"; 20].join("&&");
            (policy(FIELDS, &rules(1, &format!("nested.all(l,{body})"))), with(json!({ "nested": vec![numbers(40); 40] })))
        }),
        ("a long list in each turn of a macro", || {
            (policy(FIELDS, &rules(2, "some.map(t, some).size() > 0")), with(json!({ "some": vec!["t"; 200] })))
        }),
    ]
}

/// Long texts, joined, compared, searched.
fn texts() -> Vec<Named> {
    vec![
        ("long texts joined in a macro", || {
            (policy(FIELDS, &rules(5, "tags.map(t, text + text).size() > 0")), with(json!({ "text": "ü".repeat(100_000), "tags": vec!["t"; 1000] })))
        }),
        ("long texts joined and kept in one list", || {
            let all = ["text+text"; 90].join(",");
            (policy(FIELDS, &rules(12, &format!("size([{all}])>0"))), with(json!({ "text": "ü".repeat(100_000) })))
        }),
        ("long texts compared", || {
            let all = ["text==text"; 80].join("&&");
            (policy(FIELDS, &rules(12, &all)), with(json!({ "text": "ü".repeat(100_000) })))
        }),
        ("long texts compared in a macro", || {
            (policy(FIELDS, &rules(5, "tags.all(t, text == text)")), with(json!({ "text": "ü".repeat(100_000), "tags": vec!["t"; 1000] })))
        }),
        ("long texts looked for in one another", || {
            let all = ["text.contains(text.lowerAscii())"; 25].join("&&");
            (policy(FIELDS, &rules(12, &all)), with(json!({ "text": format!("{}b", "a".repeat(99_999)) })))
        }),
        ("a pattern that keeps many states alive", || {
            let when = "text.matches(\"[01]*1[01]{400}x\")";
            (policy(FIELDS, &rules(2, when)), with(json!({ "text": bits(100_000) })))
        }),
        ("many large patterns", || {
            let when = (20..55).map(|i| format!("text.matches(\"\\\\pL{{{i}}}\")")).collect::<Vec<_>>().join("||");
            (policy(FIELDS, &rules(50, &when)), with(json!({ "text": "ü".repeat(100_000) })))
        }),
        ("a field's pattern that keeps many states alive", || {
            let fields = FIELDS.replace("max_length = 100000 }", "max_length = 100000, pattern = '[01]*1[01]{900}x' }");
            (policy(&fields, ""), with(json!({ "text": bits(100_000), "tags": vec![bits(100_000); 8] })))
        }),
        ("many fields with large patterns", || {
            let fields: String =
                (0..90).map(|i| format!("f{i} = {{ type = \"text\", optional = true, pattern = '[\\pL\\pN]{{{}}}' }}\n", i + 10)).collect();
            (policy(&(FIELDS.to_owned() + &fields), ""), plain())
        }),
    ]
}

/// Payloads that are large or wrong in many places.
fn payloads() -> Vec<Named> {
    vec![
        ("unknown members", || {
            let members: serde_json::Map<_, _> = (0..60_000).map(|i| (format!("tax{i:05}"), Value::Null)).collect();
            let fields: String = (0..90).map(|i| format!("text{i} = {{ type = \"text\", optional = true }}\n")).collect();
            (policy(&(FIELDS.to_owned() + &fields), ""), Value::Object(members))
        }),
        ("unknown members with long names", || {
            let members: serde_json::Map<_, _> = (0..16).map(|i| (format!("{i}{}", "~".repeat(60_000)), Value::Null)).collect();
            (policy(FIELDS, ""), with(Value::Object(members)))
        }),
        ("rows that lack everything", || {
            let words = (0..150).map(|i| format!("\"{i}{}\"", "v".repeat(20))).collect::<Vec<_>>().join(",");
            let columns = (0..9).map(|i| format!("c{i} = {{ type = \"enum\", values = [{words}] }}")).collect::<Vec<_>>().join(",");
            let fields = format!("{FIELDS}wide = {{ type = \"table\", columns = {{ {columns} }}, max = 1000 }}\n");
            (policy(&fields, ""), with(json!({ "wide": vec![json!({}); 1000] })))
        }),
        ("small objects", || (policy(FIELDS, ""), with(json!({ "free": vec![json!({ "": 0 }); 5_000] })))),
        ("too many small objects", || (policy(FIELDS, ""), with(json!({ "free": vec![json!({ "a": [] }); 9_000] })))),
        ("small numbers", || (policy(FIELDS, ""), with(json!({ "free": numbers(100_000) })))),
        ("nesting", || {
            let nested = (0..30).fold(json!([1]), |inner, _| json!([inner]));
            (policy(FIELDS, ""), with(json!({ "free": vec![nested; 3_000] })))
        }),
        ("names that two orders sort differently", || {
            let names = (0..20_000).map(|i| (format!("{}{i}", if i % 2 == 0 { '\u{ffff}' } else { '\u{10000}' }), json!(1)));
            (policy(FIELDS, ""), with(json!({ "free": Value::Object(names.collect()) })))
        }),
        ("a long decimal", || {
            let all = ["sum>0.5"; 100].join("&&");
            (policy(FIELDS, &rules(10, &all)), with(json!({ "sum": format!("{}1", "0".repeat(900_000)) })))
        }),
    ]
}

/// Titles and files.
fn files() -> Vec<Named> {
    vec![
        ("a title of white space", || (policy(FIELDS, ""), with(json!({ "text": "a ".repeat(50_000) })))),
        ("a title that doubles itself", || {
            let source =
                policy(FIELDS, "").replace("{{ text }}", "{% set a = text ~ text %}{% set a = a ~ a %}{% set a = a ~ a %}{% set a = a ~ a %}{{ a }}");
            (source, with(json!({ "text": "x".repeat(100_000) })))
        }),
        ("a title that makes much of nothing", || {
            let source = policy(FIELDS, "").replace("{{ text }}", "{% for t in tags %}{% if free | json == text | upper %}{% endif %}{% endfor %}x");
            (source, with(json!({ "text": "x".repeat(100_000), "tags": vec!["x"; 1000], "free": numbers(80_000) })))
        }),
        ("thousands of mistakes in one line", || {
            let wrong = (0..6_000).map(|i| format!("a{i}=1")).collect::<Vec<_>>().join(",");
            (policy(&format!("{FIELDS}bad = {{ {wrong} }}\n"), ""), plain())
        }),
        ("large conditions in every rule", || {
            let when = |i: usize| format!("rows.all(r, r.a in [{}] || r.a == {i})", (0..100).map(|n| n.to_string()).collect::<Vec<_>>().join(","));
            (
                policy(FIELDS, &(0..98).map(|i| rule(&format!("r{i}"), &when(i))).collect::<String>()),
                with(json!({ "rows": vec![json!({ "a": 1000 }); 1000] })),
            )
        }),
        ("a wide table that is named often", || {
            let words = (0..190).map(|i| format!("\"{i}{}\"", "v".repeat(150))).collect::<Vec<_>>().join(",");
            let fields = format!("{FIELDS}wide = {{ type = \"table\", columns = {{ a = {{ type = \"enum\", values = [{words}] }} }}, max = 9 }}\n");
            let body = vec![format!("w.a!=\"1{}\"", "v".repeat(150)); 4].join("&&");
            (policy(&fields, &rules(14, &format!("wide.all(w,{body})&&{}", ["wide.size()<1"; 10].join("||")))), with(json!({ "wide": [] })))
        }),
        ("as many members as are taken", || {
            let row: serde_json::Map<_, _> = (0..30).map(|i| (format!("c{i:02}"), json!("value"))).collect();
            (policy(FIELDS, ""), with(json!({ "free": vec![Value::Object(row); 750] })))
        }),
        ("groups of the requester in a macro", || {
            (policy(FIELDS, &rules(1, "some.all(t, \"none\" in requester.groups || t == \"t\")")), with(json!({ "some": vec!["t"; 200] })))
        }),
    ]
}

fn bits(count: usize) -> String {
    let mut state = 1_u64;
    (0..count)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            if state >> 63 == 0 { '0' } else { '1' }
        })
        .collect()
}

fn roster() -> Roster {
    let person = |id: &str| Person {
        id: PersonId::new(id),
        name: id.to_owned(),
        email: None,
        manager: None,
        limit: None,
        roles: Default::default(),
        active: true,
    };
    let people: Vec<String> = (0..2_000).map(|i| format!("p{i}")).chain(["ana".to_owned(), "leo".to_owned()]).collect();
    let members: std::collections::BTreeSet<_> = people.iter().map(|id| Member::Person(PersonId::new(id.as_str()))).collect();
    Roster {
        version: 1,
        people: people.iter().map(|id| (PersonId::new(id.as_str()), person(id))).collect(),
        groups: (0..20).map(|i| (GroupId::new(format!("g{i}")), members.clone())).collect(),
    }
}

/// From the file and the bytes of a payload to the ruling, its explanation, the title and the digest.
fn whole_way(source: &str, body: &str, roster: &Roster, told: &mut Vec<(&'static str, Duration)>) {
    let mut timed = Instant::now();
    let mut lap = |what| {
        told.push((what, timed.elapsed()));
        timed = Instant::now();
    };
    let loaded = Policy::load("hostile.toml", source, &|_: &str| Err("no files".to_owned()));
    lap("load");
    let policy = match loaded {
        Ok(loaded) => loaded.policy,
        Err(errors) => {
            eprintln!("    refused: {}", errors[0].message.chars().take(150).collect::<String>());
            return;
        }
    };
    let payload: Value = serde_json::from_str(body).unwrap();
    lap("read");
    let accepted = policy.accept(&payload, roster);
    lap("accept");
    let accepted = match accepted {
        Ok(accepted) => accepted,
        Err(faults) => {
            eprintln!("    not accepted: {}", faults[0].message.chars().take(150).collect::<String>());
            return;
        }
    };
    let (leo, now) = (PersonId::new("leo"), jiff::Timestamp::UNIX_EPOCH);
    let evaluation = Evaluation { payload: &accepted, requester: &leo, roster, now, created_at: now, revision: Revision::FIRST };
    let ruling = black_box(policy.evaluate(&evaluation));
    lap("evaluate");
    eprintln!("    {} {}", ruling.rule_name, ruling.failure.unwrap_or_default());
    black_box(policy.explain(&evaluation));
    lap("explain");
    black_box(policy.title(&accepted));
    lap("title");
    black_box(digest_of(&accepted));
    lap("digest");
}

/// The most memory that this process held, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("this test reads its memory from /proc: run it on Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn no_policy_and_no_payload_takes_more_than_its_memory() {
    if let Ok(name) = std::env::var(CASE) {
        return play(&name);
    }
    let mut above = Vec::new();
    for (name, case) in cases() {
        let child = played(name, &case());
        let told = String::from_utf8_lossy(&child.stderr).into_owned();
        eprint!("{told}");
        let grown = told.lines().find_map(|line| line.trim().strip_prefix("grew by ")?.split(' ').next()?.parse().ok());
        match grown.filter(|_| child.status.success()) {
            Some(0..=MEMORY_MAX_KIB) => {}
            Some(grown) => above.push(format!("{name}: {grown} KiB")),
            None => above.push(format!("{name}: {}", child.status)),
        }
    }
    assert!(above.is_empty(), "more than {MEMORY_MAX_KIB} KiB: {above:#?}");
}

/// Plays a case in a process of its own, which never held what it took to make it.
fn played(name: &str, (source, payload): &Case) -> Output {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "no_policy_and_no_payload_takes_more_than_its_memory", "--nocapture", "--test-threads=1"])
        .env(CASE, name)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    write!(input, "{source}\0{payload}").unwrap();
    drop(input);
    child.wait_with_output().unwrap()
}

/// What the process of a case does: the whole way, and how much more memory it took than an easy one.
fn play(wanted: &str) {
    let roster = roster();
    let input = std::io::read_to_string(std::io::stdin()).unwrap();
    let (source, body) = input.split_once('\0').unwrap();
    std::thread::spawn(|| {
        std::thread::sleep(GIVEN_UP_AFTER);
        eprintln!("given up after {GIVEN_UP_AFTER:?}");
        std::process::exit(3);
    });
    // What is built once for the whole process is not the case's.
    whole_way(&policy(FIELDS, &rules(1, "text == \"x\"")), &plain().to_string(), &roster, &mut Vec::new());
    let (before, mut told) = (peak(), Vec::new());
    eprintln!("{wanted}: {} + {} bytes", source.len(), body.len());
    whole_way(source, body, &roster, &mut told);
    eprintln!("    grew by {} KiB; {}", peak() - before, told.iter().map(|(what, took)| format!("{what} {took:.1?}")).collect::<Vec<_>>().join(", "));
}
