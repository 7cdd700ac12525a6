//! Evaluations of a condition per second and core, beside a hand-written comparison of the same payload; and
//! what hostile policies cost.

use super::spread::row;
use countersign_core::id::{PersonId, Revision};
use countersign_core::people::Roster;
use countersign_core::policy::Policy;
use countersign_core::policy::evaluate::Evaluation;
use jiff::Timestamp;
use serde_json::json;
use std::hint::black_box;
use std::time::{Duration, Instant};

const POLICY: &str = r#"
policy = "rate"
title = "{{ merchant }}"
owner = "user:ana"
[payload]
amount = { type = "money", currencies = ["USD"] }
merchant = "text"
[[rule]]
name = "small"
when = 'amount <= money("1000 USD") && merchant != "CASH"'
verdict = "allow"
[[rule]]
name = "rest"
verdict = "deny"
"#;

/// The rate of whole evaluations: a request's payload against its policy.
pub(crate) fn rate() {
    let no_files = |_: &str| Err("no files here".to_owned());
    let policy = Policy::load("rate.toml", POLICY, &no_files).unwrap().policy;
    let payload = json!({ "amount": "12500.00 USD", "merchant": "ACME" });
    let (requester, roster) = (PersonId::from("leo"), Roster::default());
    let now = Timestamp::UNIX_EPOCH;
    let evaluation = Evaluation { payload: &payload, requester: &requester, roster: &roster, now, created_at: now, revision: Revision::FIRST };
    let ours = per_second(|| drop(black_box(policy.evaluate(black_box(&evaluation)))));
    let bare = per_second(|| {
        let amount = black_box(&payload)["amount"].as_str().unwrap().trim_end_matches(" USD");
        let amount: rust_decimal::Decimal = amount.parse().unwrap();
        black_box(amount <= rust_decimal::Decimal::from(1000) && payload["merchant"] != "CASH");
    });
    row("evaluations of a policy per second and core", &format!("{ours:.0}"), &format!("{bare:.0}"), &format!("{:.2}", ours / bare));
    hostile();
}

fn per_second(mut work: impl FnMut()) -> f64 {
    let (began, mut rounds) = (Instant::now(), 0_u32);
    while began.elapsed() < Duration::from_secs(2) {
        for _ in 0..1_000 {
            work();
        }
        rounds += 1_000;
    }
    f64::from(rounds) / began.elapsed().as_secs_f64()
}

/// Files made to hurt: long chains, deep nesting, macros in macros. Each is refused, and quickly.
fn hostile() {
    let conditions = [
        format!("amount == amount && {}", "1 + ".repeat(250) + "1 == 251"),
        "tags.all(a, tags.all(b, tags.all(c, tags.all(d, a == b))))".to_owned(),
        format!("{}amount == amount{}", "(".repeat(300), ")".repeat(300)),
        format!("merchant.matches('{}')", "(a+)+".repeat(100)),
        format!("tags{}== 'x'", "[0]".repeat(300)),
    ];
    let mut worst = Duration::ZERO;
    for condition in conditions {
        let source = POLICY.replace("merchant = \"text\"", "merchant = \"text\"\ntags = { type = \"list\", of = \"text\", max = 1000 }");
        let source = source.replace("amount <= money(\"1000 USD\") && merchant != \"CASH\"", &condition);
        let began = Instant::now();
        let _ = black_box(Policy::load("hostile.toml", &source, &|_: &str| Err(String::new())));
        worst = worst.max(began.elapsed());
    }
    row("the worst of five hostile policy files, until it is refused", &super::spread::ms(worst), "", "");
}
