//! What comes from elsewhere: rows of a file, and the files of the script that inspired this. Turns text
//! into payloads, policies and people; submits nothing, runs nothing, and knows neither engine nor store.

pub mod fault;
pub mod literal;
pub mod map;
pub mod rows;
pub mod script;

pub use fault::{Column, ImportFault};
pub use literal::Literal;

/// A line, or a row of a table, is this many bytes at most: as much as a payload may have.
pub const LINE_BYTES_MAX: usize = 1 << 20;
/// Whole numbers beyond this are not exact in JSON readers that use floats (2^53 - 1).
const INTEGER_MAX: i64 = 9_007_199_254_740_991;

/// The whole number that this text is, where every reader of JSON reads the same.
fn integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|number| (-INTEGER_MAX..=INTEGER_MAX).contains(number))
}

/// Whether the text is a decimal as policies read it: `-?digits[.digits]`, exact in 96 bits.
fn is_decimal(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole) && digits(fraction) && rust_decimal::Decimal::from_str_exact(text).is_ok()
}

/// At most so much of a foreign text, for messages.
fn shortened(text: &str) -> String {
    const SHOWN_MAX: usize = 60;
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    if text.chars().count() > SHOWN_MAX { plain.take(SHOWN_MAX).chain(['…']).collect() } else { plain.collect() }
}
