//! Who has which part in a request that does not wait for them, and how many there are in each of a person's lists.

use super::rows::{count, fault};
use super::written::{Before, Written};
use crate::Fault;
use crate::log::{RequestRow, StatusName};
use crate::share::{COUNTED_MAX, Part, Shares};
use countersign_core::id::PersonId;
use rusqlite::types::ToSql;
use rusqlite::{Connection, params};

/// Keeps everybody's part in step with the row.
pub(super) fn keep(db: &Connection, seq: i64, before: Option<&Before>, row: &RequestRow, written: &Written) -> rusqlite::Result<()> {
    if before.is_some_and(|before| before.same_parts(row, written)) {
        return Ok(());
    }
    if before.is_some() {
        db.prepare_cached("DELETE FROM parts WHERE request = ?1")?.execute([seq])?;
    }
    for (person, part) in row.card.involved.iter().filter_map(|person| Some((person, Part::of(row, person)?))) {
        let sql = "INSERT INTO parts (request, person, part) VALUES (?1, ?2, ?3)";
        db.prepare_cached(sql)?.execute(params![seq, person.as_str(), part.code()])?;
    }
    Ok(())
}

pub(super) fn shares(db: &Connection, person: &PersonId) -> Result<Shares, Fault> {
    read(db, person.as_str()).map_err(fault("count a person's requests"))
}

fn read(db: &Connection, person: &str) -> rusqlite::Result<Shares> {
    let most = count(COUNTED_MAX);
    let number = |sql: &str, values: &[&dyn ToSql]| db.prepare_cached(sql)?.query_row(values, |row| row.get::<_, usize>(0));
    let part = "SELECT count(*) FROM (SELECT 1 FROM parts WHERE person = ?1 AND part = ?2 LIMIT ?3)";
    let open = StatusName::ALL.iter().position(|status| status.is_final()).map_or(0, count);
    let mine = "SELECT count(*) FROM (SELECT 1 FROM requests INDEXED BY requests_requester WHERE requester = ?1 AND status < ?2 LIMIT ?3)";
    Ok(Shares {
        waiting: number("SELECT count(*) FROM (SELECT 1 FROM waiting WHERE person = ?1 LIMIT ?2)", &[&person, &most])?,
        others: number(part, &[&person, &Part::Others.code(), &most])?,
        mine: number(mine, &[&person, &open, &most])?,
        done: number(part, &[&person, &Part::Done.code(), &most])?,
    })
}
