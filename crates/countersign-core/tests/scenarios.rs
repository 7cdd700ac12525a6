//! Plays every scenario of the repository: the specification that people in finance can read.
//! `COUNTERSIGN_ACCEPT=1` writes what happens now into the files instead.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on should stop")]

use countersign_core::scenario::{accept, places, play};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const FOLDERS: [&str; 2] = ["scenarios", "examples/policies"];
/// The rules that scenarios must show.
const RULES: [u32; 13] = [1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 15, 18];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn files() -> Vec<PathBuf> {
    let listed = FOLDERS.iter().flat_map(|folder| fs::read_dir(root().join(folder)).unwrap());
    let mut files: Vec<PathBuf> =
        listed.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|it| it == "scenario")).collect();
    files.sort();
    files
}

fn read_beside(file: &str, named: &str) -> Result<String, String> {
    let found = places(file, named).into_iter().find_map(|place| fs::read_to_string(place).ok());
    found.ok_or_else(|| format!("no such file beside `{file}` or above it"))
}

/// `rule-06-unroutable.scenario` plays rule 6.
fn rule_of(path: &Path) -> Option<u32> {
    path.file_name()?.to_str()?.strip_prefix("rule-")?.get(..2)?.parse().ok()
}

/// For the table at the end of the test command.
fn leave_counts(text: &str) {
    if let Some(folder) = std::env::var_os("COUNTERSIGN_COUNTS") {
        fs::write(Path::new(&folder).join("scenarios"), text).unwrap();
    }
}

#[test]
fn every_scenario_holds() {
    let (mut lines, mut rules, mut wrong) = (0, BTreeSet::new(), Vec::new());
    let files = files();
    for path in &files {
        let (file, source) = (path.display().to_string(), fs::read_to_string(path).unwrap());
        let read_file = |named: &str| read_beside(&file, named);
        if std::env::var_os("COUNTERSIGN_ACCEPT").is_some() {
            fs::write(path, accept(&file, &source, &read_file)).unwrap();
        }
        let source = fs::read_to_string(path).unwrap();
        match play(&file, &source, &read_file) {
            Ok(played) => {
                lines += played.lines;
                rules.extend(rule_of(path));
                wrong.extend(played.differences.iter().map(|it| format!("{file}:{}\n  expected {}\n  actual   {}", it.line, it.expected, it.actual)));
            }
            Err(findings) => wrong.extend(findings.iter().map(|finding| finding.render(false))),
        }
    }
    let shown: Vec<String> = rules.iter().map(u32::to_string).collect();
    leave_counts(&format!("scenario_files {}\nscenario_lines {lines}\nrules {}\n", files.len(), shown.join(" ")));
    println!("{} scenarios, {lines} lines, rules exercised: {}", files.len(), shown.join(", "));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let missing: Vec<&u32> = RULES.iter().filter(|rule| !rules.contains(rule)).collect();
    assert!(missing.is_empty(), "no scenario plays the rules {missing:?}");
}
