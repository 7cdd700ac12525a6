//! Writing to a terminal: colours only where one is, control characters never, tables that fit the width.

use anstyle::{AnsiColor, Style};
use comfy_table::{Cell, Color, ContentArrangement, Table, presets};
use std::io::{IsTerminal, Write};

/// Width where no terminal tells one: tables in a pipe are not folded.
const PIPE_WIDTH: u16 = 160;

/// Prints one line. A reader that has hung up is no fault.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Asks on standard error, without a line's end.
pub(crate) fn ask(text: &str) {
    let mut error = std::io::stderr().lock();
    let _ = write!(error, "{text}").and_then(|()| error.flush());
}

/// Prints one line on standard error.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Whether standard output takes colours.
pub(crate) fn colour() -> bool {
    std::io::stdout().is_terminal() && wanted()
}

/// Whether standard error takes colours.
pub(crate) fn colour_on_stderr() -> bool {
    std::io::stderr().is_terminal() && wanted()
}

fn wanted() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// A foreign text on one line, with what could move the cursor or turn the direction made visible.
pub(crate) fn clean(text: &str) -> String {
    let visible = crate::summary::visible::visible(text);
    visible.chars().map(|char| if char.is_control() { '\u{fffd}' } else { char }).collect()
}

/// The same over several lines.
pub(crate) fn clean_lines(text: &str) -> String {
    text.lines().map(clean).collect::<Vec<_>>().join("\n")
}

/// A text in a colour, where there are colours.
pub(crate) fn paint(text: &str, colour: AnsiColor) -> String {
    if !self::colour() {
        return text.to_owned();
    }
    let style = Style::new().fg_color(Some(colour.into()));
    format!("{style}{text}{style:#}")
}

/// The colour of a status.
pub(crate) fn status(word: &str) -> String {
    match word {
        "approved" | "succeeded" => paint(word, AnsiColor::Green),
        "rejected" | "failed" | "unroutable" | "abandoned" => paint(word, AnsiColor::Red),
        "pending" | "held" | "running" | "waiting" => paint(word, AnsiColor::Yellow),
        _ => paint(word, AnsiColor::BrightBlack),
    }
}

/// The same in a table.
pub(crate) fn status_cell(word: &str) -> Cell {
    let cell = Cell::new(word);
    if !colour() {
        return cell;
    }
    cell.fg(match word {
        "approved" | "succeeded" => Color::Green,
        "rejected" | "failed" | "unroutable" | "abandoned" => Color::Red,
        "pending" | "held" | "running" | "waiting" => Color::Yellow,
        _ => Color::DarkGrey,
    })
}

/// Below this many columns a table would break its words: things are then told in a few lines each.
const TABLE_WIDTH_MIN: u16 = 120;

/// Whether the terminal is too narrow for tables.
pub(crate) fn narrow() -> bool {
    std::io::stdout().is_terminal() && Table::new().width().is_some_and(|width| width < TABLE_WIDTH_MIN)
}

/// A table without lines, as wide as the terminal.
pub(crate) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_header(header.iter().map(|name| name.to_uppercase()));
    if !std::io::stdout().is_terminal() {
        table.set_width(PIPE_WIDTH);
    }
    table
}

/// Prints a table without the blanks at the ends of its lines.
pub(crate) fn say_table(table: &Table) {
    for line in table.to_string().lines() {
        say(line.trim_end());
    }
}

/// The local time in few words, and how far away it is.
pub(crate) fn moment(text: &str, now: jiff::Timestamp) -> String {
    let Ok(at) = text.parse::<jiff::Timestamp>() else { return clean(text) };
    let local = at.to_zoned(jiff::tz::TimeZone::system());
    let seconds = at.duration_since(now).as_secs();
    let far = span(seconds.unsigned_abs());
    let words = match seconds {
        -1..=1 => "now".to_owned(),
        2.. => format!("in {far}"),
        _ => format!("{far} ago"),
    };
    format!("{} ({words})", local.strftime("%a %d %b %H:%M"))
}

/// A number and what it counts.
pub(crate) fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Seconds in the largest unit that fits, rounded.
pub(crate) fn span(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", (seconds + 30) / 60),
        7200..=172_799 => format!("{} h", (seconds + 1800) / 3600),
        _ => format!("{} days", (seconds + 43_200) / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_cannot_move_the_cursor() {
        let shown = clean("ACME\u{1b}[2J\r\nGmbH\u{202e}evil");
        assert!(!shown.chars().any(|char| char.is_control() || char == '\u{202e}'), "{shown:?}");
    }

    #[test]
    fn spans_are_said_in_the_largest_unit() {
        assert_eq!(["5 s", "3 min", "2 h", "4 days"].map(str::to_owned), [5, 180, 7200, 345_600].map(span));
    }
}
