//! The real binary from a terminal: from nothing to an approved request, exit codes, and what is said when
//! files are wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on should stop")]

mod audit;
mod broken;
mod demo;
mod follow;
mod gate;
mod journey;
mod script;
mod site;
mod spend;
mod veiled;
mod words;
