//! A record that was changed behind the server's back: one byte in any kind of row, and the place is named.

use crate::site::{Site, err, out, program};
use rusqlite::{Connection, params};
use std::path::Path;

/// What to change (a column of one row), and the name of the place by a query on the whole record.
const FLIPS: [(&str, &str, &str, &str); 11] = [
    ("events", "blob", "number = 1", "'events, request req_' || (SELECT lower(hex(r.id)) FROM requests r WHERE r.seq = t.request) || ', number 1'"),
    ("events", "blob", "number = 3", "'events, request req_' || (SELECT lower(hex(r.id)) FROM requests r WHERE r.seq = t.request) || ', number 3'"),
    ("events", "hash", "number = 2", "'events, request req_' || (SELECT lower(hex(r.id)) FROM requests r WHERE r.seq = t.request) || ', number 2'"),
    (
        "contents",
        "bytes",
        "CAST(bytes AS TEXT) LIKE '%merchant%'",
        "'contents, request req_' || (SELECT lower(hex(r.id)) FROM requests r WHERE r.seq = t.request)",
    ),
    (
        "contents",
        "salt",
        "CAST(bytes AS TEXT) LIKE '%merchant%'",
        "'contents, request req_' || (SELECT lower(hex(r.id)) FROM requests r WHERE r.seq = t.request)",
    ),
    (
        "contents",
        "id",
        "CAST(bytes AS TEXT) LIKE '%merchant%'",
        "'contents, request req_' || (SELECT lower(hex(r.id)) FROM requests r WHERE r.seq = t.request)",
    ),
    ("records", "bytes", "CAST(bytes AS TEXT) LIKE '%petty cash%'", "'records, ' || t.kind || ' `' || t.key || '`, version ' || t.version"),
    ("records", "hash", "CAST(bytes AS TEXT) LIKE '%petty cash%'", "'records, ' || t.kind || ' `' || t.key || '`, version ' || t.version"),
    ("records", "bytes", "CAST(bytes AS TEXT) LIKE '%[[person]]%'", "'records, ' || t.kind || ' `' || t.key || '`, version ' || t.version"),
    ("records", "hash", "CAST(bytes AS TEXT) LIKE '%[[person]]%'", "'records, ' || t.kind || ' `' || t.key || '`, version ' || t.version"),
    ("records", "bytes", "kind = 'key'", "'records, ' || t.kind || ' `' || t.key || '`, version ' || t.version"),
];

/// A record of two lives, made by the binary itself.
fn recorded() -> Site {
    let site = Site::new();
    let server = site.serve();
    let key = site.expect(0, &["key", "create", "ci", "--scope", "submit,read", "--acts-for", "any"]);
    let keyed = |arguments: &[&str]| {
        let done = program(site.path()).args(arguments).env("COUNTERSIGN_URL", &server.url).env("COUNTERSIGN_KEY", key.trim()).output().unwrap();
        assert!(done.status.success(), "{}", err(&done));
        out(&done)
    };
    let made = keyed(&["--json", "submit", "expense", "--requester", "leo", "amount=5000 USD", "merchant=ACME"]);
    let made: serde_json::Value = serde_json::from_str(&made).unwrap();
    let link = site.expect(0, &["login-link", "mia"]);
    site.expect(0, &["login", link.trim()]);
    site.expect(0, &["approve", made["id"].as_str().unwrap(), "--revision", "1", "-m", "receipts match"]);
    keyed(&["submit", "expense", "--requester", "leo", "amount=12500 USD", "merchant=Globex"]);
    assert_eq!(server.stop(), Some(0));
    site
}

/// The database without the guards that keep honest programs from changing the record.
fn unguarded(file: &Path) -> Connection {
    let db = Connection::open(file).unwrap();
    db.execute_batch("PRAGMA ignore_check_constraints = on; DROP TRIGGER events_are_never_updated; DROP TRIGGER records_are_never_updated").unwrap();
    db
}

#[test]
fn one_changed_byte_in_any_kind_of_row_is_a_fault_that_names_the_place() {
    let site = recorded();
    let file = site.path().join("countersign.db");
    assert!(site.expect(0, &["audit", "verify"]).contains("the record is whole"));
    let db = unguarded(&file);
    for (table, column, which, place) in FLIPS {
        let sql = format!("SELECT t.rowid, t.{column}, {place} FROM {table} t WHERE {which} LIMIT 1");
        let found = db.query_row(&sql, (), |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?, row.get::<_, String>(2)?)));
        let (row, whole, place) = found.unwrap_or_else(|error| panic!("{table}.{column} where {which}: {error}"));
        let mut changed = whole.clone();
        let middle = changed.len() / 2;
        changed[middle] ^= 1;
        let update = format!("UPDATE {table} SET {column} = ?2 WHERE rowid = ?1");
        db.execute(&update, params![row, changed]).unwrap();
        let told = site.expect(3, &["audit", "verify"]);
        assert!(told.contains(&place) && told.contains("the record is NOT whole"), "{table}.{column}: {place} is not in {told}");
        let json: serde_json::Value = serde_json::from_str(&site.expect(3, &["--json", "audit", "verify"])).unwrap();
        assert!(json["problems"][0]["place"].as_str().unwrap().starts_with(table), "{json}");
        db.execute(&update, params![row, whole]).unwrap();
    }
    drop(db);
    assert!(site.expect(0, &["audit", "verify"]).contains("the record is whole"));
}

#[test]
fn a_request_whose_row_counts_other_events_is_named() {
    let site = recorded();
    let db = unguarded(&site.path().join("countersign.db"));
    let id: String = db.query_row("SELECT 'req_' || lower(hex(id)) FROM requests WHERE seq = 1", (), |row| row.get(0)).unwrap();
    db.execute("UPDATE requests SET version = version - 1 WHERE seq = 1", ()).unwrap();
    drop(db);
    assert!(site.expect(3, &["audit", "verify"]).contains(&format!("requests, request {id}")));
}

#[test]
fn a_file_that_is_no_record_is_a_fault_that_names_it() {
    let site = Site::new();
    for (name, bytes) in [("empty.db", &b""[..]), ("text.db", b"this is no database, only a text that is long enough to be read as one")] {
        std::fs::write(site.path().join(name), bytes).unwrap();
        let told = site.run(&["audit", "verify", "--file", name]);
        assert_eq!(told.status.code(), Some(3), "{name}: {}", err(&told));
        assert!(err(&told).contains("database"), "{name}: {}", err(&told));
    }
    let missing = site.run(&["audit", "verify", "--file", "nowhere.db"]);
    assert_eq!((missing.status.code(), site.path().join("nowhere.db").exists()), (Some(3), false), "{}", err(&missing));
}
