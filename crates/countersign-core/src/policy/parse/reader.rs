//! Walks the parsed file and collects what is wrong, each finding with its place.

use crate::policy::diagnostic::{Diagnostic, Severity, did_you_mean};
use crate::policy::expression::COST_MAX;
use crate::policy::pattern::PATTERNS_MAX;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A table of the file.
pub(super) type Table<'t> = DeTable<'t>;
/// A value of the file.
pub(super) type Item<'t> = Spanned<DeValue<'t>>;

/// After so many findings the rest is noise.
const FINDINGS_MAX: usize = 100;

/// The conditions of a file are so many bytes together at most.
pub(super) const CONDITIONS_MAX: usize = 16 << 10;

/// Names that later versions will know.
const NOT_YET: [&str; 12] = [
    "calendar",
    "calendars",
    "cooling_off",
    "execute_within",
    "witness",
    "for_each",
    "delegation",
    "delegations",
    "delegate",
    "freeze",
    "frozen",
    "share",
];

/// The bytes of a value.
#[derive(Clone, Debug)]
pub(super) struct Place(pub(super) Range<usize>);

impl Place {
    pub(super) fn of_file() -> Self {
        Self(0..0)
    }

    pub(super) fn of(item: &Item<'_>) -> Self {
        Self(item.span())
    }
}

pub(super) struct Reader<'a> {
    file: &'a str,
    source: &'a str,
    /// The weight that patterns may still have.
    pub(super) patterns: usize,
    /// The steps that conditions may still take, and their bytes.
    pub(super) steps: u64,
    pub(super) written: usize,
    found: Vec<(usize, Diagnostic)>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(file: &'a str, source: &'a str) -> Self {
        Self { file, source, patterns: PATTERNS_MAX, steps: COST_MAX, written: CONDITIONS_MAX, found: Vec::new() }
    }

    /// Errors and warnings, in the order of the file.
    pub(super) fn findings(mut self) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
        self.found.sort_by_key(|(start, _)| *start);
        let all = self.found.into_iter().map(|(_, finding)| finding);
        all.partition(|finding| finding.severity == Severity::Error)
    }

    pub(super) fn error(&mut self, place: &Place, code: &'static str, message: impl Into<String>, suggestion: Option<String>) {
        self.push(place, code, message.into(), suggestion, Severity::Error);
    }

    pub(super) fn warning(&mut self, place: &Place, code: &'static str, message: impl Into<String>, suggestion: Option<String>) {
        self.push(place, code, message.into(), suggestion, Severity::Warning);
    }

    fn push(&mut self, place: &Place, code: &'static str, message: String, suggestion: Option<String>, severity: Severity) {
        if self.found.len() < FINDINGS_MAX {
            let finding = Diagnostic::at(self.file, self.source, place.0.clone(), code, message).suggest(suggestion);
            self.found.push((place.0.start, Diagnostic { severity, ..finding }));
        }
    }

    pub(super) fn raw(&self, place: &Place) -> &'a str {
        self.source.get(place.0.clone()).unwrap_or_default()
    }

    /// Refuses the keys of a table that are not among the known.
    pub(super) fn keys(&mut self, table: &Table<'_>, what: &str, known: &[&str]) {
        for key in table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())).take(FINDINGS_MAX) {
            let name = key.get_ref();
            let place = Place(key.span());
            if NOT_YET.contains(&name.as_ref()) {
                self.error(&place, "not_yet", format!("`{name}` is not supported yet"), Some("leave it out".to_owned()));
            } else {
                let message = format!("unknown key `{name}` in {what}");
                self.error(&place, "unknown_key", message, did_you_mean(name, known.iter().copied()));
            }
        }
    }

    pub(super) fn find<'t, 's>(&self, table: &'t Table<'s>, key: &str) -> Option<&'t Item<'s>> {
        table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, item)| item)
    }

    /// A text, where the key is there; another type is an error.
    pub(super) fn text(&mut self, table: &Table<'_>, key: &str) -> Option<(String, Place)> {
        let item = self.find(table, key)?;
        self.as_text(item)
    }

    pub(super) fn as_text(&mut self, item: &Item<'_>) -> Option<(String, Place)> {
        match item.get_ref().as_str() {
            Some(text) => Some((text.to_owned(), Place::of(item))),
            None => {
                self.wrong_type(item, "a quoted text");
                None
            }
        }
    }

    pub(super) fn required_text(&mut self, table: &Table<'_>, key: &str, within: &Place, example: &str) -> Option<(String, Place)> {
        if self.find(table, key).is_none() {
            self.error(within, "missing_key", format!("`{key}` is missing"), Some(example.to_owned()));
            return None;
        }
        self.text(table, key)
    }

    pub(super) fn wrong_type(&mut self, item: &Item<'_>, expected: &str) {
        let found = item.get_ref().type_str();
        self.error(&Place::of(item), "wrong_type", format!("expected {expected}: this is of type {found}"), None);
    }

    /// A whole number within bounds, or the default where the key is absent.
    pub(super) fn number(&mut self, table: &Table<'_>, key: &str, bounds: Range<i64>, default: i64) -> i64 {
        let Some(item) = self.find(table, key) else { return default };
        let number = item.get_ref().as_integer().and_then(|number| i64::from_str_radix(&number.as_str().replace('_', ""), number.radix()).ok());
        match number {
            Some(number) if bounds.contains(&number) => number,
            _ => {
                let message = format!("`{key}`: expected a whole number from {} to {}", bounds.start, bounds.end - 1);
                self.error(&Place::of(item), "out_of_range", message, None);
                default
            }
        }
    }

    pub(super) fn flag(&mut self, table: &Table<'_>, key: &str) -> bool {
        let Some(item) = self.find(table, key) else { return false };
        item.get_ref().as_bool().unwrap_or_else(|| {
            self.wrong_type(item, "`true` or `false`");
            false
        })
    }

    pub(super) fn table<'t, 's>(&mut self, item: &'t Item<'s>, expected: &str) -> Option<&'t Table<'s>> {
        let table = item.get_ref().as_table();
        if table.is_none() {
            self.wrong_type(item, expected);
        }
        table
    }

    /// The elements of an array, at most so many.
    pub(super) fn array<'t, 's>(&mut self, item: &'t Item<'s>, max: usize, expected: &str) -> &'t [Item<'s>] {
        let Some(array) = item.get_ref().as_array() else {
            self.wrong_type(item, expected);
            return &[];
        };
        if array.len() > max {
            self.error(&Place::of(item), "out_of_range", format!("there are {} elements: at most {max} are taken", array.len()), None);
        }
        array.get(..array.len().min(max)).unwrap_or_default()
    }

    pub(super) fn texts(&mut self, item: &Item<'_>, max: usize) -> Vec<(String, Place)> {
        let items = self.array(item, max, "a list of quoted texts");
        items.iter().filter_map(|item| self.as_text(item)).collect()
    }

    /// One of a few words.
    pub(super) fn word<T: Copy>(&mut self, table: &Table<'_>, key: &str, words: &[(&str, T)], default: T) -> T {
        let Some((text, place)) = self.text(table, key) else { return default };
        match words.iter().find(|(word, _)| *word == text) {
            Some((_, value)) => *value,
            None => {
                let message = format!("`{text}` is no value of `{key}`");
                self.error(&place, "unknown_value", message, did_you_mean(&text, words.iter().map(|(word, _)| *word)));
                default
            }
        }
    }

    /// A name as people read it: one line, not empty, at most 100 characters.
    pub(super) fn label(&mut self, table: &Table<'_>, within: &Place, example: &str) -> Option<(String, Place)> {
        let (name, place) = self.required_text(table, "name", within, example)?;
        if name.trim().is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
            self.error(&place, "invalid_name", "a name is one line of up to 100 characters, and not empty", None);
            return None;
        }
        Some((name, place))
    }
}
