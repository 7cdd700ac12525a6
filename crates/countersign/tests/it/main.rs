//! The whole server over real HTTP: real files, real SQLite, a real receiver on loopback.
#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should stop; the harness serves tests to come"
)]

mod api;
mod directory;
mod engine;
mod files;
mod harness;
#[path = "../peers/mod.rs"]
mod peers;
mod veil;
#[path = "../browser/verifier.rs"]
mod verifier;
mod web;
