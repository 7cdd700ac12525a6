//! From text to a script: header lines, then one deed a line. Everything wrong is told at once, with its place.

use super::clock::{Clock, Moment};
use super::deeds::{self, Deed};
use super::people;
use crate::people::Roster;
use crate::policy::Policy;
use crate::policy::diagnostic::Diagnostic;
use crate::policy::parse::ReadFile;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::ops::Range;

/// Larger files are no scenarios that anybody reads.
const SOURCE_MAX: usize = 256 << 10;

/// A scenario as it was read.
pub(super) struct Script {
    /// Every policy it names, in order.
    pub(super) policies: Vec<Policy>,
    /// The directory at the start.
    pub(super) roster: Roster,
    /// The zone in which times are written.
    pub(super) zone: TimeZone,
    /// The deeds.
    pub(super) lines: Vec<Line>,
}

/// One deed with its consequence.
pub(super) struct Line {
    /// From 1.
    pub(super) number: usize,
    /// When.
    pub(super) at: Timestamp,
    /// What is done.
    pub(super) deed: Deed,
    /// Under which of the policies a submission stands.
    pub(super) policy: usize,
    /// What is written behind `=>`.
    pub(super) expected: Option<String>,
    /// Where that stands, from the arrow on.
    pub(super) right: Range<usize>,
}

/// A piece of one line and where it starts in the source.
#[derive(Clone, Copy)]
pub(super) struct Piece<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
}

impl<'a> Piece<'a> {
    /// The bytes it covers.
    pub(super) fn span(&self) -> Range<usize> {
        self.at..self.at + self.text.len()
    }

    /// Without the white space around it.
    pub(super) fn trim(self) -> Self {
        let text = self.text.trim_start();
        Self { text: text.trim_end(), at: self.at + self.text.len() - text.len() }
    }

    /// The first word and the rest, both trimmed.
    pub(super) fn word(self) -> (Self, Self) {
        let here = self.trim();
        let end = here.text.find(char::is_whitespace).unwrap_or(here.text.len());
        let (first, rest) = here.text.split_at(end);
        (Self { text: first, at: here.at }, Self { text: rest, at: here.at + end }.trim())
    }

    /// The parts between separators that stand outside quotes and brackets.
    pub(super) fn split(self, separator: char) -> Vec<Self> {
        let (mut parts, mut start) = (Vec::new(), 0);
        for (index, _) in outside(self.text, true).filter(|(_, c)| *c == separator) {
            parts.push(Self { text: self.text.get(start..index).unwrap_or_default(), at: self.at + start }.trim());
            start = index + separator.len_utf8();
        }
        parts.push(Self { text: self.text.get(start..).unwrap_or_default(), at: self.at + start }.trim());
        parts
    }

    /// The rest after this prefix, trimmed.
    pub(super) fn after(self, prefix: &str) -> Option<Self> {
        let rest = self.text.strip_prefix(prefix)?;
        Some(Self { text: rest, at: self.at + prefix.len() }.trim())
    }
}

/// The characters that stand outside quotes, and outside brackets where asked.
fn outside(text: &str, flat: bool) -> impl Iterator<Item = (usize, char)> {
    let (mut quoted, mut escaped, mut depth) = (false, false, 0_i32);
    text.char_indices().filter(move |(_, c)| {
        let was = quoted;
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '[' | '{' if !quoted => depth += 1,
            ']' | '}' if !quoted => depth -= 1,
            _ => {}
        }
        !was && !quoted && (!flat || depth <= 0)
    })
}

/// What a line could not be read for.
pub(super) struct Fault {
    pub(super) span: Range<usize>,
    pub(super) message: String,
    pub(super) suggestion: Option<String>,
}

impl Fault {
    /// A fault at this piece.
    pub(super) fn at(piece: Piece<'_>, message: impl Into<String>, suggestion: Option<String>) -> Self {
        Self { span: piece.span(), message: message.into(), suggestion }
    }
}

/// Reads a whole file.
pub(super) fn script(file: &str, source: &str, read_file: ReadFile<'_>) -> Result<Script, Vec<Diagnostic>> {
    if source.len() > SOURCE_MAX {
        let message = format!("the file is {} bytes long: at most {SOURCE_MAX} are read", source.len());
        return Err(vec![Diagnostic::at(file, source, 0..0, "file_size", message)]);
    }
    let mut reading = Reading { file, source, read_file, script: empty(), clock: Clock::new(), labels: Vec::new(), found: Vec::new() };
    let mut at = 0;
    for (index, text) in source.split('\n').enumerate() {
        reading.line(index + 1, uncommented(Piece { text, at }));
        at += text.len() + 1;
    }
    if reading.script.policies.is_empty() && reading.found.is_empty() {
        let fault = Diagnostic::at(file, source, 0..0, "missing_policy", "the scenario names no policy");
        reading.found.push(fault.suggest(Some("policy  policies/expense.toml".to_owned())));
    }
    if reading.found.is_empty() { Ok(reading.script) } else { Err(reading.found) }
}

fn empty() -> Script {
    Script { policies: Vec::new(), roster: Roster { version: 1, ..Roster::default() }, zone: TimeZone::UTC, lines: Vec::new() }
}

fn uncommented(line: Piece<'_>) -> Piece<'_> {
    let end = outside(line.text, false).find(|(_, c)| *c == '#').map_or(line.text.len(), |(index, _)| index);
    Piece { text: line.text.get(..end).unwrap_or_default(), at: line.at }.trim()
}

struct Reading<'a> {
    file: &'a str,
    source: &'a str,
    read_file: ReadFile<'a>,
    script: Script,
    clock: Clock,
    labels: Vec<String>,
    found: Vec<Diagnostic>,
}

impl Reading<'_> {
    fn line(&mut self, number: usize, line: Piece<'_>) {
        let (first, rest) = line.word();
        let done = match first.text {
            "" => Ok(()),
            "policy" => self.policy(rest),
            "people" => rest.split(';').into_iter().try_for_each(|clause| people::introduce(&mut self.script.roster, clause)),
            "zone" => self.zone(rest),
            _ => self.deed(number, line),
        };
        if let Err(fault) = done {
            let finding = Diagnostic::at(self.file, self.source, fault.span, "scenario_syntax", fault.message);
            self.found.push(finding.suggest(fault.suggestion));
        }
    }

    fn policy(&mut self, name: Piece<'_>) -> Result<(), Fault> {
        let suggestion = Some("policy  policies/expense.toml".to_owned());
        if name.text.is_empty() {
            return Err(Fault::at(name, "expected the path of a policy file", suggestion));
        }
        let text =
            (self.read_file)(name.text).map_err(|reason| Fault::at(name, format!("`{}` could not be read: {reason}", name.text), suggestion))?;
        match Policy::load(name.text, &text, self.read_file) {
            Ok(loaded) => self.script.policies.push(loaded.policy),
            Err(findings) => self.found.extend(findings),
        }
        Ok(())
    }

    fn zone(&mut self, name: Piece<'_>) -> Result<(), Fault> {
        if !self.script.lines.is_empty() {
            return Err(Fault::at(name, "the zone is named before the first deed", None));
        }
        let unknown = |_| Fault::at(name, format!("`{}` is no time zone", name.text), Some("zone  Europe/Berlin".to_owned()));
        self.script.zone = TimeZone::get(name.text).map_err(unknown)?;
        Ok(())
    }

    fn deed(&mut self, number: usize, line: Piece<'_>) -> Result<(), Fault> {
        let (left, expected, right) = sides(line);
        let (moment, rest) = Moment::read(left)?;
        let at = self.clock.move_to(&moment, &self.script.zone, left)?;
        let known = deeds::Known { labels: &self.labels, roster: &self.script.roster, policy: self.script.policies.last() };
        let deed = deeds::read(rest, &known)?;
        if let Deed::Submits { label, .. } = &deed {
            self.labels.push(label.clone());
        }
        let policy = self.script.policies.len().saturating_sub(1);
        self.script.lines.push(Line { number, at, deed, policy, expected, right });
        Ok(())
    }
}

/// The deed, its written consequence and where that stands.
fn sides(line: Piece<'_>) -> (Piece<'_>, Option<String>, Range<usize>) {
    let arrow = outside(line.text, false).map(|(index, _)| index).find(|index| line.text.get(*index..).is_some_and(|rest| rest.starts_with("=>")));
    let Some(arrow) = arrow else {
        let end = line.at + line.text.len();
        return (line, None, end..end);
    };
    let left = Piece { text: line.text.get(..arrow).unwrap_or_default(), at: line.at }.trim();
    let right = Piece { text: line.text.get(arrow + 2..).unwrap_or_default(), at: line.at + arrow + 2 }.trim();
    (left, Some(right.text.to_owned()), line.at + arrow + 2..right.span().end)
}
