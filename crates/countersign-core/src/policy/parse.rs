//! Reads a policy file, strictly: an unknown key, a missing deadline, a rule that cannot be reached are
//! errors with a place and a suggestion. Everything wrong is told at once.

use super::diagnostic::Diagnostic;
use super::expression::{Scope, Wanted};
use super::pattern::PATTERNS_MAX;
use super::template::Template;
use super::{OutcomeName, Policy};
use crate::canonical::Digest;
use crate::id::PolicyName;
use crate::money::Rates;
use reader::{Place, Reader, Table};

pub use fields::names_a_field;
pub(super) use fields::options;

mod action;
mod condition;
pub mod duration;
mod fields;
mod reader;
mod rule;
mod selector;
mod sight;
mod stage;

/// Larger files are refused.
const SOURCE_MAX: usize = 64 << 10;
/// An optional field printed where it may be absent: refused in files, borne in versions kept from before.
const UNGUARDED: &str = "unguarded_optional";
/// The keys of the file itself.
const KEYS: [&str; 10] = ["policy", "title", "owner", "readers", "payload", "rule", "on", "risk", "rates", "forbidden_words"];
/// A policy lists this many forbidden words at most.
const WORDS_MAX: usize = 200;

/// A policy that loads, and what its author should look at nevertheless.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The policy.
    pub policy: Policy,
    /// In the order of the file.
    pub warnings: Vec<Diagnostic>,
}

/// Answers the text of a file that a policy names, or why it could not be read.
pub type ReadFile<'a> = &'a dyn Fn(&str) -> Result<String, String>;

impl Policy {
    /// Reads and checks one file. `read_file` is asked for the rate table that `rates = "FILE"` names.
    ///
    /// # Errors
    /// Everything wrong with it, in the order of the file.
    pub fn load(file_name: &str, source: &str, read_file: ReadFile<'_>) -> Result<Loaded, Vec<Diagnostic>> {
        Self::read(file_name, source, read_file, |_| true)
    }

    /// Reads a version that was in force before: what only a new file may not do any more is borne, so that
    /// requests pinned to it go on.
    ///
    /// # Errors
    /// As [`Policy::load`].
    pub fn load_kept(file_name: &str, source: &str, read_file: ReadFile<'_>) -> Result<Loaded, Vec<Diagnostic>> {
        Self::read(file_name, source, read_file, |error| error.code != UNGUARDED)
    }

    fn read(file_name: &str, source: &str, read_file: ReadFile<'_>, stops: impl Fn(&Diagnostic) -> bool) -> Result<Loaded, Vec<Diagnostic>> {
        if source.len() > SOURCE_MAX {
            let message = format!("the file is {} bytes long: at most {SOURCE_MAX} are read", source.len());
            return Err(vec![Diagnostic::at(file_name, source, 0..0, "file_size", message)]);
        }
        let table = toml::de::DeTable::parse(source).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            let message = format!("the file is no TOML: {}", error.message().lines().next().unwrap_or_default());
            vec![Diagnostic::at(file_name, source, span, "toml_syntax", message)]
        })?;
        let mut reader = Reader::new(file_name, source);
        let policy = file(&mut reader, table.get_ref(), source, read_file);
        let (mut errors, warnings) = reader.findings();
        errors.retain(stops);
        match policy {
            Some(policy) if errors.is_empty() => Ok(Loaded { policy, warnings }),
            _ if errors.is_empty() => {
                errors.push(Diagnostic::at(file_name, source, 0..0, "unreadable", "the policy could not be read"));
                Err(errors)
            }
            _ => Err(errors),
        }
    }
}

fn file(reader: &mut Reader<'_>, table: &Table<'_>, source: &str, read_file: ReadFile<'_>) -> Option<Policy> {
    let whole = Place::of_file();
    reader.keys(table, "a policy", &KEYS);
    let name = name(reader, table, &whole);
    let fields = fields::payload(reader, table, &whole);
    let (rates, rates_text) = rates(reader, table, read_file);
    let scope = Scope { fields: &fields, rates: rates.as_ref(), approver: false, request: true, patterns: PATTERNS_MAX };
    let owner = owner(reader, table, &whole);
    let readers = reader.find(table, "readers").map(|item| selector::readers(reader, item)).unwrap_or_default();
    let rules = rule::rules(reader, table, &whole, &scope);
    let on = action::outcomes(reader, table, &scope);
    let risk = reader.text(table, "risk").and_then(|(text, place)| condition::compile(reader, &text, &place, &scope, Wanted::Risk));
    let title = title(reader, table, &whole, &scope);
    let forbidden_words = reader.find(table, "forbidden_words").map_or_else(Vec::new, |item| reader.texts(item, WORDS_MAX));
    Some(Policy {
        name: name?,
        version: version(source, rates_text.as_deref()),
        title: title?,
        owner,
        readers,
        rules: rules?,
        on,
        risk,
        forbidden_words: forbidden_words.into_iter().map(|(word, _)| word).collect(),
        fields,
        rates,
        source: source.to_owned(),
    })
}

/// The digest of everything that decides; lengths keep the two files from running into each other.
fn version(source: &str, rates: Option<&str>) -> Digest {
    let mut bytes = Vec::with_capacity(source.len() + 16);
    for part in [Some(source), rates].into_iter().flatten() {
        bytes.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    Digest::of(&bytes)
}

fn name(reader: &mut Reader<'_>, table: &Table<'_>, whole: &Place) -> Option<PolicyName> {
    let (name, place) = reader.required_text(table, "policy", whole, "policy = \"expense\"")?;
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    if name.is_empty() || name.len() > 64 || !name.bytes().all(fits) {
        let message = format!("`{name}` is no name of a policy: expected up to 64 small letters, digits, `-` or `_`");
        reader.error(&place, "invalid_name", message, None);
        return None;
    }
    Some(PolicyName::new(name))
}

fn owner(reader: &mut Reader<'_>, table: &Table<'_>, whole: &Place) -> Vec<super::Selector> {
    let Some(item) = reader.find(table, "owner") else {
        let message = "the policy has no owner: expected somebody to ask when a rule cannot be evaluated";
        reader.error(whole, "missing_key", message, Some("owner = \"group:finance\"".to_owned()));
        return Vec::new();
    };
    selector::owners(reader, item)
}

fn rates(reader: &mut Reader<'_>, table: &Table<'_>, read_file: ReadFile<'_>) -> (Option<Rates>, Option<String>) {
    let Some((file, place)) = reader.text(table, "rates") else { return (None, None) };
    let read = read_file(&file).map_err(|reason| format!("the rate table `{file}` could not be read: {reason}"));
    let parsed = read.and_then(|text| match Rates::parse(&text) {
        Ok(rates) => Ok((rates, text)),
        Err(error) => Err(format!("`{file}`: {error}")),
    });
    match parsed {
        Ok((rates, text)) => (Some(rates), Some(text)),
        Err(message) => {
            reader.error(&place, "rates", message, None);
            (None, None)
        }
    }
}

fn title(reader: &mut Reader<'_>, table: &Table<'_>, whole: &Place, scope: &Scope<'_>) -> Option<Template> {
    let (source, place) = reader.required_text(table, "title", whole, "title = \"{{ merchant }}, {{ amount }}\"")?;
    match Template::title(&source, scope.fields) {
        Ok(template) => {
            hole(reader, &place, &template, scope);
            veiled(reader, &place, &template, scope);
            Some(template)
        }
        Err((message, suggestion)) => {
            reader.error(&place, "template", message, suggestion);
            None
        }
    }
}

/// What a template would fail for when it is needed.
fn hole(reader: &mut Reader<'_>, place: &Place, template: &Template, scope: &Scope<'_>) {
    if let Some((message, suggestion)) = template.hole(scope.fields) {
        reader.error(place, UNGUARDED, message, suggestion);
    }
}

/// Titles stand in lists, mails and logs of other systems: what some must not see has no place in them.
fn veiled(reader: &mut Reader<'_>, place: &Place, title: &Template, scope: &Scope<'_>) {
    let marked = scope.fields.iter().filter(|field| field.visible_to.is_some());
    if let Some(name) = title.uses(marked.map(|field| field.name.as_str())) {
        let message = format!("the title uses `{name}`, which `visible_to` keeps from some: everybody who sees a request sees its title");
        let suggestion = format!("leave `{name}` out of the title, or `visible_to` out of `{name}`");
        reader.error(place, "veiled_title", message, Some(suggestion));
    }
}

/// All outcomes with the names that policies give them.
pub(super) const OUTCOMES: [(&str, OutcomeName); 4] = [
    ("approved", OutcomeName::Approved),
    ("rejected", OutcomeName::Rejected),
    ("expired", OutcomeName::Expired),
    ("withdrawn", OutcomeName::Withdrawn),
];

#[cfg(test)]
mod tests;
