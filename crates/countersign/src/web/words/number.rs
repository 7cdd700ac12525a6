//! Numbers and sums as people write them in their language.

use super::Language;
use countersign_core::money::Currency;

/// `12500.00 USD` as `12,500.00 USD` or `12.500,00 USD`. What does not begin with a plain number is left alone.
#[must_use]
pub fn separated(number: &str, language: Language) -> String {
    let (group, point) = marks(language);
    let (amount, unit) = number.split_at(number.find(' ').unwrap_or(number.len()));
    let (whole, fraction) = amount.split_once('.').map_or((amount, None), |(whole, fraction)| (whole, Some(fraction)));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("\u{2212}", digits));
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !plain(digits) || !fraction.is_none_or(plain) {
        return number.to_owned();
    }
    let mut shown = String::from(sign);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(group);
        }
        shown.push(digit);
    }
    // `1950.0 GBP` and `1950 GBP` are sums too: as many digits as the currency has.
    let digits = Currency::parse(unit.trim_start()).map_or(0, |currency| usize::try_from(currency.digits()).unwrap_or_default());
    if fraction.is_some() || digits > 0 {
        shown.push(point);
        shown.push_str(&format!("{:0<digits$}", fraction.unwrap_or_default()));
    }
    shown + unit
}

/// The same text with each number in it that has the reader's separators without them: `12,500.00` is `12500.00`.
#[must_use]
pub fn unseparated(text: &str, language: Language) -> String {
    let (group, point) = marks(language);
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|char: char| char.is_ascii_digit()) {
        let (before, run) = rest.split_at(start);
        let end = run.find(|char: char| !char.is_ascii_digit() && char != group && char != point).unwrap_or(run.len());
        let (run, after) = run.split_at(end);
        // Minus, as it is shown before a number.
        plain.push_str(&before.strip_suffix('\u{2212}').map_or_else(|| before.to_owned(), |before| format!("{before}-")));
        plain.push_str(&one_unseparated(run, group, point).unwrap_or_else(|| run.to_owned()));
        rest = after;
    }
    plain + rest
}

/// `None` where it is no number as this language writes it.
fn one_unseparated(run: &str, group: char, point: char) -> Option<String> {
    let (whole, fraction) = run.split_once(point).map_or((run, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut groups = whole.split(group);
    let first = groups.next().filter(|first| !first.is_empty())?;
    let grouped = whole.contains(group);
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let well =
        digits(first) && (!grouped || first.len() <= 3) && groups.all(|group| group.len() == 3 && digits(group)) && fraction.is_none_or(digits);
    well.then(|| whole.replace(group, "") + &fraction.map(|fraction| format!(".{fraction}")).unwrap_or_default())
}

/// What stands between groups of digits, and before the fraction.
fn marks(language: Language) -> (char, char) {
    match language {
        Language::English => (',', '.'),
        Language::German => ('.', ','),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_take_the_readers_separators_and_nothing_else_is_touched() {
        let cases = [
            ("12500.00 USD", "12,500.00 USD", "12.500,00 USD"),
            ("-1234567", "\u{2212}1,234,567", "\u{2212}1.234.567"),
            ("1950.0 GBP", "1,950.00 GBP", "1.950,00 GBP"),
            ("1950 GBP", "1,950.00 GBP", "1.950,00 GBP"),
            ("999 JPY", "999 JPY", "999 JPY"),
            ("0.125", "0.125", "0,125"),
            ("1e9", "1e9", "1e9"),
            ("1.", "1.", "1."),
            ("", "", ""),
        ];
        for (given, english, german) in cases {
            assert_eq!(separated(given, Language::English), english);
            assert_eq!(separated(given, Language::German), german);
        }
    }
    #[test]
    fn whoever_looks_for_a_number_as_they_see_it_finds_it() {
        let cases = [
            ("12,500.00 USD", "12500.00 USD", "12,500.00 USD"),
            ("12.500,00 USD", "12.500,00 USD", "12500.00 USD"),
            ("ACME, 1,234,567", "ACME, 1234567", "ACME, 1,234,567"),
            ("480,00 EUR", "480,00 EUR", "480.00 EUR"),
            ("1.234.567 rows", "1.234.567 rows", "1234567 rows"),
            ("480.00", "480.00", "480.00"),
            ("\u{2212}1,234.00 USD", "-1234.00 USD", "-1,234.00 USD"),
            ("2, 3 and 4", "2, 3 and 4", "2. 3 and 4"),
            ("", "", ""),
        ];
        for (typed, english, german) in cases {
            assert_eq!(unseparated(typed, Language::English), english);
            assert_eq!(unseparated(typed, Language::German), german);
        }
    }
}
