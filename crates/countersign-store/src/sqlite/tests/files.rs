//! Files: opening, locking, migrating, copying, and how much of the disk a request takes.

use super::*;
use crate::clock::ManualClock;
use crate::log::{Append, OutboxChange, OutboxRow};
use crate::record::samples::{moment, one_approver_life};
use countersign_core::canonical::Digest;
use countersign_core::id::EffectId;
use std::sync::Arc;

fn refusal(opened: Result<SqliteStore, Fault>) -> String {
    opened.err().map(|fault| fault.to_string()).expect("it opened")
}

#[tokio::test]
async fn a_second_server_is_refused_and_a_reader_is_not() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("a.db");
    let store = open(&dir, "a.db");
    assert_eq!(store.opened().migrated.first().map(String::as_str), Some("0001_initial"));
    let told = refusal(SqliteStore::open(&path, &OpenOptions::default()));
    assert!(told.contains("another server"), "{told}");
    store.commit(submission(1)).await.unwrap();
    let beside = SqliteStore::open_read_only(&path).unwrap();
    assert!(beside.load(request(1)).await.unwrap().is_some());
    assert!(beside.commit(submission(2)).await.unwrap_err().to_string().contains("only for reading"));
    assert_eq!(beside.verify().await.unwrap().problems, Vec::new());
    drop(store);
    assert!(open(&dir, "a.db").opened().migrated.is_empty());
}

#[tokio::test]
async fn files_of_another_history_are_refused_in_words() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("a.db");
    let told_after = |sql: &str| {
        drop(open(&dir, "a.db"));
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        refusal(SqliteStore::open(&path, &OpenOptions::default()))
    };
    let newer = told_after("INSERT INTO migrations VALUES (9999, '9999_future', 'x')");
    assert!(newer.contains("newer release") && newer.contains("9999_future"), "{newer}");
    Connection::open(&path).unwrap().execute_batch("DELETE FROM migrations WHERE number = 9999").unwrap();
    let changed = told_after("UPDATE migrations SET checksum = 'x'");
    assert!(changed.contains("0001_initial"), "{changed}");
    let foreign = dir.path().join("foreign.db");
    Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    assert!(refusal(SqliteStore::open(&foreign, &OpenOptions::default())).contains("not one of ours"));
    std::fs::write(dir.path().join("text.db"), "hello".repeat(1_000)).unwrap();
    refusal(SqliteStore::open(&dir.path().join("text.db"), &OpenOptions::default()));
    refusal(SqliteStore::open_read_only(&dir.path().join("none.db")));
}

#[tokio::test]
async fn the_clock_starts_no_earlier_than_it_stopped() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("a.db");
    let at = |ms: i64| OpenOptions { clock: Arc::new(ManualClock::at(timestamp(ms))), readers: 1 };
    let store = SqliteStore::open(&path, &at(9_000)).unwrap();
    store.commit(submission(1)).await.unwrap();
    drop(store);
    let store = SqliteStore::open(&path, &at(4_000)).unwrap();
    assert_eq!(store.commit(submission(2)).await.unwrap().now, timestamp(9_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_taken_under_load_is_whole_and_opens() {
    let dir = TempDir::new().unwrap();
    let store = Arc::new(open(&dir, "a.db"));
    let writing = {
        let store = store.clone();
        tokio::spawn(async move {
            for n in 0..400 {
                store.commit(submission(n)).await.unwrap();
            }
        })
    };
    let copy = dir.path().join("copy.db");
    while store.counts().await.unwrap().position < 50 {
        tokio::task::yield_now().await;
    }
    store.backup(&copy).await.unwrap();
    assert!(store.backup(&copy).await.unwrap_err().to_string().contains("never overwrites"));
    writing.await.unwrap();
    let copied = open(&dir, "copy.db");
    let verified = copied.verify().await.unwrap();
    assert!(verified.problems.is_empty() && verified.requests >= 50, "{verified:?}");
    copied.commit(submission(9_999)).await.unwrap();
    assert!(!dir.path().join("copy.db.partial").exists());
}

/// The life of a request with one approver, in as many commits as it really takes.
async fn live(store: &SqliteStore, n: u64) {
    let mut first = submission(n).append.unwrap();
    let payload = first.contents.clone();
    let mut expected = 0;
    let mut events = one_approver_life().into_iter();
    for (step, size) in [3, 1, 3, 1, 1, 1].into_iter().enumerate() {
        let some: Vec<_> = events.by_ref().take(size).collect();
        let settled = step >= 2;
        first.row.status = if settled { crate::StatusName::Approved } else { crate::StatusName::Pending };
        first.row.settled_at = settled.then(moment);
        first.row.submitted_with = Some(countersign_core::id::KeyId::new(moment(), [1; 10]));
        if settled {
            (first.row.waiting, first.row.due, first.row.next_wakeup) = ([].into(), None, None);
        }
        let contents = if step == 0 { payload.clone() } else { Vec::new() };
        let append = Append { id: request(n), expected, at: moment(), events: some, contents, row: first.row.clone() };
        expected += size as u64;
        let row = OutboxRow {
            id: EffectId::new(moment(), [u8::try_from(step).unwrap(); 10]),
            request: request(n),
            lane: "email".to_owned(),
            waits: false,
            due_at: moment(),
            effect: vec![7; 120],
        };
        let mut outbox = Vec::new();
        if step % 2 == 0 {
            outbox.push(OutboxChange::Add(row));
        } else {
            let claimed = store.claim(&BTreeSet::new(), 1_000, 1).await.unwrap();
            outbox.extend(claimed.claimed.iter().map(|one| OutboxChange::Done { id: one.row.id, token: one.token }));
        }
        store.commit(Commit { append: Some(append), outbox, ..Commit::default() }).await.unwrap();
    }
    assert_eq!(expected, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_life_takes_less_than_two_kibibytes_of_disk() {
    const LIVES: u64 = 1_500;
    let dir = TempDir::new().unwrap();
    let store = open(&dir, "a.db");
    for n in 0..LIVES {
        live(&store, n).await;
    }
    let payloads: usize = store.load(request(7)).await.unwrap().unwrap().contents.iter().map(|content| content.bytes.len()).sum();
    assert_eq!(store.counts().await.unwrap().outbox, 0);
    drop(store);
    let file = std::fs::metadata(dir.path().join("a.db")).unwrap().len();
    let each = file / LIVES - payloads as u64;
    assert!(each <= 2_048, "{each} bytes a life");
    println!("{each} bytes a life");
}

#[test]
fn a_digest_is_kept_as_its_bytes() {
    let dir = TempDir::new().unwrap();
    drop(open(&dir, "a.db"));
    let db = Connection::open(dir.path().join("a.db")).unwrap();
    let read: rows::Col<Digest> = db.query_row("SELECT ?1", [rows::Col(Digest::of(b"x"))], |row| row.get(0)).unwrap();
    assert_eq!(read.0, Digest::of(b"x"));
}

#[tokio::test]
async fn no_statement_is_prepared_anew_at_every_use() {
    let dir = TempDir::new().unwrap();
    let store = open(&dir, "a.db");
    for n in 0..9 {
        store.commit(submission(n)).await.unwrap();
    }
    let db = open::connect_reader(&dir.path().join("a.db")).unwrap();
    for sql in [
        "SELECT r.seq, e.hash FROM requests r JOIN events e ON e.request = r.seq AND e.number = r.version WHERE r.id = ?1",
        "SELECT seq FROM requests WHERE id = ?1",
    ] {
        let mut statement = db.prepare(sql).unwrap();
        for n in 0..9 {
            assert!(statement.exists([rows::Col(request(n))]).unwrap());
        }
        assert_eq!(statement.get_status(rusqlite::StatementStatus::RePrepare), 0, "{sql}");
    }
}
