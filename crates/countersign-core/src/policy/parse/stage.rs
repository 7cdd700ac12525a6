//! Reads the stages of a rule: seats, quorums and the three timers.

use super::duration;
use super::reader::{Item, Place, Reader, Table};
use super::selector::{self, Standing};
use crate::policy::diagnostic::did_you_mean;
use crate::policy::expression::Scope;
use crate::policy::{Level, LevelMode, OnExpiry, Seat, StageSpec};
use jiff::SignedDuration;

const STAGES_MAX: usize = 20;
const SEATS_MAX: usize = 20;
const LEVELS_MAX: usize = 10;
/// More voices than this are no quorum but a plebiscite.
const QUORUM_MAX: i64 = 100;
const KEYS: [&str; 13] =
    ["name", "approvers", "until", "quorum", "seats", "with", "reject_quorum", "repeat", "remind", "escalate", "expire", "on_expiry", "require"];

pub(super) fn stages(reader: &mut Reader<'_>, item: &Item<'_>, scope: &Scope<'_>) -> Vec<StageSpec> {
    let items = reader.array(item, STAGES_MAX, "stages, each under `[[rule.stage]]`");
    if items.is_empty() {
        reader.error(&Place::of(item), "empty_list", "the rule asks nobody: expected a stage", None);
    }
    let mut stages: Vec<StageSpec> = Vec::new();
    for item in items {
        if let Some(stage) = stage(reader, item, scope, &stages) {
            stages.push(stage);
        }
    }
    silence_is_no_consent(reader, items, &stages);
    stages
}

fn stage(reader: &mut Reader<'_>, item: &Item<'_>, scope: &Scope<'_>, earlier: &[StageSpec]) -> Option<StageSpec> {
    let table = reader.table(item, "a stage under `[[rule.stage]]`")?;
    let place = Place::of(item);
    reader.keys(table, "a stage", &KEYS);
    let name = reader.label(table, &place, "name = \"review\"");
    if let Some((name, place)) = name.as_ref().filter(|(name, _)| earlier.iter().any(|stage| &stage.name == name)) {
        reader.error(place, "duplicate_name", format!("two stages of the rule are named `{name}`"), None);
    }
    let seats = seats(reader, table, &place, scope);
    let with = beside(reader, table, earlier);
    let expire_after = expiry(reader, table, &place);
    let require = reader.word(table, "require", &[("sign-in", Some("sign-in")), ("passkey", Some("passkey"))], None);
    let stage = StageSpec {
        with,
        reject_quorum: count(reader.number(table, "reject_quorum", 1..QUORUM_MAX + 1, 1)),
        repeat_allowed: reader.word(table, "repeat", &[("once", false), ("allowed", true)], false),
        remind_every: remind(reader, table),
        escalate: levels(reader, table, scope, expire_after),
        on_expiry: reader.word(
            table,
            "on_expiry",
            &[("expire", OnExpiry::Expire), ("reject", OnExpiry::Reject), ("approve", OnExpiry::Approve)],
            OnExpiry::Expire,
        ),
        require_passkey: require == Some("passkey"),
        require_sign_in: require == Some("sign-in"),
        name: name?.0,
        seats: seats?,
        expire_after: expire_after?,
    };
    Some(stage)
}

fn seats(reader: &mut Reader<'_>, table: &Table<'_>, place: &Place, scope: &Scope<'_>) -> Option<Vec<Seat>> {
    match (reader.find(table, "approvers"), reader.find(table, "seats")) {
        (Some(_), Some(seats)) => {
            reader.error(&Place::of(seats), "both_given", "a stage has either `approvers` or `seats`, not both", None);
            None
        }
        (Some(_), None) => {
            let from = selector::list(reader, table, "approvers", scope, Standing::Asked);
            Some(vec![Seat { from, count: count(reader.number(table, "quorum", 1..QUORUM_MAX + 1, 1)) }])
        }
        (None, Some(item)) => {
            if let Some(quorum) = reader.find(table, "quorum") {
                let message = "`quorum` belongs to `approvers`: each of the `seats` has its own `count`";
                reader.error(&Place::of(quorum), "both_given", message, None);
            }
            let items = reader.array(item, SEATS_MAX, "seats such as `[{ from = [\"group:legal\"] }]`");
            if items.is_empty() {
                reader.error(&Place::of(item), "empty_list", "the stage has no seats", None);
            }
            Some(items.iter().filter_map(|item| seat(reader, item, scope)).collect())
        }
        (None, None) => {
            let suggestion = Some("approvers = [\"manager of requester\"]".to_owned());
            reader.error(place, "missing_key", "the stage asks nobody: expected `approvers` or `seats`", suggestion);
            None
        }
    }
}

fn seat(reader: &mut Reader<'_>, item: &Item<'_>, scope: &Scope<'_>) -> Option<Seat> {
    let table = reader.table(item, "a seat such as `{ from = [\"group:legal\"] }`")?;
    reader.keys(table, "a seat", &["from", "count", "until"]);
    if reader.find(table, "from").is_none() {
        reader.error(&Place::of(item), "missing_key", "the seat asks nobody: `from` is missing", None);
        return None;
    }
    let from = selector::list(reader, table, "from", scope, Standing::Asked);
    Some(Seat { from, count: count(reader.number(table, "count", 1..QUORUM_MAX + 1, 1)) })
}

fn beside(reader: &mut Reader<'_>, table: &Table<'_>, earlier: &[StageSpec]) -> Option<usize> {
    let (name, place) = reader.text(table, "with")?;
    let found = earlier.iter().position(|stage| stage.name == name);
    if found.is_none() {
        let message = format!("no stage named `{name}` stands above this one in the rule");
        reader.error(&place, "unknown_stage", message, did_you_mean(&name, earlier.iter().map(|stage| stage.name.as_str())));
    }
    found
}

fn expiry(reader: &mut Reader<'_>, table: &Table<'_>, place: &Place) -> Option<SignedDuration> {
    if reader.find(table, "expire").is_none() {
        let message = "`expire` is missing: a stage says when it gives up";
        reader.error(place, "missing_key", message, Some("expire = { after = \"72h\" }".to_owned()));
        return None;
    }
    timer(reader, table, "expire", "after")
}

/// `key = { inner = "8h" }`
fn timer(reader: &mut Reader<'_>, table: &Table<'_>, key: &str, inner: &str) -> Option<SignedDuration> {
    let item = reader.find(table, key)?;
    let example = format!("{key} = {{ {inner} = \"8h\" }}");
    let timer = reader.table(item, &format!("`{example}`"))?;
    reader.keys(timer, &format!("`{key}`"), &[inner]);
    if reader.find(timer, inner).is_none() {
        reader.error(&Place::of(item), "missing_key", format!("`{inner}` is missing"), Some(example));
        return None;
    }
    length(reader, timer, inner)
}

fn remind(reader: &mut Reader<'_>, table: &Table<'_>) -> Option<SignedDuration> {
    timer(reader, table, "remind", "every")
}

fn length(reader: &mut Reader<'_>, table: &Table<'_>, key: &str) -> Option<SignedDuration> {
    let (text, place) = reader.text(table, key)?;
    if duration::is_business(&text) {
        let message = format!("`{text}`: working hours are not supported yet; `8h` is time that has passed");
        reader.error(&place, "not_yet", message, None);
        return None;
    }
    duration::parse(&text).map_err(|message| reader.error(&place, "duration", message, None)).ok()
}

fn levels(reader: &mut Reader<'_>, table: &Table<'_>, scope: &Scope<'_>, expire: Option<SignedDuration>) -> Vec<Level> {
    let Some(item) = reader.find(table, "escalate") else { return Vec::new() };
    let items = reader.array(item, LEVELS_MAX, "levels such as `[{ after = \"8h\", to = [\"group:finance\"] }]`");
    let (mut levels, mut before, mut deadline) = (Vec::new(), SignedDuration::ZERO, expire);
    for item in items {
        let Some(level) = level(reader, item, scope) else { continue };
        if level.after <= before {
            reader.error(&Place::of(item), "timer_order", "this level comes no later than the one before: expected levels in order", None);
        }
        if deadline.is_some_and(|deadline| level.after >= deadline) {
            let message = "this level never fires: the stage has expired by then";
            reader.error(&Place::of(item), "timer_order", message, Some("expire later, or escalate earlier".to_owned()));
        }
        before = level.after;
        if let Some(own) = level.expire_after {
            deadline = level.after.checked_add(own);
        }
        levels.push(level);
    }
    levels
}

fn level(reader: &mut Reader<'_>, item: &Item<'_>, scope: &Scope<'_>) -> Option<Level> {
    let table = reader.table(item, "a level such as `{ after = \"8h\", to = [\"group:finance\"] }`")?;
    reader.keys(table, "a level", &["after", "to", "mode", "expire", "until"]);
    for key in ["after", "to"] {
        if reader.find(table, key).is_none() {
            reader.error(&Place::of(item), "missing_key", format!("`{key}` is missing in this level"), None);
        }
    }
    let after = length(reader, table, "after");
    let to = selector::list(reader, table, "to", scope, Standing::Asked);
    let mode = reader.word(table, "mode", &[("add", LevelMode::Add), ("replace", LevelMode::Replace)], LevelMode::Add);
    let expire_after = match reader.find(table, "expire") {
        Some(item) if item.get_ref().is_str() => length(reader, table, "expire"),
        Some(_) => timer(reader, table, "expire", "after"),
        None => None,
    };
    Some(Level { after: after?, to, mode, expire_after })
}

/// The third law: silence approves nothing where two or more voices are needed, and is a warning elsewhere.
fn silence_is_no_consent(reader: &mut Reader<'_>, items: &[Item<'_>], stages: &[StageSpec]) {
    let voices: u32 = stages.iter().flat_map(|stage| &stage.seats).map(|seat| u32::from(seat.count)).sum();
    for table in items.iter().filter_map(|item| item.get_ref().as_table()) {
        let Some(item) = reader.find(table, "on_expiry").filter(|item| item.get_ref().as_str() == Some("approve")) else { continue };
        let place = Place::of(item);
        if reader.find(table, "require").is_some_and(|item| item.get_ref().as_str() == Some("passkey")) {
            let message = "silence signs nothing: a stage that requires a passkey ends in `expire` or `reject`";
            reader.error(&place, "silent_consent", message, Some("on_expiry = \"expire\"".to_owned()));
        } else if voices >= 2 {
            let message = format!("silence is never consent where {voices} voices are needed: expected `expire` or `reject`");
            reader.error(&place, "silent_consent", message, Some("on_expiry = \"expire\"".to_owned()));
        } else {
            let message = "whoever waits long enough is approved: nobody needs to have looked";
            reader.warning(&place, "silent_consent", message, Some("on_expiry = \"expire\"".to_owned()));
        }
    }
}

fn count(number: i64) -> u16 {
    u16::try_from(number).unwrap_or(1)
}
