//! A table of exchange rates, as a policy names one. Its bytes are part of the policy's version.
//!
//! ```toml
//! base = "USD"
//!
//! [rates]          # what one unit is worth in the base currency
//! EUR = "1.08"
//! GBP = "1.27"
//! ```

use super::{Currency, Money, MoneyError, plain_decimal};
use rust_decimal::Decimal;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// More currencies than exist are no table.
const RATES_MAX: usize = 400;

/// What one unit of each currency is worth in the base currency.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rates {
    base: Currency,
    worth: BTreeMap<Currency, Decimal>,
}

impl Rates {
    /// Reads the table; rates are quoted decimals, greater than zero.
    ///
    /// # Errors
    /// When the text is no such table.
    pub fn parse(text: &str) -> Result<Self, MoneyError> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| malformed(error.message()))?;
        if let Some(key) = table.keys().find(|key| !matches!(key.as_str(), "base" | "rates")) {
            return Err(malformed(&format!("unknown key `{key}`: expected `base` and `[rates]`")));
        }
        let base = table.get("base").and_then(toml::Value::as_str).ok_or_else(|| malformed("expected `base = \"USD\"`"))?;
        let base = Currency::parse(base)?;
        let listed = table.get("rates").and_then(toml::Value::as_table).ok_or_else(|| malformed("expected a table `[rates]`"))?;
        if listed.len() > RATES_MAX {
            return Err(malformed(&format!("more than {RATES_MAX} rates")));
        }
        let mut worth = BTreeMap::from([(base, Decimal::ONE)]);
        for (code, value) in listed {
            let rate = value.as_str().and_then(plain_decimal).and_then(Result::ok).filter(|rate| *rate > Decimal::ZERO);
            let rate = rate.ok_or_else(|| malformed(&format!("the rate of `{code}`: expected a quoted decimal above zero such as \"1.08\"")))?;
            let currency = Currency::parse(code)?;
            if currency == base && rate != Decimal::ONE {
                return Err(malformed(&format!("the rate of the base currency `{code}` is 1")));
            }
            worth.insert(currency, rate);
        }
        Ok(Self { base, worth })
    }

    /// Whether the table can convert this currency.
    #[must_use]
    pub fn knows(&self, currency: Currency) -> bool {
        self.worth.contains_key(&currency)
    }

    /// The same worth in another currency. Not rounded to the currency's digits; a quotient is exact
    /// to 28 digits.
    ///
    /// # Errors
    /// When a rate is missing or the result does not fit.
    pub fn convert(&self, money: &Money, to: Currency) -> Result<Money, MoneyError> {
        if money.currency == to {
            return Ok(*money);
        }
        let amount = self.in_base(money)?.checked_div(self.rate(to)?).ok_or(MoneyError::Overflow)?;
        Ok(Money { amount, currency: to })
    }

    /// Compares two sums by their exact worth in the base currency.
    ///
    /// # Errors
    /// When a rate is missing or a product does not fit.
    pub fn compare(&self, left: &Money, right: &Money) -> Result<Ordering, MoneyError> {
        if left.currency == right.currency {
            return Ok(left.amount.cmp(&right.amount));
        }
        Ok(self.in_base(left)?.cmp(&self.in_base(right)?))
    }

    fn in_base(&self, money: &Money) -> Result<Decimal, MoneyError> {
        money.amount.checked_mul(self.rate(money.currency)?).ok_or(MoneyError::Overflow)
    }

    fn rate(&self, currency: Currency) -> Result<Decimal, MoneyError> {
        self.worth.get(&currency).copied().ok_or(MoneyError::MissingRate(currency))
    }
}

fn malformed(why: &str) -> MoneyError {
    MoneyError::MalformedRates(format!("the rate table could not be read: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Rates {
        Rates::parse("base = \"USD\"\n[rates]\nEUR = \"1.08\"\nGBP = \"1.27\"\n").unwrap()
    }

    fn money(text: &str) -> Money {
        Money::parse(text).unwrap()
    }

    #[test]
    fn sums_of_different_currencies_are_compared_by_worth() {
        assert_eq!(table().compare(&money("100 EUR"), &money("108 USD")), Ok(Ordering::Equal));
        assert_eq!(table().compare(&money("100 EUR"), &money("100 GBP")), Ok(Ordering::Less));
    }

    #[test]
    fn converting_and_back_keeps_the_worth() {
        let dollars = table().convert(&money("100 EUR"), Currency::parse("USD").unwrap()).unwrap();
        assert_eq!(dollars, money("108 USD"));
        assert_eq!(table().convert(&dollars, Currency::parse("EUR").unwrap()).unwrap(), money("100 EUR"));
    }

    #[test]
    fn a_missing_rate_is_an_error() {
        assert!(table().compare(&money("1 JPY"), &money("1 USD")).is_err());
        assert!(table().convert(&money("1 USD"), Currency::parse("JPY").unwrap()).is_err());
    }

    #[test]
    fn a_table_with_a_mistake_is_refused() {
        for text in [
            "",
            "base = \"USD\"",
            "base = \"US\"\n[rates]",
            "base = \"USD\"\n[rates]\nEUR = 1.08",
            "base = \"USD\"\n[rates]\nEUR = \"0\"",
            "base = \"USD\"\n[rates]\nEUR = \"-1\"",
            "base = \"USD\"\nx = 1\n[rates]",
            "base = \"USD\"\n[rates]\nUSD = \"2\"",
        ] {
            assert!(Rates::parse(text).is_err(), "{text}");
        }
    }
}
