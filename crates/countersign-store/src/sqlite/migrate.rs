//! Bringing a file's tables up to date. Each migration runs once, in order, and is known by its checksum:
//! a file that another history made is refused, never guessed at.

use super::rows::fault;
use crate::Fault;
use countersign_core::canonical::Digest;
use rusqlite::{Connection, TransactionBehavior, params};

const MIGRATIONS: &[(&str, &str)] = &[
    ("0001_initial", include_str!("../../migrations/sqlite/0001_initial.sql")),
    ("0002_parts", include_str!("../../migrations/sqlite/0002_parts.sql")),
    ("0003_similar", include_str!("../../migrations/sqlite/0003_similar.sql")),
];

const LEDGER: &str = "CREATE TABLE IF NOT EXISTS migrations (
    number   INTEGER PRIMARY KEY,
    name     TEXT NOT NULL,
    checksum TEXT NOT NULL
) STRICT";

/// Runs what is missing; the names of what ran.
pub(super) fn migrate(db: &mut Connection) -> Result<Vec<String>, Fault> {
    let failed = fault("bring the database up to date");
    let change = db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&failed)?;
    if !has_ledger(&change)? && has_tables(&change)? {
        return Err(Fault::Store("the file is a database, but not one of ours".to_owned()));
    }
    change.execute_batch(LEDGER).map_err(&failed)?;
    let done = known(&change)?;
    let mut ran = Vec::new();
    for (index, (name, sql)) in MIGRATIONS.iter().enumerate().skip(done) {
        change.execute_batch(sql).map_err(&failed)?;
        let number = i64::try_from(index).unwrap_or(i64::MAX).saturating_add(1);
        let row = params![number, name, Digest::of(sql.as_bytes()).hex()];
        change.execute("INSERT INTO migrations (number, name, checksum) VALUES (?1, ?2, ?3)", row).map_err(&failed)?;
        ran.push((*name).to_owned());
    }
    change.commit().map_err(&failed)?;
    Ok(ran)
}

/// For a file opened only for reading: everything must have run already.
pub(super) fn check(db: &Connection) -> Result<(), Fault> {
    if !has_ledger(db)? {
        return Err(Fault::Store("the file is not a database of ours".to_owned()));
    }
    if known(db)? < MIGRATIONS.len() {
        return Err(Fault::Store("the file was written by an older release; start the server once to bring it up to date".to_owned()));
    }
    Ok(())
}

/// How many of ours have run; a fault where the file holds another history.
fn known(db: &Connection) -> Result<usize, Fault> {
    let failed = fault("read which migrations have run");
    let mut ledger = db.prepare("SELECT name, checksum FROM migrations ORDER BY number").map_err(&failed)?;
    let rows = ledger.query_map((), |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))).map_err(&failed)?;
    let mut done = 0;
    for row in rows {
        let (name, checksum) = row.map_err(&failed)?;
        match MIGRATIONS.get(done) {
            None => return Err(Fault::Store(format!("the file was written by a newer release: it knows the migration `{name}`"))),
            Some((ours, sql)) if *ours != name || Digest::of(sql.as_bytes()).hex() != checksum => {
                return Err(Fault::Store(format!("the migration `{name}` of the file is not `{ours}` as this release has it")));
            }
            Some(_) => done += 1,
        }
    }
    Ok(done)
}

fn has_ledger(db: &Connection) -> Result<bool, Fault> {
    db.table_exists(None, "migrations").map_err(fault("read which tables there are"))
}

fn has_tables(db: &Connection) -> Result<bool, Fault> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema)";
    db.query_row(sql, (), |row| row.get(0)).map_err(fault("read which tables there are"))
}
