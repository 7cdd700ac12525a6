//! When to try again: a pure schedule with jitter, and what `Retry-After` asks for. Nothing here waits.

use jiff::{SignedDuration, Timestamp};

/// No receiver may put us off for longer: a wrong date must not lose a message.
const RETRY_AFTER_MAX: SignedDuration = SignedDuration::from_hours(24);
/// Tries of many requests must not fall on one instant: each wait is spread by a tenth either way.
const JITTER_PERCENT: u64 = 10;

/// How long to wait after each failed try.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Schedule {
    waits: Vec<SignedDuration>,
    /// With a horizon the last wait repeats until it; without, the waits are all there is.
    horizon: Option<SignedDuration>,
}

/// 5 s, 30 s, 2 min, 10 min, 1 h, 3 h, 12 h, then daily, for 7 days in all.
impl Default for Schedule {
    fn default() -> Self {
        let waits = [5, 30, 2 * 60, 10 * 60, 3600, 3 * 3600, 12 * 3600, 24 * 3600];
        Self { waits: waits.map(SignedDuration::from_secs).to_vec(), horizon: Some(SignedDuration::from_hours(7 * 24)) }
    }
}

impl Schedule {
    /// Exactly these waits, one after each failed try, then no more. Negative ones count as none.
    pub fn of(waits: impl IntoIterator<Item = SignedDuration>) -> Self {
        Self { waits: waits.into_iter().map(|wait| wait.max(SignedDuration::ZERO)).collect(), horizon: None }
    }

    fn wait_after(&self, attempts: u32) -> Option<SignedDuration> {
        let index = usize::try_from(attempts.saturating_sub(1)).ok()?;
        let last = self.horizon.and_then(|_| self.waits.last());
        self.waits.get(index).or(last).copied()
    }
}

/// The time of the next try after `attempts` failed ones, or `None`: a dead letter. The receiver's wish is
/// kept where it is the later; `jitter` is any random number.
pub fn next_try(
    schedule: &Schedule,
    first_due: Timestamp,
    attempts: u32,
    now: Timestamp,
    jitter: u64,
    retry_after: Option<SignedDuration>,
) -> Option<Timestamp> {
    let wait = spread(schedule.wait_after(attempts)?, jitter);
    let asked = retry_after.unwrap_or_default().min(RETRY_AFTER_MAX);
    let next = now.checked_add(wait.max(asked)).ok()?;
    let late = schedule.horizon.is_some_and(|horizon| next.duration_since(first_due) > horizon);
    (!late).then_some(next)
}

/// Reads a `Retry-After` header, in seconds or as a date, bounded to a day.
pub fn parse_retry_after(value: &str, now: Timestamp) -> Option<SignedDuration> {
    let value = value.trim();
    let asked = if value.bytes().all(|byte| byte.is_ascii_digit()) && !value.is_empty() {
        SignedDuration::from_secs(value.parse().unwrap_or(i64::MAX))
    } else {
        let date = jiff::fmt::rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(value).ok()?;
        date.duration_since(now)
    };
    Some(asked.clamp(SignedDuration::ZERO, RETRY_AFTER_MAX))
}

fn spread(wait: SignedDuration, jitter: u64) -> SignedDuration {
    /// Parts of a percent: fine enough that no two tries need to meet.
    const PARTS: u64 = 1000;
    let offset = i128::from(jitter % (2 * JITTER_PERCENT * PARTS + 1)) - i128::from(JITTER_PERCENT * PARTS);
    let nanos = wait.as_nanos() + wait.as_nanos() * offset / i128::from(100 * PARTS);
    SignedDuration::try_from_nanos_i128(nanos).unwrap_or(wait)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const START: Timestamp = Timestamp::UNIX_EPOCH;
    /// The number whose jitter is none.
    const EVEN: u64 = JITTER_PERCENT * 1000;

    fn waits(schedule: &Schedule, jitter: u64) -> Vec<i64> {
        let (mut now, mut waits) = (START, Vec::new());
        while let Some(next) = next_try(schedule, START, waits.len() as u32 + 1, now, jitter, None) {
            waits.push(next.duration_since(now).as_secs());
            now = next;
        }
        waits
    }

    #[test]
    fn rule_22_the_default_schedule_is_the_documented_one_and_ends_within_seven_days() {
        const DAY: i64 = 86400;
        assert_eq!(waits(&Schedule::default(), EVEN), [5, 30, 120, 600, 3600, 10800, 43200, DAY, DAY, DAY, DAY, DAY, DAY]);
    }

    #[test]
    fn a_given_schedule_is_kept_exactly_and_then_is_a_dead_letter() {
        assert_eq!(waits(&Schedule::of([1, 2].map(SignedDuration::from_secs)), EVEN), [1, 2]);
        assert_eq!(waits(&Schedule::of([]), EVEN), [] as [i64; 0]);
    }

    #[test]
    fn the_receivers_wish_is_kept_where_it_is_the_later() {
        let next = |attempts, wish| {
            let wish = Some(SignedDuration::from_secs(wish));
            next_try(&Schedule::default(), START, attempts, START, EVEN, wish).unwrap().as_second()
        };
        assert_eq!(next(1, 60), 60);
        assert_eq!(next(5, 60), 3600);
        assert_eq!(next(1, 999_999), 86400);
    }

    #[test]
    fn retry_after_is_read_as_seconds_or_as_a_date_and_bounded_to_a_day() {
        let now: Timestamp = "2015-10-21T07:00:00Z".parse().unwrap();
        let read = |value| parse_retry_after(value, now).map(|wait| wait.as_secs());
        for (value, seconds) in [("120", Some(120)), (" 0 ", Some(0)), ("Wed, 21 Oct 2015 07:28:00 GMT", Some(1680))] {
            assert_eq!(read(value), seconds, "{value}");
        }
        for value in ["99999999999999999999", "Wed, 21 Oct 2065 07:28:00 GMT", "86401"] {
            assert_eq!(read(value), Some(86400), "{value}");
        }
        assert_eq!(read("Thu, 21 Oct 1915 07:28:00 GMT"), Some(0));
        for value in ["", "soon", "-5", "1.5"] {
            assert_eq!(read(value), None, "{value}");
        }
    }

    proptest! {
        #[test]
        fn jitter_stays_within_a_tenth_and_the_next_try_lies_ahead(jitter: u64, attempts in 1u32..8) {
            let even = next_try(&Schedule::default(), START, attempts, START, EVEN, None).unwrap().as_nanosecond();
            let next = next_try(&Schedule::default(), START, attempts, START, jitter, None).unwrap().as_nanosecond();
            prop_assert!(next > 0 && (next - even).abs() * 10 <= even);
        }
    }
}
