//! Numbers and sums as people write them in their language.

use super::Language;
use countersign_core::money::Currency;

/// `12500.00 USD` as `12,500.00 USD` or `12.500,00 USD`. What does not begin with a plain number is left alone.
#[must_use]
pub fn separated(number: &str, language: Language) -> String {
    let (group, point) = match language {
        Language::English => (',', '.'),
        Language::German => ('.', ','),
    };
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
    if let Some(fraction) = fraction {
        // `1950.0 GBP` is a sum too: as many digits as the currency has.
        let digits = Currency::parse(unit.trim_start()).map_or(0, |currency| usize::try_from(currency.digits()).unwrap_or_default());
        shown.push(point);
        shown.push_str(&format!("{fraction:0<digits$}"));
    }
    shown + unit
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
}
