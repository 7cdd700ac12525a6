//! The figures of `docs/benchmarks.md`, each beside a bare program that does the same exchanges and rows
//! without an engine, in the same run. `cargo xtask bench [PART]`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a benchmark that cannot go on should stop")]

use std::time::Duration;

#[path = "../../tests/process/mod.rs"]
mod process;

mod bare;
mod conditions;
mod disk;
mod inbox;
mod lifecycle;
mod pending;
mod receiver;
mod same_rows;
mod spread;

/// The product's own: the engine is measured as it runs, and the bare loop beside it has the same.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long each part loads the server.
const SECONDS: Duration = Duration::from_secs(8);

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let part = |name: &str| wanted.is_empty() || wanted.iter().any(|want| want == name);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    println!("| figure | Countersign | bare program | ratio |\n| --- | --- | --- | --- |");
    runtime.block_on(async {
        if part("lifecycle") {
            lifecycle::whole(SECONDS).await;
        }
        if part("decisions") {
            lifecycle::decisions(SECONDS).await;
            lifecycle::decisions_at(1_000, SECONDS).await;
        }
        if part("engine") {
            pending::engine_alone(SECONDS).await;
        }
        if part("inbox") {
            inbox::figures().await;
        }
        if part("disk") {
            disk::per_request().await;
        }
        if part("pending") || part("timers") {
            pending::at_a_million(part("pending"), part("timers")).await;
        }
        if part("timers") {
            pending::drain().await;
        }
    });
    if part("conditions") {
        conditions::rate();
    }
}
