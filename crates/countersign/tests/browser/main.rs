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

mod driver;
mod passkeys;
mod site;
mod verifier;
