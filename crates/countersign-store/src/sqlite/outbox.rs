//! Owed effects: leases, fencing tokens, lanes. The end of a lease is the row's due time, so that one index
//! finds what is due and what was left behind.

use super::requests::{Here, seq_of};
use super::rows::{Col, col, count};
use super::writer::Stop;
use crate::Fault;
use crate::clock::{millis, timestamp};
use crate::limits::READ_MAX;
use crate::log::{Claimed, Claims, CommitError, OutboxChange, OutboxRow, Room};
use countersign_core::id::{EffectId, RequestId};
use rusqlite::{Connection, OptionalExtension, params};

pub(super) fn apply(db: &Connection, changes: &[OutboxChange], here: Here, now: i64) -> Result<(), Stop> {
    changes.iter().try_for_each(|change| match change {
        OutboxChange::Add(row) => add(db, row, here),
        OutboxChange::Done { id, token } => done(db, *id, *token),
        OutboxChange::Later { id, token, due_at } => later(db, *id, *token, millis(*due_at)),
        OutboxChange::Extend { id, token, until } => extend(db, *id, *token, millis(*until)),
        OutboxChange::Release { request } => release(db, *request, now),
    })
}

fn add(db: &Connection, row: &OutboxRow, here: Here) -> Result<(), Stop> {
    let seq = seq_of(db, row.request, here)?;
    let sql = "INSERT INTO outbox (id, request, lane, waits, due_at, first_due, effect) VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6)
        ON CONFLICT (id) DO NOTHING";
    let added = db.prepare_cached(sql)?.execute(params![Col(row.id), seq, row.lane, row.waits, Col(row.due_at), row.effect])?;
    if added == 0 { Err(Fault::Store(format!("the effect {} is owed already", row.id)).into()) } else { Ok(()) }
}

fn done(db: &Connection, id: EffectId, token: u64) -> Result<(), Stop> {
    let sql = "DELETE FROM outbox WHERE id = ?1 AND token = ?2 AND leased = 1";
    held(db.prepare_cached(sql)?.execute(params![Col(id), count(token)])?)
}

fn later(db: &Connection, id: EffectId, token: u64, due: i64) -> Result<(), Stop> {
    let sql = "UPDATE outbox SET due_at = ?3, leased = 0, attempts = attempts + 1 WHERE id = ?1 AND token = ?2 AND leased = 1";
    held(db.prepare_cached(sql)?.execute(params![Col(id), count(token), due])?)
}

fn extend(db: &Connection, id: EffectId, token: u64, until: i64) -> Result<(), Stop> {
    let sql = "UPDATE outbox SET due_at = ?3 WHERE id = ?1 AND token = ?2 AND leased = 1";
    held(db.prepare_cached(sql)?.execute(params![Col(id), count(token), until])?)
}

fn held(rows: usize) -> Result<(), Stop> {
    if rows == 0 { Err(CommitError::LeaseLost.into()) } else { Ok(()) }
}

fn release(db: &Connection, request: RequestId, now: i64) -> Result<(), Stop> {
    let sql = "UPDATE outbox SET waits = 0, due_at = min(due_at, ?2), first_due = min(due_at, ?2)
        WHERE waits = 1 AND request = (SELECT seq FROM requests WHERE id = ?1)";
    db.prepare_cached(sql)?.execute(params![Col(request), now])?;
    Ok(())
}

/// Leases what is due. Lanes are walked one by one, so that a long queue of a busy lane is never read through.
pub(super) fn claim(db: &Connection, room: &Room, lease_ms: i64, limit: usize, now: i64) -> rusqlite::Result<Claims> {
    let limit = limit.min(READ_MAX);
    let (mut ready, mut next) = (Vec::new(), None::<i64>);
    for lane in lanes(db)? {
        let here = room.in_lane(&lane).min(limit.saturating_add(1));
        if here > 0 {
            ready.extend(due_in(db, &lane, now, here)?);
        }
        next = [next, next_in(db, &lane, now)?].into_iter().flatten().min();
    }
    ready.sort_unstable();
    let more = ready.len() > limit;
    ready.truncate(limit);
    let until = now.saturating_add(lease_ms);
    let claimed: rusqlite::Result<Vec<_>> = ready.into_iter().map(|(due, place)| lease(db, place, due, until)).collect();
    let claimed = claimed?;
    if !claimed.is_empty() && until > now {
        next = [next, Some(until)].into_iter().flatten().min();
    }
    Ok(Claims { claimed, next: next.map(timestamp), more })
}

fn lanes(db: &Connection) -> rusqlite::Result<Vec<String>> {
    let sql = "WITH RECURSIVE each (lane) AS (
            SELECT min(lane) FROM outbox
            UNION ALL SELECT (SELECT min(o.lane) FROM outbox o WHERE o.lane > each.lane) FROM each WHERE each.lane IS NOT NULL)
        SELECT lane FROM each WHERE lane IS NOT NULL";
    let mut all = db.prepare_cached(sql)?;
    all.query_map((), |row| row.get(0))?.collect()
}

fn due_in(db: &Connection, lane: &str, now: i64, limit: usize) -> rusqlite::Result<Vec<(i64, i64)>> {
    let sql = "SELECT due_at, place FROM outbox INDEXED BY outbox_lane WHERE lane = ?1 AND due_at <= ?2 ORDER BY due_at, place LIMIT ?3";
    let mut due = db.prepare_cached(sql)?;
    due.query_map(params![lane, now, count(limit)], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

fn next_in(db: &Connection, lane: &str, now: i64) -> rusqlite::Result<Option<i64>> {
    let sql = "SELECT due_at FROM outbox INDEXED BY outbox_lane WHERE lane = ?1 AND due_at > ?2 ORDER BY due_at LIMIT 1";
    db.prepare_cached(sql)?.query_row(params![lane, now], |row| row.get(0)).optional()
}

fn lease(db: &Connection, place: i64, due: i64, until: i64) -> rusqlite::Result<Claimed> {
    let sql = "UPDATE outbox SET due_at = ?2, leased = 1, token = token + 1, waits = 0 WHERE place = ?1
        RETURNING id, (SELECT r.id FROM requests r WHERE r.seq = outbox.request), lane, effect, token, first_due, attempts";
    db.prepare_cached(sql)?.query_row(params![place, until], |row| {
        let due_at = timestamp(due);
        let work = OutboxRow { id: col(row, 0)?, request: col(row, 1)?, lane: row.get(2)?, waits: false, due_at, effect: row.get(3)? };
        Ok(Claimed { row: work, token: row.get(4)?, first_due: col(row, 5)?, attempts: row.get(6)? })
    })
}
