//! How many requests stand where: kept in step by the writer, so that a scrape costs nine rows.

use super::rows::{col_opt, count, fault, status_code};
use crate::Fault;
use crate::log::{Counts, StatusName};
use rusqlite::{Connection, params};

/// The row for requests with dead letters; below it stand the codes of the statuses.
const DEAD_LETTERS: usize = 8;

/// What a write, or a batch of them, adds and takes away.
#[derive(Default)]
pub(super) struct Tallies([i64; DEAD_LETTERS + 1]);

impl Tallies {
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// A request moved from one status, with or without dead letters, to another.
    pub(super) fn moved(&mut self, before: Option<(StatusName, bool)>, after: (StatusName, bool)) {
        for ((status, dead_letter), by) in before.map(|before| (before, -1)).into_iter().chain([(after, 1)]) {
            self.bump(usize::try_from(status_code(status)).unwrap_or_default(), by);
            self.bump(DEAD_LETTERS, by * i64::from(dead_letter));
        }
    }

    fn bump(&mut self, what: usize, by: i64) {
        if let Some(n) = self.0.get_mut(what) {
            *n += by;
        }
    }

    pub(super) fn add(&mut self, change: &Self) {
        for (what, by) in change.0.iter().enumerate() {
            self.bump(what, *by);
        }
    }

    /// Once a batch, with the clock's mark beside it.
    pub(super) fn write(&self, db: &Connection, now: i64) -> rusqlite::Result<()> {
        for (what, by) in self.0.iter().enumerate().filter(|(_, by)| **by != 0) {
            db.prepare_cached("UPDATE tallies SET n = n + ?2 WHERE what = ?1")?.execute(params![count(what), by])?;
        }
        db.prepare_cached("UPDATE clock SET mark = ?1 WHERE mark < ?1")?.execute([now]).map(drop)
    }
}

pub(super) fn counts(db: &Connection) -> Result<Counts, Fault> {
    let mut counts = Counts::default();
    read(db, &mut counts).map_err(fault("count"))?;
    Ok(counts)
}

fn read(db: &Connection, counts: &mut Counts) -> rusqlite::Result<()> {
    let mut all = db.prepare_cached("SELECT what, n FROM tallies WHERE n > 0 ORDER BY what")?;
    let rows = all.query_map((), |row| Ok((row.get::<_, usize>(0)?, row.get::<_, u64>(1)?)))?;
    for row in rows {
        match row? {
            (DEAD_LETTERS, n) => counts.dead_letters = n,
            (code, n) => counts.requests.extend(StatusName::ALL.get(code).map(|status| (*status, n))),
        }
    }
    let outbox = "SELECT count(*), min(due_at) FROM outbox INDEXED BY outbox_lane";
    let (outbox, oldest) = db.prepare_cached(outbox)?.query_row((), |row| Ok((row.get(0)?, col_opt(row, 1)?)))?;
    let last = "SELECT coalesce(max(position), 0) FROM events";
    let position = db.prepare_cached(last)?.query_row((), |row| row.get(0))?;
    (counts.outbox, counts.outbox_oldest, counts.position) = (outbox, oldest, position);
    Ok(())
}
