//! When requests must be looked at again: one column and a partial index; no timer lives in memory.

use super::rows::{col, count, fault};
use crate::Fault;
use crate::clock::timestamp;
use crate::limits::READ_MAX;
use crate::log::Due;
use rusqlite::{Connection, OptionalExtension, params};

pub(super) fn due(db: &Connection, now: i64, limit: usize) -> Result<Due, Fault> {
    let failed = fault("read the wake-ups");
    let sql = "SELECT id, next_wakeup FROM requests INDEXED BY requests_wakeup
        WHERE next_wakeup IS NOT NULL AND next_wakeup <= ?1 ORDER BY next_wakeup, seq LIMIT ?2";
    let mut overdue = db.prepare_cached(sql).map_err(&failed)?;
    let rows = overdue.query_map(params![now, count(limit.min(READ_MAX))], |row| Ok((col(row, 0)?, col(row, 1)?)));
    let overdue = rows.and_then(Iterator::collect).map_err(&failed)?;
    let sql = "SELECT next_wakeup FROM requests INDEXED BY requests_wakeup
        WHERE next_wakeup IS NOT NULL AND next_wakeup > ?1 ORDER BY next_wakeup LIMIT 1";
    let next = db.prepare_cached(sql).and_then(|mut next| next.query_row([now], |row| col(row, 0)).optional()).map_err(&failed)?;
    Ok(Due { overdue, next, now: timestamp(now) })
}
