//! Runs cargo and says what failed.

use std::process::Command;
use std::time::Instant;

/// Runs `cargo` with these arguments and environment, in the workspace.
///
/// # Errors
/// The command line, when it could not start or did not succeed.
pub(crate) fn cargo(arguments: &[&str], environment: &[(&str, &str)]) -> Result<(), String> {
    let line = format!("cargo {}", arguments.join(" "));
    println!("\n--- {line}");
    let began = Instant::now();
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let status = Command::new(cargo).args(arguments).envs(environment.iter().copied()).status();
    let succeeded = status.map_err(|error| format!("{line}: {error}"))?.success();
    println!("--- {} in {:.1} s", if succeeded { "done" } else { "FAILED" }, began.elapsed().as_secs_f64());
    if succeeded { Ok(()) } else { Err(line) }
}
