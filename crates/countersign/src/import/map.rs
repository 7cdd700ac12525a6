//! How the columns of a file become the fields of a policy. A small TOML file says it:
//!
//! ```toml
//! [map]                                              # one line per field of the policy
//! merchant = "merchant"                              # the column of this name, as it is
//! amount   = { money = ["amount", "currency"] }      # "12.50" and "GBP" make "12.50 GBP"
//! fee      = { money = "fee", currency = "EUR" }     # one column, always the same currency
//! count    = { from = "qty", as = "integer" }        # text, integer, decimal, bool, list or json
//! tags     = { from = "tags", as = "list", separator = ";" }   # CSV has no lists; `;` unless said otherwise
//! source   = { value = "spring import" }             # the same for every row
//!
//! [key]                                              # optional; makes a repeated import submit nothing twice
//! from = "id"
//!
//! [requester]                                        # optional; instead of `--requester` where the row has it
//! from = "employee"
//!
//! [csv]                                              # optional
//! delimiter = ";"                                    # a comma unless said otherwise
//! ```
//!
//! A missing column, `null` and an empty text are absence: the field is left out of the payload. Decimals
//! are the digits of the source, never a float. Columns that the map does not name are not sent.

use super::fault::{Column, ImportFault};
use serde::Deserialize;
use std::collections::BTreeMap;

mod read;

/// What a map file says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Map {
    /// The fields of the payload and where each comes from.
    pub fields: BTreeMap<String, Source>,
    /// The column that makes a row unique.
    pub key: Option<String>,
    /// The column that names the requester.
    pub requester: Option<String>,
    /// Between the columns of CSV.
    pub delimiter: u8,
}

/// Where a field comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Source {
    /// One column.
    Column {
        /// Its name.
        from: String,
        /// What to make of it; as it is, where nothing is said.
        kind: Option<Kind>,
        /// Between the elements of a list that is one text.
        separator: String,
    },
    /// A sum.
    Money {
        /// The column of the digits.
        amount: String,
        /// What follows them.
        currency: CurrencyFrom,
    },
    /// The same text in every row.
    Value(String),
}

/// Where a sum's currency comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CurrencyFrom {
    /// The column of this name.
    Column(String),
    /// Always this one.
    Fixed(String),
}

/// What to make of a column.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A text; numbers keep their digits.
    Text,
    /// A whole number.
    Integer,
    /// A decimal, as a text of its digits.
    Decimal,
    /// `true` or `false`.
    Bool,
    /// Texts.
    List,
    /// Any JSON.
    Json,
}

impl Map {
    /// Reads a map file.
    ///
    /// # Errors
    /// The first thing wrong with it.
    pub fn parse(file_name: &str, source: &str) -> Result<Self, ImportFault> {
        let written: Written = toml::from_str(source).map_err(|error| located(file_name, source, &error))?;
        if written.map.is_empty() {
            return Err(ImportFault::of_file(file_name, "[map] names no field: write `field = \"column\"` for each field of the policy"));
        }
        let delimiter = match written.csv.unwrap_or_default().delimiter.as_deref() {
            None => b',',
            Some(text) => match text.as_bytes() {
                [byte] if !matches!(byte, b'"' | b'\n' | b'\r') => *byte,
                _ => return Err(ImportFault::of_file(file_name, format!("`{text}` is no delimiter: expected one character, as in `;`"))),
            },
        };
        let fields = written.map.into_iter().map(|(name, entry)| {
            let source = entry.source().map_err(|message| ImportFault::of_file(file_name, format!("field `{name}`: {message}")))?;
            Ok((name, source))
        });
        let fields = fields.collect::<Result<_, ImportFault>>()?;
        Ok(Self { fields, key: written.key.map(|key| key.from), requester: written.requester.map(|requester| requester.from), delimiter })
    }

    /// All columns that it names.
    #[must_use]
    pub fn columns(&self) -> Vec<&str> {
        let of_fields = self.fields.values().flat_map(|source| match source {
            Source::Column { from, .. } => vec![from.as_str()],
            Source::Money { amount, currency: CurrencyFrom::Column(currency) } => vec![amount.as_str(), currency.as_str()],
            Source::Money { amount, .. } => vec![amount.as_str()],
            Source::Value(_) => vec![],
        });
        of_fields.chain(self.key.as_deref()).chain(self.requester.as_deref()).collect()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    map: BTreeMap<String, Entry>,
    key: Option<From>,
    requester: Option<From>,
    csv: Option<Csv>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct From {
    from: String,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Csv {
    delimiter: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Plain(String),
    Detailed(Detailed),
    Other(toml::Value),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Detailed {
    from: Option<String>,
    #[serde(rename = "as")]
    kind: Option<Kind>,
    separator: Option<String>,
    money: Option<OneOrTwo>,
    currency: Option<String>,
    value: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrTwo {
    One(String),
    Listed(Vec<String>),
}

const EXPECTED: &str = "expected \"column\", { from = \"column\", as = \"decimal\" }, { money = [\"amount\", \"currency\"] } or { value = \"text\" }; \
                        `as` takes text, integer, decimal, bool, list and json";

impl Entry {
    fn source(self) -> Result<Source, String> {
        let entry = match self {
            Self::Plain(from) => return Ok(Source::Column { from, kind: None, separator: ";".to_owned() }),
            Self::Detailed(entry) => entry,
            Self::Other(value) => return Err(format!("`{value}` is not understood: {EXPECTED}")),
        };
        match entry {
            Detailed { from: Some(from), kind, separator, money: None, currency: None, value: None } => {
                let separator = separator.filter(|text| !text.is_empty()).unwrap_or_else(|| ";".to_owned());
                Ok(Source::Column { from, kind, separator })
            }
            Detailed { value: Some(value), from: None, kind: None, separator: None, money: None, currency: None } => Ok(Source::Value(value)),
            Detailed { money: Some(money), currency, from: None, kind: None, separator: None, value: None } => sum(money, currency),
            _ => Err(EXPECTED.to_owned()),
        }
    }
}

fn sum(money: OneOrTwo, fixed: Option<String>) -> Result<Source, String> {
    let columns = match money {
        OneOrTwo::One(amount) => vec![amount],
        OneOrTwo::Listed(columns) => columns,
    };
    match (columns.as_slice(), fixed) {
        ([amount], Some(code)) => Ok(Source::Money { amount: amount.clone(), currency: CurrencyFrom::Fixed(code) }),
        ([amount, currency], None) => Ok(Source::Money { amount: amount.clone(), currency: CurrencyFrom::Column(currency.clone()) }),
        _ => Err("expected { money = [\"amount column\", \"currency column\"] } or { money = \"amount column\", currency = \"EUR\" }".to_owned()),
    }
}

fn located(file_name: &str, source: &str, error: &toml::de::Error) -> ImportFault {
    let message = format!("this is no map: {}", error.message().replace('\n', " "));
    let Some(before) = error.span().and_then(|span| source.get(..span.start)) else { return ImportFault::of_file(file_name, message) };
    let line = before.bytes().filter(|byte| *byte == b'\n').count() as u64 + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() as u64 + 1;
    ImportFault::at_line(file_name, line, message).in_column(Column::Number(column))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_says_where_each_field_comes_from() {
        let source = "[map]\nmerchant = \"shop\"\namount = { money = [\"sum\", \"code\"] }\nfee = { money = \"fee\", currency = \"EUR\" }\n\
                      n = { from = \"qty\", as = \"integer\" }\nwhy = { value = \"import\" }\n[key]\nfrom = \"id\"\n[requester]\nfrom = \"who\"\n[csv]\ndelimiter = \";\"";
        let map = Map::parse("map.toml", source).unwrap();
        assert_eq!(map.columns(), ["sum", "code", "fee", "shop", "qty", "id", "who"]);
        assert_eq!(map.fields["why"], Source::Value("import".into()));
        assert_eq!(map.fields["fee"], Source::Money { amount: "fee".into(), currency: CurrencyFrom::Fixed("EUR".into()) });
        assert_eq!((map.key.as_deref(), map.requester.as_deref(), map.delimiter), (Some("id"), Some("who"), b';'));
    }

    #[test]
    fn a_map_that_is_none_says_where_and_what_was_expected() {
        let told = |source: &str| Map::parse("map.toml", source).unwrap_err().to_string();
        assert!(told("[mapp]\na = \"b\"").starts_with("map.toml:1:2: this is no map: unknown field `mapp`"), "{}", told("[mapp]\na = \"b\""));
        assert!(told("[map]\n").contains("names no field"));
        assert!(told("[map]\na = { from = \"x\", as = \"float\" }").contains("`as` takes text, integer"));
        assert!(told("[map]\na = { money = [\"x\"] }").starts_with("map.toml: field `a`: expected { money"));
        assert!(told("[map]\na = \"x\"\n[csv]\ndelimiter = \";;\"").contains("no delimiter"));
        assert!(told("[map\n").starts_with("map.toml:1:"));
    }
}
