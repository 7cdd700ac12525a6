//! Applies a map to one row: each field of the payload from the text of its columns.

use super::{CurrencyFrom, Kind, Map, Source};
use crate::import::{Literal, integer, is_decimal, shortened};
use serde_json::{Map as Object, Value};

/// What is wrong with a column of a row.
#[derive(Debug)]
pub(in crate::import) struct CellFault {
    /// Which column.
    pub(in crate::import) column: String,
    /// What is wrong and what was expected.
    pub(in crate::import) message: String,
}

/// What a row gives.
pub(in crate::import) struct Cells {
    pub(in crate::import) key: Option<String>,
    pub(in crate::import) requester: Option<String>,
    pub(in crate::import) payload: Value,
}

impl Map {
    /// The payload of a row; `cell` gives the columns by name.
    pub(in crate::import) fn read(&self, cell: &dyn Fn(&str) -> Option<Literal>) -> Result<Cells, CellFault> {
        let cell = |column: &str| cell(column).filter(|value| !is_absent(value));
        let mut payload = Object::new();
        for (name, source) in &self.fields {
            if let Some(value) = source.read(&cell)? {
                payload.insert(name.clone(), value);
            }
        }
        let word = |column: &String| match cell(column) {
            None => Ok(None),
            Some(value) => match value.word() {
                Some(word) => Ok(Some(word.to_owned())),
                None => Err(fault(column, format!("is {}: expected a text", value.kind()))),
            },
        };
        let key = self.key.as_ref().map(word).transpose()?.flatten();
        if let (None, Some(column)) = (&key, &self.key) {
            return Err(fault(column, "is empty: the key must be there, or a repeated import could submit this row twice"));
        }
        let requester = self.requester.as_ref().map(word).transpose()?.flatten();
        Ok(Cells { key, requester, payload: Value::Object(payload) })
    }
}

impl Source {
    fn read(&self, cell: &dyn Fn(&str) -> Option<Literal>) -> Result<Option<Value>, CellFault> {
        match self {
            Self::Value(text) => Ok(Some(Value::String(text.clone()))),
            Self::Column { from, kind, separator } => {
                let read = cell(from).map(|value| kind.map_or_else(|| Ok(value.to_value()), |kind| kind.read(&value, separator)));
                read.transpose().map_err(|message| fault(from, message))
            }
            Self::Money { amount, currency } => {
                let Some(value) = cell(amount) else { return Ok(None) };
                let digits = decimal(&value).map_err(|message| fault(amount, message))?;
                let code = match currency {
                    CurrencyFrom::Fixed(code) => code.clone(),
                    CurrencyFrom::Column(column) => {
                        let code = cell(column).and_then(|code| code.text().map(|code| code.trim().to_owned()));
                        code.ok_or_else(|| fault(column, format!("has no currency for {digits}: expected a code such as `EUR`")))?
                    }
                };
                Ok(Some(Value::String(format!("{digits} {code}"))))
            }
        }
    }
}

impl Kind {
    fn read(self, value: &Literal, separator: &str) -> Result<Value, String> {
        let expected = |what: &str| format!("{} is {what}", shown(value));
        match self {
            Self::Text => match value {
                Literal::Text(text) | Literal::Number(text) => Ok(Value::String(text.clone())),
                Literal::Bool(bool) => Ok(Value::String(bool.to_string())),
                _ => Err(expected("no text")),
            },
            Self::Integer => value.word().and_then(integer).map(Value::from).ok_or_else(|| expected("no whole number within ±(2^53-1)")),
            Self::Decimal => decimal(value).map(Value::String),
            Self::Bool => match value {
                Literal::Bool(bool) => Ok(Value::Bool(*bool)),
                _ => value.text().and_then(truth).map(Value::Bool).ok_or_else(|| expected("neither true nor false")),
            },
            Self::List => list(value, separator).ok_or_else(|| expected("no list of texts")),
            Self::Json => match value {
                Literal::Text(text) => {
                    Literal::parse(text).map(|json| json.to_value()).map_err(|fault| format!("{} is no JSON: {fault}", shown(value)))
                }
                _ => Ok(value.to_value()),
            },
        }
    }
}

fn is_absent(value: &Literal) -> bool {
    *value == Literal::Null || value.text().is_some_and(|text| text.trim().is_empty())
}

fn decimal(value: &Literal) -> Result<String, String> {
    let digits = value.word().filter(|text| is_decimal(text)).map(str::to_owned);
    digits.ok_or_else(|| {
        format!("{} is no plain decimal: expected digits as in `1250.00`, without separators, signs of currency or exponents", shown(value))
    })
}

fn truth(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Some(true),
        "false" | "no" | "0" => Some(false),
        _ => None,
    }
}

fn list(value: &Literal, separator: &str) -> Option<Value> {
    let texts: Option<Vec<Value>> = match value {
        Literal::List(elements) => elements.iter().map(|element| element.text().map(Value::from)).collect(),
        Literal::Text(text) => Some(text.split(separator).map(str::trim).filter(|text| !text.is_empty()).map(Value::from).collect()),
        _ => None,
    };
    texts.map(Value::Array)
}

fn shown(value: &Literal) -> String {
    match value {
        Literal::Text(text) | Literal::Number(text) => format!("`{}`", shortened(text)),
        _ => format!("this ({})", value.kind()),
    }
}

fn fault(column: &str, message: impl Into<String>) -> CellFault {
    CellFault { column: column.to_owned(), message: message.into() }
}
