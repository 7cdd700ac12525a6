//! The pages in a real browser: headless Chromium, driven over WebDriver, against a real server.
#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should stop; driver and site serve tests to come"
)]

#[path = "../peers/mod.rs"]
mod peers;

mod accessible;
mod confirm;
mod demo;
mod driver;
mod hands;
mod lighthouse;
mod page;
mod passkeys;
mod pictures;
mod providers;
mod race;
mod screen;
mod shows;
mod site;
mod states;
mod verifier;
