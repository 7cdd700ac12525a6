//! Settings by name from three layers: the embedded defaults, the file, the environment. The last one that
//! speaks is heard, and every value remembers where it stands.

use super::provider;
use crate::config::DEFAULTS;
use crate::openid::Provider;
use crate::placed::{self, Item, Placed, Table};
use countersign_core::policy::diagnostic::{Diagnostic, did_you_mean};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// What a key takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Flag,
    Number,
    Texts,
}

/// Every key of every section.
const KEYS: [(&str, &str, Kind); 22] = [
    ("server", "listen", Kind::Text),
    ("server", "public_url", Kind::Text),
    ("database", "url", Kind::Text),
    ("policies", "dir", Kind::Text),
    ("directory", "file", Kind::Text),
    ("summary", "provider", Kind::Text),
    ("summary", "url", Kind::Text),
    ("summary", "model", Kind::Text),
    ("summary", "budget", Kind::Text),
    ("summary", "key", Kind::Text),
    ("actions", "allow_commands", Kind::Flag),
    ("notices", "confirm_links", Kind::Flag),
    ("webhooks", "allow_networks", Kind::Texts),
    ("webhooks", "retry", Kind::Texts),
    ("secrets", "allow", Kind::Texts),
    ("sessions", "idle", Kind::Text),
    ("sessions", "absolute", Kind::Text),
    ("limits", "requests_per_second", Kind::Number),
    ("limits", "strangers_per_second", Kind::Number),
    ("limits", "body_bytes", Kind::Number),
    ("log", "level", Kind::Text),
    ("log", "format", Kind::Text),
];
/// How a suggestion begins that names one thing, not all.
const NEAR: &str = "did you mean";
/// The tables that may stand several times; they have no variables of their own.
const HOOKS: &str = "webhook";
const PROVIDERS: &str = "provider";

/// Where a text stands.
#[derive(Clone)]
pub(super) struct Origin {
    file: String,
    source: String,
    span: Range<usize>,
}

impl Origin {
    /// A finding here. What may hold a secret is not shown again.
    pub(super) fn finding(&self, code: &'static str, message: impl Into<String>, secret: bool) -> Diagnostic {
        let mut finding = Diagnostic::at(&self.file, &self.source, self.span.clone(), code, message);
        if secret {
            let before = finding.snippet.chars().take(finding.column.saturating_sub(1));
            finding.snippet = before.chain(['…']).collect();
            finding.width = 1;
        }
        finding
    }
}

/// A text with its origin.
pub(super) type Said = (String, Origin);

/// `[[webhook]]` as it was written.
pub(super) struct HookText {
    pub(super) url: Said,
    pub(super) secret: Option<Said>,
    pub(super) events: Vec<Said>,
    pub(super) policies: Vec<Said>,
    pub(super) format: Option<Said>,
}

/// All that was said.
#[derive(Default)]
pub(super) struct Layered {
    pub(super) texts: BTreeMap<(&'static str, &'static str), Said>,
    pub(super) lists: BTreeMap<(&'static str, &'static str), (Vec<Said>, Origin)>,
    pub(super) hooks: Vec<HookText>,
    pub(super) providers: Vec<(Provider, Origin, Option<Said>)>,
    pub(super) wrong: Vec<Diagnostic>,
}

pub(super) fn layered(name: &str, source: &str, environment: &BTreeMap<String, String>) -> Layered {
    let mut layered = Layered::default();
    layered.file("the defaults", DEFAULTS);
    layered.file(name, source);
    layered.environment(environment);
    layered
}

impl Layered {
    fn file(&mut self, name: &str, source: &str) {
        let root = match placed::root(name, source) {
            Ok(root) => root,
            Err(finding) => return self.wrong.push(*finding),
        };
        let mut placed = Placed::new(name, source);
        let origin = |span: Range<usize>| Origin { file: name.to_owned(), source: source.to_owned(), span };
        for (key, item) in root.get_ref() {
            let section = key.get_ref().as_ref();
            if [HOOKS, PROVIDERS].contains(&section) {
                continue;
            }
            if !KEYS.iter().any(|(known, ..)| *known == section) {
                let known = KEYS.iter().map(|(known, ..)| *known).chain([HOOKS, PROVIDERS]).collect::<BTreeSet<_>>();
                placed.error(&key.span(), "unknown_section", format!("unknown section `{section}`"), did_you_mean(section, known));
                continue;
            }
            if let Some(table) = placed.as_table(item, &format!("a section `[{section}]`")) {
                self.section(&mut placed, section, table, &origin);
            }
        }
        for (table, span) in placed.tables(root.get_ref(), HOOKS) {
            self.hook(&mut placed, table, &span, &origin);
        }
        for (table, span) in placed.tables(root.get_ref(), PROVIDERS) {
            let read = provider::read(&mut placed, table, &span);
            self.providers.extend(read.map(|read| {
                let secret = read.secret.map(|(text, span)| (text, origin(span)));
                (read.provider, origin(read.id_at), secret)
            }));
        }
        self.wrong.extend(placed.findings().0);
    }

    fn section(&mut self, placed: &mut Placed<'_>, section: &str, table: &Table<'_>, origin: &dyn Fn(Range<usize>) -> Origin) {
        let known: Vec<_> = KEYS.iter().filter(|(known, ..)| *known == section).collect();
        let names: Vec<&str> = known.iter().map(|(_, key, _)| *key).collect();
        placed.keys(table, &format!("[{section}]"), &names);
        for (section, key, kind) in known {
            if let Some(item) = placed::find(table, key) {
                self.value(placed, (section, key), *kind, (table, item), origin);
            }
        }
    }

    fn value(
        &mut self,
        placed: &mut Placed<'_>,
        at: (&'static str, &'static str),
        kind: Kind,
        value: (&Table<'_>, &Item<'_>),
        origin: &dyn Fn(Range<usize>) -> Origin,
    ) {
        let (table, item) = value;
        match kind {
            Kind::Text => {
                if let Some((text, span)) = placed.text(table, at.1) {
                    self.texts.insert(at, (text, origin(span)));
                }
            }
            Kind::Flag => {
                let flag = placed.flag(table, at.1, false);
                self.texts.insert(at, (flag.to_string(), origin(item.span())));
            }
            Kind::Number => match item.get_ref().as_integer() {
                Some(number) => drop(self.texts.insert(at, (number.as_str().replace('_', ""), origin(item.span())))),
                None => placed.wrong_type(item, "a whole number"),
            },
            Kind::Texts => {
                if let Some(list) = placed.texts(table, at.1) {
                    let list = list.into_iter().map(|(text, span)| (text, origin(span))).collect();
                    self.lists.insert(at, (list, origin(item.span())));
                }
            }
        }
    }

    fn hook(&mut self, placed: &mut Placed<'_>, table: &Table<'_>, span: &Range<usize>, origin: &dyn Fn(Range<usize>) -> Origin) {
        placed.keys(table, "[[webhook]]", &["url", "secret", "events", "policies", "format"]);
        let said = |found: Option<(String, Range<usize>)>| found.map(|(text, span)| (text, origin(span)));
        let Some(url) = said(placed.required(table, "url", span, "url = \"https://…\"")) else { return };
        let secret = said(placed.text(table, "secret"));
        let format = said(placed.text(table, "format"));
        let mut texts = |key: &str| -> Vec<Said> {
            let found = placed.texts(table, key).unwrap_or_default();
            found.into_iter().map(|(text, span)| (text, origin(span))).collect()
        };
        let (events, policies) = (texts("events"), texts("policies"));
        self.hooks.push(HookText { url, secret, events, policies, format });
    }

    fn environment(&mut self, environment: &BTreeMap<String, String>) {
        let settable = || KEYS.iter();
        for (name, value) in environment {
            let origin = Origin { file: name.clone(), source: value.clone(), span: 0..value.len() };
            let Some((section, key, kind)) = settable().find(|(section, key, _)| variable(section, key) == *name) else {
                let ours = settable().any(|(section, ..)| name.starts_with(&variable(section, "")));
                let names: Vec<String> = settable().map(|(section, key, _)| variable(section, key)).collect();
                let hint = did_you_mean(name, names.iter().map(String::as_str));
                // Other programs' variables may begin alike; one that is a letter away from ours is a slip of the hand.
                if ours || name.starts_with("COUNTERSIGN_") && hint.as_ref().is_some_and(|hint| hint.starts_with(NEAR)) {
                    self.wrong.push(origin.finding("unknown_variable", "there is no such setting", true).suggest(hint));
                }
                continue;
            };
            if *kind == Kind::Texts {
                let parts = value.split(',').map(str::trim).filter(|part| !part.is_empty());
                let list = parts.map(|part| (part.to_owned(), origin.clone())).collect();
                self.lists.insert((section, key), (list, origin));
            } else {
                self.texts.insert((section, key), (value.clone(), origin));
            }
        }
    }
}

/// The environment variable of a key.
fn variable(section: &str, key: &str) -> String {
    format!("COUNTERSIGN_{section}_{key}").to_uppercase()
}
