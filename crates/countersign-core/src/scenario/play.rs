//! Plays a script: every deed becomes a command to the law, as the engine would give it. Time is the
//! script's, ids and seeds are counted, so that a scenario always plays the same.

use super::clock;
use super::deeds::{Answer, Deed};
use super::read::{Line, Script};
use super::tell;
use crate::assertion::{Proof, Signed};
use crate::canonical::{Digest, canonical};
use crate::command::{Command, Report, ReportVerdict, Voicing};
use crate::event::{Actor, ContentId, Decision, Door, Event};
use crate::execution::ExecutionState;
use crate::id::{ActionName, PersonId, RequestId, Revision};
use crate::people::{Member, Role, Roster};
use crate::policy::Policy;
use crate::refusal::Refusal;
use crate::request::{Decided, Effect, Facts, Request, decide, fold};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

/// The schedule of retries, in seconds; then daily for seven days, then a dead letter. Without jitter here.
const RETRY_AFTER_SECONDS: [i64; 7] = [5, 30, 120, 600, 3_600, 10_800, 43_200];
const RETRIES_DAILY: usize = 7;
/// A worker's lease, longer than any attempt.
const LEASE: SignedDuration = SignedDuration::from_secs(60);
const NOTHING: &str = "nothing happens";

/// What each line leads to, in order.
pub(super) fn consequences(script: &Script) -> Vec<String> {
    let mut world = World { script, roster: script.roster.clone(), requests: Vec::new(), last_run: None, commands: 0 };
    script.lines.iter().map(|line| world.line(line)).collect()
}

/// One submission and what became of it.
struct Entry<'a> {
    label: &'a str,
    id: RequestId,
    policy: &'a Policy,
    payload: Value,
    request: Option<Request>,
    record: Vec<(Timestamp, Event)>,
}

struct World<'a> {
    script: &'a Script,
    roster: Roster,
    requests: Vec<Entry<'a>>,
    /// The request whose action was last set running.
    last_run: Option<usize>,
    commands: u64,
}

impl<'a> World<'a> {
    fn line(&mut self, line: &'a Line) -> String {
        let now = line.at;
        match &line.deed {
            Deed::Submits { person, label, fields } => self.submit(line, person, label, fields),
            Deed::Decides { person, request, decision, revision, comment, passkey } => {
                let current = self.current(*request).map_or(Revision::FIRST, |request| request.revision);
                let revision = revision.unwrap_or(current);
                let comment = comment.as_deref().map(content);
                let proof = passkey.then(|| self.sign(*request, person, *decision, revision, now)).flatten();
                let person = person.clone();
                let voicing = Voicing { person, decision: *decision, revision, comment, door: Door::Web, relayed_by: None, stage: None, proof };
                self.command(*request, &Command::Decide(voicing), now)
            }
            Deed::Revises { person, request, fields } => self.revise(*request, person, fields, now),
            Deed::Withdraws { person, request } => self.command(*request, &Command::Withdraw { by: Actor::Person(person.clone()) }, now),
            Deed::Comments { person, request, comment } => {
                self.command(*request, &Command::Comment { by: Actor::Person(person.clone()), comment: content(comment) }, now)
            }
            Deed::Reassigns { person, request, to } => {
                self.operate(*request, person, &Command::Reassign { by: Actor::Person(person.clone()), to: to.clone() }, now)
            }
            Deed::Retries { person, request, action } => {
                self.operate(*request, person, &Command::RetryExecution { action: action.clone(), by: Actor::Person(person.clone()) }, now)
            }
            Deed::Abandons { person, request, action } => {
                let by = Actor::Person(person.clone());
                self.operate(*request, person, &Command::AbandonExecution { action: action.clone(), by, reason: None }, now)
            }
            Deed::Leaves { .. } | Deed::Returns { .. } | Deed::Joins { .. } | Deed::LeavesGroup { .. } => {
                self.change_directory(&line.deed);
                self.wake_all(now)
            }
            Deed::Delegates => "refused: not_yet".to_owned(),
            Deed::Strikes => self.wake_all(now),
            Deed::Receives { request, answer } => self.receive(*request, answer, now),
        }
    }

    /// What the person's passkey signs when it is shown the request as it stands.
    fn sign(&self, index: usize, person: &PersonId, decision: Decision, revision: Revision, now: Timestamp) -> Option<Box<Proof>> {
        let entry = self.requests.get(index)?;
        let nonce = Digest::of(&self.commands.to_be_bytes()).0;
        let facts = Facts { now, roster: &self.roster, policy: entry.policy, payload: &entry.payload, seed: nonce };
        let statement = entry.request.as_ref()?.statement(person, decision, revision, &facts, nonce).ok()?;
        let said = || b"a scenario's".to_vec();
        let (credential, public_key, authenticator_data, client_data, signature) = (said(), said(), said(), said(), said());
        let signed = Signed { credential, public_key, authenticator_data, client_data, signature, challenge: statement.challenge() };
        Some(Box::new(Proof { signed, nonce }))
    }

    fn current(&self, index: usize) -> Option<&Request> {
        self.requests.get(index)?.request.as_ref()
    }

    fn submit(&mut self, line: &Line, person: &PersonId, label: &'a str, fields: &Map<String, Value>) -> String {
        let index = self.requests.len();
        let Some(policy) = self.script.policies.get(line.policy) else { return refused("unknown_policy") };
        let mut random = [0_u8; 10];
        for (to, from) in random.iter_mut().rev().zip(index.to_le_bytes()) {
            *to = from;
        }
        let id = RequestId::new(line.at, random);
        let accepted = policy.accept(&Value::Object(fields.clone()), &self.roster);
        let payload = accepted.clone().unwrap_or_default();
        self.requests.push(Entry { label, id, policy, payload: payload.clone(), request: None, record: Vec::new() });
        if accepted.is_err() {
            return refused("invalid_payload");
        }
        let command =
            Command::Submit { id, requester: person.clone(), by: Actor::Person(person.clone()), payload: sealed(&payload), external_id: None };
        self.command(index, &command, line.at)
    }

    fn revise(&mut self, index: usize, person: &PersonId, fields: &Map<String, Value>, now: Timestamp) -> String {
        let Some(entry) = self.requests.get_mut(index) else { return refused("unknown_request") };
        let before = entry.payload.clone();
        let mut members = before.as_object().cloned().unwrap_or_default();
        members.extend(fields.clone());
        let Ok(payload) = entry.policy.accept(&Value::Object(members), &self.roster) else { return refused("invalid_payload") };
        entry.payload = payload.clone();
        let command = Command::Revise { by: Actor::Person(person.clone()), payload: sealed(&payload) };
        let told = self.try_command(index, &command, now);
        if let (Err(_), Some(entry)) = (&told, self.requests.get_mut(index)) {
            entry.payload = before;
        }
        told.unwrap_or_else(|refusal| refused(refusal.code()))
    }

    /// What only operators may do; the door asks for the role, as the engine's doors do.
    fn operate(&mut self, index: usize, person: &PersonId, command: &Command, now: Timestamp) -> String {
        if !self.roster.with_role(Role::Operator).contains(person) {
            return refused("not_an_operator");
        }
        self.command(index, command, now)
    }

    fn command(&mut self, index: usize, command: &Command, now: Timestamp) -> String {
        self.try_command(index, command, now).unwrap_or_else(|refusal| refused(refusal.code()))
    }

    fn try_command(&mut self, index: usize, command: &Command, now: Timestamp) -> Result<String, Refusal> {
        let phrases = self.give(index, command, now)?;
        Ok(if phrases.is_empty() { NOTHING.to_owned() } else { phrases.join("; ") })
    }

    /// Gives one command to the law, keeps what became of the request, and tells it.
    fn give(&mut self, index: usize, command: &Command, now: Timestamp) -> Result<Vec<String>, Refusal> {
        self.commands += 1;
        let Some(entry) = self.requests.get_mut(index) else { return Err(Refusal::UnknownRequest) };
        let seed = Digest::of(&self.commands.to_be_bytes()).0;
        let facts = Facts { now, roster: &self.roster, policy: entry.policy, payload: &entry.payload, seed };
        let decided = decide(entry.id, entry.request.as_ref(), command, &facts)?;
        entry.record.extend(decided.events.iter().map(|event| (now, event.clone())));
        let mut phrases = tell::phrases(&decided, &facts, &self.script.zone);
        if fold(entry.id, &entry.record).ok().flatten().as_ref() != Some(&decided.request) {
            phrases.push("the record does not fold to the request".to_owned());
        }
        if runs(&decided) {
            self.last_run = Some(index);
        }
        entry.request = Some(decided.request);
        Ok(phrases)
    }

    fn wake_all(&mut self, now: Timestamp) -> String {
        let mut told = Vec::new();
        for index in 0..self.requests.len() {
            let Ok(mut phrases) = self.give(index, &Command::Wake, now) else { continue };
            let label = self.requests.get(index).map_or("", |entry| entry.label);
            if let Some(first) = phrases.first_mut().filter(|_| !label.is_empty()) {
                *first = format!("{label} {first}");
            }
            told.extend(phrases);
        }
        if told.is_empty() { NOTHING.to_owned() } else { told.join("; ") }
    }

    fn change_directory(&mut self, deed: &Deed) {
        self.roster.version += 1;
        match deed {
            Deed::Leaves { person } | Deed::Returns { person } => {
                if let Some(known) = self.roster.people.get_mut(person) {
                    known.active = matches!(deed, Deed::Returns { .. });
                }
            }
            Deed::Joins { person, group } => {
                self.roster.groups.entry(group.clone()).or_default().insert(Member::Person(person.clone()));
            }
            Deed::LeavesGroup { person, group } => {
                self.roster.groups.entry(group.clone()).or_default().remove(&Member::Person(person.clone()));
            }
            _ => {}
        }
    }

    /// The worker runs the next action, and the receiver says this.
    fn receive(&mut self, request: Option<usize>, answer: &Answer, now: Timestamp) -> String {
        let Some(index) = request.or(self.last_run) else { return "nothing runs".to_owned() };
        let waiting = self.current(index).and_then(|request| {
            request.executions.iter().find(|execution| matches!(execution.state, ExecutionState::Waiting { .. } | ExecutionState::Running { .. }))
        });
        let runnable = waiting.and_then(|execution| Some((execution.action.clone(), execution.body?, execution.attempts + 1)));
        let Some((action, body, token)) = runnable else { return "nothing runs".to_owned() };
        let lease_until = now.saturating_add(LEASE).unwrap_or(Timestamp::MAX);
        let start = Command::StartExecution { action: action.clone(), lease_until, body };
        if let Err(refusal) = self.give(index, &start, now) {
            return refused(refusal.code());
        }
        let finish = Command::FinishExecution { action, token, report: report(answer, token, now) };
        self.command(index, &finish, now)
    }
}

fn refused(code: &str) -> String {
    format!("refused: {code}")
}

fn runs(decided: &Decided) -> bool {
    decided.effects.iter().any(|effect| matches!(effect, Effect::Execute { .. }))
}

fn report(answer: &Answer, attempt: u64, now: Timestamp) -> Report {
    let word = match answer {
        Answer::Status(status) => status.to_string(),
        Answer::Silence | Answer::SilenceForGood => "no answer".to_owned(),
    };
    let verdict = match answer {
        Answer::Status(200..300) => ReportVerdict::Succeeded,
        Answer::Status(410) | Answer::SilenceForGood => ReportVerdict::GiveUp,
        _ => retry(attempt, now),
    };
    Report { answer: word, output: None, verdict }
}

fn retry(attempt: u64, now: Timestamp) -> ReportVerdict {
    let tried = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
    let wait = match RETRY_AFTER_SECONDS.get(tried) {
        Some(seconds) => *seconds,
        None if tried < RETRY_AFTER_SECONDS.len() + RETRIES_DAILY => 86_400,
        None => return ReportVerdict::GiveUp,
    };
    ReportVerdict::RetryAt(now.saturating_add(SignedDuration::from_secs(wait)).unwrap_or(Timestamp::MAX))
}

fn content(text: &str) -> ContentId {
    Digest::of(text.as_bytes())
}

fn sealed(payload: &Value) -> ContentId {
    content(&canonical(payload))
}

/// What is told of an attempt that is tried again.
pub(super) fn again(action: &ActionName, answer: &str, retry_at: Timestamp, now: Timestamp, _: &TimeZone) -> String {
    format!("{action} failed ({answer}); tries again in {}", clock::length(retry_at.duration_since(now)))
}
