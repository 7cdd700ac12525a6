//! `countersign init`: the commented files to begin with. Overwrites nothing.

use super::{Exit, Failure, terminal};
use crate::config::{DEFAULTS, FILE_NAME, reason};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The sample people, also those of the demo.
pub(crate) const DIRECTORY: &str = include_str!("init/directory.toml");
/// The first policy.
pub(crate) const EXPENSE: &str = include_str!("../../../../policies/expense.toml");

/// Write a configuration, a directory and a first policy, with comments.
#[derive(clap::Args, Debug)]
pub(crate) struct Init {
    /// Where; here without it.
    #[arg(default_value = ".")]
    dir: PathBuf,
}

impl Init {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let files = [(FILE_NAME, configuration()), ("directory.toml", DIRECTORY.to_owned()), ("policies/expense.toml", EXPENSE.to_owned())];
        let taken: Vec<&str> = files.iter().map(|(name, _)| *name).filter(|name| self.dir.join(name).exists()).collect();
        if !taken.is_empty() {
            return Err(Failure::refused(format!("{} exists already in {}; nothing was written", taken.join(", "), self.dir.display())));
        }
        for (name, text) in &files {
            write(&self.dir.join(name), text)?;
            terminal::say(&format!("wrote {}", self.dir.join(name).display()));
        }
        let go = if self.dir == Path::new(".") { String::new() } else { format!("cd {} && ", self.dir.display()) };
        terminal::say(&format!("next: {go}countersign doctor && countersign serve"));
        Ok(Exit::Done)
    }
}

/// The defaults, but that this machine's own receivers may be reached.
pub(crate) fn configuration() -> String {
    DEFAULTS.replace("allow_networks = []", "allow_networks = [\"127.0.0.0/8\", \"::1/128\"]")
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::fault(format!("cannot write {}: {}", path.display(), reason(&error)));
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)
}
