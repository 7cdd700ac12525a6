//! What is wrong with a policy file, where, and what to write instead.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use std::ops::Range;

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Severity {
    /// The file does not load.
    Error,
    /// The file loads; somebody should look.
    Warning,
}

/// One finding in one file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// Whether the file loads nevertheless.
    pub severity: Severity,
    /// Stable, for machines and for the manual.
    pub code: &'static str,
    /// What was wrong and what was expected.
    pub message: String,
    /// The file, as it was named to the reader.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// The line's text.
    pub snippet: String,
    /// How many characters of the line it concerns; at least 1.
    pub width: usize,
    /// What to do instead.
    pub suggestion: Option<String>,
}

impl Diagnostic {
    /// A finding at these bytes of the source.
    #[must_use]
    pub fn at(file: &str, source: &str, span: Range<usize>, code: &'static str, message: impl Into<String>) -> Self {
        let start = floor(source, span.start);
        let before = source.get(..start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let rest = source.get(line_start..).unwrap_or_default();
        let snippet = rest.split('\n').next().unwrap_or_default().trim_end_matches('\r');
        let end = floor(source, span.end).min(line_start + snippet.len());
        Self {
            severity: Severity::Error,
            code,
            message: message.into(),
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: source.get(line_start..start).unwrap_or_default().chars().count() + 1,
            snippet: snippet.to_owned(),
            width: source.get(start..end).unwrap_or_default().chars().count().max(1),
            suggestion: None,
        }
    }

    /// The same, with what to write instead.
    #[must_use]
    pub fn suggest(mut self, suggestion: Option<String>) -> Self {
        self.suggestion = suggestion;
        self
    }

    /// The same, as a warning.
    #[must_use]
    pub fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// The finding with its line and a caret, for a terminal; plain unless `colour`.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let start = byte_of(&self.snippet, self.column.saturating_sub(1));
        let end = byte_of(&self.snippet, self.column.saturating_sub(1) + self.width);
        let annotation = AnnotationKind::Primary.span(start..end);
        let snippet = Snippet::source(&self.snippet).path(&self.file).line_start(self.line).annotation(annotation);
        let mut group = level.primary_title(&self.message).id(self.code).element(snippet);
        if let Some(suggestion) = &self.suggestion {
            group = group.element(Level::HELP.message(suggestion));
        }
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        renderer.render(&[group])
    }
}

/// "did you mean …?" when one of the names is near, the list of them otherwise.
#[must_use]
pub fn did_you_mean<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    if let Some(near) = nearest(given, &known) {
        return Some(format!("did you mean `{near}`?"));
    }
    let listed: Vec<String> = known.iter().take(30).map(|name| format!("`{name}`")).collect();
    (!listed.is_empty()).then(|| format!("known here: {}", listed.join(", ")))
}

/// A name is no more than so many edits away from the one that is meant.
const EDITS_MAX: usize = 3;

/// The name within a third of its letters (at least one, at most three) of the given one.
fn nearest<'a>(given: &str, known: &[&'a str]) -> Option<&'a str> {
    let allowed = (given.chars().count() / 3).clamp(1, EDITS_MAX);
    let near = known.iter().map(|name| (distance(given, name), *name)).min()?;
    (near.0 <= allowed).then_some(near.1)
}

/// Edits (insertions, deletions, replacements, neighbours swapped) between short names; a long one, or one with
/// many edits, is far from all.
fn distance(left: &str, right: &str) -> usize {
    const NAME_MAX: usize = 64;
    if left.len() > NAME_MAX || right.len() > NAME_MAX {
        return usize::MAX;
    }
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    if left.len().abs_diff(right.len()) > EDITS_MAX {
        return usize::MAX;
    }
    let mut above: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, from) in left.iter().enumerate() {
        // Few edits stay near the diagonal; what lies off it is far.
        let near = i.saturating_sub(EDITS_MAX);
        let mut next = vec![NAME_MAX; near + 1];
        next.iter_mut().take(usize::from(near == 0)).for_each(|first| *first = i + 1);
        for (j, to) in right.iter().enumerate().skip(near).take(2 * EDITS_MAX + 1) {
            let at = |row: &[usize], index: usize| row.get(index).copied().unwrap_or(NAME_MAX);
            let mut least = (at(&row, j) + usize::from(from != to)).min(at(&row, j + 1) + 1).min(at(&next, j) + 1);
            let swapped = i > 0 && j > 0 && left.get(i - 1) == Some(to) && right.get(j - 1) == Some(from);
            if swapped {
                least = least.min(at(&above, j - 1) + 1);
            }
            next.push(least);
        }
        above = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or(usize::MAX)
}

fn floor(source: &str, index: usize) -> usize {
    let mut index = index.min(source.len());
    while !source.is_char_boundary(index) {
        index -= 1;
    }
    index
}

fn byte_of(line: &str, characters: usize) -> usize {
    line.char_indices().nth(characters).map_or(line.len(), |(byte, _)| byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_shows_its_line_and_a_caret() {
        let source = "policy = \"x\"\nquorumm = 2\n";
        let finding =
            Diagnostic::at("x.toml", source, 13..20, "unknown_key", "unknown key `quorumm`").suggest(did_you_mean("quorumm", ["quorum", "seats"]));
        assert_eq!((finding.line, finding.column, finding.width), (2, 1, 7));
        insta::assert_snapshot!(finding.render(false), @r"
        error[unknown_key]: unknown key `quorumm`
         --> x.toml:2:1
          |
        2 | quorumm = 2
          | ^^^^^^^
          |
          = help: did you mean `quorum`?
        ");
    }

    #[test]
    fn columns_count_characters() {
        let finding = Diagnostic::at("x.toml", "é = 1\nüü = 2", 12..13, "c", "m");
        assert_eq!((finding.line, finding.column), (2, 4));
        assert!(finding.render(true).contains("x.toml"));
    }

    #[test]
    fn places_outside_the_source_are_its_end() {
        let finding = Diagnostic::at("x.toml", "a\n", 90..95, "c", "m");
        assert_eq!((finding.line, finding.column, finding.width), (2, 1, 1));
        assert!(finding.render(false).contains("m"));
    }

    #[test]
    fn far_names_are_listed_instead() {
        assert_eq!(did_you_mean("zzz", ["amount", "owner"]).unwrap(), "known here: `amount`, `owner`");
        assert_eq!(did_you_mean("ammount", ["amount", "owner"]).unwrap(), "did you mean `amount`?");
    }
}
