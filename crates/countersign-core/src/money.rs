//! Exact sums of money: a decimal and a currency, never a float. Comparing, adding and converting
//! either give the exact answer or an error; nothing here rounds a sum that somebody will pay.

use rust_decimal::Decimal;
use std::cmp::Ordering;
use std::fmt;

pub use currency::Currency;
pub use rates::Rates;

mod currency;
mod rates;

/// Longer texts are no sums: 28 digits, a sign, a point and a currency fit easily.
const TEXT_MAX: usize = 48;

/// A sum in one currency. Shown as it was written: `1250.00 USD`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Money {
    /// How much, with the digits it was written with.
    pub amount: Decimal,
    /// Of what.
    pub currency: Currency,
}

/// Why a sum could not be read, compared or computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The text is not of the form.
    #[error("`{0}` is no sum of money: expected digits, a space and a currency, as in `1250.00 USD`")]
    Malformed(String),
    /// The three letters are no currency with a minor unit.
    #[error("`{0}` is no currency of ISO 4217: expected three capital letters such as `USD`")]
    UnknownCurrency(String),
    /// More digits than the currency has.
    #[error("`{text}` has {given} digits after the point: {currency} has {allowed}")]
    TooManyDigits {
        /// As given.
        text: String,
        /// Digits after the point.
        given: u32,
        /// The currency.
        currency: Currency,
        /// Digits that ISO 4217 gives it.
        allowed: u32,
    },
    /// More digits than can be computed with exactly.
    #[error("`{0}` has more digits than can be computed with exactly (28)")]
    TooLarge(String),
    /// Two currencies and no rates.
    #[error("{0} and {1} are different currencies: they are compared only through the policy's `rates`")]
    DifferentCurrencies(Currency, Currency),
    /// The table lacks a currency.
    #[error("the rate table has no rate for {0}")]
    MissingRate(Currency),
    /// The result does not fit.
    #[error("the sum does not fit into 28 digits")]
    Overflow,
    /// A rate table that could not be read.
    #[error("{0}")]
    MalformedRates(String),
}

impl Money {
    /// Reads `-?digits[.digits] CCC`, with no more digits than ISO 4217 gives the currency.
    ///
    /// # Errors
    /// When the form, the currency or the number of digits is wrong.
    pub fn parse(text: &str) -> Result<Self, MoneyError> {
        let malformed = || MoneyError::Malformed(shortened(text));
        if text.len() > TEXT_MAX {
            return Err(malformed());
        }
        let (number, code) = text.split_once(' ').ok_or_else(malformed)?;
        let amount = plain_decimal(number).ok_or_else(malformed)?;
        let amount = amount.map_err(|()| MoneyError::TooLarge(shortened(text)))?;
        let currency = Currency::parse(code)?;
        if amount.scale() > currency.digits() {
            return Err(MoneyError::TooManyDigits { text: shortened(text), given: amount.scale(), currency, allowed: currency.digits() });
        }
        Ok(Self { amount, currency })
    }

    /// The same sum with at least the digits that ISO 4217 gives its currency: `5 USD` is `5.00 USD`. As it is where that
    /// many digits do not fit.
    #[must_use]
    pub fn in_full(&self) -> Self {
        let mut amount = self.amount;
        amount.rescale(amount.scale().max(self.currency.digits()));
        Self { amount, ..*self }
    }

    /// Compares two sums of one currency.
    ///
    /// # Errors
    /// When the currencies differ.
    pub fn partial_cmp_same(&self, other: &Self) -> Result<Ordering, MoneyError> {
        self.same(other)?;
        Ok(self.amount.cmp(&other.amount))
    }

    /// Adds two sums of one currency.
    ///
    /// # Errors
    /// When the currencies differ or the result does not fit.
    pub fn checked_add(&self, other: &Self) -> Result<Self, MoneyError> {
        self.same(other)?;
        let amount = self.amount.checked_add(other.amount).ok_or(MoneyError::Overflow)?;
        Ok(Self { amount, ..*self })
    }

    /// Subtracts a sum of the same currency.
    ///
    /// # Errors
    /// When the currencies differ or the result does not fit.
    pub fn checked_sub(&self, other: &Self) -> Result<Self, MoneyError> {
        self.same(other)?;
        let amount = self.amount.checked_sub(other.amount).ok_or(MoneyError::Overflow)?;
        Ok(Self { amount, ..*self })
    }

    /// This sum, so many times.
    ///
    /// # Errors
    /// When the result does not fit.
    pub fn checked_mul(&self, factor: Decimal) -> Result<Self, MoneyError> {
        let amount = self.amount.checked_mul(factor).ok_or(MoneyError::Overflow)?;
        Ok(Self { amount, ..*self })
    }

    fn same(&self, other: &Self) -> Result<(), MoneyError> {
        if self.currency == other.currency { Ok(()) } else { Err(MoneyError::DifferentCurrencies(self.currency, other.currency)) }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.currency)
    }
}

/// Reads `-?digits[.digits]`: no plus, no exponent, no white space. `None` when the form is wrong or longer than any number here,
/// `Some(Err(()))` when the form is right and there are too many digits to be exact.
#[must_use]
pub fn plain_decimal(text: &str) -> Option<Result<Decimal, ()>> {
    // Reading takes the stack for every digit: what cannot be exact is not begun.
    if text.len() > TEXT_MAX {
        return None;
    }
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    Some(Decimal::from_str_exact(text).map_err(|_| ()))
}

fn shortened(text: &str) -> String {
    text.chars().take(TEXT_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_sum_is_shown_as_it_was_written() {
        for text in ["1250.00 USD", "0.1 EUR", "-7 JPY", "0 USD", "12700000.00 GBP", "1.234 KWD"] {
            assert_eq!(Money::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_sum_in_full_has_the_digits_of_its_currency_and_is_the_same_sum() {
        for (text, full) in [
            ("309375.0 GBP", "309375.00 GBP"),
            ("46750.00 USD", "46750.00 USD"),
            ("5 USD", "5.00 USD"),
            ("-0.5 EUR", "-0.50 EUR"),
            ("7 JPY", "7 JPY"),
            ("1.2 KWD", "1.200 KWD"),
            ("79228162514264337593543950335 USD", "79228162514264337593543950335 USD"),
        ] {
            let sum = Money::parse(text).unwrap();
            assert_eq!((sum.in_full().to_string().as_str(), sum.in_full()), (full, sum), "{text}");
        }
    }

    #[test]
    fn what_is_no_sum_is_refused() {
        for text in [
            "",
            "1",
            "1 usd",
            "1 US",
            "1 USDX",
            "1 ABC",
            "USD 1",
            "1  USD",
            " 1 USD",
            "1 USD ",
            "+1 USD",
            "1e3 USD",
            ".5 USD",
            "1. USD",
            "1,000 USD",
            "1.001 USD",
            "1.5 JPY",
            "1.2345 KWD",
            "--1 USD",
            "١ USD",
            "NaN USD",
            "79228162514264337593543950336 USD",
        ] {
            assert!(Money::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn equal_sums_are_equal_however_many_digits_they_were_written_with() {
        assert_eq!(Money::parse("1 USD").unwrap(), Money::parse("1.00 USD").unwrap());
    }

    #[test]
    fn different_currencies_are_not_compared() {
        let (usd, eur) = (Money::parse("1 USD").unwrap(), Money::parse("1 EUR").unwrap());
        assert_eq!(usd.partial_cmp_same(&eur), Err(MoneyError::DifferentCurrencies(usd.currency, eur.currency)));
        assert!(usd.checked_add(&eur).is_err());
    }

    #[test]
    fn sums_are_exact() {
        let tenth = Money::parse("0.10 USD").unwrap();
        let fifth = Money::parse("0.20 USD").unwrap();
        assert_eq!(tenth.checked_add(&fifth).unwrap().to_string(), "0.30 USD");
        let largest = Money { amount: Decimal::MAX, currency: tenth.currency };
        assert_eq!(largest.checked_mul(Decimal::TWO), Err(MoneyError::Overflow));
    }

    proptest! {
        #[test]
        fn reading_what_is_shown_gives_the_same_sum(cents in any::<i64>(), digits in 0_u32..=2) {
            let sum = Money { amount: Decimal::new(cents, digits), currency: Currency::parse("USD").unwrap() };
            let again = Money::parse(&sum.to_string()).unwrap();
            prop_assert_eq!(again, sum);
            prop_assert_eq!(again.to_string(), sum.to_string());
        }

        #[test]
        fn no_text_makes_reading_panic(text in "[-0-9. A-Z]{0,40}") {
            let _ = Money::parse(&text);
        }
    }
}
