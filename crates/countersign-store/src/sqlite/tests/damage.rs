//! Any single changed byte is found, and its place named.

use super::*;
use crate::records::{Kind, Put};

async fn filled(dir: &TempDir) -> PathBuf {
    let store = open(dir, "a.db");
    for n in 1..=3 {
        store.commit(submission(n)).await.unwrap();
    }
    let mut life = growth(2, 1, row(2));
    life.append.as_mut().unwrap().events = samples::one_approver_life().into_iter().skip(1).filter(|e| e.name() != "settled").collect();
    store.commit(life).await.unwrap();
    for expected in 0..3 {
        let bytes = Some(format!("document {expected}").into_bytes());
        store.put(Put { kind: Kind::Directory, key: "people".to_owned(), expected, bytes }).await.unwrap();
    }
    assert_eq!(store.verify().await.unwrap().problems, Vec::new());
    dir.path().join("a.db")
}

/// Opens the guards that keep honest programs from changing the record.
fn unguarded(path: &Path) -> Connection {
    let db = Connection::open(path).unwrap();
    db.execute_batch("DROP TRIGGER events_are_never_updated; DROP TRIGGER records_are_never_updated; PRAGMA ignore_check_constraints = on; DROP TRIGGER events_are_never_deleted").unwrap();
    db
}

fn problems(path: &Path) -> Vec<crate::verify::Problem> {
    verify::verify(path).unwrap().problems
}

#[tokio::test]
async fn rule_27_every_flipped_byte_is_found_in_its_place() {
    let dir = TempDir::new().unwrap();
    let path = filled(&dir).await;
    let db = unguarded(&path);
    let mut flips = 0;
    for (table, column, place) in [
        ("events", "blob", "SELECT 'number ' || number FROM events WHERE rowid = ?1"),
        ("events", "hash", "SELECT 'number ' || number FROM events WHERE rowid = ?1"),
        (
            "contents",
            "bytes",
            "SELECT 'contents, request req_' || lower(hex(r.id)) FROM contents c JOIN requests r ON r.seq = c.request WHERE c.rowid = ?1",
        ),
        (
            "contents",
            "salt",
            "SELECT 'contents, request req_' || lower(hex(r.id)) FROM contents c JOIN requests r ON r.seq = c.request WHERE c.rowid = ?1",
        ),
        ("records", "bytes", "SELECT 'version ' || version FROM records WHERE rowid = ?1"),
        ("records", "hash", "SELECT 'version ' || version FROM records WHERE rowid = ?1"),
    ] {
        let rows: Vec<(i64, Vec<u8>)> = db
            .prepare(&format!("SELECT rowid, {column} FROM {table}"))
            .unwrap()
            .query_map((), |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        let update = format!("UPDATE {table} SET {column} = ?2 WHERE rowid = ?1");
        for (rowid, bytes) in rows {
            let named: String = db.query_row(place, [rowid], |row| row.get(0)).unwrap();
            for index in (0..bytes.len()).step_by(7) {
                let mut changed = bytes.clone();
                changed[index] ^= 1 << (index % 8);
                db.execute(&update, (rowid, &changed)).unwrap();
                let found = problems(&path);
                assert!(
                    found.iter().any(|problem| problem.place.starts_with(table) && problem.place.contains(&named)),
                    "{table}.{column} {rowid}, byte {index}: {found:?}"
                );
                flips += 1;
            }
            db.execute(&update, (rowid, &bytes)).unwrap();
        }
    }
    assert!(flips > 150, "{flips}");
    assert_eq!(problems(&path), Vec::new());
}

#[tokio::test]
async fn deleted_swapped_and_orphaned_events_are_found() {
    let dir = TempDir::new().unwrap();
    let path = filled(&dir).await;
    for sql in [
        "DELETE FROM events WHERE number = 9",
        "DELETE FROM events WHERE number = 3",
        "UPDATE events SET number = CASE number WHEN 3 THEN 104 WHEN 4 THEN 103 ELSE number END; UPDATE events SET number = number - 100 WHERE number > 100",
        "UPDATE events SET request = 77 WHERE request = 1",
        "UPDATE requests SET version = 4 WHERE version = 9",
        "UPDATE contents SET request = 1",
        "DELETE FROM contents",
        "DELETE FROM records WHERE version = 2",
    ] {
        let copy = dir.path().join("copy.db");
        std::fs::copy(&path, &copy).unwrap();
        let db = unguarded(&copy);
        db.execute_batch("PRAGMA foreign_keys = off; DROP TRIGGER records_are_never_deleted").unwrap();
        db.execute_batch(sql).unwrap();
        drop(db);
        assert!(!problems(&copy).is_empty(), "{sql}");
    }
}

#[tokio::test]
async fn honest_programs_cannot_change_the_record() {
    let dir = TempDir::new().unwrap();
    let db = Connection::open(filled(&dir).await).unwrap();
    for sql in ["UPDATE events SET number = 9", "DELETE FROM events", "UPDATE records SET version = 9", "DELETE FROM records"] {
        assert!(db.execute_batch(sql).unwrap_err().to_string().contains("never"), "{sql}");
    }
}

#[tokio::test]
async fn an_erased_content_leaves_the_record_sound() {
    let dir = TempDir::new().unwrap();
    let path = filled(&dir).await;
    Connection::open(&path).unwrap().execute_batch("UPDATE contents SET salt = NULL, bytes = NULL WHERE request = 1").unwrap();
    assert_eq!(problems(&path), Vec::new());
    assert!(open(&dir, "a.db").load(request(1)).await.unwrap().unwrap().contents.is_empty());
}

#[tokio::test]
async fn flipped_bytes_of_the_file_never_panic() {
    let dir = TempDir::new().unwrap();
    let path = filled(&dir).await;
    let whole = std::fs::read(&path).unwrap();
    let copy = dir.path().join("flipped.db");
    for index in (100..whole.len()).step_by(whole.len() / 400) {
        let mut changed = whole.clone();
        changed[index] ^= 0x55;
        std::fs::write(&copy, &changed).unwrap();
        let _ = verify::verify(&copy);
    }
}
