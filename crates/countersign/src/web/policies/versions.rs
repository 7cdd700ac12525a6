//! The versions of a policy, and the lines in which two of them differ.

use crate::engine::versions::PolicyVersion;
use crate::engine::{Engine, EngineError};
use crate::summary::visible::visible;
use crate::web::words::{When, Words};
use countersign_core::canonical::Digest;
use countersign_core::id::PolicyName;
use similar::{ChangeTag, TextDiff};
use std::time::Duration;

/// As much of a digest as tells versions apart.
const DIGITS: usize = 12;
/// Unchanged lines around a change.
const AROUND: usize = 3;
/// Lines of a difference that are shown at most.
const LINES_MAX: usize = 2_000;
/// Longer thinking gives a coarser difference, never a late page.
const THINK_FOR: Duration = Duration::from_millis(200);

/// A version for the page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VersionRow {
    /// The whole digest.
    pub version: String,
    /// Its beginning.
    pub short: String,
    /// From when it was in force.
    pub since: When,
    /// Whether it is now.
    pub in_force: bool,
    /// The version before it, to be compared with.
    pub before: Option<String>,
}

/// What changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// The beginning of the older digest.
    pub from: String,
    /// The beginning of the newer one.
    pub to: String,
    /// The lines, with some around them.
    pub lines: Vec<Line>,
    /// Whether there are more lines than are shown.
    pub cut: bool,
}

/// A line of a difference.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// `added`, `removed`, `same` or `gap`.
    pub kind: &'static str,
    /// `+`, `-` or a space.
    pub mark: char,
    /// The text.
    pub text: String,
}

/// All versions, newest first.
#[must_use]
pub fn rows(kept: &[PolicyVersion], words: &Words) -> Vec<VersionRow> {
    let row = |(place, one): (usize, &PolicyVersion)| VersionRow {
        version: one.version.to_string(),
        short: short(&one.version),
        since: words.time(one.since),
        in_force: one.in_force,
        before: kept.get(place + 1).map(|before| before.version.to_string()),
    };
    kept.iter().enumerate().map(row).collect()
}

/// What changed between two versions; `None` where two known ones are not named.
///
/// # Errors
/// When their texts cannot be read.
pub async fn difference(
    engine: &Engine,
    name: &PolicyName,
    kept: &[PolicyVersion],
    from: Option<&str>,
    to: Option<&str>,
) -> Result<Option<Difference>, EngineError> {
    let known = |text: Option<&str>| text.and_then(Digest::parse).filter(|version| kept.iter().any(|one| one.version == *version));
    let (Some(from), Some(to)) = (known(from), known(to)) else { return Ok(None) };
    let (older, newer) = (engine.policy_sources(name, &from).await?, engine.policy_sources(name, &to).await?);
    let (Some(older), Some(newer)) = (older, newer) else { return Ok(None) };
    let mut all = lines(&older.source, &newer.source);
    all.extend(lines(older.rates.as_deref().unwrap_or_default(), newer.rates.as_deref().unwrap_or_default()));
    let cut = all.len() > LINES_MAX;
    all.truncate(LINES_MAX);
    Ok(Some(Difference { from: short(&from), to: short(&to), lines: all, cut }))
}

fn lines(older: &str, newer: &str) -> Vec<Line> {
    let difference = TextDiff::configure().timeout(THINK_FOR).diff_lines(older, newer);
    let mut lines = Vec::new();
    for (place, group) in difference.grouped_ops(AROUND).iter().enumerate() {
        if place > 0 {
            lines.push(Line { kind: "gap", mark: ' ', text: "⋯".to_owned() });
        }
        for change in group.iter().flat_map(|part| difference.iter_changes(part)) {
            let (kind, mark) = match change.tag() {
                ChangeTag::Insert => ("added", '+'),
                ChangeTag::Delete => ("removed", '-'),
                ChangeTag::Equal => ("same", ' '),
            };
            lines.push(Line { kind, mark, text: visible(change.value().trim_end_matches(['\n', '\r'])).into_owned() });
        }
    }
    lines
}

fn short(version: &Digest) -> String {
    version.hex().chars().take(DIGITS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_is_shown_with_a_little_around_it() {
        let older: String = (0..40).map(|n| format!("line {n}\n")).collect();
        let newer = older.replace("line 5\n", "line five\n").replace("line 30\n", "");
        let shown = lines(&older, &newer);
        let of = |kind: &str| shown.iter().filter(|line| line.kind == kind).map(|line| line.text.as_str()).collect::<Vec<_>>();
        assert_eq!((of("added"), of("removed")), (vec!["line five"], vec!["line 5", "line 30"]));
        assert_eq!((of("gap").len(), of("same").len()), (1, 12));
        assert!(lines(&older, &older).is_empty());
    }
}
