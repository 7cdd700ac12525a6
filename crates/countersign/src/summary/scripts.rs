//! Names that are not what they look like: a word whose letters come from several scripts, or all from another script
//! and all like Latin ones. A reader is told by a word; nothing is changed or refused. What hides altogether is the
//! matter of `visible`.

use unicode_security::confusable_detection::skeleton;
use unicode_security::mixed_script::MixedScript;

/// A text is read this far, in characters: a name that deceives does it where a reader looks.
const READ_MAX: usize = 20_000;

/// Why a text may be read as another one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Deceit {
    /// It holds characters that hide or change direction; they are spelled out where it is shown.
    Hidden,
    /// A word mixes letters of several scripts.
    Mixed,
    /// A word of another script is made of letters that look Latin.
    LooksLatin,
}

/// The ways in which this text may deceive its reader, each once.
#[must_use]
pub fn deceits(text: &str) -> Vec<Deceit> {
    let mut found = Vec::new();
    if text.chars().any(super::visible::is_hidden) {
        found.push(Deceit::Hidden);
    }
    let end = text.char_indices().nth(READ_MAX).map_or(text.len(), |(end, _)| end);
    let read = text.get(..end).unwrap_or(text);
    // Plain letters deceive nobody, and most texts hold nothing else.
    let words = || read.split(|char: char| !char.is_alphanumeric()).filter(|word| !word.is_ascii());
    if words().any(|word| !word.is_single_script()) {
        found.push(Deceit::Mixed);
    }
    if words().any(looks_latin) {
        found.push(Deceit::LooksLatin);
    }
    found
}

/// Whether no letter of this word is Latin and every one looks so.
fn looks_latin(word: &str) -> bool {
    let foreign = |char: char| char.is_alphabetic() && !is_latin(char);
    let letters = word.chars().filter(|char| char.is_alphabetic()).count();
    letters > 1 && word.chars().filter(|char| char.is_alphabetic()).all(foreign) && skeleton(word).all(|char| char.is_ascii_alphanumeric())
}

/// Latin letters stand in few blocks; other ones that look like them are what is sought.
fn is_latin(char: char) -> bool {
    char.is_ascii_alphabetic()
        || matches!(char, '\u{aa}' | '\u{ba}' | '\u{c0}'..='\u{24f}' | '\u{250}'..='\u{2af}' | '\u{1e00}'..='\u{1eff}' | '\u{2c60}'..='\u{2c7f}' | '\u{a720}'..='\u{a7ff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn honest_names_of_every_script_pass() {
        for name in [
            "ACME",
            "Müller & Søn",
            "Łódź",
            "Анна Каренина",
            "Ελλάδα",
            "東京タワー",
            "한국전력 KEPCO",
            "שלום",
            "Naïve Café №5",
            "ACME Москва",
            "🙂 ok",
        ] {
            assert_eq!(deceits(name), [], "{name}");
        }
    }

    #[test]
    fn names_that_are_not_what_they_look_like_are_told() {
        let cases = [
            ("PаyPal", vec![Deceit::Mixed]),
            ("Αpple", vec![Deceit::Mixed]),
            ("АСМЕ Ltd", vec![Deceit::LooksLatin]),
            ("ΑΒΕ", vec![Deceit::LooksLatin]),
            ("AC\u{200b}ME", vec![Deceit::Hidden]),
            ("\u{202e}PаyPal", vec![Deceit::Hidden, Deceit::Mixed]),
        ];
        for (name, expected) in cases {
            assert_eq!(deceits(name), expected, "{name:?}");
        }
    }

    #[test]
    fn a_long_text_is_read_to_a_bound() {
        let long = "PаyPal ".repeat(100_000);
        assert_eq!(deceits(&long), [Deceit::Mixed]);
        let late = format!("{}PаyPal", "a ".repeat(READ_MAX));
        assert_eq!(deceits(&late), []);
    }
}
