//! Lengths of time as policies write them: `8h`, `90m`, `3d` (a day is 24 hours that have passed).

use jiff::SignedDuration;

/// Ten years: longer waits are mistakes.
const SECONDS_MAX: i64 = 10 * 366 * 86_400;

/// Reads a number and a unit.
///
/// # Errors
/// What was wrong and what was expected.
pub fn parse(text: &str) -> Result<SignedDuration, String> {
    let wrong = || format!("`{text}` is no length of time: expected a number and a unit (s, m, h or d), as in `8h`, `90m`, `3d`");
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    let unit = text.get(digits.len()..).unwrap_or_default();
    let count: i64 = digits.parse().map_err(|_| wrong())?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    let total = count.checked_mul(seconds).filter(|total| *total <= SECONDS_MAX);
    match total {
        None => Err(format!("`{text}` is longer than ten years")),
        Some(0) => Err(format!("`{text}` is no time at all: expected more than zero")),
        Some(total) => Ok(SignedDuration::from_secs(total)),
    }
}

/// Whether the text counts working time, which has its own message.
#[must_use]
pub fn is_business(text: &str) -> bool {
    text.contains("business") || text.contains("working")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_a_number_and_a_unit() {
        for (text, hours) in [("8h", 8), ("72h", 72), ("3d", 72), ("120m", 2), ("7200s", 2)] {
            assert_eq!(parse(text), Ok(SignedDuration::from_hours(hours)), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "8", "h", "-8h", "8 h", "0h", "1.5h", "8hh", "1w", "99999999999d", "99999999999999999999h", "4000d"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
