//! Times as people read them: in their zone, with the UTC time beside it for machines and doubters.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A reader's time zone.
#[derive(Clone, Debug)]
pub struct Zone(TimeZone);

impl Zone {
    /// The zone of this IANA name; UTC without one or for an unknown one.
    #[must_use]
    pub fn named(name: Option<&str>) -> Self {
        Self(name.and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC))
    }

    /// A moment for the page.
    #[must_use]
    pub fn at(&self, moment: Timestamp) -> When {
        let local = moment.to_zoned(self.0.clone());
        When { words: local.strftime("%a %-d %b %Y, %H:%M %Z").to_string(), utc: moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string() }
    }
}

/// A moment in words and in UTC.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct When {
    /// In the reader's zone.
    pub words: String,
    /// RFC 3339.
    pub utc: String,
}

/// How far away a moment is, in the largest unit that fits.
#[must_use]
pub fn apart(from: Timestamp, to: Timestamp) -> String {
    let seconds = to.duration_since(from).as_secs().unsigned_abs();
    let (count, unit) = match seconds {
        0..60 => return "less than a minute".into(),
        60..3_600 => (seconds / 60, "minute"),
        3_600..172_800 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_the_readers_zone() {
        let moment: Timestamp = "2026-07-01T15:00:00Z".parse().unwrap();
        assert_eq!(Zone::named(Some("Europe/Berlin")).at(moment).words, "Wed 1 Jul 2026, 17:00 CEST");
        assert_eq!(Zone::named(Some("no/where")).at(moment).words, "Wed 1 Jul 2026, 15:00 UTC");
    }

    #[test]
    fn distances_take_the_largest_unit() {
        let from: Timestamp = "2026-07-01T00:00:00Z".parse().unwrap();
        let later = |seconds| apart(from, from + jiff::SignedDuration::from_secs(seconds));
        assert_eq!([later(5), later(60), later(7_300), later(86_400 * 3)], ["less than a minute", "1 minute", "2 hours", "3 days"]);
    }
}
