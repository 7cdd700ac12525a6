//! Versioned documents: every version stays; a small table says which is current.

use super::rows::{col, count, fault};
use super::writer::Stop;
use crate::Fault;
use crate::limits::READ_MAX;
use crate::log::CommitError;
use crate::record::version_hash;
use crate::records::{Kind, Put, Record};
use countersign_core::canonical::Digest;
use rusqlite::{Connection, OptionalExtension, Row, params};

/// What was found to be current in this transaction: most writes of a batch expect the same.
#[derive(Default)]
pub(super) struct Found(Vec<(Kind, String, u64)>);

impl Found {
    /// At the beginning, and whenever a record may have changed.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

pub(super) fn check(db: &Connection, expect: &[(Kind, String, u64)], found: &mut Found) -> Result<(), Stop> {
    for expected in expect.iter().filter(|expected| !found.0.contains(expected)).collect::<Vec<_>>() {
        let (kind, key, version) = expected;
        if current(db, *kind, key)? != *version {
            return Err(CommitError::Conflict.into());
        }
        found.0.push(expected.clone());
    }
    Ok(())
}

/// The version that is current: 0 where there is none, or where it was removed.
fn current(db: &Connection, kind: Kind, key: &str) -> rusqlite::Result<u64> {
    let sql = "SELECT r.version FROM current c JOIN records r ON r.place = c.place WHERE c.kind = ?1 AND c.key = ?2";
    db.prepare_cached(sql)?.query_row([kind.as_str(), key], |row| row.get(0)).optional().map(Option::unwrap_or_default)
}

pub(super) fn put(db: &Connection, put: &Put, now: i64) -> Result<u64, Stop> {
    let (kind, key) = (put.kind.as_str(), put.key.as_str());
    let there = current(db, put.kind, key)?;
    if there != put.expected || (there == 0 && put.bytes.is_none()) {
        return Err(CommitError::Conflict.into());
    }
    let (last, previous) = last_version(db, kind, key)?;
    let version = last.saturating_add(1);
    let hash = version_hash(previous, kind, key, version, now, put.bytes.as_deref());
    let sql = "INSERT INTO records (kind, key, version, at, bytes, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    db.prepare_cached(sql)?.execute(params![kind, key, count(version), now, put.bytes, hash.0])?;
    if put.bytes.is_some() {
        let sql = "INSERT INTO current (kind, key, place) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET place = excluded.place";
        db.prepare_cached(sql)?.execute(params![kind, key, db.last_insert_rowid()])?;
    } else {
        db.prepare_cached("DELETE FROM current WHERE kind = ?1 AND key = ?2")?.execute([kind, key])?;
    }
    Ok(version)
}

fn last_version(db: &Connection, kind: &str, key: &str) -> rusqlite::Result<(u64, Digest)> {
    let sql = "SELECT version, hash FROM records WHERE kind = ?1 AND key = ?2 ORDER BY version DESC LIMIT 1";
    let last = db.prepare_cached(sql)?.query_row([kind, key], |row| Ok((row.get(0)?, col(row, 1)?))).optional()?;
    Ok(last.unwrap_or((0, Digest([0; 32]))))
}

fn record(row: &Row<'_>) -> rusqlite::Result<Record> {
    Ok(Record { key: row.get(0)?, version: row.get(1)?, at: col(row, 2)?, bytes: row.get(3)? })
}

pub(super) fn get(db: &Connection, kind: Kind, key: String) -> Result<Option<Record>, Fault> {
    let sql = "SELECT r.key, r.version, r.at, r.bytes FROM current c JOIN records r ON r.place = c.place
        WHERE c.kind = ?1 AND c.key = ?2";
    let one = db.prepare_cached(sql).and_then(|mut one| one.query_row(params![kind.as_str(), key], record).optional());
    one.map_err(fault("read a record"))
}

/// An empty `after` is before every key.
pub(super) fn list(db: &Connection, kind: Kind, after: &str, limit: usize) -> Result<Vec<Record>, Fault> {
    let sql = "SELECT r.key, r.version, r.at, r.bytes FROM current c JOIN records r ON r.place = c.place
        WHERE c.kind = ?1 AND c.key > ?2 ORDER BY c.key LIMIT ?3";
    let failed = fault("list records");
    let mut all = db.prepare_cached(sql).map_err(&failed)?;
    let rows = all.query_map(params![kind.as_str(), after, count(limit.min(READ_MAX))], record);
    rows.and_then(Iterator::collect).map_err(&failed)
}

pub(super) fn history(db: &Connection, kind: Kind, key: &str) -> Result<Vec<Record>, Fault> {
    let sql = "SELECT key, version, at, bytes FROM records WHERE kind = ?1 AND key = ?2 AND bytes IS NOT NULL ORDER BY version";
    let failed = fault("read the versions of a record");
    let mut all = db.prepare_cached(sql).map_err(&failed)?;
    all.query_map([kind.as_str(), key], record).and_then(Iterator::collect).map_err(&failed)
}
