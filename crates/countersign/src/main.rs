//! The one binary.
#![allow(unreachable_pub, reason = "a binary has no outside")]

use countersign::cli::{Cli, Exit};
use std::process::ExitCode;

/// Many short-lived small pieces on many threads: see docs/adr/0020.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    countersign::app::install_tls();
    let cli = match Cli::read() {
        Ok(cli) => cli,
        Err(code) => return code.into(),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let Ok(runtime) = runtime else {
        eprintln!("countersign: the system gives no threads");
        return Exit::Fault.into();
    };
    let exit = runtime.block_on(Box::pin(cli.run()));
    // A program that was started and an unread terminal must not hold up the end.
    runtime.shutdown_background();
    exit.into()
}
