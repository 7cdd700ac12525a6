//! Time as scenarios write it: `Mon 09:00`, `next Mon 09:00`, `Mon +2 09:00`, `2026-03-29 09:00`. It starts in a
//! week that begins on Monday 5 January 2026 and only moves forward.

use super::read::{Fault, Piece};
use jiff::civil::{Date, DateTime, Time, Weekday, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

/// Weeks further away than this are mistakes.
const WEEKS_MAX: i64 = 520;
const DAYS: [(&str, Weekday); 7] = [
    ("Mon", Weekday::Monday),
    ("Tue", Weekday::Tuesday),
    ("Wed", Weekday::Wednesday),
    ("Thu", Weekday::Thursday),
    ("Fri", Weekday::Friday),
    ("Sat", Weekday::Saturday),
    ("Sun", Weekday::Sunday),
];

/// A day as it is written.
#[derive(Clone, Copy)]
enum Day {
    Same,
    InWeek(Weekday, i64),
    On(Date),
}

/// The time at the head of a line; what is left out is as in the line before.
pub(super) struct Moment {
    day: Day,
    time: Option<Time>,
}

impl Moment {
    /// Takes the time off the head of a line.
    pub(super) fn read(line: Piece<'_>) -> Result<(Self, Piece<'_>), Fault> {
        let (first, rest) = line.word();
        let (day, rest) = if first.text == "next" {
            let (name, rest) = rest.word();
            let known = weekday(name.text);
            (Day::InWeek(known.ok_or_else(|| no_day(name))?, 1), rest)
        } else if let Some(known) = weekday(first.text) {
            let (plus, after) = rest.word();
            match plus.text.strip_prefix('+').map(str::parse::<i64>) {
                Some(Ok(weeks)) if (0..=WEEKS_MAX).contains(&weeks) => (Day::InWeek(known, weeks), after),
                Some(_) => return Err(Fault::at(plus, "expected a number of weeks", Some("Mon +1 09:00".to_owned()))),
                None => (Day::InWeek(known, 0), rest),
            }
        } else if let Ok(date) = first.text.parse::<Date>() {
            (Day::On(date), rest)
        } else {
            (Day::Same, line)
        };
        let (word, after) = rest.word();
        if word.text.starts_with(|c: char| c.is_ascii_digit()) {
            let time = word.text.parse::<Time>().map_err(|_| no_time(word))?;
            return Ok((Self { day, time: Some(time) }, after));
        }
        if matches!(day, Day::Same) { Ok((Self { day, time: None }, rest)) } else { Err(no_time(word)) }
    }
}

fn no_day(word: Piece<'_>) -> Fault {
    Fault::at(word, format!("`{}` is no day: expected Mon, Tue, Wed, Thu, Fri, Sat or Sun", word.text), None)
}

fn no_time(word: Piece<'_>) -> Fault {
    Fault::at(word, format!("`{}` is no time of day", word.text), Some("Mon 09:00".to_owned()))
}

fn weekday(text: &str) -> Option<Weekday> {
    DAYS.iter().find(|(name, _)| *name == text).map(|(_, day)| *day)
}

/// Where the scenario stands.
pub(super) struct Clock {
    civil: DateTime,
    now: Option<Timestamp>,
}

impl Clock {
    /// At the start.
    pub(super) fn new() -> Self {
        Self { civil: date(2026, 1, 5).at(0, 0, 0, 0), now: None }
    }

    /// Moves forward to this moment.
    pub(super) fn move_to(&mut self, moment: &Moment, zone: &TimeZone, line: Piece<'_>) -> Result<Timestamp, Fault> {
        let day = match moment.day {
            Day::Same => self.civil.date(),
            Day::On(date) => date,
            Day::InWeek(weekday, weeks) => {
                let monday = monday(self.civil.date());
                let days = i64::from(weekday.to_monday_zero_offset()) + 7 * weeks;
                monday.checked_add(days.days()).unwrap_or(monday)
            }
        };
        let civil = day.to_datetime(moment.time.unwrap_or(self.civil.time()));
        let at = match (moment.time, self.now) {
            (None, Some(now)) => now,
            _ => zone.to_timestamp(civil).map_err(|_| Fault::at(line, "this moment is out of range", None))?,
        };
        if self.now.is_some_and(|now| at < now) {
            let suggestion = Some("`next Mon 09:00` is a week later".to_owned());
            return Err(Fault::at(line, "time only moves forward: this line lies before the one above", suggestion));
        }
        self.civil = civil;
        self.now = Some(at);
        Ok(at)
    }
}

fn monday(day: Date) -> Date {
    let back = i64::from(day.weekday().to_monday_zero_offset());
    day.checked_sub(back.days()).unwrap_or(day)
}

/// A moment as a scenario writes it, seen from now.
pub(super) fn show(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let (then, here) = (zone.to_datetime(at), zone.to_datetime(now));
    let name = DAYS.iter().find(|(_, day)| *day == then.weekday()).map_or("", |(name, _)| name);
    let weeks = monday(here.date()).until(monday(then.date())).map_or(0, |span| span.get_days() / 7);
    let day = match weeks {
        0 => name.to_owned(),
        1 => format!("next {name}"),
        2..=8 => format!("{name} +{weeks}"),
        _ => then.date().to_string(),
    };
    let time = then.time();
    let seconds = if time.second() == 0 { String::new() } else { format!(":{:02}", time.second()) };
    format!("{day} {:02}:{:02}{seconds}", time.hour(), time.minute())
}

/// A length of time in its largest whole units: `1h`, `1h 30m`, `5s`.
pub(super) fn length(duration: SignedDuration) -> String {
    let seconds = duration.as_secs();
    let parts = [(seconds / 86_400, "d"), (seconds / 3_600 % 24, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
    let shown: Vec<String> = parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count}{unit}")).collect();
    if shown.is_empty() { "0s".to_owned() } else { shown.join(" ") }
}
