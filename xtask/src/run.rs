//! Runs cargo and says what failed.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

/// Runs `cargo` with these arguments and environment, in the workspace.
///
/// # Errors
/// The command line, when it could not start or did not succeed.
pub(crate) fn cargo(arguments: &[&str], environment: &[(&str, &str)]) -> Result<(), String> {
    told(arguments, || command(arguments, environment).status().map(|status| status.success()))
}

/// The same, and shows each line of standard output to `line` as well as to people.
///
/// # Errors
/// The command line, when it could not start or did not succeed.
pub(crate) fn watched(arguments: &[&str], environment: &[(&str, &str)], mut line: impl FnMut(&str)) -> Result<(), String> {
    told(arguments, || {
        let mut child = command(arguments, environment).stdout(Stdio::piped()).spawn()?;
        for bytes in child.stdout.take().into_iter().flat_map(|out| BufReader::new(out).split(b'\n')) {
            let bytes = bytes?;
            let text = String::from_utf8_lossy(&bytes);
            println!("{text}");
            line(&text);
        }
        child.wait().map(|status| status.success())
    })
}

fn command(arguments: &[&str], environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()));
    command.args(arguments).envs(environment.iter().copied());
    command
}

fn told(arguments: &[&str], run: impl FnOnce() -> std::io::Result<bool>) -> Result<(), String> {
    let line = format!("cargo {}", arguments.join(" "));
    println!("\n--- {line}");
    let began = Instant::now();
    let succeeded = run().map_err(|error| format!("{line}: {error}"))?;
    println!("--- {} in {:.1} s", if succeeded { "done" } else { "FAILED" }, began.elapsed().as_secs_f64());
    if succeeded { Ok(()) } else { Err(line) }
}
