//! Reading everything of a file for the auditor, a thousand requests at a time, so that no view of the file
//! is held long enough to keep the write-ahead log from starting over.

use super::open::connect_reader;
use super::rows::{col, col_opt, fault, snapshot};
use crate::Fault;
use crate::verify::{Auditor, Verified, Version};
use countersign_core::canonical::Digest;
use countersign_core::id::RequestId;
use rusqlite::{Connection, Row};
use std::path::Path;

/// Requests per view: some ten milliseconds.
const VIEW_REQUESTS: usize = 1_000;

/// Versions of records per view: documents may be large.
const VIEW_VERSIONS: usize = 200;

pub(super) fn verify(path: &Path) -> Result<Verified, Fault> {
    let db = connect_reader(path)?;
    let mut auditor = Auditor::new();
    let failed = fault("read the record through");
    let mut after = 0;
    while let Some(last) = snapshot(&db, |db| requests(db, after, &mut auditor).map_err(&failed))? {
        after = last;
    }
    let mut at = Place::default();
    while snapshot(&db, |db| versions(db, &mut at, &mut auditor).map_err(&failed))? {}
    structure(&db, &mut auditor).map_err(&failed)?;
    Ok(auditor.finish())
}

/// The next requests in the order of submission; the last place read, or `None` at the end.
fn requests(db: &Connection, after: i64, auditor: &mut Auditor) -> rusqlite::Result<Option<i64>> {
    let mut page = db.prepare_cached("SELECT seq, id, version FROM requests WHERE seq > ?1 ORDER BY seq LIMIT ?2")?;
    let mut rows = page.query((after, VIEW_REQUESTS))?;
    let mut last = None;
    while let Some(row) = rows.next()? {
        let seq = row.get(0)?;
        one(db, seq, col(row, 1)?, row.get(2)?, auditor)?;
        last = Some(seq);
    }
    Ok(last)
}

fn one(db: &Connection, seq: i64, id: RequestId, version: u64, auditor: &mut Auditor) -> rusqlite::Result<()> {
    let mut open = auditor.request(id);
    let mut events = db.prepare_cached("SELECT number, blob, hash FROM events WHERE request = ?1 ORDER BY number")?;
    let mut rows = events.query([seq])?;
    while let Some(row) = rows.next()? {
        auditor.event(&mut open, row.get(0)?, bytes(row, 1)?.unwrap_or_default(), bytes(row, 2)?.unwrap_or_default());
    }
    let mut contents = db.prepare_cached("SELECT id, salt, bytes FROM contents WHERE request = ?1")?;
    let mut rows = contents.query([seq])?;
    while let Some(row) = rows.next()? {
        let kept = bytes(row, 1)?.zip(bytes(row, 2)?);
        auditor.content(&mut open, bytes(row, 0)?.unwrap_or_default(), kept);
    }
    auditor.close(&open, version);
    Ok(())
}

fn bytes<'row>(row: &'row Row<'_>, index: usize) -> rusqlite::Result<Option<&'row [u8]>> {
    Ok(row.get_ref(index)?.as_bytes_or_null()?)
}

/// Where the walk through the records stands.
#[derive(Default)]
struct Place {
    kind: String,
    key: String,
    last: Option<(u64, Digest)>,
}

/// The next versions of records; whether there were any.
fn versions(db: &Connection, at: &mut Place, auditor: &mut Auditor) -> rusqlite::Result<bool> {
    let sql = "SELECT kind, key, version, at, bytes, hash FROM records WHERE (kind, key, version) > (?1, ?2, ?3)
        ORDER BY kind, key, version LIMIT ?4";
    let after = at.last.map_or(0, |(version, _)| version);
    let mut page = db.prepare_cached(sql)?;
    let mut rows = page.query((at.kind.clone(), at.key.clone(), after, VIEW_VERSIONS))?;
    let mut any = false;
    while let Some(row) = rows.next()? {
        let (kind, key): (String, String) = (row.get(0)?, row.get(1)?);
        let same = (&kind, &key) == (&at.kind, &at.key);
        let hash = col_opt(row, 5)?.unwrap_or(Digest([0; 32]));
        let version = Version { kind: &kind, key: &key, version: row.get(2)?, at_ms: row.get(3)?, bytes: bytes(row, 4)?, hash };
        let read = auditor.version(if same { at.last } else { None }, &version);
        *at = Place { kind, key, last: Some(read) };
        any = true;
    }
    Ok(any)
}

/// What SQLite itself can say, and rows that belong to nothing.
fn structure(db: &Connection, auditor: &mut Auditor) -> rusqlite::Result<()> {
    let mut check = db.prepare("PRAGMA quick_check(10)")?;
    for told in check.query_map((), |row| row.get::<_, String>(0))? {
        let told = told?;
        if told != "ok" {
            auditor.problem("the database file", told);
        }
    }
    for (table, sql) in [
        ("events", "SELECT DISTINCT request FROM events WHERE request NOT IN (SELECT seq FROM requests) LIMIT 10"),
        ("contents", "SELECT DISTINCT request FROM contents WHERE request NOT IN (SELECT seq FROM requests) LIMIT 10"),
        ("current", "SELECT c.place FROM current c LEFT JOIN records r USING (place) WHERE r.key IS NOT c.key OR r.kind IS NOT c.kind LIMIT 10"),
    ] {
        let mut orphans = db.prepare(sql)?;
        for place in orphans.query_map((), |row| row.get::<_, i64>(0))? {
            auditor.problem(format!("{table}, place {}", place?), "a row that belongs to nothing");
        }
    }
    Ok(())
}
