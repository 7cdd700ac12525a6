//! `.scenario` files: a clock, a deed, its consequence. Our tests, the users' tests and the manual at once.
//! Reads them, plays them through the law itself and compares what happened with what is written. It
//! reaches nothing outside: files come through an argument, time and ids are simulated (rule 31).

use crate::policy::diagnostic::Diagnostic;
use crate::policy::parse::ReadFile;

mod clock;
mod deeds;
mod people;
mod play;
mod read;
mod tell;
mod values;

/// A scenario that was played to its end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Played {
    /// How many deeds it has.
    pub lines: usize,
    /// Where something else happened than is written, in the order of the file.
    pub differences: Vec<Difference>,
}

/// One line whose consequence is not the written one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// From 1.
    pub line: usize,
    /// What is written behind `=>`; empty where nothing is.
    pub expected: String,
    /// What happened.
    pub actual: String,
}

/// Plays a scenario. `read_file` is asked for the policies that it names, and for the rate tables that those name.
///
/// # Errors
/// Everything that could not be read, in the order of the file.
pub fn play(file_name: &str, source: &str, read_file: ReadFile<'_>) -> Result<Played, Vec<Diagnostic>> {
    let script = read::script(file_name, source, read_file)?;
    let told = play::consequences(&script);
    let differs = |(line, actual): (&read::Line, String)| {
        let expected = line.expected.clone().unwrap_or_default();
        (expected != actual).then_some(Difference { line: line.number, expected, actual })
    };
    Ok(Played { lines: script.lines.len(), differences: script.lines.iter().zip(told).filter_map(differs).collect() })
}

/// The scenario with every right-hand side as it happens now; alignment and comments stay. What cannot be
/// read stays as it is.
#[must_use]
pub fn accept(file_name: &str, source: &str, read_file: ReadFile<'_>) -> String {
    let Ok(script) = read::script(file_name, source, read_file) else { return source.to_owned() };
    let told = play::consequences(&script);
    let mut accepted = source.to_owned();
    for (line, actual) in script.lines.iter().zip(told).rev() {
        let written = if line.expected.is_some() { format!(" {actual}") } else { format!("  => {actual}") };
        accepted.replace_range(line.right.clone(), &written);
    }
    accepted
}

/// Where a file that a scenario names may lie, in the order to look: beside the scenario, then in each folder
/// above it, then where the reader stands. So `policies/expense.toml` is found from `scenarios/` too.
#[must_use]
pub fn places(file_name: &str, named: &str) -> Vec<String> {
    let mut folders: Vec<&str> = file_name.match_indices('/').map(|(at, _)| file_name.get(..=at).unwrap_or_default()).collect();
    folders.reverse();
    folders.into_iter().chain([""]).map(|folder| format!("{folder}{named}")).collect()
}

#[cfg(test)]
mod tests;
