//! Turns a model's text into plain text: no markup, no links, single spaces, hidden characters spelled out,
//! cut to a bound at a word's end.

use super::visible::visible;

/// Stands where a link stood: a reader should know that there was one.
pub(super) const LINK: &str = "(link removed)";
/// What Markdown and chat systems read as markup.
const MARKS: [char; 11] = ['*', '`', '#', '~', '|', '<', '>', '[', ']', '{', '}'];

/// Plain text of at most `chars_max` characters.
pub(super) fn plain_text(text: &str, chars_max: usize) -> String {
    let text = visible(text).replace("](", "] (");
    let text = without_tags(&text).replace(MARKS, " ");
    let words: Vec<_> = text.split_whitespace().map(|word| if is_link(word) { LINK } else { word.trim_matches('_') }).collect();
    cut(&words.join(" "), chars_max)
}

/// Cuts at the end of a word, so that no number is shortened into another, and says so by an ellipsis.
pub(super) fn cut(text: &str, chars_max: usize) -> String {
    if text.chars().count() <= chars_max {
        return text.to_owned();
    }
    let kept: String = text.chars().take(chars_max.saturating_sub(1)).collect();
    let kept = kept.rsplit_once(char::is_whitespace).map_or(&*kept, |(before, _)| before);
    format!("{}…", kept.trim_end())
}

/// Drops `<b>`, `</b>`, `<!-- -->`; a lone `<` is left for the marks.
fn without_tags(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        kept.push_str(before);
        kept.push(' ');
        let opens = after.starts_with(|first: char| first.is_ascii_alphabetic() || matches!(first, '/' | '!' | '?'));
        rest = match after.split_once('>') {
            Some((_, behind)) if opens => behind,
            _ => after,
        };
    }
    kept + rest
}

/// Whatever a mail program or a chat would turn into a link: a scheme, `www.`, an address, a bare domain.
fn is_link(word: &str) -> bool {
    let word = word.trim_matches(|char: char| !char.is_alphanumeric());
    let lower = word.to_lowercase();
    lower.contains("://") || lower.starts_with("www.") || lower.starts_with("mailto:") || lower.contains('@') || has_domain(&lower)
}

/// A dot between a name and at least two letters: `evil.example/pay`, but not `e.g.` or `12.50`.
fn has_domain(word: &str) -> bool {
    let host = word.split(['/', '?', ':']).next().unwrap_or_default();
    host.rsplit_once('.').is_some_and(|(name, top)| {
        let letters = top.chars().count() >= 2 && top.chars().all(char::is_alphabetic);
        letters && name.chars().next_back().is_some_and(char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_links_are_taken_out() {
        let cases = [
            ("  The *team*\n\nasks <b>for</b> `money` ", "The team asks for money"),
            ("see [the receipt](https://evil.example/x?y)", "see the receipt (link removed)"),
            ("see https://evil.example, www.evil.io or evil.example/pay.", "see (link removed) (link removed) or (link removed)"),
            ("write to leo@evil.example", "write to (link removed)"),
            ("<img src=x onerror=alert()>hi <!-- hidden --> there", "hi there"),
            ("# Head\n> quote\n| a | b |", "Head quote a b"),
            ("e.g. 12.50 USD, i.e. all of it.", "e.g. 12.50 USD, i.e. all of it."),
            ("1<b></b>2", "1 2"),
            ("a < b", "a b"),
            ("pay\u{202e}me", "pay⟨U+202E⟩me"),
        ];
        for (text, plain) in cases {
            assert_eq!(plain_text(text, 600), plain, "{text}");
        }
    }

    #[test]
    fn a_long_text_is_cut_at_the_end_of_a_word() {
        assert_eq!(plain_text("pay 12500 USD", 8), "pay…");
        assert_eq!(plain_text("pay 12500 USD", 13), "pay 12500 USD");
        assert_eq!(cut(&"x".repeat(700), 600).chars().count(), 600);
    }
}
