//! Countersign puts a human decision between what a machine proposes and what it does. The library behind
//! the one binary: the engine, its workers, and every door to it.
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on should stop")
)]

pub mod api;
pub mod app;
pub mod attachment;
pub mod channel;
pub mod cli;
pub mod config;
pub mod demo;
pub mod directory;
pub mod engine;
pub mod executor;
pub mod import;
pub mod openid;
pub mod outbound;
mod placed;
pub mod policies;
pub mod ports;
pub mod sources;
pub mod summary;
pub mod web;
pub mod wire;
pub mod workers;
