//! Disk per one-approver request life, beyond its payload, after checkpoint and vacuum.

use super::lifecycle::{Target, lives};
use super::process::Site;
use super::receiver::Receiver;
use super::spread::row;
use std::time::Duration;

/// Runs lives for a while, stops the server, vacuums a copy and divides.
pub(crate) async fn per_request() {
    let receiver = Receiver::start().await;
    let site = Site::new(receiver.address);
    let server = site.serve();
    let run = lives(&Target::of(&site, &server), &receiver, Duration::from_secs(4)).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    server.kill();
    let file = site.folder.path().join("countersign.db");
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); VACUUM; PRAGMA wal_checkpoint(TRUNCATE);").unwrap();
    drop(connection);
    let bytes = std::fs::metadata(&file).unwrap().len();
    let payload = r#"{"amount":"12500.00 USD","merchant":"ACME 12345"}"#.len() as u64;
    row("disk per one-approver life, beyond the payload", &format!("{} B", bytes / run.count - payload), "", "");
}
