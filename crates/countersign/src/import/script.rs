//! Coming from the script that inspired this: its `workflow_config.json` and `pending_approvals.jsonl`
//! become policies, a directory, webhooks and submissions. A pure function of the two texts. What was
//! pending is asked again here; nothing is executed, and no line goes missing without a word.

use super::fault::ImportFault;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

mod config;
mod convert;
mod directory;
mod infer;
mod names;
mod pending;
mod policy;
#[cfg(test)]
mod tests;

/// What the script's files lack.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScriptOptions {
    /// In whose name lines are submitted that name no requester: a person's id.
    pub requester: Option<String>,
    /// Where the clock stood that wrote times without a zone: an IANA name such as `Europe/Berlin`.
    pub time_zone: Option<String>,
    /// Who is asked when `timeout_hours` have passed: `group:finance`, `user:eva`, or a person's id alone.
    pub escalate_to: Option<String>,
    /// The configuration's name, for messages.
    pub config_file: String,
    /// The name of the file of lines, for messages.
    pub pending_file: String,
}

impl Default for ScriptOptions {
    fn default() -> Self {
        Self {
            requester: None,
            time_zone: None,
            escalate_to: None,
            config_file: "workflow_config.json".to_owned(),
            pending_file: "pending_approvals.jsonl".to_owned(),
        }
    }
}

/// What the two files become.
#[derive(Clone, PartialEq, Debug)]
pub struct Conversion {
    /// File names for the policies' folder, each with its text.
    pub policies: Vec<(String, String)>,
    /// The text of `directory.toml`.
    pub directory: String,
    /// What to add to `countersign.toml`: a flat `[[webhook]]` for each receiver of the script.
    pub webhooks: String,
    /// What to submit, in the order of the lines.
    pub submissions: Vec<ScriptSubmission>,
    /// What became of each line.
    pub lines: Vec<LineReport>,
    /// What somebody should know or do.
    pub notes: Vec<String>,
}

/// One pending line as a submission.
#[derive(Clone, PartialEq, Debug)]
pub struct ScriptSubmission {
    /// Where it stood, from 1.
    pub line: u64,
    /// The policy's name.
    pub policy: String,
    /// In whose name.
    pub requester: String,
    /// The fields of the policy.
    pub payload: Value,
    /// The script's id; `ID#2` where another line had it first. Unique within the file, the same on every
    /// run, and so fit as an idempotency key.
    pub external_id: String,
    /// When the script recorded it. Timers count from the import, not from here.
    pub created_at: Timestamp,
    /// As written, or `pending` where nothing was.
    pub status: String,
    /// What the script's model wrote, if anything.
    pub summary: Option<String>,
}

/// What became of one line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LineReport {
    /// From 1.
    pub line: u64,
    /// The script's id, where one could be read.
    pub old_id: Option<String>,
    /// What became of it.
    pub verdict: LineVerdict,
}

/// What became of a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LineVerdict {
    /// It is among the submissions.
    Taken,
    /// Rightly left out, and why.
    Skipped(String),
    /// It could not be understood, and what to do.
    Broken(String),
}

/// Converts the script's files. Lines that cannot be read are reported and lose only themselves.
///
/// # Errors
/// When the configuration cannot be read, or an option makes no sense.
pub fn convert(config: &str, pending: &str, options: &ScriptOptions) -> Result<Conversion, Vec<ImportFault>> {
    let zone = time_zone(options).map_err(|fault| vec![fault])?;
    let escalate_to = options.escalate_to.as_deref().map(selector).transpose().map_err(|fault| vec![fault])?;
    let config = config::read(&options.config_file, config)?;
    Ok(convert::run(&config, pending, options, zone.as_ref(), escalate_to))
}

fn time_zone(options: &ScriptOptions) -> Result<Option<TimeZone>, ImportFault> {
    let zone = options.time_zone.as_deref().map(|name| {
        let wrong = |_| ImportFault::of_file("--time-zone", format!("`{name}` is no time zone: expected an IANA name such as `Europe/Berlin`"));
        TimeZone::get(name).map_err(wrong)
    });
    zone.transpose()
}

/// The selector that somebody meant: a bare id is a person's.
fn selector(text: &str) -> Result<String, ImportFault> {
    let (kind, id) = text.split_once(':').filter(|(kind, _)| matches!(*kind, "user" | "group")).unwrap_or(("user", text));
    if id != names::person_id(id) {
        let message = format!("`{text}` is nobody: expected `group:finance`, `user:eva`, or a person's id alone");
        return Err(ImportFault::of_file("--escalate-to", message));
    }
    Ok(format!("{kind}:{id}"))
}
