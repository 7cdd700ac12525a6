//! What was acknowledged survives kill -9: a child writes and says what was acked, the parent kills it in
//! the middle, opens the file and looks.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on should stop")]

use countersign_core::canonical::Digest;
use countersign_core::event::{Actor, Event};
use countersign_core::id::{RequestId, Revision, StageId};
use countersign_store::sqlite::OpenOptions;
use countersign_store::{Append, Card, Commit, Content, RequestLog, RequestRow, SqliteStore, StatusName};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

/// Names the file to write to: set only in the child.
const CHILD: &str = "COUNTERSIGN_KILL_CHILD";

const ROUNDS: u64 = 20;
const WRITERS: u64 = 16;

#[test]
fn what_was_acknowledged_survives_kill_9() {
    if let Some(path) = std::env::var_os(CHILD) {
        return write_until_killed(Path::new(&path));
    }
    let dir = tempfile::TempDir::new().unwrap();
    let path = dir.path().join("a.db");
    let mut acked: BTreeMap<RequestId, u64> = BTreeMap::new();
    for round in 0..ROUNDS {
        for (id, events) in one_life(&path, Duration::from_millis(20 + round * 17 % 90)) {
            acked.entry(id).and_modify(|most| *most = events.max(*most)).or_insert(events);
        }
        check(&path, &acked);
    }
    assert!(acked.len() as u64 > ROUNDS, "only {} requests were acknowledged", acked.len());
}

/// Starts a child, kills it some time after its first acknowledgement; everything it acknowledged.
fn one_life(path: &Path, after: Duration) -> Vec<(RequestId, u64)> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["what_was_acknowledged_survives_kill_9", "--exact", "--nocapture"])
        .env(CHILD, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let told = BufReader::new(child.stdout.take().unwrap());
    let reading = std::thread::spawn(move || told.lines().map_while(Result::ok).filter_map(|line| parse(&line)).collect::<Vec<_>>());
    let wal = path.with_extension("db-wal");
    while !wal.exists() {
        std::thread::sleep(Duration::from_millis(1));
    }
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
    reading.join().unwrap()
}

/// Whole lines only: one cut short by the kill does not end in a full stop.
fn parse(line: &str) -> Option<(RequestId, u64)> {
    let (id, events) = line.strip_suffix('.')?.split_once(' ')?;
    Some((RequestId::parse(id).ok()?, events.parse().ok()?))
}

fn check(path: &Path, acked: &BTreeMap<RequestId, u64>) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let store = SqliteStore::open(path, &OpenOptions::default()).unwrap();
    runtime.block_on(async {
        for (id, events) in acked {
            let loaded = store.load(*id).await.unwrap().unwrap_or_else(|| panic!("{id} was acknowledged and is gone"));
            assert!(loaded.events.len() as u64 >= *events, "{id}: {events} acknowledged, {} there", loaded.events.len());
            assert_eq!(loaded.contents.len(), 1);
        }
        assert_eq!(store.verify().await.unwrap().problems, Vec::new());
    });
}

fn write_until_killed(path: &Path) {
    let store = Arc::new(SqliteStore::open(path, &OpenOptions::default()).unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let writers: Vec<_> = (0..WRITERS).map(|writer| tokio::spawn(write(store.clone(), writer))).collect();
        for writer in writers {
            writer.await.unwrap();
        }
    });
}

async fn write(store: Arc<SqliteStore>, writer: u64) {
    for n in 0.. {
        let id = fresh(writer, n);
        for expected in 0..4 {
            let done = store.commit(next(id, expected)).await.unwrap();
            let mut out = std::io::stdout().lock();
            writeln!(out, "{id} {}.", done.version).unwrap();
        }
    }
}

fn fresh(writer: u64, n: u64) -> RequestId {
    let mut random = [0; 10];
    random[..2].copy_from_slice(&u16::try_from(writer).unwrap().to_be_bytes());
    random[2..6].copy_from_slice(&u32::try_from(n).unwrap().to_be_bytes());
    random[6..].copy_from_slice(&std::process::id().to_be_bytes());
    RequestId::new(Timestamp::now(), random)
}

fn next(id: RequestId, expected: u64) -> Commit {
    let (salt, bytes) = ([5; 16], id.to_string().into_bytes());
    let payload = Content { id: Digest::salted(&salt, &bytes), salt, bytes };
    let (event, contents) = if expected == 0 {
        let submitted = Event::Submitted {
            policy: "expense".into(),
            version: Digest::of(b"policy"),
            requester: "ana".into(),
            by: Actor::Person("ana".into()),
            payload: payload.id,
            external_id: None,
        };
        (submitted, vec![payload])
    } else {
        (Event::VoiceUncounted { stage: StageId(1), person: "ben".into() }, Vec::new())
    };
    Commit { append: Some(Append { id, expected, at: Timestamp::now(), events: vec![event], contents, row: row(id) }), ..Commit::default() }
}

fn row(id: RequestId) -> RequestRow {
    RequestRow {
        id,
        policy: "expense".into(),
        policy_version: Digest::of(b"policy"),
        requester: "ana".into(),
        submitted_with: None,
        external_id: None,
        status: StatusName::Pending,
        title: "Expense".to_owned(),
        risk: "low".to_owned(),
        revision: Revision::FIRST,
        waiting: ["ben".into()].into(),
        dead_letter: false,
        due: None,
        next_wakeup: None,
        created_at: Timestamp::UNIX_EPOCH,
        settled_at: None,
        card: Card::default(),
        subject: None,
    }
}
