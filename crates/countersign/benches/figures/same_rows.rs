//! The bare loop: the rows that the engine wrote, written once more into the same tables on the same disk by one
//! thread that decides nothing. What it cannot do, no engine can.

use countersign_store::SqliteStore;
use rusqlite::types::Value;
use rusqlite::{Connection, Params, Row, params_from_iter};
use std::path::Path;
use std::time::{Duration, Instant};

/// Commands in one transaction, as many as the store's writer takes at most.
const BATCH: usize = 256;
/// Lives that are read into memory at once, between the measured stretches.
const READ_AT_ONCE: usize = 4_096;
/// The first events of a life were written with its submission.
const SUBMITTED_WITH: i64 = 3;

/// All rows of one request's life: `(number, row)` for events, whole rows elsewhere.
struct Life {
    request: Vec<Value>,
    events: Vec<(i64, Vec<Value>)>,
    contents: Vec<Vec<Value>>,
    parts: Vec<Vec<Value>>,
    outbox: Vec<Vec<Value>>,
}

/// Commands per second: each life is a submission and a decision.
pub(crate) fn rate(written: &Path, span: Duration) -> f64 {
    let from = Connection::open(written).unwrap();
    // Nothing but this reads the outbox by request; the file that is written to has no such index.
    from.execute_batch("CREATE INDEX outbox_request ON outbox (request)").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bare.db");
    drop(SqliteStore::open(&file, &countersign_store::sqlite::OpenOptions::default()).unwrap());
    let mut to = Connection::open(&file).unwrap();
    to.execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;").unwrap();
    let (mut commands, mut busy, mut after) = (0_u32, Duration::ZERO, 0);
    while busy < span {
        let lives = lives(&from, after);
        let Some(last) = lives.last() else { break };
        after = number(&last.request[0]);
        let began = Instant::now();
        lives.chunks(BATCH).for_each(|batch| write(&mut to, batch, submit));
        lives.chunks(BATCH).for_each(|batch| write(&mut to, batch, decide));
        busy += began.elapsed();
        commands += u32::try_from(2 * lives.len()).unwrap();
    }
    f64::from(commands) / busy.as_secs_f64()
}

fn write(db: &mut Connection, batch: &[Life], command: fn(&Connection, &Life)) {
    let transaction = db.transaction().unwrap();
    batch.iter().for_each(|life| command(&transaction, life));
    run(&transaction, "UPDATE tallies SET n = n + ?1 WHERE what = 0", [1]);
    run(&transaction, "UPDATE clock SET mark = mark + ?1 WHERE one = 1", [1]);
    transaction.commit().unwrap();
}

fn submit(db: &Connection, life: &Life) {
    let mut pending = life.request.clone();
    let open = [(8, Value::Integer(0)), (12, Value::Text(r#"["ana"]"#.into())), (15, Value::Integer(1)), (17, Value::Null)];
    open.into_iter().for_each(|(column, value)| pending[column] = value);
    insert(db, "requests", &pending);
    life.events.iter().filter(|(number, _)| *number <= SUBMITTED_WITH).for_each(|(_, row)| insert(db, "events", row));
    life.contents.iter().take(1).for_each(|row| insert(db, "contents", row));
    run(db, "INSERT INTO waiting (person, due, request) VALUES ('ana', 1, ?1)", [&life.request[0]]);
}

fn decide(db: &Connection, life: &Life) {
    let sql = "UPDATE requests SET version = ?3, status = ?9, title = ?10, risk = ?11, revision = ?12, waiting = ?13, dead_letter = ?14, due = ?15,
        next_wakeup = ?16, settled_at = ?18, policy_version = ?5, card = ?20 WHERE seq = ?1";
    run(db, sql, params_from_iter(&life.request));
    life.events.iter().filter(|(number, _)| *number > SUBMITTED_WITH).for_each(|(_, row)| insert(db, "events", row));
    life.contents.iter().skip(1).for_each(|row| insert(db, "contents", row));
    run(db, "DELETE FROM waiting WHERE person = 'ana' AND due = 1 AND request = ?1", [&life.request[0]]);
    life.parts.iter().for_each(|row| insert(db, "parts", row));
    life.outbox.iter().for_each(|row| insert(db, "outbox", row));
}

fn insert(db: &Connection, table: &str, row: &[Value]) {
    let marks = vec!["?"; row.len()].join(", ");
    run(db, &format!("INSERT INTO {table} VALUES ({marks})"), params_from_iter(row));
}

fn run(db: &Connection, sql: &str, values: impl Params) {
    db.prepare_cached(sql).unwrap().execute(values).unwrap();
}

fn lives(db: &Connection, after: i64) -> Vec<Life> {
    let sql = format!("SELECT * FROM requests WHERE seq > ?1 AND status >= 4 ORDER BY seq LIMIT {READ_AT_ONCE}");
    let requests = rows(db, &sql, after);
    requests.into_iter().map(|request| life(db, request)).collect()
}

fn life(db: &Connection, request: Vec<Value>) -> Life {
    let seq = number(&request[0]);
    let of = |table: &str, order: &str| rows(db, &format!("SELECT * FROM {table} WHERE request = ?1 ORDER BY {order}"), seq);
    let events = of("events", "number").into_iter().map(|row| (number(&row[2]), row)).collect();
    Life { events, contents: of("contents", "place"), parts: of("parts", "person"), outbox: of("outbox", "place"), request }
}

fn rows(db: &Connection, sql: &str, value: i64) -> Vec<Vec<Value>> {
    let mut statement = db.prepare_cached(sql).unwrap();
    let columns = statement.column_count();
    let read = |row: &Row<'_>| (0..columns).map(|column| row.get(column)).collect();
    statement.query_map([value], read).unwrap().map(Result::unwrap).collect()
}

fn number(value: &Value) -> i64 {
    let Value::Integer(number) = value else { panic!("{value:?} is no number") };
    *number
}
