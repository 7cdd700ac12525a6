//! One request as a line: what it is, who asks, how much, how risky, how long there is, who has said what.

use crate::engine::shelf::People;
use crate::web::frame::Frame;
use crate::web::words::When;
use crate::wire::status_word;
use countersign_store::RequestRow;
use jiff::Timestamp;

/// Of the whole time, less than this many hundredths is little.
const SOON: i64 = 34;
/// And less than this is very little.
const URGENT: i64 = 12;
/// Less than this many seconds is very little in any case.
const URGENT_SECONDS: i64 = 3_600;

/// A line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// `req_…`
    pub id: String,
    /// Rendered from the payload, hidden characters shown.
    pub title: String,
    /// The policy's name.
    pub policy: String,
    /// Their name.
    pub requester: String,
    /// The current revision.
    pub revision: u32,
    /// The status word.
    pub status: &'static str,
    /// Whether it has an outcome.
    pub settled: bool,
    /// `low`, `medium`, `high`
    pub risk: String,
    /// The first sum, in the reader's separators.
    pub amount: Option<String>,
    /// The time left, while it is open.
    pub left: Option<Left>,
    /// When it was asked for, or ended.
    pub when: When,
    /// How many have approved of how many that are needed, and their names.
    pub voices: Option<Voices>,
}

/// The time left.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Left {
    /// In words.
    pub words: When,
    /// Hundredths of the time that are left.
    pub share: i64,
    /// `calm`, `soon`, `urgent`
    pub urgency: &'static str,
}

/// The voices that are in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Voices {
    /// Who said yes.
    pub names: String,
    /// How many that is.
    pub have: usize,
    /// How many are needed.
    pub needed: u32,
}

/// The line of a row.
#[must_use]
pub fn row(people: &People, frame: &Frame, row: &RequestRow) -> Row {
    let settled = row.status.is_final();
    let card = &row.card;
    let names: Vec<String> = card.approved_by.iter().map(|person| people.name(person)).collect();
    Row {
        id: row.id.to_string(),
        title: frame.row_title(row),
        policy: row.policy.to_string(),
        requester: people.name(&row.requester),
        revision: row.revision.0,
        status: status_word(row.status),
        settled,
        risk: row.risk.clone(),
        amount: card.amount.as_deref().map(|amount| frame.number(amount)),
        left: row.due.filter(|_| !settled).map(|due| left(frame, card.since.unwrap_or(row.created_at), due)),
        when: frame.relative(row.settled_at.unwrap_or(row.created_at)),
        voices: (card.needed > 0 && !settled).then(|| Voices { have: names.len(), needed: card.needed, names: names.join(", ") }),
    }
}

fn left(frame: &Frame, since: Timestamp, due: Timestamp) -> Left {
    let (whole, rest) = (due.duration_since(since).as_secs().max(1), due.duration_since(frame.now).as_secs());
    let share = (rest.saturating_mul(100) / whole).clamp(0, 100);
    let urgency = if share < URGENT || rest < URGENT_SECONDS {
        "urgent"
    } else if share < SOON {
        "soon"
    } else {
        "calm"
    };
    Left { words: frame.left(due), share, urgency }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::words::Words;
    use jiff::SignedDuration;

    #[test]
    fn little_time_has_a_word_and_not_only_a_colour() {
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1_000);
        let frame = Frame::stranger(Words { language: Default::default(), zone: jiff::tz::TimeZone::UTC, now });
        let hours = |from: i64, to: i64| left(&frame, now - SignedDuration::from_hours(from), now + SignedDuration::from_hours(to));
        let said = |left: Left| (left.share, left.urgency, left.words.words);
        assert_eq!(said(hours(0, 8)), (100, "calm", "8 hours left".into()));
        assert_eq!(said(hours(6, 2)), (25, "soon", "2 hours left".into()));
        assert_eq!(said(hours(46, 2)), (4, "urgent", "2 hours left".into()));
        assert_eq!(said(hours(2, -1)), (0, "urgent", "overdue".into()));
    }
}
