//! How many decisions a second the store commits, beside a bare rusqlite loop that writes the same rows in
//! batches of the same size. `cargo run --release -p countersign-store --example commits`
#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on should stop")]

use countersign_core::canonical::Digest;
use countersign_core::event::{Actor, Decided, Decision, Door, Event};
use countersign_core::id::{RequestId, Revision, StageId};
use countersign_store::record::{chain, encode, genesis};
use countersign_store::sqlite::OpenOptions;
use countersign_store::{Append, Card, Commit, RequestLog, RequestRow, SqliteStore, StatusName};
use jiff::Timestamp;
use rusqlite::{Connection, params};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const REQUESTS: u64 = 60_000;
const ROUND: Duration = Duration::from_secs(3);

fn main() {
    let dir = tempfile::TempDir::new().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    for tasks in [64_u64, 256] {
        let mut ratios: Vec<f64> = (0..3).map(|round| measure(&runtime, dir.path(), tasks, round)).collect();
        ratios.sort_by(f64::total_cmp);
        println!("{tasks} tasks: median ratio {:.2}", ratios.get(1).unwrap());
    }
    load(&runtime, dir.path());
}

fn measure(runtime: &tokio::runtime::Runtime, dir: &Path, tasks: u64, round: u32) -> f64 {
    let store = Arc::new(SqliteStore::open(&dir.join(format!("{tasks}-{round}.db")), &OpenOptions::default()).unwrap());
    let ours = runtime.block_on(decisions(store, tasks));
    let bare = bare(&dir.join(format!("{tasks}-{round}-bare.db")), tasks);
    println!("{tasks} tasks: store {ours:.0}/s, bare {bare:.0}/s, ratio {:.2}", ours / bare);
    ours / bare
}

/// Each task submits some requests, then decides them; only the decisions are counted.
async fn decisions(store: Arc<SqliteStore>, tasks: u64) -> f64 {
    let each = REQUESTS / tasks;
    every(&store, tasks, each, |id| commit(id, 0), Duration::MAX).await;
    let (done, took) = every(&store, tasks, each, |id| commit(id, 1), ROUND).await;
    done as f64 / took.as_secs_f64()
}

async fn every(store: &Arc<SqliteStore>, tasks: u64, each: u64, make: fn(RequestId) -> Commit, most: Duration) -> (u64, Duration) {
    let (begun, done) = (Instant::now(), Arc::new(AtomicU64::new(0)));
    let running: Vec<_> = (0..tasks)
        .map(|task| {
            let (store, done) = (store.clone(), done.clone());
            tokio::spawn(async move {
                for n in 0..each {
                    store.commit(make(request(task * each + n))).await.unwrap();
                    done.fetch_add(1, Ordering::Relaxed);
                    if begun.elapsed() > most {
                        return;
                    }
                }
            })
        })
        .collect();
    for one in running {
        one.await.unwrap();
    }
    (done.load(Ordering::Relaxed), begun.elapsed())
}

/// The same statements on the same tables, with nothing around them: what the disk and SQLite allow.
fn bare(path: &Path, batch: u64) -> f64 {
    drop(SqliteStore::open(path, &OpenOptions::default()).unwrap());
    let db = Connection::open(path).unwrap();
    db.execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -65536").unwrap();
    db.set_prepared_statement_cache_capacity(64);
    for from in (0..REQUESTS).step_by(1_000) {
        db.execute_batch("BEGIN IMMEDIATE").unwrap();
        (from..(from + 1_000).min(REQUESTS)).for_each(|n| bare_one(&db, n, 0));
        db.execute_batch("COMMIT").unwrap();
    }
    let (begun, mut done) = (Instant::now(), 0);
    while begun.elapsed() < ROUND && done + batch <= REQUESTS {
        db.execute_batch("BEGIN IMMEDIATE").unwrap();
        (done..done + batch).for_each(|n| bare_one(&db, n, 1));
        db.execute_batch("COMMIT").unwrap();
        done += batch;
    }
    done as f64 / begun.elapsed().as_secs_f64()
}

fn bare_one(db: &Connection, n: u64, expected: u64) {
    let append = commit(request(n), expected).append.unwrap();
    let seq = i64::try_from(n).unwrap() + 1;
    let row = &append.row;
    if expected == 0 {
        let sql = "INSERT INTO requests (id, version, policy, policy_version, requester, status, title, risk, revision, waiting,
            dead_letter, due, created_at) VALUES (?1, ?2, 'expense', ?3, 'ana', 0, ?4, 'low', 1, '[\"ben\"]', 0, 9000000000000, 0)";
        let values = params![append.id.bytes(), append.events.len(), row.policy_version.0, row.title];
        db.prepare_cached(sql).unwrap().execute(values).unwrap();
        db.prepare_cached("INSERT INTO waiting VALUES ('ben', 9000000000000, ?1)").unwrap().execute([seq]).unwrap();
    } else {
        let sql = "UPDATE requests SET version = version + ?2, status = 4, waiting = NULL, due = NULL, settled_at = 1 WHERE seq = ?1";
        db.prepare_cached(sql).unwrap().execute(params![seq, append.events.len()]).unwrap();
        let sql = "DELETE FROM waiting WHERE person = 'ben' AND due = 9000000000000 AND request = ?1";
        db.prepare_cached(sql).unwrap().execute([seq]).unwrap();
    }
    let mut hash = genesis(append.id);
    for (event, number) in append.events.iter().zip(expected + 1..) {
        let blob = encode(append.at, event).unwrap();
        hash = chain(hash, &blob);
        let sql = "INSERT INTO events (request, number, blob, hash) VALUES (?1, ?2, ?3, ?4)";
        db.prepare_cached(sql).unwrap().execute(params![seq, number, blob, hash.0]).unwrap();
    }
}

fn load(runtime: &tokio::runtime::Runtime, dir: &Path) {
    let store = Arc::new(SqliteStore::open(&dir.join("64-0.db"), &OpenOptions::default()).unwrap());
    let begun = Instant::now();
    runtime.block_on(async {
        let running: Vec<_> = (0..64_u64).map(|task| tokio::spawn(load_some(store.clone(), task))).collect();
        for one in running {
            one.await.unwrap();
        }
    });
    println!("load: {:.0}/s with 64 tasks", 64.0 * 500.0 / begun.elapsed().as_secs_f64());
    let begun = Instant::now();
    runtime.block_on(load_some(store.clone(), 1));
    println!("load: {:.0} us alone", begun.elapsed().as_secs_f64() * 1e6 / 500.0);
    let begun = Instant::now();
    let verified = runtime.block_on(store.verify()).unwrap();
    println!("verify: {:.0} events/s, {} problems", verified.events as f64 / begun.elapsed().as_secs_f64(), verified.problems.len());
}

async fn load_some(store: Arc<SqliteStore>, task: u64) {
    for n in 0..500 {
        assert!(store.load(request(task * 500 + n)).await.unwrap().is_some());
    }
}

fn request(n: u64) -> RequestId {
    let mut random = [0; 10];
    random.iter_mut().zip(n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()).for_each(|(to, byte)| *to = byte);
    RequestId::new(Timestamp::UNIX_EPOCH, random)
}

/// A submission, or the decision that settles it.
fn commit(id: RequestId, expected: u64) -> Commit {
    let submitted = Event::Submitted {
        policy: "expense".into(),
        version: Digest::of(b"policy"),
        requester: "ana".into(),
        by: Actor::Person("ana".into()),
        payload: Digest::of(b"payload"),
        external_id: None,
    };
    let decided = Event::Decided(Decided {
        person: "ben".into(),
        acting_for: None,
        decision: Decision::Approve,
        revision: Revision::FIRST,
        stages: vec![StageId(1)],
        comment: None,
        door: Door::Web,
        relayed_by: None,
        assertion: None,
    });
    let settles = expected > 0;
    let events = if settles {
        let closed = Event::StageClosed { stage: StageId(1), result: countersign_core::event::StageResult::Approved };
        let cause = countersign_core::event::Cause::Decisions;
        let outcome = countersign_core::policy::OutcomeName::Approved;
        vec![decided, closed, Event::Settled { outcome, cause, actions: Vec::new() }]
    } else {
        vec![submitted]
    };
    let append = Append { id, expected, at: Timestamp::UNIX_EPOCH, events, contents: Vec::new(), row: row(id, settles) };
    Commit { append: Some(append), ..Commit::default() }
}

fn row(id: RequestId, settled: bool) -> RequestRow {
    RequestRow {
        id,
        policy: "expense".into(),
        policy_version: Digest::of(b"policy"),
        requester: "ana".into(),
        submitted_with: None,
        external_id: None,
        status: if settled { StatusName::Approved } else { StatusName::Pending },
        title: "Expense of a journey".to_owned(),
        risk: "low".to_owned(),
        revision: Revision::FIRST,
        waiting: if settled { [].into() } else { ["ben".into()].into() },
        dead_letter: false,
        due: (!settled).then(|| Timestamp::from_millisecond(9_000_000_000_000).unwrap()),
        next_wakeup: None,
        created_at: Timestamp::UNIX_EPOCH,
        settled_at: settled.then_some(Timestamp::UNIX_EPOCH),
        card: Card::default(),
        subject: None,
    }
}
