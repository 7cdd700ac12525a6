//! The policies of the workload: every feature of the language that decides something, in two editions each.

use crate::law::{HOUR, Law, LevelLaw, RuleLaw, Says, SeatLaw, Sel, Silence, StageLaw, When};
use countersign::engine::shelf::PolicySources;
use countersign_core::policy::Policy;
use std::sync::LazyLock;

/// An edition as the oracle knows it and as the engine has read it.
pub(crate) struct Edition {
    pub(crate) law: Law,
    pub(crate) policy: Policy,
    pub(crate) sources: PolicySources,
}

/// All editions, oldest first for each policy.
pub(crate) static EDITIONS: LazyLock<Vec<Edition>> = LazyLock::new(|| {
    let laws = (1..=2).flat_map(|edition| [gates(edition), pair(edition), seats(edition), rounds(edition), vault(edition)]);
    laws.map(edition).collect()
});

fn edition(law: Law) -> Edition {
    let source = law.toml();
    let loaded = Policy::load(law.policy, &source, &|_| Err("no rates".into()));
    let policy =
        loaded.unwrap_or_else(|found| panic!("{}\n{source}", found.iter().map(|one| one.message.as_str()).collect::<Vec<_>>().join("; "))).policy;
    Edition { sources: PolicySources { file: law.policy.to_owned(), source, rates: None }, law, policy }
}

fn stage(name: &'static str, from: &[Sel], count: usize, expire: i64) -> StageLaw {
    StageLaw {
        name,
        seats: vec![SeatLaw { from: from.to_vec(), count }],
        with: None,
        reject_quorum: 1,
        repeat: false,
        remind: None,
        escalate: Vec::new(),
        expire: expire * HOUR,
        silence: Silence::Expires,
        passkey: false,
    }
}

fn level(after: i64, to: &[Sel], replace: bool, expire: Option<i64>) -> LevelLaw {
    LevelLaw { after: after * HOUR, to: to.to_vec(), replace, expire: expire.map(|hours| hours * HOUR) }
}

fn ask(name: &'static str, when: When, stages: Vec<StageLaw>) -> RuleLaw {
    RuleLaw { name, when, says: Says::Ask(stages) }
}

fn law(policy: &'static str, edition: u32, rules: Vec<RuleLaw>) -> Law {
    let url = |host: &str, action: &str| format!("http://{host}.example/{action}/v{edition}");
    let on_approved = match policy {
        "pair" => vec![("book", url("books", "book")), ("pay", url("bank", "pay"))],
        _ => vec![("pay", url("bank", "pay"))],
    };
    let on_rejected = if policy == "seats" { vec![("file", url("books", "file"))] } else { Vec::new() };
    Law { policy, edition, owner: vec![Sel::Group("ops")], rules, on_approved, on_rejected }
}

/// Allow, deny, a rule that may fail, and silence in its three kinds.
fn gates(edition: u32) -> Law {
    let one = |silence| StageLaw { silence, ..stage("review", &[Sel::Manager], 1, 6 + i64::from(edition)) };
    let rules = vec![
        RuleLaw { name: "small", when: When::AmountIs(0), says: Says::Allow },
        RuleLaw { name: "never", when: When::AmountIs(1), says: Says::Deny },
        ask("noted", When::AmountIsAndNoteIsGo(2), vec![stage("review", &[Sel::Group("fin")], 1, 24)]),
        ask("silence rejects", When::AmountIs(3), vec![one(Silence::Rejects)]),
        ask("silence approves", When::AmountIs(4), vec![one(Silence::Approves)]),
        ask("rest", When::Always, vec![StageLaw { remind: Some(2 * HOUR), ..one(Silence::Expires) }]),
    ];
    law("gates", edition, rules)
}

/// Two voices from one list, with levels that add.
fn pair(edition: u32) -> Law {
    let wide = [Sel::Manager, Sel::Group("fin")];
    let two = StageLaw {
        remind: Some(3 * HOUR),
        escalate: vec![level(8, &[Sel::Group("dir")], false, None), level(16, &[Sel::User("zoe")], false, Some(20))],
        ..stage("review", &wide, 1 + usize::try_from(edition).unwrap(), 24)
    };
    let narrow = StageLaw { escalate: vec![level(4, &[Sel::Group("dir")], true, None)], ..stage("review", &[Sel::Field("lead")], 1, 12) };
    let lonely = stage("review", &[Sel::Group("empty"), Sel::User("gus")], 1, 30);
    let rules =
        vec![ask("narrow", When::AmountIs(1), vec![narrow]), ask("lonely", When::AmountIs(2), vec![lonely]), ask("two", When::Always, vec![two])];
    law("pair", edition, rules)
}

/// Seats whose groups overlap, levels that replace, more than one rejection.
fn seats(edition: u32) -> Law {
    let overlap = StageLaw {
        seats: vec![SeatLaw { from: vec![Sel::Group("legal")], count: 1 }, SeatLaw { from: vec![Sel::Group("sec")], count: 2 }],
        reject_quorum: 2,
        remind: Some(5 * HOUR),
        escalate: vec![level(10, &[Sel::Group("dir"), Sel::Group("sec")], true, Some(8 + i64::from(edition)))],
        ..stage("seal", &[], 0, 20)
    };
    let stubborn = StageLaw { reject_quorum: 2, ..stage("vote", &[Sel::Group("sec"), Sel::Group("fin")], 2, 18) };
    law("seats", edition, vec![ask("vote", When::AmountIs(1), vec![stubborn]), ask("seal", When::Always, vec![overlap])])
}

/// Stages in order, side by side, with and without repeated voices.
fn rounds(edition: u32) -> Law {
    let first = stage("first", &[Sel::Group("fin")], 1, 15);
    let second = StageLaw { remind: Some(4 * HOUR), ..stage("second", &[Sel::Group("fin"), Sel::Group("dir")], 1, 10 + i64::from(edition)) };
    let beside = StageLaw {
        with: Some(0),
        escalate: vec![level(6, &[Sel::Group("sec")], false, None)],
        ..stage("beside", &[Sel::Group("legal"), Sel::Group("fin")], 1, 15)
    };
    let again = |stage: StageLaw| StageLaw { repeat: true, ..stage };
    let last = stage("last", &[Sel::Group("dir"), Sel::Manager], 1, 12);
    let rules = vec![
        ask("beside", When::AmountIs(1), vec![first.clone(), beside.clone(), last.clone()]),
        ask("again", When::AmountIs(2), vec![again(first.clone()), again(second.clone())]),
        ask("beside again", When::AmountIs(3), vec![again(first.clone()), again(beside)]),
        ask("in order", When::Always, vec![first, second]),
    ];
    law("rounds", edition, rules)
}

/// Stages that a session does not pass: alone, before and beside others, in one edition only, where no rule holds.
fn vault(edition: u32) -> Law {
    let signed = |stage: StageLaw| StageLaw { passkey: true, ..stage };
    let again = |stage: StageLaw| StageLaw { repeat: true, ..stage };
    let keepers = stage("keepers", &[Sel::Group("fin"), Sel::Group("dir")], 1, 14);
    let two = StageLaw {
        reject_quorum: 2,
        remind: Some(4 * HOUR),
        escalate: vec![level(6, &[Sel::Group("dir")], false, Some(16))],
        ..stage("two", &[Sel::Group("sec"), Sel::Manager], 2, 20)
    };
    let beside = StageLaw { with: Some(0), ..stage("beside", &[Sel::Group("legal"), Sel::Group("fin")], 1, 14) };
    let later = StageLaw { passkey: edition == 2, ..stage("later", &[Sel::Manager, Sel::Group("sec")], 1, 10) };
    let rules = vec![
        ask("noted", When::AmountIsAndNoteIsGo(1), vec![keepers.clone()]),
        ask("beside", When::AmountIs(2), vec![again(keepers.clone()), signed(again(beside.clone()))]),
        ask("beside another", When::AmountIs(3), vec![keepers.clone(), signed(beside)]),
        ask("in order", When::AmountIs(4), vec![signed(keepers), later]),
        ask("two", When::Always, vec![signed(two)]),
    ];
    law("vault", edition, rules)
}
