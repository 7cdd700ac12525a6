//! Rules of the repository, held by a test: layers, sizes, words, module heads.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on should stop")]

use std::fs;
use std::path::{Path, PathBuf};

const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 60;
const MEDIAN_LINES_MAX: usize = 170;
const BANNED_NAMES: [&str; 9] = ["manager", "handler", "helper", "util", "utils", "common", "misc", "workflow", "ticket"];

struct Source {
    path: String,
    text: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    for folder in ["crates", "xtask"] {
        walk(&root().join(folder), &mut found);
    }
    assert!(found.len() > 60, "the walk found only {} files", found.len());
    found
}

fn walk(folder: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            walk(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root()).unwrap().display().to_string();
            found.push(Source { path: name, text: fs::read_to_string(&path).unwrap() });
        }
    }
}

/// The source without its unit tests, which stand at the end of a file.
fn body(source: &Source) -> &str {
    source.text.split("#[cfg(test)]\nmod tests").next().unwrap()
}

fn none(what: &str, offenders: &[String]) {
    assert!(offenders.is_empty(), "{what}:\n  {}", offenders.join("\n  "));
}

#[test]
fn no_file_is_longer_than_one_can_hold_in_mind() {
    let long: Vec<String> =
        sources().iter().filter(|s| s.text.lines().count() > FILE_LINES_MAX).map(|s| format!("{} {}", s.text.lines().count(), s.path)).collect();
    none("files over 500 lines; split by noun", &long);
    let mut sizes: Vec<usize> = sources().iter().filter(|s| s.path.contains("/src/")).map(|s| s.text.lines().count()).collect();
    sizes.sort_unstable();
    assert!(sizes[sizes.len() / 2] <= MEDIAN_LINES_MAX, "the median file has {} lines", sizes[sizes.len() / 2]);
}

#[test]
fn no_function_is_longer_than_a_page() {
    let mut long = Vec::new();
    for source in sources() {
        let lines: Vec<&str> = source.text.lines().collect();
        for (start, line) in lines.iter().enumerate() {
            let trimmed = line.trim_start();
            let indent = line.len() - trimmed.len();
            let is_function = [
                "fn ",
                "pub fn ",
                "async fn ",
                "pub async fn ",
                "pub(crate) fn ",
                "pub(super) fn ",
                "pub(super) async fn ",
                "pub(crate) async fn ",
                "const fn ",
                "pub const fn ",
            ]
            .iter()
            .any(|prefix| trimmed.starts_with(prefix));
            if !is_function || trimmed.ends_with(';') {
                continue;
            }
            let close = format!("{}}}", " ".repeat(indent));
            let length = lines[start..].iter().position(|later| **later == close).unwrap_or(0) + 1;
            if length > FUNCTION_LINES_MAX {
                long.push(format!("{length} {}:{}", source.path, start + 1));
            }
        }
    }
    none("functions over 60 lines", &long);
}

#[test]
fn every_file_says_what_it_owns() {
    let headless: Vec<String> = sources().iter().filter(|s| !s.text.starts_with("//!")).map(|s| s.path.clone()).collect();
    none("files without a `//!` head", &headless);
}

#[test]
fn no_module_or_type_bears_a_name_that_says_nothing() {
    let mut bad = Vec::new();
    for source in sources() {
        let stem = Path::new(&source.path).file_stem().unwrap().to_string_lossy().to_lowercase();
        if BANNED_NAMES.contains(&stem.as_str()) {
            bad.push(source.path.clone());
        }
        for line in source.text.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            for pair in words.windows(2) {
                let name = pair[1].split(['<', '(', '{', ';', ':']).next().unwrap().to_lowercase();
                let declares = ["struct", "enum", "trait", "mod", "type"].contains(&pair[0]) && !line.trim_start().starts_with("//");
                let banned = BANNED_NAMES.iter().any(|word| name == *word || (name.ends_with(word) && name.len() > word.len() && word.len() > 4));
                if declares && banned {
                    bad.push(format!("{}: {}", source.path, line.trim()));
                }
            }
        }
    }
    none("names that say nothing", &bad);
}

#[test]
fn the_core_is_pure() {
    let manifest = fs::read_to_string(root().join("crates/countersign-core/Cargo.toml")).unwrap();
    let dependencies = manifest.split("[dev-dependencies]").next().unwrap();
    for banned in ["tokio", "axum", "rusqlite", "tracing", "getrandom", "rand", "reqwest", "async-trait"] {
        assert!(!dependencies.lines().any(|line| line.starts_with(banned)), "the core depends on {banned}");
    }
    let words = ["::now()", "HashMap", "HashSet", "std::fs", "std::net", "std::env", "async fn", "SystemTime", "Instant::"];
    let mut bad = Vec::new();
    for source in sources().iter().filter(|s| s.path.starts_with("crates/countersign-core/src") && !s.path.ends_with("/tests.rs")) {
        for (number, line) in body(source).lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            if let Some(word) = words.iter().find(|word| line.contains(**word)) {
                bad.push(format!("{}:{} {word}", source.path, number + 1));
            }
        }
    }
    none("impure words in the core", &bad);
}

#[test]
fn core_state_is_not_serializable() {
    let files = ["request.rs", "stage.rs", "execution.rs", "event.rs", "command.rs", "people.rs"];
    for source in sources().iter().filter(|s| s.path.starts_with("crates/countersign-core/src")) {
        let guarded = files.iter().any(|file| source.path.ends_with(&format!("src/{file}")));
        assert!(!(guarded && body(source).contains("Serialize")), "{} freezes a type of the core", source.path);
    }
}

#[test]
fn doors_see_the_engine_and_nothing_behind_it() {
    let doors = ["api", "web", "cli", "mcp"];
    let hidden = ["RequestLog", "SqliteStore", "MemoryStore", "request::decide", "::evolve", "rusqlite"];
    let mut bad = Vec::new();
    for source in sources() {
        let Some(rest) = source.path.strip_prefix("crates/countersign/src/") else { continue };
        let door = doors.iter().any(|door| rest.starts_with(&format!("{door}/")) || rest == format!("{door}.rs"));
        let reaches = hidden.iter().find(|word| body(&source).contains(**word));
        if let (true, Some(word)) = (door, reaches) {
            bad.push(format!("{} reaches {word}", source.path));
        }
    }
    none("doors that reach behind the engine", &bad);
}

/// What a policy keeps from some leaves the engine only as one reader sees it.
#[test]
fn doors_never_hold_a_whole_request() {
    let doors = ["api", "web", "wire", "cli"];
    let whole = ["Whole", ".look(", "look_with_events", ".whole()"];
    let mut bad = Vec::new();
    for source in sources() {
        let Some(rest) = source.path.strip_prefix("crates/countersign/src/") else { continue };
        let door = doors.iter().any(|door| rest.starts_with(&format!("{door}/")) || rest == format!("{door}.rs"));
        let reaches = whole.iter().find(|word| body(&source).contains(**word));
        if let (true, Some(word)) = (door && rest != "cli/doctor.rs", reaches) {
            bad.push(format!("{} reaches {word}", source.path));
        }
    }
    none("doors that hold what some may not see", &bad);
}

#[test]
fn channels_see_a_rendered_parcel_never_a_request() {
    for source in sources() {
        let outbound =
            ["channel", "executor", "summary", "outbound"].iter().any(|part| source.path.starts_with(&format!("crates/countersign/src/{part}")));
        assert!(!(outbound && body(&source).contains("countersign_core::request")), "{} knows a request", source.path);
    }
}

#[test]
fn sql_stands_in_the_store_only() {
    let verbs = ["SELECT ", "INSERT INTO", "UPDATE ", "DELETE FROM", "CREATE TABLE"];
    let mut bad = Vec::new();
    for source in sources().iter().filter(|s| s.path.contains("/src/") && !s.path.starts_with("crates/countersign-store")) {
        for verb in verbs.iter().filter(|verb| body(source).contains(**verb)) {
            bad.push(format!("{}: {verb}", source.path));
        }
    }
    none("SQL outside the store", &bad);
}

#[test]
fn nothing_is_left_open() {
    let marks = ["todo!(", "unimplemented!(", "FIXME", "XXX", "#[ignore"];
    let mut bad = Vec::new();
    for source in sources().iter().filter(|s| !s.path.ends_with("tests/tidy.rs") && !s.path.ends_with("money/currency.rs")) {
        for mark in marks.iter().filter(|mark| source.text.contains(**mark)) {
            bad.push(format!("{}: {mark}", source.path));
        }
    }
    none("left open", &bad);
}

/// The codes of the list, in its order.
fn codes() -> Vec<String> {
    let list = fs::read_to_string(root().join("crates/countersign/src/api/codes.rs")).unwrap();
    let entry = |line: &str| {
        let (code, rest) = line.trim().strip_prefix('"')?.split_once("\" ")?;
        rest.split_once(' ')?.0.parse::<u16>().ok()?;
        Some(code.to_owned())
    };
    let codes: Vec<String> = list.lines().filter_map(entry).collect();
    assert!(codes.len() > 50, "the list of codes was not understood: {codes:?}");
    codes
}

/// Files outside sources that hold what was said: scenarios, snapshots and tables.
fn spoken(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            spoken(&path, found);
        } else if path.extension().is_some_and(|extension| ["scenario", "snap", "txt"].iter().any(|known| extension == *known)) {
            found.push(fs::read_to_string(&path).unwrap());
        }
    }
}

/// A code that no test names may be wrong, or never be said at all. Tests name it in quotes; scenarios and snapshots as
/// the word of a refusal.
#[test]
fn every_stable_code_is_named_by_a_test() {
    let mut others = Vec::new();
    for folder in ["crates", "scenarios"] {
        spoken(&root().join(folder), &mut others);
    }
    let is_test = |s: &&Source| s.path.contains("/tests/") && !s.path.contains("/src/") && !s.path.ends_with("tests/tidy.rs");
    let sources = sources();
    let named = |code: &str| {
        let (quoted, refused) = (format!("\"{code}\""), format!("refused: {code}"));
        sources.iter().filter(is_test).any(|source| source.text.contains(&quoted)) || others.iter().any(|text| text.contains(&refused))
    };
    let unnamed: Vec<String> = codes().into_iter().filter(|code| !named(code)).collect();
    none("codes that no test names", &unnamed);
}

#[test]
fn main_is_short() {
    let main = fs::read_to_string(root().join("crates/countersign/src/main.rs")).unwrap();
    assert!(main.lines().count() <= 60, "main.rs has {} lines", main.lines().count());
}
