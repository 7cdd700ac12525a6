//! Moments as people read them: in their zone and language, with the UTC time beside it for machines and doubters.

use super::Words;
use askama::filters::HtmlSafe;
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use std::fmt;

/// A moment in words and in UTC. On a page it is a `<time>` with the absolute time on hover.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct When {
    /// What is read.
    pub words: String,
    /// The date and time in the reader's zone.
    pub full: String,
    /// RFC 3339.
    pub utc: String,
}

/// Its words come from the catalogue, the clock and zone names alone; none of them holds markup.
impl HtmlSafe for When {}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<time datetime=\"{}\" title=\"{}\">{}</time>", self.utc, self.full, self.words)
    }
}

/// How far apart two moments are, in the largest unit that fits: the unit's name in the catalogue, and how many.
#[must_use]
pub fn distance(from: Timestamp, to: Timestamp) -> (&'static str, u64) {
    let seconds = to.duration_since(from).as_secs().unsigned_abs();
    match seconds {
        0..60 => ("moment", 0),
        60..3_600 => ("minutes", seconds / 60),
        3_600..172_800 => ("hours", seconds / 3_600),
        _ => ("days", seconds / 86_400),
    }
}

impl Words {
    /// The date and time.
    #[must_use]
    pub fn time(&self, moment: Timestamp) -> When {
        let full = self.full(moment);
        When { words: full.clone(), full, utc: utc(moment) }
    }

    /// `in 2 hours`, `3 days ago`.
    #[must_use]
    pub fn relative(&self, moment: Timestamp) -> When {
        let (unit, count) = distance(self.now, moment);
        let family = if moment > self.now { "in" } else { "ago" };
        When { words: self.one(family, unit).arg("count", count).to_string(), full: self.full(moment), utc: utc(moment) }
    }

    /// `2 hours left`, or that the time is over.
    #[must_use]
    pub fn left(&self, moment: Timestamp) -> When {
        let (unit, count) = distance(self.now, moment);
        let words = if moment > self.now { self.one("left", unit).arg("count", count) } else { self.say("left-none") };
        When { words: words.to_string(), full: self.full(moment), utc: utc(moment) }
    }

    /// `2 hours`: how long something took.
    #[must_use]
    pub fn span(&self, from: Timestamp, to: Timestamp) -> String {
        let (unit, count) = distance(from, to);
        self.one("span", unit).arg("count", count).to_string()
    }

    /// A day, as in a payload.
    #[must_use]
    pub fn date(&self, date: Date) -> String {
        let month = self.one("month", &date.month().to_string());
        self.say("date-day").arg("day", date.day().to_string()).arg("month", month).arg("year", date.year().to_string()).to_string()
    }

    /// A time of day, as in a payload.
    #[must_use]
    pub fn clock(&self, time: Time) -> String {
        time.strftime("%H:%M").to_string()
    }

    fn full(&self, moment: Timestamp) -> String {
        let local = moment.to_zoned(self.zone.clone());
        let weekday = self.one("weekday", &local.weekday().to_monday_one_offset().to_string());
        let phrase = self.say("date-time").arg("weekday", weekday).arg("date", self.date(local.date()));
        phrase.arg("time", self.clock(local.time())).arg("zone", local.strftime("%Z").to_string()).to_string()
    }
}

fn utc(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::super::Language;
    use super::*;
    use jiff::tz::TimeZone;

    fn words(language: Language, zone: &str) -> Words {
        Words { language, zone: TimeZone::get(zone).unwrap(), now: "2026-07-01T12:00:00Z".parse().unwrap() }
    }

    #[test]
    fn times_are_read_in_the_readers_zone_and_language() {
        let moment: Timestamp = "2026-07-01T15:00:00Z".parse().unwrap();
        let berlin = words(Language::German, "Europe/Berlin").time(moment);
        assert_eq!(berlin.words, "Mi., 1. Juli 2026, 17:00 CEST");
        let london = words(Language::English, "UTC").relative(moment);
        assert_eq!(london.to_string(), "<time datetime=\"2026-07-01T15:00:00Z\" title=\"Wed 1 Jul 2026, 15:00 UTC\">in 3 hours</time>");
    }

    #[test]
    fn distances_take_the_largest_unit() {
        let english = words(Language::English, "UTC");
        let said = |seconds| english.relative(english.now + jiff::SignedDuration::from_secs(seconds)).words;
        assert_eq!([said(5), said(60), said(7_300), said(86_400 * 3)], ["in less than a minute", "in 1 minute", "in 2 hours", "in 3 days"]);
        assert_eq!([said(-5), said(-90_000)], ["just now", "25 hours ago"]);
        let german = words(Language::German, "UTC");
        let left = |seconds| german.left(german.now + jiff::SignedDuration::from_secs(seconds)).words;
        assert_eq!([left(7_300), left(86_400 * 3), left(-1)], ["noch 2 Stunden", "noch 3 Tage", "überfällig"]);
    }
}
