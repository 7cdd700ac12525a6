//! Reads a text as words, numbers and signs, so that two ways to write one amount are one, and two amounts
//! are never one.

/// A piece of a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Token {
    /// As written, but for the `'s` of a word.
    pub(super) text: String,
    /// What it is.
    pub(super) kind: Kind,
    /// Whether it opens a sentence.
    pub(super) opens: bool,
}

/// What a token is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// Letters.
    Word,
    /// Digits, with single separators between them: `12,500.00`, `2026-03-07`, `14:30`.
    Number,
    /// Letters and digits: `Q3`, `12k`, `7th`.
    Mixed,
    /// Anything else but white space.
    Sign,
}

impl Token {
    /// In lower case, as words are compared.
    pub(super) fn lower(&self) -> String {
        self.text.to_lowercase()
    }

    /// The digits of a number or an ordinal, as a day or a year is read.
    pub(super) fn plain_number(&self) -> Option<&str> {
        let digits = self.text.trim_end_matches(|char: char| char.is_ascii_alphabetic());
        let ordinal = matches!(self.text.strip_prefix(digits), Some("" | "st" | "nd" | "rd" | "th"));
        (ordinal && !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
    }
}

/// Reads a whole text.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let (mut tokens, mut rest, mut opens) = (Vec::new(), chars.as_slice(), true);
    while let Some((first, behind)) = rest.split_first() {
        if first.is_whitespace() {
            rest = behind;
        } else if first.is_alphanumeric() {
            let (token, behind) = rest.split_at(length(rest));
            tokens.push(Token { opens, ..lump(token) });
            (rest, opens) = (behind, false);
        } else {
            tokens.push(Token { text: first.to_string(), kind: Kind::Sign, opens: false });
            opens = matches!(first, '.' | '!' | '?' | '…') || (opens && matches!(first, '"' | '\'' | '“' | '‘' | '”' | '’' | '(' | ')'));
            rest = behind;
        }
    }
    tokens
}

/// A number without its thousands separators: `12,500.00` is `12500.00`. `None` for dates, times, versions.
pub(super) fn canonical(number: &str) -> Option<String> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = number.split_once('.').map_or((number, None), |(whole, fraction)| (whole, Some(fraction)));
    if !fraction.is_none_or(digits) {
        return None;
    }
    let groups: Vec<&str> = whole.split(is_group_separator).collect();
    let (first, others) = groups.split_first()?;
    let grouped = others.is_empty() || (first.len() <= 3 && others.iter().all(|group| group.len() == 3));
    (grouped && groups.iter().all(|group| digits(group))).then(|| {
        let whole = groups.concat();
        fraction.map_or_else(|| whole.clone(), |fraction| format!("{whole}.{fraction}"))
    })
}

/// Spaces of all kinds, commas and apostrophes stand between thousands.
pub(super) fn is_group_separator(char: char) -> bool {
    char.is_whitespace() || matches!(char, ',' | '\'' | '’')
}

/// How many characters belong together with the first, which is a letter or a digit.
fn length(chars: &[char]) -> usize {
    let mut length: usize = 1;
    while let (Some(last), Some(next)) = (length.checked_sub(1).and_then(|last| chars.get(last)), chars.get(length)) {
        let after = chars.get(length + 1);
        let joins = match next {
            next if next.is_alphanumeric() => true,
            '\'' | '’' => last.is_alphabetic() && after.is_some_and(|after| after.is_alphabetic()) || between_digits(*last, after),
            next if next.is_whitespace() => joins_thousands(chars, length),
            _ => between_digits(*last, after),
        };
        if !joins {
            break;
        }
        length += 1;
    }
    length
}

fn between_digits(last: char, after: Option<&char>) -> bool {
    last.is_numeric() && after.is_some_and(|after| after.is_numeric())
}

/// Whether the space at `at` stands between thousands: `12 500`, read as one number.
fn joins_thousands(chars: &[char], at: usize) -> bool {
    let before = chars.get(..at).unwrap_or_default();
    let groups: Vec<&[char]> = before.split(|char| char.is_whitespace()).collect();
    let short = groups.iter().all(|group| group.len() <= 3 && group.iter().all(char::is_ascii_digit));
    let next = chars.get(at + 1..at + 4).is_some_and(|next| next.iter().all(char::is_ascii_digit));
    short && next && !chars.get(at + 4).is_some_and(|char| char.is_alphanumeric())
}

fn lump(chars: &[char]) -> Token {
    let text: String = chars.iter().collect();
    let kind = match (chars.iter().any(|char| char.is_numeric()), chars.iter().any(|char| char.is_alphabetic())) {
        (true, false) => Kind::Number,
        (true, true) => Kind::Mixed,
        (false, _) => Kind::Word,
    };
    let text = match kind {
        Kind::Word => text.strip_suffix("'s").or_else(|| text.strip_suffix("’s")).map_or(text.clone(), str::to_owned),
        _ => text,
    };
    Token { text, kind, opens: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        tokens(text).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn amounts_dates_and_words_stay_whole() {
        assert_eq!(read("Leo's 12,500.00 USD, by 2026-03-07."), ["Leo", "12,500.00", "USD", ",", "by", "2026-03-07", "."]);
        assert_eq!(read("12 500 000 or 2026 200; don't"), ["12 500 000", "or", "2026", "200", ";", "don't"]);
        assert_eq!(read("INV-2231 Q3 7th 1'000"), ["INV", "-", "2231", "Q3", "7th", "1'000"]);
    }

    #[test]
    fn a_number_is_the_same_with_and_without_separators() {
        for (written, plain) in [("12,500.00", "12500.00"), ("1'000", "1000"), ("12 500", "12500"), ("7", "7"), ("0.50", "0.50")] {
            assert_eq!(canonical(written).as_deref(), Some(plain));
        }
        for other in ["12,50", "1,2,3", "2026-03-07", "14:30", "1.4.2", "1234,567", "12.500,00", "½"] {
            assert_eq!(canonical(other), None, "{other}");
        }
    }

    #[test]
    fn a_sentence_opens_after_its_end() {
        let opening = tokens("The end. \"If\" so, Then? (No) more").into_iter().filter(|token| token.opens);
        assert_eq!(opening.map(|token| token.text).collect::<Vec<_>>(), ["The", "If", "No"]);
    }
}
