//! Keeping the write-ahead log short: small checkpoints often, and past a cap one that waits for readers.

use rusqlite::Connection;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Pages (8 MiB) between checkpoints: long enough to gather writes to the same page, short enough to be quick.
const STEP_PAGES: i64 = 2_000;

/// Pages (64 MiB) past which a checkpoint waits for readers, so that the log starts over.
const CAP_PAGES: i64 = 16_384;

pub(super) struct Checkpoints {
    /// How long the log is: told by SQLite after each commit.
    pages: Arc<AtomicI64>,
    tried_at: i64,
}

impl Checkpoints {
    pub(super) fn watch(db: &mut Connection) -> rusqlite::Result<Self> {
        let pages = Arc::new(AtomicI64::new(0));
        let told = pages.clone();
        db.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, length| {
            told.store(i64::from(length), Ordering::Relaxed);
            Ok(())
        }))?;
        Ok(Self { pages, tried_at: 0 })
    }

    pub(super) fn after_commit(&mut self, db: &Connection) -> rusqlite::Result<()> {
        let pages = self.pages.load(Ordering::Relaxed);
        if pages < self.tried_at {
            self.tried_at = 0;
        }
        if pages < self.tried_at + STEP_PAGES {
            return Ok(());
        }
        self.tried_at = pages;
        checkpoint(db, if pages < CAP_PAGES { "PRAGMA wal_checkpoint(PASSIVE)" } else { "PRAGMA wal_checkpoint(RESTART)" })
    }

    /// At the end: everything into the file, and an empty log.
    pub(super) fn finish(&self, db: &Connection) -> rusqlite::Result<()> {
        checkpoint(db, "PRAGMA wal_checkpoint(TRUNCATE)")
    }
}

fn checkpoint(db: &Connection, sql: &str) -> rusqlite::Result<()> {
    db.prepare_cached(sql)?.query_row((), |_| Ok(()))
}
