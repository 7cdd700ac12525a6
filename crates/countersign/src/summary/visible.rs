//! Makes visible what hides: control, invisible and direction-changing characters become `⟨U+202E⟩`. Every
//! text of a payload passes here before a person reads it.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Characters that are invisible, change direction, or stand in for nothing; sorted.
const HIDDEN: [(char, char); 27] = [
    ('\u{0}', '\u{8}'), // controls but for tab and newline
    ('\u{b}', '\u{1f}'),
    ('\u{7f}', '\u{9f}'),
    ('\u{ad}', '\u{ad}'),        // soft hyphen
    ('\u{34f}', '\u{34f}'),      // grapheme joiner
    ('\u{61c}', '\u{61c}'),      // Arabic letter mark
    ('\u{115f}', '\u{1160}'),    // Hangul fillers
    ('\u{17b4}', '\u{17b5}'),    // Khmer inherent vowels
    ('\u{180b}', '\u{180f}'),    // Mongolian selectors
    ('\u{2000}', '\u{200a}'),    // odd spaces
    ('\u{200b}', '\u{200f}'),    // zero width, direction marks
    ('\u{2028}', '\u{202e}'),    // separators, direction changes
    ('\u{205f}', '\u{206f}'),    // invisible operators, direction isolates
    ('\u{2800}', '\u{2800}'),    // blank braille
    ('\u{3164}', '\u{3164}'),    // Hangul filler
    ('\u{e000}', '\u{f8ff}'),    // private use: looks like whatever the font likes
    ('\u{fdd0}', '\u{fdef}'),    // no characters at all
    ('\u{fe00}', '\u{fe0f}'),    // variation selectors
    ('\u{feff}', '\u{feff}'),    // byte order mark
    ('\u{ffa0}', '\u{ffa0}'),    // halfwidth filler
    ('\u{fff0}', '\u{fffb}'),    // annotations
    ('\u{fffe}', '\u{ffff}'),    // no characters at all
    ('\u{13430}', '\u{1345f}'),  // hieroglyph controls
    ('\u{1bca0}', '\u{1bca3}'),  // shorthand controls
    ('\u{1d173}', '\u{1d17a}'),  // music controls
    ('\u{e0000}', '\u{e0fff}'),  // tags, more variation selectors
    ('\u{f0000}', '\u{10ffff}'), // private use
];

/// As many marks above and below one letter are a language; more are a pile that covers the lines around it.
const MARKS_MAX: usize = 4;

/// A mark that is drawn onto the letter before it, of the kind that piles up.
fn is_mark(char: char) -> bool {
    matches!(char, '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

/// The text with everything hidden in it spelled out, and piles of marks too. Tabs and newlines stay.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|char| is_hidden(char) || is_mark(char)) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    let mut marks = 0;
    for char in text.chars() {
        marks = if is_mark(char) { marks + 1 } else { 0 };
        if is_hidden(char) || marks > MARKS_MAX {
            // Writing to a string cannot fail.
            let _ = write!(shown, "⟨U+{:04X}⟩", u32::from(char));
        } else {
            shown.push(char);
        }
    }
    Cow::Owned(shown)
}

/// Whether a reader would not see this character, or would see others in another order because of it.
pub fn is_hidden(char: char) -> bool {
    let after = HIDDEN.partition_point(|(first, _)| *first <= char);
    after.checked_sub(1).and_then(|index| HIDDEN.get(index)).is_some_and(|(_, last)| char <= *last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_spelled_out() {
        let cases = [
            ("ACME, 12500.00 USD\n\tÜber 東京 🙂", "ACME, 12500.00 USD\n\tÜber 東京 🙂"),
            ("pay \u{202e}DSU 00.1", "pay ⟨U+202E⟩DSU 00.1"),
            ("e\u{301}\u{323} Z\u{300}\u{301}\u{302}\u{303}\u{304}\u{305}", "e\u{301}\u{323} Z\u{300}\u{301}\u{302}\u{303}⟨U+0304⟩⟨U+0305⟩"),
            ("AC\u{200b}ME\u{feff}", "AC⟨U+200B⟩ME⟨U+FEFF⟩"),
            ("a\rb\u{1b}[2J\u{7}", "a⟨U+000D⟩b⟨U+001B⟩[2J⟨U+0007⟩"),
            ("\u{2066}x\u{2069}\u{61c}\u{e0041}\u{ad}", "⟨U+2066⟩x⟨U+2069⟩⟨U+061C⟩⟨U+E0041⟩⟨U+00AD⟩"),
        ];
        for (text, shown) in cases {
            assert_eq!(visible(text), shown);
        }
    }

    #[test]
    fn the_table_is_sorted_and_nothing_visible_is_in_it() {
        assert!(HIDDEN.windows(2).all(|pair| pair[0].1 < pair[1].0));
        for char in ['\t', '\n', ' ', '~', '\u{a0}', 'ß', '\u{303}', '\u{fffd}', '€'] {
            assert!(!is_hidden(char), "{char:?}");
        }
    }
}
