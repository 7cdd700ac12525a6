//! The law of Countersign, and nothing else: what a request is, who may decide it, what follows from a
//! decision or a passing hour. Pure: time, ids, randomness and the directory are arguments; decisions
//! return events, events return effects. No I/O, no clock, no async lives here.
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on should stop")
)]

pub mod assertion;
pub mod canonical;
pub mod command;
pub mod event;
pub mod execution;
pub mod id;
pub mod money;
pub mod notice;
pub mod people;
pub mod policy;
pub mod refusal;
pub mod request;
pub mod scenario;
pub mod stage;
