//! All events in the order of commit, and the ends of all chains.

use super::rows::{Col, col, count, fault};
use crate::Fault;
use crate::limits::READ_MAX;
use crate::log::{Head, Positioned};
use crate::record::decode;
use countersign_core::canonical::Digest;
use countersign_core::id::RequestId;
use rusqlite::{Connection, params};

pub(super) fn tail(db: &Connection, after: u64, limit: usize) -> Result<Vec<Positioned>, Fault> {
    let failed = fault("read the stream of events");
    let sql = "SELECT e.position, r.id, e.number, e.blob, e.hash FROM events e JOIN requests r ON r.seq = e.request
        WHERE e.position > ?1 ORDER BY e.position LIMIT ?2";
    let mut later = db.prepare_cached(sql).map_err(&failed)?;
    let mut rows = later.query(params![count(after), count(limit.min(READ_MAX))]).map_err(&failed)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(&failed)? {
        let (position, request, number, hash) = placed(row).map_err(&failed)?;
        let blob = row.get_ref(3).and_then(|blob| Ok(blob.as_blob()?)).map_err(&failed)?;
        let (at, event) = decode(blob)?;
        found.push(Positioned { position, request, number, at, event, hash });
    }
    Ok(found)
}

fn placed(row: &rusqlite::Row<'_>) -> rusqlite::Result<(u64, RequestId, u64, Digest)> {
    Ok((row.get(0)?, col(row, 1)?, row.get(2)?, col(row, 4)?))
}

pub(super) fn heads(db: &Connection, after: Option<RequestId>, limit: usize) -> Result<Vec<Head>, Fault> {
    let failed = fault("read the heads of the chains");
    let sql = "SELECT r.id, r.version, e.hash FROM requests r JOIN events e ON e.request = r.seq AND e.number = r.version
        WHERE ?1 IS NULL OR r.id > ?1 ORDER BY r.id LIMIT ?2";
    let sql_after = "SELECT r.id, r.version, e.hash FROM requests r JOIN events e ON e.request = r.seq AND e.number = r.version
        WHERE r.id > ?1 ORDER BY r.id LIMIT ?2";
    let mut heads = db.prepare_cached(if after.is_some() { sql_after } else { sql }).map_err(&failed)?;
    let rows = heads.query_map(params![after.map(Col), count(limit.min(READ_MAX))], |row| {
        Ok(Head { request: col(row, 0)?, events: row.get(1)?, hash: col(row, 2)? })
    });
    rows.and_then(Iterator::collect).map_err(&failed)
}
