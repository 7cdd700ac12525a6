//! Programs of others that the tests talk to: a browser with its driver, Node.js with npm. Those that are missing are
//! installed where that is expected (in continuous integration, as root) or agreed to (on a terminal); elsewhere the
//! tests are not begun, and what to install is said. What npm installs, the tests install themselves from their lock file.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::Command;

/// A program, and Debian's package of it.
const PROGRAMS: [(&str, &str); 4] = [("chromium", "chromium"), ("chromedriver", "chromium-driver"), ("node", "nodejs"), ("npm", "npm")];

/// Sees to it that all of them are there.
///
/// # Errors
/// What is missing, and how to get it.
pub(crate) fn see_to() -> Result<(), String> {
    let missing = missing(&PROGRAMS, is_there);
    if missing.is_empty() {
        return Ok(());
    }
    let line = format!("apt-get install --yes --no-install-recommends {}", missing.join(" "));
    let in_ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
    if (in_ci && is_root()) || (!in_ci && agreed(&missing, &line)) {
        return install(&missing);
    }
    Err(format!("the browser tests need what is missing here: {}\nOn Debian or Ubuntu, as root: {line}", missing.join(", ")))
}

/// The packages of what is not there.
fn missing<'a>(programs: &[(&str, &'a str)], is_there: impl Fn(&str) -> bool) -> Vec<&'a str> {
    programs.iter().filter(|(program, _)| !is_there(program)).map(|(_, package)| *package).collect()
}

fn is_there(program: &str) -> bool {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders).any(|folder| folder.join(program).is_file())
}

/// The owner of our own process, as the kernel tells it.
fn is_root() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find_map(|line| line.strip_prefix("Uid:")).and_then(|ids| ids.split_whitespace().next()) == Some("0")
}

/// Asks, where somebody can answer.
fn agreed(missing: &[&str], line: &str) -> bool {
    if !std::io::stdin().is_terminal() || !Path::new("/usr/bin/apt-get").exists() {
        return false;
    }
    print!("The browser tests need {}. Run `{}{line}` now? [y/N] ", missing.join(", "), if is_root() { "" } else { "sudo " });
    let mut answer = String::new();
    let asked = std::io::stdout().flush().and_then(|()| std::io::stdin().read_line(&mut answer));
    asked.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}

fn install(packages: &[&str]) -> Result<(), String> {
    apt_get(&["update"])?;
    apt_get(&[&["install", "--yes", "--no-install-recommends"], packages].concat())
}

fn apt_get(arguments: &[&str]) -> Result<(), String> {
    let line = format!("apt-get {}", arguments.join(" "));
    println!("\n--- {line}");
    let mut command = if is_root() { Command::new("apt-get") } else { Command::new("sudo") };
    if !is_root() {
        command.arg("apt-get");
    }
    let status = command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").status();
    if status.map_err(|error| format!("{line}: {error}"))?.success() { Ok(()) } else { Err(line) }
}

#[cfg(test)]
mod tests {
    use super::{PROGRAMS, missing};

    #[test]
    fn what_is_missing_is_named_by_its_package() {
        assert_eq!(missing(&PROGRAMS, |program| program != "chromedriver" && program != "npm"), ["chromium-driver", "npm"]);
        assert!(missing(&PROGRAMS, |_| true).is_empty());
    }
}
