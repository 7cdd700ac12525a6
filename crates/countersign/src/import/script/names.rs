//! Names that our files take, made from names that nobody restricted. Two that differ stay different.

use std::collections::{BTreeMap, BTreeSet};

/// Policies' names are cut to this, which leaves room for a number.
const NAME_MAX: usize = 56;
/// The longest id that the directory takes, less room for a number.
const ID_CHARS_MAX: usize = 90;
/// The longest name that the directory takes.
const NAME_CHARS_MAX: usize = 200;

/// Gives each original a name, always the same one and never that of another.
#[derive(Default)]
pub(super) struct Names {
    given: BTreeMap<String, String>,
    taken: BTreeSet<String>,
}

impl Names {
    /// The name for `original`, `wanted` if nobody has it yet.
    pub(super) fn give(&mut self, original: &str, wanted: &str) -> String {
        if let Some(name) = self.given.get(original) {
            return name.clone();
        }
        let numbered = (2_u32..).map(|number| format!("{wanted}-{number}"));
        let free = std::iter::once(wanted.to_owned()).chain(numbered).find(|name| !self.taken.contains(name));
        let name = free.unwrap_or_else(|| wanted.to_owned());
        self.taken.insert(name.clone());
        self.given.insert(original.to_owned(), name.clone());
        name
    }

    /// What was given to an original so far.
    pub(super) fn given(&self, original: &str) -> Option<&str> {
        self.given.get(original).map(String::as_str)
    }
}

/// A policy's name: small letters, digits, `-` and `_`.
pub(super) fn policy_name(text: &str) -> String {
    let mut name = String::new();
    for c in text.trim().chars().flat_map(char::to_lowercase) {
        match c {
            'a'..='z' | '0'..='9' | '_' => name.push(c),
            _ if name.ends_with('-') || name.is_empty() => {}
            _ => name.push('-'),
        }
    }
    name.truncate(NAME_MAX);
    let name = name.trim_matches('-');
    if name.is_empty() { "request".to_owned() } else { name.to_owned() }
}

/// A person's id: the text itself, but for what the directory does not take.
pub(super) fn person_id(text: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || "._-@+".contains(c) { c } else { '-' };
    let id: String = text.trim().chars().map(plain).take(ID_CHARS_MAX).collect();
    match id.as_str() {
        "" => "somebody".to_owned(),
        "any" | "engine" => format!("{id}-person"),
        _ => id,
    }
}

/// A person's name: one line.
pub(super) fn person_name(text: &str, id: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(NAME_CHARS_MAX).collect();
    if line.trim().is_empty() { id.to_owned() } else { line.trim().to_owned() }
}

/// A text as TOML writes it, on one line whatever it holds; fit for comments too.
pub(super) fn quoted(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    json.replace('\u{7f}', "\\u007f")
}

/// The name of an environment variable for somebody's secret.
pub(super) fn variable(id: &str) -> String {
    let upper = id.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' });
    format!("{}_WEBHOOK_SECRET", upper.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_stay_different() {
        let mut names = Names::default();
        let give = |names: &mut Names, text: &str| names.give(text, &policy_name(text));
        assert_eq!(give(&mut names, "Expense Report"), "expense-report");
        assert_eq!(give(&mut names, "expense/report"), "expense-report-2");
        assert_eq!(give(&mut names, "Expense Report"), "expense-report");
    }

    #[test]
    fn any_text_becomes_a_name() {
        for (text, name) in [("../../etc", "etc"), ("", "request"), ("Größe", "gr-e"), ("a_b-C", "a_b-c"), ("日本", "request")] {
            assert_eq!(policy_name(text), name);
        }
        assert_eq!(person_id(" Ana\tMaria "), "Ana-Maria");
        assert_eq!(person_id("any"), "any-person");
        assert_eq!(person_id(&"é".repeat(300)).chars().count(), 90);
        assert_eq!((person_name("Ana\nMaria", "ana"), person_name(" ", "ana")), ("Ana Maria".to_owned(), "ana".to_owned()));
    }

    #[test]
    fn no_text_leaves_its_line() {
        assert_eq!(quoted("a\n[[rule]]\u{7f}\"\\"), r#""a\n[[rule]]\u007f\"\\""#);
        assert!(toml::from_str::<toml::Table>(&format!("a = {}", quoted("\u{0}\u{1f}\u{7f}\u{85}é\r\n"))).is_ok());
    }
}
