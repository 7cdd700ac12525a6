//! Reads our TOML files strictly: every value with its place, every unknown key an error with a suggestion.
//! Knows the format of files, not what they mean.

use countersign_core::policy::diagnostic::{Diagnostic, Severity, did_you_mean};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

pub(crate) use text::text;

mod text;

/// A table of the file.
pub(crate) type Table<'t> = DeTable<'t>;
/// A value of the file.
pub(crate) type Item<'t> = Spanned<DeValue<'t>>;
/// The bytes of a value.
pub(crate) type Span = Range<usize>;

/// After so many findings the rest is noise.
const FINDINGS_MAX: usize = 100;

/// A file on its way in, with what was found wrong so far.
pub(crate) struct Placed<'a> {
    file: &'a str,
    source: &'a str,
    found: Vec<(usize, Diagnostic)>,
}

/// The root of a file, or the one finding that makes it no TOML.
pub(crate) fn root<'a>(file: &str, source: &'a str) -> Result<Spanned<Table<'a>>, Box<Diagnostic>> {
    DeTable::parse(source).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        Box::new(Diagnostic::at(file, source, span, "not_toml", error.message().lines().next().unwrap_or("this is no TOML")))
    })
}

/// The value under a key.
pub(crate) fn find<'t, 's>(table: &'t Table<'s>, key: &str) -> Option<&'t Item<'s>> {
    table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, item)| item)
}

impl<'a> Placed<'a> {
    pub(crate) fn new(file: &'a str, source: &'a str) -> Self {
        Self { file, source, found: Vec::new() }
    }

    /// Errors and warnings, each in the order of the file.
    pub(crate) fn findings(mut self) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
        self.found.sort_by_key(|(start, _)| *start);
        self.found.into_iter().map(|(_, finding)| finding).partition(|finding| finding.severity == Severity::Error)
    }

    pub(crate) fn error(&mut self, place: &Span, code: &'static str, message: impl Into<String>, suggestion: Option<String>) {
        let finding = Diagnostic::at(self.file, self.source, place.clone(), code, message).suggest(suggestion);
        self.push(place, finding);
    }

    pub(crate) fn warning(&mut self, place: &Span, code: &'static str, message: impl Into<String>, suggestion: Option<String>) {
        let finding = Diagnostic::at(self.file, self.source, place.clone(), code, message).suggest(suggestion);
        self.push(place, finding.warning());
    }

    fn push(&mut self, place: &Span, finding: Diagnostic) {
        if self.found.len() < FINDINGS_MAX {
            self.found.push((place.start, finding));
        }
    }

    /// Refuses the keys of a table that are not among the known.
    pub(crate) fn keys(&mut self, table: &Table<'_>, what: &str, known: &[&str]) {
        for key in table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
            let name = key.get_ref();
            self.error(&key.span(), "unknown_key", format!("unknown key `{name}` in {what}"), did_you_mean(name, known.iter().copied()));
        }
    }

    pub(crate) fn wrong_type(&mut self, item: &Item<'_>, expected: &str) {
        let found = item.get_ref().type_str();
        self.error(&item.span(), "wrong_type", format!("expected {expected}: this is of type {found}"), None);
    }

    /// A text, where the key is there.
    pub(crate) fn text(&mut self, table: &Table<'_>, key: &str) -> Option<(String, Span)> {
        self.as_text(find(table, key)?)
    }

    pub(crate) fn as_text(&mut self, item: &Item<'_>) -> Option<(String, Span)> {
        if let Some(text) = item.get_ref().as_str() {
            return Some((text.to_owned(), item.span()));
        }
        self.wrong_type(item, "a quoted text");
        None
    }

    /// A text that must be there.
    pub(crate) fn required(&mut self, table: &Table<'_>, key: &str, within: &Span, example: &str) -> Option<(String, Span)> {
        if find(table, key).is_none() {
            self.error(within, "missing_key", format!("`{key}` is missing"), Some(example.to_owned()));
            return None;
        }
        self.text(table, key)
    }

    pub(crate) fn flag(&mut self, table: &Table<'_>, key: &str, default: bool) -> bool {
        let Some(item) = find(table, key) else { return default };
        item.get_ref().as_bool().unwrap_or_else(|| {
            self.wrong_type(item, "`true` or `false`");
            default
        })
    }

    pub(crate) fn as_table<'t, 's>(&mut self, item: &'t Item<'s>, expected: &str) -> Option<&'t Table<'s>> {
        let table = item.get_ref().as_table();
        if table.is_none() {
            self.wrong_type(item, expected);
        }
        table
    }

    /// The tables of `[[key]]`, each with its place.
    pub(crate) fn tables<'t, 's>(&mut self, table: &'t Table<'s>, key: &str) -> Vec<(&'t Table<'s>, Span)> {
        let Some(item) = find(table, key) else { return Vec::new() };
        let Some(array) = item.get_ref().as_array() else {
            self.wrong_type(item, &format!("`[[{key}]]`, with two brackets"));
            return Vec::new();
        };
        let expected = format!("a table `[[{key}]]`");
        array.iter().filter_map(|item| Some((self.as_table(item, &expected)?, item.span()))).collect()
    }

    /// A list of texts; nothing where the key is absent.
    pub(crate) fn texts(&mut self, table: &Table<'_>, key: &str) -> Option<Vec<(String, Span)>> {
        let item = find(table, key)?;
        let Some(array) = item.get_ref().as_array() else {
            self.wrong_type(item, "a list of quoted texts");
            return None;
        };
        Some(array.iter().filter_map(|item| self.as_text(item)).collect())
    }
}
