//! Tests, simulation, scenarios, benchmark and crashes: which cargo commands they are.

use crate::programs;
use crate::run::{cargo, watched};
use crate::tally::{self, Tally};

/// Everything that continuous integration runs, cheapest first. Where format or lints fail the tests are not begun;
/// where a test fails the others run all the same. What really ran is said at the end.
pub(crate) fn all(quick: bool, sim_seconds: u64) -> Result<(), String> {
    let mut tally = Tally::default();
    let done = steps(quick, sim_seconds, &mut tally);
    if done.is_err() && tally.failed() == 0 {
        tally.broke();
    }
    if let Err(failed) = &done {
        println!("\nfailed: {failed}");
    }
    println!("{}", tally.report());
    done
}

fn steps(quick: bool, sim_seconds: u64, tally: &mut Tally) -> Result<(), String> {
    cargo(&["fmt", "--all", "--check"], &[])?;
    if quick {
        return tests(&["test", "--no-fail-fast", "--workspace", "--lib", "--bins"], &[], tally);
    }
    programs::see_to()?;
    cargo(&["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"], &[])?;
    let tested = tests(&["test", "--no-fail-fast", "--workspace", "--all-features"], &[("COUNTERSIGN_CRASH_ROUNDS", "20")], tally);
    let seconds = sim_seconds.to_string();
    let simulated = tests(&SIMULATION, &[("COUNTERSIGN_SIM_SECONDS", &seconds)], tally);
    tested.and(simulated)
}

/// The simulation: the project's crates optimised, for most seeds in the time; all others as the other tests have
/// them, so that they are not built twice. Its tests take turns: the seeds have both cores.
const SIMULATION: [&str; 14] = [
    "test",
    "--config",
    "profile.test.package.countersign.opt-level=3",
    "--config",
    "profile.test.package.countersign-core.opt-level=3",
    "--config",
    "profile.test.package.countersign-store.opt-level=3",
    "--workspace",
    "--all-features",
    "--test=sim",
    "--",
    "--nocapture",
    "--test-threads",
    "1",
];

/// Runs tests and counts what ran.
fn tests(arguments: &[&str], environment: &[(&str, &str)], tally: &mut Tally) -> Result<(), String> {
    let folder = tally::folder().map_err(|error| format!("the folder for counts: {error}"))?;
    let told = folder.to_string_lossy();
    let mut environment = environment.to_vec();
    environment.push((tally::COUNTS, &told));
    let done = watched(arguments, &environment, |line| tally.line(line));
    tally.read(&folder);
    done
}

/// One seed in full, or many.
pub(crate) fn sim(seed: Option<u64>, seeds: u64) -> Result<(), String> {
    let (seeds, one) = (seeds.to_string(), seed.map(|seed| seed.to_string()).unwrap_or_default());
    let environment = [("COUNTERSIGN_SIM_SEEDS", seeds.as_str()), ("COUNTERSIGN_SIM_SEED", one.as_str())];
    cargo(&SIMULATION, &environment)
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
