//! Working on policies without a server: check, explain, test, and the schema for editors.

use super::exit::finding_json;
use super::payload::json as payload_of;
use super::terminal::{self, clean};
use super::{ConfigArgs, Exit, Failure, print_findings};
use crate::directory;
use crate::policies::{self, PolicyFile};
use crate::wire::explain::{ExplanationBody, explanation};
use clap::Subcommand;
use countersign_core::id::{PersonId, Revision};
use countersign_core::people::Roster;
use countersign_core::policy::diagnostic::{Diagnostic, Severity, did_you_mean};
use countersign_core::policy::evaluate::Evaluation;
use countersign_core::{policy::schema::json_schema, scenario};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Check, explain and test policies, without a server.
#[derive(clap::Args, Debug)]
pub(crate) struct Policy {
    #[command(subcommand)]
    verb: PolicyVerb,
}

#[derive(Subcommand, Debug)]
enum PolicyVerb {
    /// Read policies and say what is wrong with them, also against today's directory.
    Check {
        /// The files; all of the configured folder without any.
        files: Vec<PathBuf>,
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Which rule would hold, why not the others, and who would be asked. No effect.
    Explain {
        /// The policy's name, or a file.
        policy: String,
        /// Who would ask.
        #[arg(long)]
        requester: String,
        /// The payload as JSON; `@FILE` reads a file, `-` standard input.
        #[arg(long, short, value_name = "JSON|@FILE|-")]
        payload: String,
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Play scenarios and show the first line of each that differs.
    Test {
        /// `.scenario` files; all of `scenarios/` without any.
        scenarios: Vec<PathBuf>,
        /// Write what happens into the files.
        #[arg(long)]
        accept: bool,
    },
    /// The JSON schema of policy files, for editors.
    Schema,
}

impl Policy {
    pub(crate) fn run(self, json: bool) -> Result<Exit, Failure> {
        match self.verb {
            PolicyVerb::Check { files, config } => check(&files, &config, json),
            PolicyVerb::Explain { policy, requester, payload, config } => explain(&policy, &requester, &payload, &config, json),
            PolicyVerb::Test { scenarios, accept } => test(scenarios, accept, json),
            PolicyVerb::Schema => {
                terminal::say(&serde_json::to_string_pretty(&json_schema()).unwrap_or_default());
                Ok(Exit::Done)
            }
        }
    }
}

/// The files, or all of the configured folder; and today's directory, if there is one.
fn gather(files: &[PathBuf], config: &ConfigArgs) -> Result<(Vec<PolicyFile>, Option<Roster>), Failure> {
    let config = config.load()?;
    let read = if files.is_empty() {
        policies::folder(&config.policies).map_err(|found| Failure::findings("there are no policies to read", vec![*found]))?
    } else {
        files.iter().map(|path| policies::file(path)).collect()
    };
    let wrong = |found| Failure::findings("the directory does not load", found);
    let source = config.directory.exists().then(|| crate::placed::text(&config.directory, "the directory")).transpose();
    let source = source.map_err(|found| wrong(vec![*found]))?;
    let parsed = source.map(|source| directory::parse(&config.directory.display().to_string(), &source)).transpose();
    let parsed = parsed.map_err(wrong)?;
    Ok((read, parsed.map(|read| (*read.people.roster).clone())))
}

fn check(files: &[PathBuf], config: &ConfigArgs, json: bool) -> Result<Exit, Failure> {
    let (files, roster) = gather(files, config)?;
    let mut found: Vec<Diagnostic> = Vec::new();
    for file in &files {
        match &file.read {
            Ok(read) => {
                found.extend(read.warnings.clone());
                found.extend(roster.iter().flat_map(|roster| read.policy.check_against(roster)));
            }
            Err(wrong) => found.extend(wrong.clone()),
        }
    }
    let wrong = found.iter().filter(|one| one.severity == Severity::Error).count();
    if json {
        let places: Vec<Value> = found.iter().map(finding_json).collect();
        terminal::say(&json!({ "files": files.len(), "findings": places }).to_string());
    } else {
        print_findings(&found);
        let against = if roster.is_some() { "" } else { "; there is no directory to check them against" };
        terminal::say(&format!(
            "{} read, {}, {}{against}",
            terminal::counted(files.len(), "policy", "policies"),
            terminal::counted(wrong, "error", "errors"),
            terminal::counted(found.len().saturating_sub(wrong), "warning", "warnings")
        ));
    }
    Ok(if wrong == 0 { Exit::Done } else { Exit::Refused })
}

fn explain(name: &str, requester: &str, payload: &str, config: &ConfigArgs, json: bool) -> Result<Exit, Failure> {
    let path = Path::new(name);
    let named: Vec<PathBuf> = if path.extension().is_some_and(|extension| extension == "toml") { vec![path.to_owned()] } else { Vec::new() };
    let (files, roster) = gather(&named, config)?;
    let roster = roster.ok_or_else(|| Failure::fault("there is no directory: nobody would be asked"))?;
    let mut known = Vec::new();
    for file in files {
        match file.read {
            Ok(read) if named.is_empty() && read.policy.name.as_str() != name => known.push(read.policy.name.to_string()),
            Ok(read) => return explained(&read.policy, requester, &roster, payload, json),
            Err(found) if !named.is_empty() => return Err(Failure::findings("the policy does not load", found)),
            Err(_) => {}
        }
    }
    let hint = did_you_mean(name, known.iter().map(String::as_str)).unwrap_or_default();
    Err(Failure::refused(format!("no policy `{}` loads; {hint}", clean(name))))
}

fn explained(policy: &countersign_core::policy::Policy, requester: &str, roster: &Roster, payload: &str, json: bool) -> Result<Exit, Failure> {
    let requester = PersonId::from(requester);
    if !roster.is_active(&requester) {
        let hint = did_you_mean(requester.as_str(), roster.people.keys().map(PersonId::as_str)).unwrap_or_default();
        return Err(Failure::refused(format!("there is no person `{}`; {hint}", clean(requester.as_str()))));
    }
    let payload = policy.accept(&Value::Object(payload_of(payload)?), roster).map_err(|faults| {
        let each = faults.iter().map(|fault| format!("\n  {}: {}", clean(&fault.pointer), clean(&fault.message)));
        Failure { message: format!("invalid_payload: the payload does not fit the policy:{}", each.collect::<String>()), ..Failure::refused("") }
    })?;
    let now = jiff::Timestamp::now();
    let evaluation = Evaluation { payload: &payload, requester: &requester, roster, now, created_at: now, revision: Revision::FIRST };
    let body = explanation(policy, &policy.explain(&evaluation));
    if json {
        terminal::say(&serde_json::to_string(&body).unwrap_or_default());
    } else {
        print(&body);
    }
    Ok(Exit::Done)
}

fn print(body: &ExplanationBody) {
    terminal::say(&clean(&body.title));
    terminal::say(&format!("{} by rule \"{}\", risk {}", body.verdict, clean(&body.rule), body.risk));
    if let Some(failure) = &body.failure {
        terminal::say(&format!("fails closed: {}", clean(failure)));
    }
    for rule in &body.rules {
        let when = rule.when.as_deref().unwrap_or("always");
        terminal::say(&format!("  {:<11} {:<24} {}", rule.result.replace('_', " "), clean(&rule.name), clean(when)));
        if let Some(failure) = &rule.failure {
            terminal::say(&format!("  {:<11} {}", "", clean(failure)));
        }
    }
    let now = jiff::Timestamp::now();
    for stage in &body.stages {
        terminal::say(&format!("stage {}: {} of {}", clean(&stage.name), stage.quorum, clean(&stage.approvers.join(", "))));
        if let Some(due) = &stage.due {
            terminal::say(&format!("  due       {}", terminal::moment(due, now)));
        }
        if let Some(require) = &stage.require {
            terminal::say(&format!("  requires  {require}"));
        }
        terminal::say(&format!("  expiry    {}", stage.on_expiry));
    }
}

fn test(mut scenarios: Vec<PathBuf>, accept: bool, json: bool) -> Result<Exit, Failure> {
    if scenarios.is_empty() {
        let folder = std::fs::read_dir("scenarios")
            .map_err(|error| Failure::usage(format!("scenarios/: {}; name the files", crate::config::reason(&error))))?;
        scenarios =
            folder.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|extension| extension == "scenario")).collect();
        scenarios.sort();
    }
    let (mut lines, mut differing) = (0, 0);
    for path in &scenarios {
        let name = path.display().to_string();
        let source = std::fs::read_to_string(path).map_err(|error| Failure::usage(format!("{name}: {}", crate::config::reason(&error))))?;
        let read = |wanted: &str| beside(path, wanted);
        if accept {
            let cannot = |found| Failure::findings(format!("{name} cannot be played"), found);
            lines += scenario::play(&name, &source, &read).map_err(cannot)?.lines;
            let accepted = scenario::accept(&name, &source, &read);
            if accepted != source {
                std::fs::write(path, accepted).map_err(|error| Failure::fault(format!("{name}: {error}")))?;
                terminal::say(&format!("{name} rewritten"));
            }
            continue;
        }
        let played = scenario::play(&name, &source, &read).map_err(|found| Failure::findings(format!("{name} cannot be played"), found))?;
        lines += played.lines;
        if let Some(first) = played.differences.first() {
            differing += 1;
            if json {
                terminal::say(&json!({ "file": name, "line": first.line, "expected": first.expected, "actual": first.actual }).to_string());
            } else {
                terminal::say(&format!("{name}:{}\n  written   => {}\n  happened  => {}", first.line, clean(&first.expected), clean(&first.actual)));
            }
        }
    }
    let told =
        format!("{}, {}, {differing} differ", terminal::counted(scenarios.len(), "scenario", "scenarios"), terminal::counted(lines, "line", "lines"));
    terminal::say(&if json { json!({ "scenarios": scenarios.len(), "lines": lines, "differ": differing }).to_string() } else { told });
    Ok(if differing == 0 { Exit::Done } else { Exit::Refused })
}

/// A file that a scenario names: from here, else from the scenario's folder, else from the folder above.
fn beside(scenario: &Path, wanted: &str) -> Result<String, String> {
    let folder = scenario.parent().unwrap_or(Path::new(""));
    let above = folder.parent().unwrap_or(folder);
    let places = [PathBuf::from(wanted), folder.join(wanted), above.join(wanted)];
    let found = places.iter().find(|place| place.is_file()).ok_or("there is no such file")?;
    std::fs::read_to_string(found).map_err(|error| crate::config::reason(&error))
}
