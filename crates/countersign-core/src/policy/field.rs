//! What a policy's callers must send, field by field.

use super::sight::Sight;
use crate::money::{Currency, Money};
use rust_decimal::Decimal;

/// A text is this long at most unless its field says otherwise, in characters.
pub const TEXT_MAX_DEFAULT: usize = 10_000;
/// A list or table has this many elements at most unless its field says otherwise.
pub const ELEMENTS_MAX_DEFAULT: usize = 100;
/// The largest number that a field may allow as `max_length`, in characters.
pub const TEXT_MAX: usize = 100_000;
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
        values: Vec<String>,
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
        columns: Vec<Field>,
        /// More rows are refused.
        max: usize,
    },
}

/// A regular expression that a whole text must match.
#[derive(Clone, Debug)]
pub struct Pattern {
    source: String,
    regex: regex::Regex,
}

/// Compiled patterns larger than this are refused: no policy needs them, and memory is bounded.
const PATTERN_SIZE_MAX: usize = 1 << 20;
/// Longer patterns are refused.
const PATTERN_SOURCE_MAX: usize = 1_000;

impl Pattern {
    /// Compiles the pattern, to match whole texts.
    ///
    /// # Errors
    /// When it is no regular expression or too large a one.
    pub fn compile(source: &str) -> Result<Self, String> {
        let regex = compiled(&format!("^(?:{source})$"), source)?;
        Ok(Self { source: source.to_owned(), regex })
    }

    /// As written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether the whole text matches.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

/// Compiles a regular expression within the bounds that policies have.
pub(super) fn compiled(whole: &str, shown: &str) -> Result<regex::Regex, String> {
    if shown.len() > PATTERN_SOURCE_MAX {
        return Err(format!("the pattern is longer than {PATTERN_SOURCE_MAX} bytes"));
    }
    // The caller may have wrapped the pattern: it must be well formed by itself, or `)(` would escape.
    let build = |text: &str| regex::RegexBuilder::new(text).size_limit(PATTERN_SIZE_MAX).build();
    build(shown).and_then(|_| build(whole)).map_err(|error| {
        let text = error.to_string();
        let last = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
        format!("`{shown}` is no pattern: {last}")
    })
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Pattern {}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_whole_texts() {
        let pattern = Pattern::compile("[A-Z]{2}|x").unwrap();
        assert!(pattern.matches("AB") && pattern.matches("x"));
        assert!(!pattern.matches("ABC") && !pattern.matches("ax"));
    }

    #[test]
    fn a_pattern_that_is_none_is_refused() {
        for source in ["(", ")(", "a{1000}{1000}{1000}", "(?<"] {
            assert!(Pattern::compile(source).is_err(), "{source}");
        }
    }
}
