//! The suite on SQLite, and what only a file can do: damage, backups, locks, sizes.

use super::*;
use crate::conformance::{self, growth, request, row, submission};
use crate::record::samples;
use rusqlite::Connection;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

mod damage;
mod files;

fn open(dir: &TempDir, name: &str) -> SqliteStore {
    SqliteStore::open(&dir.path().join(name), &OpenOptions::default()).unwrap()
}

#[tokio::test]
async fn it_passes_the_suite() {
    passes_the_suite(2_048).await;
}

#[tokio::test]
async fn it_passes_the_suite_when_everything_is_read_from_the_file() {
    passes_the_suite(0).await;
}

#[tokio::test]
async fn it_passes_the_suite_when_next_to_nothing_is_kept() {
    passes_the_suite(2).await;
}

async fn passes_the_suite(recent: usize) {
    let dir = TempDir::new().unwrap();
    let made = AtomicU32::new(0);
    conformance::exercise(|clock| {
        let path = dir.path().join(format!("{}.db", made.fetch_add(1, Ordering::Relaxed)));
        SqliteStore::open(&path, &OpenOptions { clock, readers: 2, recent }).unwrap()
    })
    .await;
}
