//! `countersign import`: what another system kept becomes policies, people and requests of ours. Without
//! `--submit` it only writes files to look at.

use super::server::ServerArgs;
use super::submit::{Proposal, submit};
use super::terminal::{self, clean};
use super::{Exit, Failure};
use crate::config::reason;
use crate::import::script::{Conversion, LineVerdict, ScriptOptions, convert};
use clap::Subcommand;
use countersign_core::canonical::Digest;
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The longest idempotency key that a server takes.
const KEY_BYTES_MAX: usize = 255;

/// Bring in what another system kept.
#[derive(clap::Args, Debug)]
pub(crate) struct Import {
    #[command(subcommand)]
    from: ImportFrom,
}

#[derive(Subcommand, Debug)]
enum ImportFrom {
    /// The files of the approval script: its configuration and its pending lines.
    Script(Script),
}

/// The script's files, and where to write ours.
#[derive(clap::Args, Debug)]
struct Script {
    /// The script's configuration.
    #[arg(long, default_value = "workflow_config.json", value_name = "FILE")]
    config: PathBuf,
    /// The script's pending lines.
    #[arg(long, default_value = "pending_approvals.jsonl", value_name = "FILE")]
    pending: PathBuf,
    /// Where to write policies and directory; a new folder.
    #[arg(long, default_value = "imported", value_name = "DIR")]
    to: PathBuf,
    /// In whose name lines are submitted that name no requester.
    #[arg(long, value_name = "PERSON")]
    requester: Option<String>,
    /// Where the clock stood that wrote times without a zone, as in `Europe/Berlin`.
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    /// Who is asked when the script's timeout has passed: `group:finance`, `user:eva`.
    #[arg(long, value_name = "WHO")]
    escalate_to: Option<String>,
    /// Submit the pending lines to the server, where the written policies are in force; twice makes nothing twice.
    #[arg(long)]
    submit: bool,
    #[command(flatten)]
    server: ServerArgs,
}

impl Import {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Failure> {
        match self.from {
            ImportFrom::Script(script) => script.run(json).await,
        }
    }
}

impl Script {
    async fn run(self, json: bool) -> Result<Exit, Failure> {
        let (config_file, pending_file) = (self.config.display().to_string(), self.pending.display().to_string());
        let read = |path: &Path| std::fs::read_to_string(path).map_err(|error| Failure::usage(format!("{}: {}", path.display(), reason(&error))));
        let (config, pending) = (read(&self.config)?, read(&self.pending)?);
        let options = ScriptOptions {
            requester: self.requester.clone(),
            time_zone: self.time_zone.clone(),
            escalate_to: self.escalate_to.clone(),
            config_file,
            pending_file,
        };
        let converted = convert(&config, &pending, &options)
            .map_err(|faults| Failure::refused(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))?;
        let broken = report(&converted, json);
        if self.submit {
            return self.submit_all(&converted, json).await;
        }
        write(&self.to, &converted)?;
        if !json {
            terminal::say(&format!("wrote {}: look at it, put it in force, then run this again with --submit", self.to.display()));
        }
        Ok(if broken == 0 { Exit::Done } else { Exit::Refused })
    }

    async fn submit_all(&self, converted: &Conversion, json: bool) -> Result<Exit, Failure> {
        let server = self.server.connect()?;
        let mut refused = 0;
        for one in &converted.submissions {
            let Value::Object(payload) = one.payload.clone() else { continue };
            let key = idempotency_key(&one.external_id);
            let proposal = Proposal {
                policy: &one.policy,
                requester: Some(&one.requester),
                payload,
                external_id: Some(&one.external_id),
                idempotency_key: Some(&key),
            };
            let told = match submit(&server, proposal).await {
                Ok((made, _)) if json => json!({ "line": one.line, "id": made.id, "status": made.status }).to_string(),
                Ok((made, _)) => format!("line {}: {} is {}", one.line, made.id, made.status),
                Err(failure) if failure.exit == Exit::Fault => return Err(failure),
                Err(failure) => {
                    refused += 1;
                    if json {
                        json!({ "line": one.line, "error": failure.message }).to_string()
                    } else {
                        format!("line {}: {}", one.line, clean(&failure.message))
                    }
                }
            };
            terminal::say(&told);
        }
        Ok(if refused == 0 { Exit::Done } else { Exit::Refused })
    }
}

/// The same for the same old id, and always one that the server takes: ids of the script may be of any length and in
/// any writing, a key is short visible ASCII.
fn idempotency_key(external_id: &str) -> String {
    let plain = format!("script-{external_id}");
    let fits = plain.len() <= KEY_BYTES_MAX && external_id.bytes().all(|byte| byte.is_ascii_graphic());
    if fits { plain } else { format!("script-sha256-{}", Digest::of(external_id.as_bytes()).hex()) }
}

/// What becomes of each line, and how many could not be understood.
fn report(converted: &Conversion, json: bool) -> usize {
    let mut broken = 0;
    for line in &converted.lines {
        let (word, why) = match &line.verdict {
            LineVerdict::Taken => {
                terminal::say(&if json { json!({ "line": line.line, "taken": true }).to_string() } else { format!("line {}: taken", line.line) });
                continue;
            }
            LineVerdict::Skipped(why) => ("skipped", why),
            LineVerdict::Broken(why) => ("broken", why),
        };
        broken += usize::from(word == "broken");
        let text = if json { json!({ "line": line.line, word: why }).to_string() } else { format!("line {}: {word}: {}", line.line, clean(why)) };
        terminal::complain(&text);
    }
    let taken = converted.submissions.len();
    if json {
        terminal::say(
            &json!({ "lines": converted.lines.len(), "taken": taken, "policies": converted.policies.len(), "notes": converted.notes }).to_string(),
        );
    } else {
        terminal::say(&format!("{} lines, {taken} to submit, {} policies", converted.lines.len(), converted.policies.len()));
        converted.notes.iter().for_each(|note| terminal::say(&format!("note: {}", clean(note))));
    }
    broken
}

/// Writes the files; nothing that exists is touched.
fn write(to: &Path, converted: &Conversion) -> Result<(), Failure> {
    let mut files = vec![("directory.toml".to_owned(), &converted.directory), ("webhooks.toml".to_owned(), &converted.webhooks)];
    files.extend(converted.policies.iter().map(|(name, text)| (format!("policies/{name}"), text)));
    for (name, text) in files {
        let path = to.join(&name);
        let failed = |error: std::io::Error| Failure::fault(format!("cannot write {}: {}", path.display(), reason(&error)));
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(&path).map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_old_id_has_a_key_of_its_own_that_a_server_takes() {
        let long = "x".repeat(300);
        let ids = ["a1b2c3d4", "a1b2c3d4#2", "two words", "größe", "tab\tinside", &long, &format!("{long}y"), &"é".repeat(200), &"x".repeat(248)];
        let keys: Vec<String> = ids.iter().map(|id| idempotency_key(id)).collect();
        for (id, key) in ids.iter().zip(&keys) {
            assert!(key.len() <= 255 && key.bytes().all(|byte| byte.is_ascii_graphic()), "{id}: {key}");
            assert_eq!(key, &idempotency_key(id));
        }
        assert_eq!(keys.iter().collect::<std::collections::BTreeSet<_>>().len(), ids.len());
        assert_eq!((keys[0].as_str(), keys[8].len()), ("script-a1b2c3d4", 255));
    }
}
