//! Brings the two files together: which line becomes a request under which policy, asking whom.

use super::config::{Approver, ScriptConfig, Timeout};
use super::directory::People;
use super::infer::{Shape, shape};
use super::names::{Names, policy_name, quoted};
use super::pending::{self, Record, Unread};
use super::policy::Draft;
use super::{Conversion, LineReport, LineVerdict, ScriptOptions, ScriptSubmission};
use crate::import::Literal;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};

/// Between the parts of a key; no JSON text that names something has it.
const APART: &str = "\u{0}";

struct Converter<'a> {
    config: &'a ScriptConfig,
    options: &'a ScriptOptions,
    zone: Option<&'a TimeZone>,
    escalate_to: Option<String>,
    shapes: BTreeMap<String, Shape>,
    external_ids: BTreeMap<u64, String>,
    names: Names,
    people: People,
    drafts: Vec<Draft>,
    notes: Vec<String>,
}

pub(super) fn run(config: &ScriptConfig, text: &str, options: &ScriptOptions, zone: Option<&TimeZone>, escalate_to: Option<String>) -> Conversion {
    let read = pending::read(text);
    let records: Vec<&Record> = read.iter().filter_map(|line| line.as_ref().ok()).collect();
    let mut converter = Converter {
        config,
        options,
        zone,
        escalate_to,
        shapes: shapes(config, &records),
        external_ids: external_ids(&records),
        names: Names::default(),
        people: People::default(),
        drafts: Vec::new(),
        notes: config.notes.clone(),
    };
    converter.configured(&records);
    let mut submissions = Vec::new();
    let mut lines = Vec::new();
    for line in &read {
        let (line, old_id, verdict) = match line {
            Err(Unread { line, id, reason }) => (*line, id.clone(), LineVerdict::Broken(reason.clone())),
            Ok(record) => (record.line, Some(record.id.clone()), converter.line(record, &records, &mut submissions)),
        };
        lines.push(LineReport { line, old_id, verdict });
    }
    converter.finish(&records, submissions, lines)
}

/// The shape of each action type, over all its lines, the settled ones included.
fn shapes(config: &ScriptConfig, records: &[&Record]) -> BTreeMap<String, Shape> {
    let mut payloads: BTreeMap<String, Vec<&Literal>> = config.types.iter().map(|of_type| (of_type.name.clone(), Vec::new())).collect();
    for record in records {
        payloads.entry(record.action_type.clone()).or_default().push(&record.payload);
    }
    payloads.into_iter().map(|(name, payloads)| (name, shape(&payloads))).collect()
}

/// Each line's id; a second request under one id gets `#2`. Settled lines count, so that the numbers stay
/// when lines settle between two imports.
fn external_ids(records: &[&Record]) -> BTreeMap<u64, String> {
    let written: BTreeSet<&str> = records.iter().map(|record| record.id.as_str()).collect();
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut given: BTreeMap<u64, String> = BTreeMap::new();
    let mut by_id: BTreeMap<&str, Vec<&Record>> = BTreeMap::new();
    for record in records {
        let before = by_id.entry(&record.id).or_default();
        if let Some(id) = before.iter().find(|earlier| earlier.is_same_as(record)).and_then(|earlier| given.get(&earlier.line)) {
            let id = id.clone();
            given.insert(record.line, id);
            continue;
        }
        let numbered = (2_u64..).map(|number| format!("{}#{number}", record.id)).filter(|id| !written.contains(id.as_str()));
        let free = std::iter::once(record.id.clone()).chain(numbered).find(|id| !taken.contains(id));
        let id = free.unwrap_or_else(|| record.id.clone());
        taken.insert(id.clone());
        given.insert(record.line, id);
        before.push(record);
    }
    given
}

impl Converter<'_> {
    /// A policy for each type of the configuration, and the plain names for all types before any other.
    fn configured(&mut self, records: &[&Record]) {
        let of_config = self.config.types.iter().map(|of_type| of_type.name.as_str());
        let of_lines = records.iter().filter(|record| record.is_pending()).map(|record| record.action_type.as_str());
        for name in of_config.chain(of_lines) {
            self.names.give(name, &policy_name(name));
        }
        let config = self.config;
        for of_type in &config.types {
            for approver in &of_type.approvers {
                self.policy(&of_type.name, std::slice::from_ref(approver));
            }
            if of_type.approvers.len() > 1 {
                let (count, name) = (of_type.approvers.len(), quoted(&of_type.name));
                self.notes.push(format!(
                    "the configuration names {count} approvers for {name}: each has a policy; merge them into one with a rule for each"
                ));
            }
        }
    }

    fn line(&mut self, record: &Record, all: &[&Record], submissions: &mut Vec<ScriptSubmission>) -> LineVerdict {
        if !record.is_pending() {
            return LineVerdict::Skipped(format!("its status is {}: only pending lines become requests", quoted(&record.status)));
        }
        for other in all.iter().filter(|other| other.line != record.line && other.is_same_as(record)) {
            if !other.is_pending() {
                return LineVerdict::Skipped(format!("line {} says of the same request that it is {}", other.line, quoted(&other.status)));
            }
            if other.line < record.line {
                return LineVerdict::Skipped(format!("it is the same request as line {}", other.line));
            }
        }
        match self.submission(record) {
            Ok(submission) => {
                submissions.push(submission);
                LineVerdict::Taken
            }
            Err(reason) => LineVerdict::Broken(reason),
        }
    }

    fn submission(&mut self, record: &Record) -> Result<ScriptSubmission, String> {
        let requester = record.requester.as_deref().or(self.options.requester.as_deref());
        let requester = requester.ok_or("nobody is named who asked: say with `--requester` in whose name")?.to_owned();
        let (created_at, twice) = record.created_at(self.zone)?;
        let asked = self.asked(record)?;
        if twice {
            self.notes.push(format!("line {}: the clocks were changed at that hour, so `created_at` is read as best it can be", record.line));
        }
        let policy = self.policy(&record.action_type, &asked);
        let requester =
            self.people.add(&Approver { id: Some(requester), name: None, email: None, webhook: None, threshold: None }, &record.action_type);
        let draft = self.drafts.iter().find(|draft| draft.name == policy);
        if draft.is_some_and(|draft| draft.approvers.iter().all(|approver| *approver == requester)) {
            let note = format!(
                "line {}: {} asks and is the only approver; nobody decides their own request, so others will be asked",
                record.line,
                quoted(&requester)
            );
            self.notes.push(note);
        }
        let payload = self.shapes.get(&record.action_type).map(|shape| shape.payload(&record.payload)).unwrap_or_default();
        let external_id = self.external_ids.get(&record.line).cloned().unwrap_or_else(|| record.id.clone());
        let (status, summary) = (record.status.clone(), record.summary.clone());
        Ok(ScriptSubmission { line: record.line, policy, requester, payload, external_id, created_at, status, summary })
    }

    /// Whom a line asks: those it names, else those of its type, else those of all types.
    fn asked(&self, record: &Record) -> Result<Vec<Approver>, String> {
        if !record.approvers.is_empty() {
            return Ok(record.approvers.iter().map(|approver| self.known(approver, &record.action_type)).collect());
        }
        let of_type = self.config.types.iter().find(|of_type| of_type.name == record.action_type).and_then(|of_type| of_type.approvers.first());
        let found = of_type.or(self.config.fallback.first()).cloned();
        let missing = || format!("neither the line nor the configuration names an approver for {}: add one to either", quoted(&record.action_type));
        found.map(|approver| vec![approver]).ok_or_else(missing)
    }

    /// An approver whom the line knows only by webhook, as the configuration names them.
    fn known(&self, approver: &Approver, action_type: &str) -> Approver {
        let of_type = self.config.types.iter().filter(|of_type| of_type.name == action_type).flat_map(|of_type| &of_type.approvers);
        let found = of_type.clone().find(|known| approver.id.is_none() && known.webhook == approver.webhook);
        found.cloned().unwrap_or_else(|| approver.clone())
    }

    /// The name of the policy that asks these for this type; drafts it the first time.
    fn policy(&mut self, action_type: &str, approvers: &[Approver]) -> String {
        let mut ids: Vec<String> = Vec::new();
        for approver in approvers {
            let id = self.people.add(approver, action_type);
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        if let Some(draft) = self.drafts.iter().find(|draft| draft.action_type == action_type && draft.approvers == ids) {
            return draft.name.clone();
        }
        let plain = self.names.given(action_type).map(str::to_owned).filter(|name| !self.drafts.iter().any(|draft| draft.name == *name));
        let key = [action_type, &ids.join(APART)].join(APART);
        let name = plain.unwrap_or_else(|| self.names.give(&key, &policy_name(&format!("{action_type}-{}", ids.join("-")))));
        self.drafts.push(Draft {
            name: name.clone(),
            action_type: action_type.to_owned(),
            approvers: ids,
            timeout: self.timeout(action_type),
            escalate_to: self.escalate_to.clone(),
            shape: self.shapes.get(action_type).cloned().unwrap_or_else(|| shape(&[])),
            thresholds: approvers.iter().filter_map(|approver| approver.threshold.clone()).collect(),
            config_file: self.options.config_file.clone(),
        });
        name
    }

    fn timeout(&self, action_type: &str) -> Option<Timeout> {
        let of_type = self.config.types.iter().find(|of_type| of_type.name == action_type).and_then(|of_type| of_type.timeout);
        of_type.or(self.config.timeout)
    }

    fn finish(mut self, records: &[&Record], submissions: Vec<ScriptSubmission>, lines: Vec<LineReport>) -> Conversion {
        if let Some(selector) = &self.escalate_to {
            self.people.add_selector(selector);
        }
        self.say(records);
        let policies = self.drafts.iter().map(|draft| (format!("{}.toml", draft.name), draft.text())).collect();
        let (directory, webhooks) = (self.people.directory(), self.people.webhooks());
        self.notes.extend(self.people.notes());
        Conversion { policies, directory, webhooks, submissions, lines, notes: self.notes }
    }

    fn say(&mut self, records: &[&Record]) {
        self.notes.push("nothing was executed and nothing will be: the policies have no actions until you add `[[on.approved]]`".to_owned());
        self.notes.push("escalation and expiry count from the import, not from the script's `created_at`".to_owned());
        if self.escalate_to.is_none() && self.drafts.iter().any(|draft| draft.timeout.is_some()) {
            self.notes.push("`timeout_hours` becomes an escalation only with `--escalate-to`: say who is asked then".to_owned());
        }
        if self.drafts.iter().any(|draft| draft.timeout.is_none()) {
            self.notes.push("the configuration has no `timeout_hours`: nobody is asked after a time, and requests expire after a week".to_owned());
        }
        let mut notes: Vec<String> = Vec::new();
        for draft in &self.drafts {
            if let Shape::Whole { reason, .. } = &draft.shape {
                notes.push(format!("policy {}: the payload is one field `data` of type json, since {reason}", draft.name));
            }
            if draft.escalates_in_vain() {
                notes.push(format!("policy {}: the escalation asks the approver again, nobody else", draft.name));
            }
        }
        let unknown: BTreeSet<&str> =
            records.iter().filter(|record| record.is_pending()).flat_map(|record| &record.unknown).map(String::as_str).collect();
        if !unknown.is_empty() {
            let unknown: Vec<String> = unknown.into_iter().map(quoted).collect();
            notes.push(format!("members of pending lines that have no place here and stay in the script's file: {}", unknown.join(", ")));
        }
        self.notes.extend(notes);
    }
}
