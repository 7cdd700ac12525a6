//! The record itself: checked and copied from the database file, so that nobody has to believe the server.

use super::terminal::{self, clean};
use super::{ConfigArgs, Exit, Failure};
use crate::app::record;
use clap::Subcommand;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// Check the record, or print the heads of its chains to be kept elsewhere.
#[derive(clap::Args, Debug)]
pub(crate) struct Audit {
    #[command(subcommand)]
    verb: AuditVerb,
}

#[derive(Subcommand, Debug)]
enum AuditVerb {
    /// Read everything and check every chain, content and version; exit 3 where anything differs.
    Verify {
        #[command(flatten)]
        file: FileArgs,
    },
    /// The head of every request's chain.
    Heads {
        #[command(flatten)]
        file: FileArgs,
    },
}

/// Which database file.
#[derive(clap::Args, Debug)]
pub(crate) struct FileArgs {
    /// A database file or a backup; the configured one without it.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArgs,
}

/// Copy the database to a new file, consistently, while the server runs.
#[derive(clap::Args, Debug)]
pub(crate) struct Backup {
    /// The new file.
    to: PathBuf,
    #[command(flatten)]
    config: ConfigArgs,
}

impl FileArgs {
    fn path(self) -> Result<PathBuf, Failure> {
        match self.file {
            Some(file) => Ok(file),
            None => Ok(self.config.load()?.database),
        }
    }
}

impl Audit {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Failure> {
        match self.verb {
            AuditVerb::Verify { file } => verify(file.path()?, json).await,
            AuditVerb::Heads { file } => heads(file.path()?, json).await,
        }
    }
}

async fn verify(file: PathBuf, json: bool) -> Result<Exit, Failure> {
    let found = record::verify(&file).await.map_err(|fault| Failure::fault(fault.to_string()))?;
    if json {
        let problems: Vec<Value> = found.problems.iter().map(|one| json!({ "place": one.place, "what": one.what })).collect();
        let body = json!({ "requests": found.requests, "events": found.events, "contents": found.contents, "policies": found.policies,
            "heads_digest": found.heads_digest.to_string(), "problems": problems });
        terminal::say(&body.to_string());
    } else {
        for one in &found.problems {
            terminal::say(&format!("{}: {}", clean(&one.place), clean(&one.what)));
        }
        terminal::say(&format!(
            "{} requests, {} events, {} contents, {} policy versions read",
            found.requests, found.events, found.contents, found.policies
        ));
        terminal::say(&format!("heads {}", found.heads_digest));
        terminal::say(if found.problems.is_empty() { "the record is whole" } else { "the record is NOT whole" });
    }
    Ok(if found.problems.is_empty() { Exit::Done } else { Exit::Fault })
}

async fn heads(file: PathBuf, json: bool) -> Result<Exit, Failure> {
    let mut each = |head: &countersign_store::Head| {
        let line = if json {
            json!({ "request": head.request.to_string(), "events": head.events, "hash": head.hash.to_string() }).to_string()
        } else {
            format!("{} {:>5} {}", head.request, head.events, head.hash)
        };
        terminal::say(&line);
    };
    record::heads(&file, &mut each).await.map_err(|fault| Failure::fault(fault.to_string()))?;
    Ok(Exit::Done)
}

impl Backup {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Failure> {
        let config = self.config.load()?;
        if self.to.exists() {
            return Err(Failure::usage(format!("{} exists already; a backup goes to a new file", self.to.display())));
        }
        record::backup(&config, &self.to).await.map_err(|fault| Failure::fault(fault.to_string()))?;
        let private = std::fs::set_permissions(&self.to, std::fs::Permissions::from_mode(0o600));
        private.map_err(|error| Failure::fault(format!("{}: {error}", self.to.display())))?;
        let length = std::fs::metadata(&self.to).map_or(0, |meta| meta.len());
        if json {
            terminal::say(&json!({ "file": self.to.display().to_string(), "bytes": length }).to_string());
        } else {
            terminal::say(&format!(
                "{} written, {length} bytes; check it with `countersign audit verify --file {}`",
                self.to.display(),
                self.to.display()
            ));
        }
        Ok(Exit::Done)
    }
}
