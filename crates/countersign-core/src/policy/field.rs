//! What a policy's callers must send, field by field.

use super::pattern::Pattern;
use super::sight::Sight;
use crate::money::{Currency, Money};
use rust_decimal::Decimal;
use std::sync::Arc;

/// A text is this long at most unless its field says otherwise, in characters.
pub const TEXT_MAX_DEFAULT: usize = 10_000;
/// A list or table has this many elements at most unless its field says otherwise.
pub const ELEMENTS_MAX_DEFAULT: usize = 100;
/// The largest number that a field may allow as `max_length`, in characters.
pub const TEXT_MAX: usize = 1 << 20;
/// The largest number that a field may allow as `max`, in elements.
pub const ELEMENTS_MAX: usize = 1_000;
/// Lists and tables nest this deep at most.
pub const NESTING_MAX: usize = 4;
/// Integers beyond this are not exact in JSON readers that use floats (2^53 - 1).
pub const INTEGER_MAX: i64 = 9_007_199_254_740_991;

/// One member of a payload.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Field {
    /// Its key.
    pub name: String,
    /// What it holds.
    pub kind: FieldType,
    /// Whether it may be absent.
    pub optional: bool,
    /// Who sees it besides those in the request; `None` means all who see the request.
    pub visible_to: Option<Vec<Sight>>,
}

/// What a field holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FieldType {
    /// Any text, its length in characters.
    Text {
        /// Shorter is refused.
        min_length: usize,
        /// Longer is refused.
        max_length: usize,
        /// The whole text must match.
        pattern: Option<Pattern>,
    },
    /// A whole number within ±(2^53-1).
    Integer {
        /// Smaller is refused.
        min: i64,
        /// Larger is refused.
        max: i64,
    },
    /// A decimal, as a string on the wire.
    Decimal {
        /// Smaller is refused.
        min: Option<Decimal>,
        /// Larger is refused.
        max: Option<Decimal>,
    },
    /// A sum, as `1250.00 USD` on the wire.
    Money {
        /// The currencies taken; never empty.
        currencies: Vec<Currency>,
        /// Smaller is refused, in its currency.
        min: Option<Money>,
        /// Larger is refused, in its currency.
        max: Option<Money>,
    },
    /// `2026-01-31`
    Date,
    /// `09:30` or `09:30:00`
    Time,
    /// An absolute http or https address.
    Url,
    /// An email address.
    Email,
    /// One of these texts.
    Enum {
        /// Never empty.
        values: Arc<[String]>,
    },
    /// `true` or `false`
    Bool,
    /// The id of somebody active in the directory.
    Person,
    /// Anything; no condition looks inside.
    Json,
    /// Elements of one type.
    List {
        /// What each holds.
        of: Box<FieldType>,
        /// More are refused.
        max: usize,
    },
    /// Rows, each an object of these columns.
    Table {
        /// The members of a row.
        columns: Arc<[Field]>,
        /// More rows are refused.
        max: usize,
    },
}

impl FieldType {
    /// The name that policies give to this type.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Integer { .. } => "integer",
            Self::Decimal { .. } => "decimal",
            Self::Money { .. } => "money",
            Self::Date => "date",
            Self::Time => "time",
            Self::Url => "url",
            Self::Email => "email",
            Self::Enum { .. } => "enum",
            Self::Bool => "bool",
            Self::Person => "person",
            Self::Json => "json",
            Self::List { .. } => "list",
            Self::Table { .. } => "table",
        }
    }
}

/// The names of all types, for messages and schemas.
pub const TYPE_NAMES: [&str; 14] =
    ["text", "integer", "decimal", "money", "date", "time", "url", "email", "enum", "bool", "person", "json", "list", "table"];
