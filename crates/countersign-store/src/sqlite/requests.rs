//! Requests: their rows, their chains of events, their contents, and the keys that made them.

use super::parts;
use super::rows::{Col, col, count, fault, people_read, request_row, row_columns, snapshot};
use super::tallies::Tallies;
use super::writer::Stop;
use super::written::{Before, Written};
use crate::Fault;
use crate::clock::millis;
use crate::log::{Append, CommitError, Content, Idempotent, Loaded, RequestRow, unknown};
use crate::record::{chain, decode, genesis};
use countersign_core::canonical::Digest;
use countersign_core::event::Event;
use countersign_core::id::{KeyId, RequestId};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

pub(super) fn load(db: &Connection, id: RequestId, now: impl FnOnce() -> Timestamp) -> Result<Option<Loaded>, Fault> {
    snapshot(db, |db| {
        let Some((seq, row)) = find_row(db, id).map_err(fault("read a request"))? else { return Ok(None) };
        let events = events(db, seq)?;
        let contents = contents(db, seq).map_err(fault("read the contents of a request"))?;
        Ok(Some(Loaded { events, contents, row, now: now() }))
    })
}

fn find_row(db: &Connection, id: RequestId) -> rusqlite::Result<Option<(i64, RequestRow)>> {
    let sql = concat!("SELECT ", row_columns!(), " FROM requests r WHERE r.id = ?1");
    db.prepare_cached(sql)?.query_row([Col(id)], |row| Ok((row.get(0)?, request_row(row)?))).optional()
}

fn find_before(db: &Connection, id: RequestId) -> rusqlite::Result<Option<Before>> {
    let sql = "SELECT r.seq, r.version, e.hash, r.status, r.dead_letter, r.waiting, r.due, r.card
        FROM requests r JOIN events e ON e.request = r.seq AND e.number = r.version WHERE r.id = ?1";
    let read = |row: &Row<'_>| {
        let due = row.get::<_, Option<i64>>(6)?.unwrap_or(i64::MAX);
        let (seq, version, hash, status) = (row.get(0)?, row.get(1)?, col(row, 2)?, col(row, 3)?);
        Ok(Before { seq, version, hash, status, dead_letter: row.get(4)?, waiting: row.get(5)?, due, card: row.get(7)? })
    };
    db.prepare_cached(sql)?.query_row([Col(id)], read).optional()
}

fn events(db: &Connection, seq: i64) -> Result<Vec<(Timestamp, Event)>, Fault> {
    let failed = fault("read the events of a request");
    let mut all = db.prepare_cached("SELECT blob FROM events WHERE request = ?1 ORDER BY number").map_err(&failed)?;
    let mut rows = all.query([seq]).map_err(&failed)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(&failed)? {
        let blob = row.get_ref(0).and_then(|blob| Ok(blob.as_blob()?)).map_err(&failed)?;
        found.push(decode(blob)?);
    }
    Ok(found)
}

fn contents(db: &Connection, seq: i64) -> rusqlite::Result<Vec<Content>> {
    let sql = "SELECT id, salt, bytes FROM contents WHERE request = ?1 AND bytes IS NOT NULL ORDER BY place";
    let mut all = db.prepare_cached(sql)?;
    let rows = all.query_map([seq], |row| Ok(Content { id: col(row, 0)?, salt: row.get(1)?, bytes: row.get(2)? }))?;
    rows.collect()
}

/// Whether the append may be made: what stands there now, if anything does. `known` is what this writer left there.
pub(super) fn check(db: &Connection, append: &Append, known: Option<Before>) -> Result<Option<Before>, Stop> {
    let before = match known {
        Some(known) => Some(known),
        None => find_before(db, append.id)?,
    };
    if before.as_ref().map_or(0, |before| before.version) != append.expected {
        return Err(CommitError::Conflict.into());
    }
    append.sound()?;
    Ok(before)
}

/// Writes what [`check`] let through; what stands there then, and the last position.
pub(super) fn append(
    db: &Connection,
    append: &Append,
    written: &Written,
    before: Option<&Before>,
    change: &mut Tallies,
) -> Result<(Before, u64), Stop> {
    let version = append.expected.saturating_add(written.blobs.len() as u64);
    let seq = match before {
        Some(before) => update(db, before.seq, version, &append.row, written).map(|()| before.seq)?,
        None => insert(db, append.id, version, &append.row, written)?,
    };
    let hash = before.map_or_else(|| genesis(append.id), |before| before.hash);
    let (position, hash) = append_events(db, seq, append, &written.blobs, hash)?;
    for content in &append.contents {
        let sql = "INSERT INTO contents (request, id, salt, bytes) VALUES (?1, ?2, ?3, ?4)";
        db.prepare_cached(sql)?.execute(params![seq, Col(content.id), content.salt, content.bytes])?;
    }
    if before.is_some() && append.events.iter().any(|event| matches!(event, Event::Revised { .. })) {
        // Only another payload is about something else; its index is left alone otherwise.
        db.prepare_cached("UPDATE requests SET subject = ?2 WHERE seq = ?1")?.execute(params![seq, append.row.subject])?;
    }
    ask_others(db, seq, before, &append.row, written)?;
    parts::keep(db, seq, before, &append.row, written)?;
    change.moved(before.map(|before| (before.status, before.dead_letter)), (append.row.status, append.row.dead_letter));
    Ok((Before::after(seq, version, hash, &append.row, written), u64::try_from(position).unwrap_or_default()))
}

fn append_events(db: &Connection, seq: i64, append: &Append, blobs: &[Vec<u8>], mut hash: Digest) -> rusqlite::Result<(i64, Digest)> {
    if blobs.is_empty() {
        return Ok((0, hash));
    }
    let mut insert = db.prepare_cached("INSERT INTO events (request, number, blob, hash) VALUES (?1, ?2, ?3, ?4)")?;
    for (blob, number) in blobs.iter().zip(append.expected.saturating_add(1)..) {
        hash = chain(hash, blob);
        insert.execute(params![seq, count(number), blob, hash.0])?;
    }
    Ok((db.last_insert_rowid(), hash))
}

fn insert(db: &Connection, id: RequestId, version: u64, row: &RequestRow, written: &Written) -> rusqlite::Result<i64> {
    let sql = "INSERT INTO requests (id, version, policy, policy_version, requester, submitted_with, external_id, status, title,
            risk, revision, waiting, dead_letter, due, next_wakeup, created_at, settled_at, card, subject)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)";
    db.prepare_cached(sql)?.execute(params![
        Col(id),
        count(version),
        row.policy.as_str(),
        row.policy_version.0,
        row.requester.as_str(),
        row.submitted_with.map(Col),
        row.external_id,
        Col(row.status),
        row.title,
        row.risk,
        Col(row.revision),
        written.waiting,
        row.dead_letter,
        row.due.map(Col),
        row.next_wakeup.map(Col),
        Col(row.created_at),
        row.settled_at.map(Col),
        written.card,
        row.subject,
    ])?;
    Ok(db.last_insert_rowid())
}

/// Everything that can change; what a request was submitted with cannot, and its indexes are left alone.
fn update(db: &Connection, seq: i64, version: u64, row: &RequestRow, written: &Written) -> rusqlite::Result<()> {
    let sql = "UPDATE requests SET version = ?2, status = ?3, title = ?4, risk = ?5, revision = ?6, waiting = ?7, dead_letter = ?8,
            due = ?9, next_wakeup = ?10, settled_at = ?11, policy_version = ?12, card = ?13
        WHERE seq = ?1";
    let values = params![
        seq,
        count(version),
        Col(row.status),
        row.title,
        row.risk,
        Col(row.revision),
        written.waiting,
        row.dead_letter,
        row.due.map(Col),
        row.next_wakeup.map(Col),
        row.settled_at.map(Col),
        row.policy_version.0,
        written.card,
    ];
    db.prepare_cached(sql)?.execute(values).map(drop)
}

/// Keeps the inboxes in step with the row.
fn ask_others(db: &Connection, seq: i64, before: Option<&Before>, after: &RequestRow, written: &Written) -> rusqlite::Result<()> {
    let due = after.due.map_or(i64::MAX, millis);
    if before.is_some_and(|before| before.due == due && written.waiting == before.waiting) {
        return Ok(());
    }
    if let Some(before) = before {
        for person in people_read(before.waiting.clone()).unwrap_or_default() {
            let sql = "DELETE FROM waiting WHERE person = ?1 AND due = ?2 AND request = ?3";
            db.prepare_cached(sql)?.execute(params![person.as_str(), before.due, seq])?;
        }
    }
    for person in &after.waiting {
        let sql = "INSERT INTO waiting (person, due, request) VALUES (?1, ?2, ?3)";
        db.prepare_cached(sql)?.execute(params![person.as_str(), due, seq])?;
    }
    Ok(())
}

/// The request that this very commit wrote to, with its place.
pub(super) type Here = Option<(RequestId, i64)>;

/// The place of a request that must be there.
pub(super) fn seq_of(db: &Connection, id: RequestId, here: Here) -> Result<i64, Stop> {
    if let Some((_, seq)) = here.filter(|(known, _)| *known == id) {
        return Ok(seq);
    }
    let mut one = db.prepare_cached("SELECT seq FROM requests WHERE id = ?1")?;
    one.query_row([Col(id)], |row| row.get(0)).optional()?.ok_or_else(|| unknown(id).into())
}

pub(super) fn find(db: &Connection, scope: KeyId, key: String) -> Result<Option<Idempotent>, Fault> {
    let sql = "SELECT i.body, r.id FROM idempotency i JOIN requests r ON r.seq = i.request WHERE i.scope = ?1 AND i.key = ?2";
    let found = db.prepare_cached(sql).and_then(|mut one| one.query_row(params![Col(scope), key], |row| Ok((col(row, 0)?, col(row, 1)?))).optional());
    let found = found.map_err(fault("look up an idempotency key"))?;
    Ok(found.map(|(body, request)| Idempotent { scope, key, body, request }))
}

pub(super) fn check_key(db: &Connection, made: &Idempotent) -> Result<(), Stop> {
    let mut taken = db.prepare_cached("SELECT 1 FROM idempotency WHERE scope = ?1 AND key = ?2")?;
    if taken.exists(params![Col(made.scope), made.key])? { Err(CommitError::KeyTaken.into()) } else { Ok(()) }
}

pub(super) fn remember(db: &Connection, made: &Idempotent, here: Here) -> Result<(), Stop> {
    let seq = seq_of(db, made.request, here)?;
    let mut keep = db.prepare_cached("INSERT INTO idempotency (scope, key, body, request) VALUES (?1, ?2, ?3, ?4)")?;
    keep.execute(params![Col(made.scope), made.key, made.body.0, seq])?;
    Ok(())
}
