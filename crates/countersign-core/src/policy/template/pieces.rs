//! The plain case of a template: texts with named values between them. It is joined without the machinery that
//! everything else needs, and says the same; what is not plain is left to it.

use super::title;
use serde_json::Value;
use std::collections::BTreeSet;

/// More pieces than a title has are no plain case.
const PIECES_MAX: usize = 16;
/// Longer texts are measured by the steps that they take.
const JOINED_MAX: usize = 4 << 10;

/// A text, or the value of a name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Piece {
    Text(String),
    Name(String),
}

/// The pieces of a template that is nothing but texts and `{{ name }}`.
pub(super) fn of(source: &str) -> Option<Vec<Piece>> {
    // A line end at the end is left out when a template is rendered.
    if source.ends_with(['\n', '\r']) || source.contains("{%") || source.contains("{#") {
        return None;
    }
    let (mut pieces, mut rest) = (Vec::new(), source);
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, behind) = after.split_once("}}")?;
        pieces.push(Piece::Text(before.to_owned()));
        pieces.push(Piece::Name(plain_name(name)?));
        rest = behind;
    }
    pieces.push(Piece::Text(rest.to_owned()));
    pieces.retain(|piece| *piece != Piece::Text(String::new()));
    (pieces.len() <= PIECES_MAX).then_some(pieces)
}

/// A name and nothing else: words that mean something by themselves are no names.
fn plain_name(inside: &str) -> Option<String> {
    const WORDS: [&str; 13] = ["true", "false", "none", "True", "False", "None", "loop", "self", "not", "in", "is", "if", "else"];
    let name = inside.trim_matches(' ');
    let plain = name.starts_with(|first: char| first.is_ascii_alphabetic()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (plain && !WORDS.contains(&name)).then(|| name.to_owned())
}

/// The pieces with these values, these numbers between marks; `None` where a value is no text, which is shown in its own
/// way.
pub(super) fn joined(pieces: &[Piece], values: &Value, numbers: Option<&BTreeSet<String>>) -> Option<String> {
    let mut text = String::with_capacity(64);
    for piece in pieces {
        match piece {
            Piece::Text(piece) => text.push_str(piece),
            Piece::Name(name) => match values.get(name)?.as_str()? {
                number if numbers.is_some_and(|all| all.contains(number)) => title::mark(&mut text, number),
                value => text.push_str(value),
            },
        }
    }
    (text.len() <= JOINED_MAX).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn texts_and_names_are_a_plain_case_and_nothing_else_is() {
        let pieces = of("{{ merchant }}, {{amount}}!").unwrap();
        assert_eq!(joined(&pieces, &json!({"merchant": "A {{ x }}", "amount": "5 USD"}), None).as_deref(), Some("A {{ x }}, 5 USD!"));
        assert_eq!(joined(&pieces, &json!({"merchant": "A"}), None), None);
        assert_eq!(joined(&pieces, &json!({"merchant": "A", "amount": 5}), None), None);
        for other in
            ["{{ a | upper }}", "{{- a }}", "{{ a.b }}", "{{ a", "{% if a %}x{% endif %}", "{# a #}b", "{{ true }}", "{{ '}}' }}", "{{ a }}\n"]
        {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
