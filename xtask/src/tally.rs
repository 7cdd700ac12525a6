//! What really ran: reads what the test programs print and the small count files that some of them leave in
//! `target/counts`, and says it in a table for people and in one last plain line.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Where test programs leave their counts; they are told by this variable.
pub(crate) const COUNTS: &str = "COUNTERSIGN_COUNTS";

/// What was counted so far.
#[derive(Default, Debug)]
pub(crate) struct Tally {
    programs: u64,
    passed: u64,
    failed: u64,
    ignored: u64,
    rules: BTreeSet<u32>,
    files: BTreeMap<String, u64>,
}

/// The folder of the count files, made empty.
///
/// # Errors
/// When it cannot be made.
pub(crate) fn folder() -> std::io::Result<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"), PathBuf::from);
    let folder = std::path::absolute(target.join("counts"))?;
    match std::fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => std::fs::create_dir_all(&folder)?,
    }
    Ok(folder)
}

impl Tally {
    /// Takes a line that a test program printed.
    pub(crate) fn line(&mut self, line: &str) {
        if let Some((_, result)) = line.split_once("test result: ") {
            self.programs += 1;
            self.passed += before(result, "passed");
            self.failed += before(result, "failed");
            self.ignored += before(result, "ignored");
        } else if let Some(name) = line.strip_prefix("test ").and_then(|line| line.strip_suffix(" ... ok")) {
            self.rules.extend(rule_of(name));
        }
    }

    /// Something failed that is no test: format, lints, a program that did not build or did not come to its end.
    pub(crate) fn broke(&mut self) {
        self.failed += 1;
    }

    /// How many failed.
    pub(crate) fn failed(&self) -> u64 {
        self.failed
    }

    /// Takes what the programs left: each file has lines of a name and numbers.
    pub(crate) fn read(&mut self, folder: &Path) {
        let files = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
        for text in files.filter_map(|file| std::fs::read_to_string(file.path()).ok()) {
            for (name, numbers) in text.lines().filter_map(|line| line.split_once(' ')) {
                let numbers = numbers.split_whitespace().filter_map(|number| number.parse::<u64>().ok());
                if name == "rules" {
                    self.rules.extend(numbers.filter_map(|number| u32::try_from(number).ok()));
                } else {
                    *self.files.entry(name.to_owned()).or_default() += numbers.sum::<u64>();
                }
            }
        }
    }

    /// The table and the last line.
    pub(crate) fn report(&self) -> String {
        let mut text = String::from("\n");
        let mut row = |name: &str, said: String| {
            let _ = writeln!(text, "  {name:<18}{said}");
        };
        row("tests", format!("{} passed, {} failed, {} left out, in {} programs", self.passed, self.failed, self.ignored, self.programs));
        row("scenarios", self.said("scenario_files", |files| format!("{files} files, {} lines", self.count("scenario_lines"))));
        row("seeds", self.said("seeds", |seeds| format!("{seeds} simulated, {} broke a rule", self.count("seeds_failed"))));
        row("planted bugs", self.said("bugs_planted", |planted| format!("{} of {planted} caught", self.count("bugs_caught"))));
        row("kill -9", self.said("kills", |kills| format!("{kills} times under load")));
        row("rules exercised", format!("{} ({})", self.rules.len(), ranges(&self.rules)));
        let _ = write!(text, "\n{} passed, {} failed", self.passed, self.failed);
        text
    }

    fn count(&self, name: &str) -> u64 {
        self.files.get(name).copied().unwrap_or_default()
    }

    fn said(&self, name: &str, say: impl Fn(u64) -> String) -> String {
        self.files.get(name).map_or_else(|| "not run".to_owned(), |count| say(*count))
    }
}

/// The number before a word: `ok. 12 passed; 0 failed; …`.
fn before(result: &str, word: &str) -> u64 {
    let part = result.split([';', '.']).map(str::trim).find(|part| part.ends_with(word));
    part.and_then(|part| part.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

/// `rules::rule_12_rejection_is_weighed_before_approval` is about rule 12.
fn rule_of(name: &str) -> Option<u32> {
    let (digits, _) = name.split_once("rule_")?.1.split_once('_')?;
    digits.parse().ok()
}

/// `1-3, 5`.
fn ranges(rules: &BTreeSet<u32>) -> String {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for rule in rules {
        match runs.last_mut() {
            Some((_, end)) if *end + 1 == *rule => *end = *rule,
            _ => runs.push((*rule, *rule)),
        }
    }
    let shown = runs.iter().map(|(from, to)| if from == to { from.to_string() } else { format!("{from}-{to}") });
    shown.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
    use super::*;

    #[test]
    fn what_ran_is_added_up_over_programs_and_files() {
        let mut tally = Tally::default();
        for line in [
            "test rules::rule_1_a_voice_fell ... ok",
            "test rules::rule_30_every_door ... ok",
            "test rules::rule_4_is_broken ... FAILED",
            "test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 7 filtered out; finished in 0.01s",
            "test result: ok. 40 passed; 0 failed; 3 ignored; 0 measured; 0 filtered out; finished in 1.21s",
        ] {
            tally.line(line);
        }
        let folder = std::env::temp_dir().join(format!("countersign-tally-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("scenarios"), "scenario_files 3\nscenario_lines 44\nrules 2 3 5\n").unwrap();
        std::fs::write(folder.join("seeds"), "seeds 100\nseeds_failed 0\nrules 3 6\n").unwrap();
        tally.read(&folder);
        std::fs::remove_dir_all(&folder).unwrap();
        let report = tally.report();
        for said in ["42 passed, 1 failed, 3 left out, in 2 programs", "3 files, 44 lines", "100 simulated, 0 broke", "6 (1-3, 5-6, 30)", "not run"] {
            assert!(report.contains(said), "{said} is not in {report}");
        }
        assert!(report.ends_with("\n42 passed, 1 failed"), "{report}");
    }

    #[test]
    fn what_broke_without_being_a_test_is_a_failure_too() {
        let mut tally = Tally::default();
        tally.broke();
        assert_eq!((tally.failed(), tally.report().lines().last()), (1, Some("0 passed, 1 failed")));
    }
}
