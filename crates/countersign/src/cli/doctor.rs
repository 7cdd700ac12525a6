//! `countersign doctor`: looks at everything that must be right, and says what is not and what is unsafe.

use super::terminal::{self, clean};
use super::{ConfigArgs, Exit, Failure};
use crate::app::local::WayIn;
use crate::app::record;
use crate::config::{Config, Provider};
use crate::directory;
use crate::outbound::secret::{SecretRef, Secrets};
use crate::policies;
use anstyle::AnsiColor;
use countersign_core::people::Roster;
use countersign_core::policy::diagnostic::{Diagnostic, Severity};
use countersign_core::policy::{Policy, RuleRef, Target};
use serde_json::json;
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// A clock before this was never set.
const CLOCK_MIN: i64 = 1_767_225_600;

/// Look at configuration, directory, policies, database, clock, permissions and secrets.
#[derive(clap::Args, Debug)]
pub(crate) struct Doctor {
    #[command(flatten)]
    config: ConfigArgs,
}

/// How bad a finding is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Grade {
    Good,
    Look,
    Wrong,
}

/// What was found so far.
#[derive(Default)]
struct Findings {
    lines: Vec<(Grade, &'static str, String)>,
    places: Vec<Diagnostic>,
}

impl Findings {
    fn add(&mut self, grade: Grade, what: &'static str, text: impl Into<String>) {
        self.lines.push((grade, what, text.into()));
    }

    fn good(&mut self, what: &'static str, text: impl Into<String>) {
        self.add(Grade::Good, what, text);
    }

    fn look(&mut self, what: &'static str, text: impl Into<String>) {
        self.add(Grade::Look, what, text);
    }

    fn wrong(&mut self, what: &'static str, text: impl Into<String>) {
        self.add(Grade::Wrong, what, text);
    }

    /// Findings with places, and one line that counts them.
    fn places(&mut self, what: &'static str, good: String, found: Vec<Diagnostic>) {
        let errors = found.iter().filter(|one| one.severity == Severity::Error).count();
        let warnings = found.len().saturating_sub(errors);
        match (errors, warnings) {
            (0, 0) => self.good(what, good),
            (0, _) => self.look(what, format!("{good}; {warnings} warnings, shown above")),
            _ => self.wrong(what, format!("{good}; {errors} errors and {warnings} warnings, shown above")),
        }
        self.places.extend(found);
    }
}

impl Doctor {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Failure> {
        let config = self.config.load()?;
        let mut found = Findings::default();
        let file = config.file.as_deref().map_or_else(|| "defaults; there is no countersign.toml here".to_owned(), |file| file.display().to_string());
        found.good("config", file);
        let roster = people(&mut found, &config);
        let policies = rules(&mut found, &config, roster.as_ref());
        database(&mut found, &config).await;
        clock(&mut found);
        permissions(&mut found, &config);
        secrets(&mut found, &config, &policies).await;
        unsafe_settings(&mut found, &config, &policies);
        passkeys(&mut found, &config, &policies);
        summary(&mut found, &config).await;
        print(&found, json);
        let worst = found.lines.iter().map(|(grade, ..)| *grade).max();
        Ok(if worst == Some(Grade::Wrong) { Exit::Refused } else { Exit::Done })
    }
}

fn print(found: &Findings, json: bool) {
    let word = |grade: Grade| match grade {
        Grade::Good => ("ok", AnsiColor::Green),
        Grade::Look => ("look", AnsiColor::Yellow),
        Grade::Wrong => ("wrong", AnsiColor::Red),
    };
    if json {
        let lines: Vec<_> = found.lines.iter().map(|(grade, what, text)| json!({ "grade": word(*grade).0, "what": what, "text": text })).collect();
        let places: Vec<_> = found.places.iter().map(super::exit::finding_json).collect();
        return terminal::say(&json!({ "checks": lines, "findings": places }).to_string());
    }
    super::print_findings(&found.places);
    for (grade, what, text) in &found.lines {
        let (word, colour) = word(*grade);
        terminal::say(&format!("{} {what:<12} {}", terminal::paint(&format!("{word:<5}"), colour), clean(text)));
    }
}

fn people(found: &mut Findings, config: &Config) -> Option<Roster> {
    let name = config.directory.display().to_string();
    let source = match crate::placed::text(&config.directory, "the directory") {
        Ok(source) => source,
        Err(wrong) => {
            found.places("directory", name, vec![*wrong]);
            return None;
        }
    };
    match directory::parse(&name, &source) {
        Ok(read) => {
            let roster = (*read.people.roster).clone();
            found.places("directory", format!("{name}: {} people, {} groups", roster.people.len(), roster.groups.len()), read.warnings);
            if roster.with_role(countersign_core::people::Role::Operator).is_empty() {
                found.look("directory", "nobody has the role `operator`: dead letters and unroutable requests would wait unseen");
            }
            Some(roster)
        }
        Err(wrong) => {
            found.places("directory", name, wrong);
            None
        }
    }
}

fn rules(found: &mut Findings, config: &Config, roster: Option<&Roster>) -> Vec<Policy> {
    let files = match policies::folder(&config.policies) {
        Ok(files) => files,
        Err(finding) => {
            found.wrong("policies", finding.message);
            return Vec::new();
        }
    };
    let (mut good, mut places) = (Vec::new(), Vec::new());
    for file in files {
        match file.read {
            Ok(read) => {
                places.extend(read.warnings);
                places.extend(roster.iter().flat_map(|roster| read.policy.check_against(roster)));
                good.push(read.policy);
            }
            Err(wrong) => places.extend(wrong),
        }
    }
    found.places("policies", format!("{} load from {}", good.len(), config.policies.display()), places);
    if good.is_empty() {
        found.wrong("policies", "there is none: every submission would be refused");
    }
    good
}

async fn database(found: &mut Findings, config: &Config) {
    let name = config.database.display().to_string();
    if !config.database.exists() {
        return found.good("database", format!("{name} will be made at the first start"));
    }
    match record::opened(&config.database) {
        Err(fault) => found.wrong("database", format!("{name}: {fault}")),
        Ok(opened) => {
            let kept = record::policies_kept(&config.database).await.unwrap_or(0);
            let running = if WayIn::read(config).is_some() { "; a server runs, or was killed" } else { "" };
            found.good("database", format!("{name}, {}, {kept} policies kept{running}", opened.engine));
        }
    }
}

fn clock(found: &mut Findings) {
    let now = jiff::Timestamp::now();
    if now.as_second() < CLOCK_MIN {
        return found.wrong("clock", format!("it says {now}: set it, deadlines depend on it"));
    }
    found.good("clock", format!("{now}, zone {}", jiff::tz::TimeZone::system().iana_name().unwrap_or("unknown")));
}

/// Files that others could write decide who may approve; a database that others can read shows payloads.
fn permissions(found: &mut Findings, config: &Config) {
    let mut files = vec![config.directory.clone(), config.policies.clone()];
    files.extend(config.file.clone());
    let written = |path: &Path| std::fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o022 != 0);
    let open: Vec<String> = files.iter().filter(|path| written(path)).map(|path| path.display().to_string()).collect();
    let readable = std::fs::metadata(&config.database).is_ok_and(|meta| meta.permissions().mode() & 0o004 != 0);
    if open.is_empty() && !readable {
        return found.good("permissions", "only their owner writes to the files");
    }
    for file in open {
        found.look("permissions", format!("others may write to {file}: they could make themselves approvers"));
    }
    if readable {
        found.look("permissions", format!("others may read {}: chmod o-r", config.database.display()));
    }
}

async fn secrets(found: &mut Findings, config: &Config, policies: &[Policy]) {
    let allowed = Secrets::allowing(config.secrets.iter().cloned());
    let mut unreadable = 0;
    for reference in &config.secrets {
        if let Err(fault) = allowed.resolve(reference).await {
            unreadable += 1;
            found.wrong("secrets", fault.to_string());
        }
    }
    for (place, name) in named(config, policies) {
        let Ok(reference) = name.parse::<SecretRef>() else { continue };
        if !allowed.allows(&reference) {
            found.wrong("secrets", format!("{place} names `{reference}`, which `secrets.allow` does not list"));
        }
    }
    if unreadable == 0 {
        found.good("secrets", format!("{} allowed, all readable", config.secrets.len()));
    }
}

/// Every secret that policies, directory and hooks name, with the place.
fn named(config: &Config, policies: &[Policy]) -> BTreeSet<(String, String)> {
    let mut named = BTreeSet::new();
    for policy in policies {
        for action in policy.on.values().flat_map(|consequences| &consequences.actions) {
            let place = format!("the action `{}` of `{}`", action.name, policy.name);
            let values: Vec<String> = match &action.target {
                Target::Http { headers, secret, .. } => headers.values().cloned().chain(secret.clone()).collect(),
                Target::Command { env, .. } => env.values().cloned().collect(),
            };
            named.extend(
                values.into_iter().filter(|value| value.starts_with("env:") || value.starts_with("file:")).map(|value| (place.clone(), value)),
            );
        }
    }
    let source = crate::placed::text(&config.directory, "the directory").unwrap_or_default();
    if let Ok(read) = directory::parse("directory", &source) {
        named.extend(read.secrets().into_iter().map(|(person, secret)| (format!("the webhook of `{person}`"), secret)));
    }
    named.extend(config.hooks.iter().filter_map(|hook| Some(("a [[webhook]]".to_owned(), hook.secret.clone()?))));
    named
}

fn unsafe_settings(found: &mut Findings, config: &Config, policies: &[Policy]) {
    let before = found.lines.len();
    if config.allow_commands {
        found.look("safety", "actions.allow_commands: policies may run local programs as this user");
    }
    for network in config.allow_networks.iter().filter(|network| wide(network)) {
        found.look("safety", format!("webhooks.allow_networks has {network:?}: outbound requests reach all of it"));
    }
    if !config.listen.ip().is_loopback() && !config.public_url(config.listen).starts_with("https://") {
        found.look("safety", format!("server.listen {} without an https public_url: sign-ins travel in the clear", config.listen));
    }
    for hook in config.hooks.iter().filter(|hook| hook.secret.is_none()) {
        found.look("safety", format!("the [[webhook]] to {} is not signed", hook.lane));
    }
    let commands = policies.iter().flat_map(|policy| policy.on.values()).flat_map(|on| &on.actions);
    let commands = commands.filter(|action| matches!(action.target, Target::Command { .. })).count();
    if commands > 0 && !config.allow_commands {
        found.wrong("safety", format!("{commands} actions run programs, but actions.allow_commands is false: they would become dead letters"));
    }
    if found.lines.len() == before {
        found.good("safety", "no unsafe setting");
    }
}

/// Stages that nobody could approve: browsers use passkeys only under a name, and over https or on this machine.
fn passkeys(found: &mut Findings, config: &Config, policies: &[Policy]) {
    let url = url::Url::parse(&config.public_url(config.listen)).ok();
    let usable = url.is_some_and(|url| url.domain().is_some_and(|name| url.scheme() == "https" || name == "localhost"));
    let requires = |policy: &&Policy| policy.stages(&RuleRef::FailedClosed).iter().any(|stage| stage.require_passkey);
    for policy in policies.iter().filter(requires).filter(|_| !usable) {
        let name = &policy.name;
        found.wrong(
            "passkeys",
            format!("the policy `{name}` requires a passkey, which needs server.public_url to be an https name, or http://localhost"),
        );
    }
}

/// Whether the network is more than this machine.
fn wide(network: &crate::outbound::guard::Network) -> bool {
    let beyond = ["10.0.0.1", "192.168.0.1", "172.16.0.1", "169.254.169.254", "fd00::1", "fe80::1", "100.64.0.1"];
    beyond.iter().filter_map(|address| address.parse().ok()).any(|address| network.contains(address))
}

async fn summary(found: &mut Findings, config: &Config) {
    if config.summary.provider == Provider::Plain {
        return found.good("summary", "plain, without a model");
    }
    let client = reqwest::Client::builder().timeout(std::time::Duration::from_secs(2)).build();
    let answers = match client {
        Ok(client) => client.get(&config.summary.url).send().await.is_ok(),
        Err(_) => false,
    };
    if answers {
        found.good("summary", format!("{} at {}", config.summary.model, config.summary.url));
    } else {
        found.look("summary", format!("nobody answers at {}: plain summaries go out after {:#}", config.summary.url, config.summary.budget));
    }
}
