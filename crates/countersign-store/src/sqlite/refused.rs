//! The bounded log of attempts that a rule refused.

use super::rows::{Col, col, col_opt, count, fault};
use crate::Fault;
use crate::limits::REFUSED_MAX;
use crate::log::RefusedAttempt;
use rusqlite::{Connection, params};

pub(super) fn keep(db: &Connection, refused: &RefusedAttempt) -> rusqlite::Result<()> {
    let sql = "INSERT INTO refused (at, request, actor, attempted, code) VALUES (?1, ?2, ?3, ?4, ?5)";
    let RefusedAttempt { at, request, actor, attempted, code } = refused;
    db.prepare_cached(sql)?.execute(params![Col(*at), request.map(Col), actor, attempted, code])?;
    let oldest = db.last_insert_rowid().saturating_sub(count(REFUSED_MAX));
    db.prepare_cached("DELETE FROM refused WHERE place <= ?1")?.execute([oldest]).map(drop)
}

pub(super) fn newest(db: &Connection, limit: usize) -> Result<Vec<RefusedAttempt>, Fault> {
    let failed = fault("read the refused attempts");
    let sql = "SELECT at, request, actor, attempted, code FROM refused ORDER BY place DESC LIMIT ?1";
    let mut all = db.prepare_cached(sql).map_err(&failed)?;
    let rows = all.query_map([count(limit.min(REFUSED_MAX))], |row| {
        Ok(RefusedAttempt { at: col(row, 0)?, request: col_opt(row, 1)?, actor: row.get(2)?, attempted: row.get(3)?, code: row.get(4)? })
    });
    rows.and_then(Iterator::collect).map_err(&failed)
}
