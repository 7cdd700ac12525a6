//! Finds where a template prints, or walks over, a field that may be absent: outside `{% if %}`, without a
//! filter that takes absence. Such a template would fail when it is needed, so it is told when it loads.

use crate::policy::field::Field;

/// Filters that take what is absent.
const TAKES_ABSENCE: [&str; 4] = ["default", "json", "tojson", "length"];

/// The first optional field that the template needs though it may be absent.
pub(super) fn unguarded<'a>(source: &str, fields: &'a [Field]) -> Option<&'a str> {
    let optional: Vec<&str> = fields.iter().filter(|field| field.optional).map(|field| field.name.as_str()).collect();
    let mut guards: Vec<Vec<&str>> = Vec::new();
    for (statement, inside) in tags(source) {
        let words = words(inside);
        let verb = if statement { words.first().copied().unwrap_or_default() } else { "" };
        if !statement || verb == "for" {
            let from = words.iter().position(|word| verb == "for" && *word == "in").unwrap_or(0);
            let read = words.get(from..).unwrap_or_default();
            let hole = optional.iter().find(|name| needs(read, name) && !guards.iter().flatten().any(|guard| guard == *name));
            if let Some(name) = hole {
                return Some(name);
            }
        }
        match verb {
            "if" => guards.push(words),
            // The variables of a loop hide fields of the same name.
            "for" => guards.push(words.into_iter().take_while(|word| *word != "in").collect()),
            "elif" => guards.last_mut().into_iter().for_each(|guard| guard.extend(&words)),
            "endif" | "endfor" => drop(guards.pop()),
            _ => {}
        }
    }
    None
}

/// Whether these words need the field to be there.
fn needs(words: &[&str], name: &str) -> bool {
    let asked = words.iter().rposition(|word| *word == "if").is_some_and(|at| words.iter().skip(at).any(|word| *word == name));
    if asked {
        return false;
    }
    let at = |index: Option<usize>| index.and_then(|index| words.get(index)).copied().unwrap_or_default();
    words.iter().enumerate().filter(|(_, word)| **word == name).any(|(index, _)| {
        let (before, after) = (at(index.checked_sub(1)), at(Some(index + 1)));
        let filtered = after == "|" && TAKES_ABSENCE.contains(&at(Some(index + 2)));
        let compared = ["=", "!", "<", ">", "is", "or", "and"].contains(&after) || ["=", "<", ">", "not"].contains(&before);
        // `request.note` is another's member, `| note` a filter.
        !filtered && !compared && ![".", "|"].contains(&before)
    })
}

/// The insides of `{{ }}` and `{% %}` (then `true`), in order; comments are none.
fn tags(source: &str) -> Vec<(bool, &str)> {
    let (mut found, mut rest) = (Vec::new(), source);
    while let Some(open) = ["{{", "{%", "{#"].iter().filter_map(|mark| rest.find(mark)).min() {
        let after = rest.get(open + 2..).unwrap_or_default();
        let kind = rest.get(open + 1..open + 2).unwrap_or_default();
        let end = match kind {
            "{" => after.find("}}"),
            "%" => after.find("%}"),
            _ => after.find("#}"),
        };
        let end = end.unwrap_or(after.len());
        if kind != "#" {
            found.push((kind == "%", after.get(..end).unwrap_or_default().trim_matches('-').trim()));
        }
        rest = after.get(end..).unwrap_or_default();
    }
    found
}

/// Names and single marks; a quoted text is one mark.
fn words(inside: &str) -> Vec<&str> {
    let is_name = |character: char| character.is_alphanumeric() || character == '_';
    let (mut words, mut rest) = (Vec::new(), inside.trim_start());
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' | '\'' => rest.get(1..).and_then(|text| text.find(first)).map_or(rest.len(), |end| end + 2),
            name if is_name(name) => rest.find(|character| !is_name(character)).unwrap_or(rest.len()),
            mark => mark.len_utf8(),
        };
        let (word, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        words.push(word);
        rest = after.trim_start();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::field::FieldType;

    fn hole(source: &str) -> Option<String> {
        let field = |name: &str, optional| Field { name: name.to_owned(), kind: FieldType::Json, optional, visible_to: None };
        unguarded(source, &[field("merchant", false), field("receipt", true), field("rows", true)]).map(str::to_owned)
    }

    #[test]
    fn an_optional_field_that_is_printed_bare_is_found() {
        for source in [
            "{{ receipt }}",
            "{\"r\": \"{{ receipt }}\"}",
            "{{ merchant }} {{- receipt | upper -}}",
            "{{ receipt.page }}",
            "{{ merchant ~ receipt }}",
        ] {
            assert_eq!(hole(source).as_deref(), Some("receipt"), "{source}");
        }
        assert_eq!(hole("{% for row in rows %}{{ row }}{% endfor %}").as_deref(), Some("rows"));
        assert_eq!(hole("{% if receipt %}there{% endif %}{{ receipt }}").as_deref(), Some("receipt"), "after its guard");
    }

    #[test]
    fn what_is_guarded_or_takes_absence_is_none() {
        for source in [
            "{{ merchant }}",
            "{% if receipt %}{{ receipt }}{% else %}-{% endif %}",
            "{% if merchant %}{% if receipt %}{{ receipt | upper }}{% endif %}{% endif %}",
            "{{ receipt | default('-') | upper }}",
            "{{ receipt | json }}",
            "{{ receipt if receipt else '' }}",
            "{{ receipt or \"none\" }}",
            "{{ request.receipt }}",
            "{# {{ receipt }} #}",
            "{{ 'receipt' }}",
            "{% for row in rows | default([]) %}{{ row }}{% endfor %}",
            "{% for receipt in merchant %}{{ receipt }}{% endfor %}",
        ] {
            assert_eq!(hole(source), None, "{source}");
        }
    }
}
