//! Plays seeds: those that once failed, then as many as time allows; says how to play one again.

use crate::faults::Kind;
use crate::oracle::RULES;
use crate::play::{Played, play};
use crate::twins::{BUGS, Bug};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Seeds that once found something (submissions by a node's own clock, retries likewise, spinning workers, an
/// action lost by a refused start, an approver who left just before silence would have approved): played first, for ever.
const REGRESSIONS: [u64; 10] = [1000, 1001, 1002, 1009, 1028, 1030, 1118, 1565, 50_953, 69_906];
/// Seeds are consecutive from here unless another is asked for.
const BASE: u64 = 1_000;
const SECONDS: u64 = 10;
/// From so many seeds on, a rule that judged nothing is a failure.
const ENOUGH: u64 = 200;
/// A planted bug must be caught within so many seeds.
const CAUGHT_WITHIN: u64 = 300;
const THREADS: usize = 2;
/// How many seeds are played twice and compared.
const REPLAYED: u64 = 50;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.trim().parse().ok())
}

/// For the table at the end of the test command.
fn leave_counts(file: &str, text: &str) {
    if let Some(folder) = std::env::var_os("COUNTERSIGN_COUNTS") {
        std::fs::write(std::path::Path::new(&folder).join(file), text).unwrap();
    }
}

#[derive(Default)]
struct Tally {
    seeds: u64,
    steps: u64,
    simulated_ms: i64,
    faults: BTreeMap<Kind, u64>,
    rules: BTreeMap<u32, u64>,
    races: [u64; 3],
    failed: Vec<(u64, String)>,
}

impl Tally {
    fn add(&mut self, played: &Played) {
        self.seeds += 1;
        self.steps += played.steps;
        self.simulated_ms += played.simulated_ms;
        played.faults.iter().for_each(|(kind, times)| *self.faults.entry(*kind).or_default() += times);
        played.findings.exercised.iter().for_each(|(rule, times)| *self.rules.entry(*rule).or_default() += times);
        let ledger = played.world.ledger();
        for (sum, times) in self.races.iter_mut().zip([ledger.conflicts, ledger.moments, ledger.leases_lost]) {
            *sum += times;
        }
        if let Some((rule, what)) = played.findings.broken.first() {
            self.failed.push((played.seed, format!("rule {rule}: {what}")));
        }
    }

    fn print(&self, took: Duration) {
        let years = self.simulated_ms as f64 / (365.25 * 86_400_000.0);
        let rate = self.seeds as f64 / took.as_secs_f64();
        println!("{} seeds, {} steps, {years:.1} simulated years in {:.1} s ({rate:.0} seeds/s)", self.seeds, self.steps, took.as_secs_f64());
        println!("faults: {}", self.faults.iter().map(|(kind, times)| format!("{kind:?} {times}")).collect::<Vec<_>>().join(", "));
        let [conflicts, moments, leases] = self.races;
        println!("races: {conflicts} conflicts, {moments} deadlines passed before the commit, {leases} leases lost");
        println!(
            "rules exercised: {}",
            RULES.iter().map(|rule| format!("{rule}: {}", self.rules.get(rule).unwrap_or(&0))).collect::<Vec<_>>().join(", ")
        );
        for (seed, what) in self.failed.iter().take(20) {
            println!("seed {seed} broke {what}\n  replay: cargo xtask sim --seed {seed}");
        }
    }
}

fn many(base: u64, seeds: Option<u64>, seconds: u64) -> (Tally, Duration) {
    let (tally, next, began) = (Mutex::new(Tally::default()), AtomicU64::new(0), Instant::now());
    let more = |index: u64| match seeds {
        Some(seeds) => index < seeds,
        None => index < REGRESSIONS.len() as u64 || began.elapsed() < Duration::from_secs(seconds),
    };
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if !more(index) || tally.lock().unwrap().failed.len() >= 20 {
                        return;
                    }
                    let place = usize::try_from(index).unwrap();
                    let seed = REGRESSIONS.get(place).copied().unwrap_or(base + index);
                    let played = play(seed, None);
                    tally.lock().unwrap().add(&played);
                }
            });
        }
    });
    (tally.into_inner().unwrap(), began.elapsed())
}

#[test]
fn every_seed_keeps_every_rule() {
    if let Some(seed) = setting("COUNTERSIGN_SIM_SEED") {
        return one(seed);
    }
    let base = setting("COUNTERSIGN_SIM_BASE").unwrap_or(BASE);
    println!("seeds from {base}");
    let (tally, took) = many(base, setting("COUNTERSIGN_SIM_SEEDS"), setting("COUNTERSIGN_SIM_SECONDS").unwrap_or(SECONDS));
    tally.print(took);
    let judged: Vec<String> = tally.rules.keys().map(u32::to_string).collect();
    leave_counts("seeds", &format!("seeds {}\nseeds_failed {}\nrules {}\n", tally.seeds, tally.failed.len(), judged.join(" ")));
    assert!(tally.failed.is_empty(), "{} seeds failed", tally.failed.len());
    let idle: Vec<&u32> = RULES.iter().filter(|rule| !tally.rules.contains_key(rule)).collect();
    assert!(tally.seeds < ENOUGH || idle.is_empty(), "rules that judged nothing: {idle:?}");
}

/// Plays one seed and prints its whole record.
fn one(seed: u64) {
    let played = play(seed, None);
    for id in crate::nature::requests(&played.world) {
        println!("\n{id}");
        let loaded = futures_util::FutureExt::now_or_never(countersign_store::RequestLog::load(&*played.world.store, id)).unwrap().unwrap().unwrap();
        for (at, event) in &loaded.events {
            println!("  {at} {event:?}");
        }
    }
    for deed in &played.world.ledger().deeds {
        println!("{deed:?}");
    }
    for (rule, what) in &played.findings.broken {
        println!("rule {rule}: {what}");
    }
    assert!(played.findings.broken.is_empty(), "seed {seed} failed");
}

#[test]
fn a_seed_replays_bit_for_bit() {
    for seed in BASE..BASE + REPLAYED {
        assert_eq!(play(seed, None).trace, play(seed, None).trace, "seed {seed}");
    }
}

/// The seed and the rule that caught a bug.
fn caught(bug: Bug) -> Option<(u64, u32, String)> {
    (BASE..BASE + CAUGHT_WITHIN).find_map(|seed| {
        let broken = play(seed, Some(bug)).findings.broken;
        broken.into_iter().next().map(|(rule, what)| (seed, rule, what))
    })
}

#[test]
fn every_planted_bug_is_caught() {
    let mut missed = Vec::new();
    for bug in BUGS {
        match caught(bug) {
            Some((seed, rule, what)) => println!("{bug:?}: caught by rule {rule} at seed {seed}: {what}"),
            None => missed.push(bug),
        }
    }
    leave_counts("bugs", &format!("bugs_planted {}\nbugs_caught {}\n", BUGS.len(), BUGS.len() - missed.len()));
    assert!(missed.is_empty(), "not caught within {CAUGHT_WITHIN} seeds: {missed:?}");
}

/// A store that hands work out twice and asks no token back is caught by notices that end twice: the outbox row is
/// all that fences those. An execution stands fenced without it: its token is in the request's own record, and of
/// two workers that begin or end the same attempt the second finds another version there, and is refused.
#[test]
fn without_leases_in_the_outbox_executions_are_fenced_by_their_own_record() {
    let mut caught = 0;
    for seed in BASE..BASE + 100 {
        let broken = play(seed, Some(Bug::IgnoresLeases)).findings.broken;
        caught += usize::from(!broken.is_empty());
        assert!(broken.iter().all(|(rule, _)| *rule != 21), "seed {seed}: {broken:?}");
    }
    assert!(caught > 0, "a store without leases must be noticed somewhere");
}
