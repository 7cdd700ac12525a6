//! Reads `pending_approvals.jsonl`: one JSON object a line, under the names that copies of the script use.

use super::config::{Approver, approvers};
use crate::import::{LINE_BYTES_MAX, Literal};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

const ID_NAMES: [&str; 3] = ["id", "approval_id", "request_id"];
const TYPE_NAMES: [&str; 3] = ["type", "action_type", "action"];
const PAYLOAD_NAMES: [&str; 5] = ["data", "payload", "details", "params", "action_data"];
const CREATED_NAMES: [&str; 4] = ["created_at", "submitted_at", "timestamp", "created"];
const APPROVER_NAMES: [&str; 3] = ["required_approver", "approver", "required_approvers"];
const REQUESTER_NAMES: [&str; 4] = ["requester", "requested_by", "submitted_by", "requestor"];
/// What the script keeps of decisions already made; none of it belongs to a pending line.
const OTHER_NAMES: [&str; 3] = ["summary", "status", "webhook"];

/// One line that could be read.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) line: u64,
    pub(super) id: String,
    pub(super) action_type: String,
    /// `Null` where the line has none.
    pub(super) payload: Literal,
    pub(super) summary: Option<String>,
    pub(super) created: Option<Literal>,
    pub(super) status: String,
    pub(super) approvers: Vec<Approver>,
    pub(super) requester: Option<String>,
    /// Members that nothing here understands.
    pub(super) unknown: Vec<String>,
}

/// One line that could not.
#[derive(Debug)]
pub(super) struct Unread {
    pub(super) line: u64,
    pub(super) id: Option<String>,
    pub(super) reason: String,
}

/// All lines but the empty ones.
pub(super) fn read(text: &str) -> Vec<Result<Record, Unread>> {
    let lines = text.trim_start_matches('\u{feff}').lines().zip(1_u64..);
    lines.filter(|(text, _)| !text.trim().is_empty()).map(|(text, line)| record(line, text)).collect()
}

fn record(line: u64, text: &str) -> Result<Record, Unread> {
    let unread = |id: Option<&str>, reason: String| Unread { line, id: id.map(str::to_owned), reason };
    if text.len() > LINE_BYTES_MAX {
        return Err(unread(None, format!("the line is longer than {LINE_BYTES_MAX} bytes")));
    }
    let whole = Literal::parse(text)
        .map_err(|fault| unread(None, format!("column {}: no JSON: {}; mend the line and import again", fault.column, fault.message)))?;
    let Some(members) = whole.members() else {
        return Err(unread(None, format!("the line is {}: expected one object a line", whole.kind())));
    };
    let word = |names: &[&str]| whole.any(names).and_then(Literal::word);
    let Some(id) = word(&ID_NAMES) else {
        return Err(unread(None, "the line has no `id`: give it one that no other line has".to_owned()));
    };
    let Some(action_type) = word(&TYPE_NAMES) else {
        return Err(unread(Some(id), "the line has no `type`: expected the action type, which becomes the policy".to_owned()));
    };
    let status = match whole.get("status") {
        None => "pending",
        Some(status) => status
            .text()
            .map(str::trim)
            .ok_or_else(|| unread(Some(id), format!("`status` is {}: expected a text such as `pending`", status.kind())))?,
    };
    Ok(Record {
        line,
        id: id.to_owned(),
        action_type: action_type.to_owned(),
        payload: whole.any(&PAYLOAD_NAMES).cloned().unwrap_or(Literal::Null),
        summary: whole.get("summary").and_then(Literal::text).map(str::to_owned),
        created: whole.any(&CREATED_NAMES).cloned(),
        status: status.to_lowercase(),
        approvers: whole.any(&APPROVER_NAMES).map(approvers).unwrap_or_default(),
        requester: word(&REQUESTER_NAMES).map(str::to_owned),
        unknown: members.iter().filter(|(name, value)| !is_known(name) && *value != Literal::Null).map(|(name, _)| name.clone()).collect(),
    })
}

fn is_known(name: &str) -> bool {
    let lists: [&[&str]; 7] = [&ID_NAMES, &TYPE_NAMES, &PAYLOAD_NAMES, &CREATED_NAMES, &APPROVER_NAMES, &REQUESTER_NAMES, &OTHER_NAMES];
    lists.iter().any(|names| names.contains(&name))
}

impl Record {
    pub(super) fn is_pending(&self) -> bool {
        self.status == "pending"
    }

    /// Whether two lines speak of one and the same request, whatever their status.
    pub(super) fn is_same_as(&self, other: &Self) -> bool {
        self.id == other.id && self.action_type == other.action_type && self.payload == other.payload && self.created == other.created
    }

    /// When it was recorded, and whether that clock time occurred twice that night.
    pub(super) fn created_at(&self, zone: Option<&TimeZone>) -> Result<(Timestamp, bool), String> {
        let expected = "expected a time such as `2026-03-01T09:30:00`";
        let Some(created) = &self.created else { return Err(format!("the line has no `created_at`: {expected}")) };
        let text = created.word().unwrap_or_default();
        if let Literal::Number(seconds) = created {
            return epoch(seconds).map(|at| (at, false)).ok_or_else(|| format!("`created_at` is {seconds}: {expected}"));
        }
        if let Ok(at) = text.parse::<Timestamp>() {
            return Ok((at, false));
        }
        let local: DateTime = text.parse().map_err(|_| format!("`created_at` is `{}`: {expected}", crate::import::shortened(text)))?;
        let zone = zone.ok_or("`created_at` has no zone: say with `--time-zone` where that clock stood, as in `--time-zone Europe/Berlin`")?;
        let ambiguous = zone.to_ambiguous_timestamp(local);
        let twice = ambiguous.is_ambiguous();
        ambiguous.compatible().map(|at| (at, twice)).map_err(|error| format!("`created_at` is `{text}`: {error}"))
    }
}

/// Seconds since 1970, as `time.time()` gives them.
fn epoch(text: &str) -> Option<Timestamp> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let nanos: String = fraction.chars().chain(std::iter::repeat('0')).take(9).collect();
    Timestamp::new(whole.parse().ok()?, nanos.parse().ok()?).ok()
}
