//! What a server still owes the outside when a test ends. A row is explained when a try failed and the next is
//! planned; everything else must be worked off, and soon.

use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::time::{Duration, Instant};

/// What is under way has ended by then.
const QUIET_WITHIN: Duration = Duration::from_secs(10);
/// The outbox has no signal that could be heard from outside the server.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// The rows that nothing explains, once whatever is under way has had its time.
pub fn unexplained(file: &Path) -> Vec<String> {
    within(file, QUIET_WITHIN)
}

/// The same, within this time.
pub fn within(file: &Path, time: Duration) -> Vec<String> {
    let db = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    db.busy_timeout(time).unwrap();
    let until = Instant::now() + time;
    loop {
        let left = left(&db);
        if left.is_empty() || Instant::now() >= until {
            return left;
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

fn left(db: &Connection) -> Vec<String> {
    let planned = "attempts > 0 AND leased = 0 AND due_at > unixepoch('subsec') * 1000";
    let sql = format!("SELECT lane, CAST(effect AS TEXT), attempts, leased, waits FROM outbox WHERE NOT ({planned})");
    let mut rows = db.prepare_cached(&sql).unwrap();
    let row = |row: &rusqlite::Row<'_>| {
        let (lane, effect): (String, String) = (row.get(0)?, row.get(1)?);
        let (attempts, leased, waits): (u32, bool, bool) = (row.get(2)?, row.get(3)?, row.get(4)?);
        Ok(format!("  {effect} in the lane {lane}: {attempts} tries, leased {leased}, waits {waits}"))
    };
    rows.query_map((), row).unwrap().map(Result::unwrap).collect()
}

#[tokio::test]
async fn a_test_that_leaves_work_behind_is_told() {
    let mut harness = super::Harness::start().await;
    let stopped = harness.background.take().unwrap();
    stopped.shutdown_background();
    let file = harness.folder().join("countersign.db");
    assert_eq!(within(&file, Duration::ZERO), Vec::<String>::new());
    let row = "INSERT INTO outbox (id, request, lane, waits, due_at, first_due, effect) VALUES (zeroblob(16), 1, 'x', 0, 0, 0, CAST('{}' AS BLOB))";
    let db = Connection::open(&file).unwrap();
    db.execute_batch("PRAGMA foreign_keys = off").unwrap();
    db.execute(row, ()).unwrap();
    assert_eq!(within(&file, Duration::ZERO).len(), 1);
    db.execute("UPDATE outbox SET attempts = 1, due_at = 9000000000000", ()).unwrap();
    assert_eq!(within(&file, Duration::ZERO), Vec::<String>::new(), "a try that is planned explains itself");
}
