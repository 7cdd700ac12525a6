//! Tests, simulation, scenarios, benchmark and crashes: which cargo commands they are.

use crate::run::cargo;

/// Everything that continuous integration runs, cheapest first; stops at the first failure.
pub(crate) fn all(quick: bool, sim_seconds: u64) -> Result<(), String> {
    cargo(&["fmt", "--all", "--check"], &[])?;
    if quick {
        return cargo(&["test", "--workspace", "--lib", "--bins"], &[]);
    }
    cargo(&["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"], &[])?;
    let seconds = sim_seconds.to_string();
    cargo(&["test", "--workspace", "--all-features"], &[("COUNTERSIGN_SIM_SECONDS", &seconds), ("COUNTERSIGN_CRASH_ROUNDS", "20")])
}

/// One seed in full, or many.
pub(crate) fn sim(seed: Option<u64>, seeds: u64) -> Result<(), String> {
    let (seeds, one) = (seeds.to_string(), seed.map(|seed| seed.to_string()).unwrap_or_default());
    let environment = [("COUNTERSIGN_SIM_SEEDS", seeds.as_str()), ("COUNTERSIGN_SIM_SEED", one.as_str())];
    cargo(&["test", "--release", "--package", "countersign", "--test", "sim", "--", "--nocapture"], &environment)
}

/// Plays every scenario; accepting rewrites the files.
pub(crate) fn scenarios(accept: bool) -> Result<(), String> {
    let value = if accept { "1" } else { "" };
    cargo(&["test", "--package", "countersign-core", "--test", "scenarios", "--", "--nocapture"], &[("COUNTERSIGN_ACCEPT", value)])
}

/// The benchmark, in release.
pub(crate) fn bench(part: Option<&str>) -> Result<(), String> {
    let mut arguments = vec!["bench", "--package", "countersign", "--bench", "figures"];
    if let Some(part) = part {
        arguments.extend(["--", part]);
    }
    cargo(&arguments, &[])
}

/// kill -9 under load, this many times.
pub(crate) fn crash(rounds: u32) -> Result<(), String> {
    let rounds = rounds.to_string();
    let environment = [("COUNTERSIGN_CRASH_ROUNDS", rounds.as_str())];
    cargo(&["test", "--package", "countersign", "--test", "crash", "--", "--nocapture"], &environment)
}
