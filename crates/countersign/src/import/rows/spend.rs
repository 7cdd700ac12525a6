//! Public payments that nobody here wrote, read through the map and ruled on by the policy that ships.
//! The sample in `examples/public-spend` always; the whole collection where it lies beside the repository.

use super::*;
use countersign_core::id::{PersonId, Revision};
use countersign_core::money::Money;
use countersign_core::people::Roster;
use countersign_core::policy::Policy;
use countersign_core::policy::evaluate::Evaluation;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

/// How many rows of a payer fell where.
#[derive(Default, PartialEq, Eq, Debug)]
struct Counts {
    rows: u64,
    none: u64,
    one: u64,
    two: u64,
    negative: u64,
    no_merchant: u64,
    exactly_1000: u64,
    exactly_10000: u64,
    sum: Decimal,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn counted(path: &Path) -> BTreeMap<String, Counts> {
    let map = Map::parse("map.toml", &fs::read_to_string(root().join("examples/public-spend/map.toml")).unwrap()).unwrap();
    let source = fs::read_to_string(root().join("policies/public-spend.toml")).unwrap();
    let policy = Policy::load("public-spend.toml", &source, &|_| Err("no rates".into())).unwrap().policy;
    let (roster, mut keys, mut counts) = (Roster::default(), BTreeSet::new(), BTreeMap::<String, Counts>::new());
    for row in Rows::open(path, map).unwrap() {
        let row = row.unwrap();
        let payload = policy.accept(&row.payload, &roster).unwrap();
        assert_eq!(payload, row.payload, "{}", row.line);
        assert!(keys.insert(row.key.unwrap()), "line {}", row.line);
        let amount = Money::parse(payload["amount"].as_str().unwrap()).unwrap().amount;
        let of_payer = counts.entry(payload["payer"].as_str().unwrap().to_owned()).or_default();
        of_payer.rows += 1;
        of_payer.sum += amount;
        of_payer.negative += u64::from(amount < Decimal::ZERO);
        of_payer.no_merchant += u64::from(payload.get("merchant").is_none());
        of_payer.exactly_1000 += u64::from(amount == Decimal::from(1_000));
        of_payer.exactly_10000 += u64::from(amount == Decimal::from(10_000));
        match rule(&policy, &payload, &roster).as_str() {
            "small sums and refunds" => of_payer.none += 1,
            "one approver" => of_payer.one += 1,
            "two approvers" => of_payer.two += 1,
            other => panic!("line {}: {other}", row.line),
        }
    }
    counts
}

fn rule(policy: &Policy, payload: &Value, roster: &Roster) -> String {
    let (requester, now) = (PersonId::new("leo"), jiff::Timestamp::UNIX_EPOCH);
    policy.evaluate(&Evaluation { payload, requester: &requester, roster, now, created_at: now, revision: Revision::FIRST }).rule_name
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

#[test]
fn the_sample_of_public_spending_falls_where_it_was_counted() {
    let expected: Value = serde_json::from_str(&fs::read_to_string(root().join("examples/public-spend/expected.json")).unwrap()).unwrap();
    let counts = counted(&root().join("examples/public-spend/spend-sample.jsonl"));
    assert_eq!(counts.values().map(|counts| counts.none).sum::<u64>(), number(&expected["none"]));
    let expected = &expected["payers"];
    assert_eq!(counts.len(), expected.as_object().unwrap().len());
    for (payer, counts) in counts {
        let of = |name: &str| number(&expected[&payer][name]);
        let expected = Counts {
            rows: of("rows"),
            none: of("none"),
            one: of("one"),
            two: of("two"),
            negative: of("negative"),
            no_merchant: of("no_merchant"),
            exactly_1000: of("exactly_1000"),
            exactly_10000: of("exactly_10000"),
            sum: expected[&payer]["sum"].as_str().unwrap().parse().unwrap(),
        };
        assert_eq!(counts, expected, "{payer}");
    }
}

#[test]
fn all_of_the_public_spending_falls_where_it_was_counted() {
    let shared = std::env::var_os("COUNTERSIGN_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from);
    let (rows, expected) = (shared.join("data/open/spend.jsonl.gz"), shared.join("data/open/expected-spend.json"));
    if !rows.exists() {
        eprintln!("absent, not tested: {} (COUNTERSIGN_SHARED names its folder); the sample is tested all the same", rows.display());
        return;
    }
    let expected: Value = serde_json::from_str(&fs::read_to_string(expected).unwrap()).unwrap();
    let counts = counted(&rows);
    assert_eq!(counts.len(), expected.as_object().unwrap().len());
    for (payer, counts) in counts {
        let of = |name: &str| number(&expected[&payer][name]);
        let found = (counts.rows, counts.negative, counts.none, counts.one, counts.two, counts.exactly_1000, counts.exactly_10000);
        let (none, one, two) = ("auto (amount <= 1000)", "one approver (1000 < amount <= 10000)", "two approvers (amount > 10000)");
        assert_eq!(found, (of("rows"), of("negative"), of(none), of(one), of(two), of("exactly 1000"), of("exactly 10000")), "{payer}");
        assert_eq!(counts.sum.normalize().to_string(), expected[&payer]["sum"].to_string(), "{payer}");
    }
}
