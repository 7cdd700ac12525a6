//! Load, decide, commit. A conflict loads again; a commit in doubt loads again too, and finds out.

use super::owed::Owed;
use super::{Engine, EngineError, Seen};
use countersign_core::canonical::Digest;
use countersign_core::command::Command;
use countersign_core::event::{Event, NoticeKind};
use countersign_core::id::RequestId;
use countersign_core::people::Roster;
use countersign_core::policy::Policy;
use countersign_core::refusal::Refusal;
use countersign_core::request::{Decided, Effect, Facts, Request, decide, fold};
use countersign_store::{Append, Commit, CommitError, Content, Fault, Idempotent, Loaded, OutboxChange, OutboxRow, RefusedAttempt, RequestRow};
use jiff::Timestamp;
use serde_json::Value;
use std::sync::Arc;

/// A request that changes this often between load and commit is refused for now.
const CONFLICT_RETRIES_MAX: usize = 32;

/// A command with what travels beside it into the same commit.
#[derive(Clone, Debug)]
pub struct Instruction {
    /// What is asked.
    pub command: Command,
    /// Contents that the command names.
    pub contents: Vec<Content>,
    /// The new payload, for a submission or revision.
    pub payload: Option<Value>,
    /// The policy to submit under.
    pub policy: Option<Arc<Policy>>,
    /// Outbox rows that this finishes or moves.
    pub outbox: Vec<OutboxChange>,
    /// The key that made it.
    pub idempotency: Option<Idempotent>,
    /// Who, for the log of refused attempts.
    pub actor: String,
}

impl Instruction {
    /// A bare command.
    #[must_use]
    pub fn new(command: Command, actor: impl Into<String>) -> Self {
        Self { command, contents: Vec::new(), payload: None, policy: None, outbox: Vec::new(), idempotency: None, actor: actor.into() }
    }
}

/// What came of it.
#[derive(Debug)]
pub struct Handled {
    /// The request after it.
    pub seen: Seen,
    /// What happened; empty where the same was said before.
    pub events: Vec<Event>,
}

/// A request on the way in, with what its decision may look at.
struct Opened {
    request: Option<Request>,
    events: Vec<(Timestamp, Event)>,
    contents: Vec<Content>,
    policy: Arc<Policy>,
    payload: Value,
    roster: Arc<Roster>,
    now: Timestamp,
    /// As lists show it so far.
    row: Option<RequestRow>,
}

impl Opened {
    /// The events of a commit in doubt, if the record holds them: then it happened, and is not done again.
    fn held(&self, append: Append) -> Option<Vec<Event>> {
        let from = usize::try_from(append.expected).ok()?;
        let there = self.events.get(from..from.checked_add(append.events.len())?)?;
        there.iter().map(|(at, event)| (*at, event)).eq(append.events.iter().map(|event| (append.at, event))).then_some(append.events)
    }
}

impl Engine {
    /// The one door to every decision.
    ///
    /// # Errors
    /// A refusal changes nothing and is kept in the bounded log; a fault leaves it unknown only where it says so.
    pub async fn handle(&self, id: RequestId, instruction: Instruction) -> Result<Handled, EngineError> {
        let (mut in_doubt, mut written) = (false, None);
        for _ in 0..CONFLICT_RETRIES_MAX {
            let opened = self.open(id, &instruction).await?;
            if let Some(events) = written.take().and_then(|append| opened.held(append)) {
                return self.found(opened, events).ok_or(EngineError::Busy);
            }
            let facts = Facts { now: opened.now, roster: &opened.roster, policy: &opened.policy, payload: &opened.payload, seed: self.draw() };
            let decided = match decide(id, opened.request.clone(), &instruction.command, &facts) {
                Ok(decided) => decided,
                Err(refusal) => return Err(self.refused(id, &instruction, refusal, opened.now).await),
            };
            let idle = decided.events.is_empty() && (instruction.outbox.is_empty() || in_doubt);
            if idle && !shows_otherwise(&instruction, &decided, &opened, &facts) {
                return Ok(Handled {
                    seen: Seen::of(decided.request, opened.contents, &opened.policy, &opened.roster, opened.payload, opened.now),
                    events: vec![],
                });
            }
            let (commit, due_now) = self.commit_of(id, &instruction, &decided, &opened, &facts);
            let append = commit.append.clone();
            match self.ports.log.commit(commit).await {
                Ok(committed) => return Ok(self.announce(decided, opened, &instruction, due_now, committed.now)),
                Err(CommitError::Conflict | CommitError::Moment) => {}
                Err(CommitError::Fault(Fault::InDoubt)) => (in_doubt, written) = (true, append),
                Err(CommitError::KeyTaken) => return self.made_before(&instruction).await,
                Err(CommitError::LeaseLost) if in_doubt => return self.reread(id).await,
                Err(CommitError::LeaseLost) => return Err(Refusal::LeaseLost { token: 0, current: 0 }.into()),
                Err(CommitError::Fault(fault)) => return Err(fault.into()),
            }
        }
        Err(EngineError::Busy)
    }

    async fn open(&self, id: RequestId, instruction: &Instruction) -> Result<Opened, EngineError> {
        let roster = self.shelf.people().roster.clone();
        let Some(loaded) = self.ports.log.load(id).await? else {
            let policy = instruction.policy.clone().ok_or(Refusal::UnknownRequest)?;
            let payload = instruction.payload.clone().unwrap_or(Value::Null);
            // A submission too bears the store's time: nodes' own clocks may differ by days (rule 16).
            let now = self.store_now().await?;
            return Ok(Opened { request: None, events: Vec::new(), contents: Vec::new(), policy, payload, roster, now, row: None });
        };
        let request = folded(id, &loaded)?;
        let policy = self.shelf.version(&request.version, self.records()).await?;
        let payload = match &instruction.payload {
            Some(payload) => payload.clone(),
            None => payload_of(&request, &loaded.contents)?,
        };
        Ok(Opened {
            request: Some(request),
            events: loaded.events,
            contents: loaded.contents,
            policy,
            payload,
            roster,
            now: loaded.now,
            row: Some(loaded.row),
        })
    }

    /// Everything that is written together, and whether any of it is work due now.
    fn commit_of(&self, id: RequestId, instruction: &Instruction, decided: &Decided, opened: &Opened, facts: &Facts<'_>) -> (Commit, bool) {
        let mut outbox = instruction.outbox.clone();
        let added = self.owed(decided, opened);
        let due_now = added
            .iter()
            .any(|change| matches!(change, OutboxChange::Add(row) if row.due_at <= opened.now) || matches!(change, OutboxChange::Release { .. }));
        outbox.extend(added);
        let mut contents = instruction.contents.clone();
        contents.extend(decided.contents.iter().map(|sealed| Content { id: sealed.id, salt: sealed.salt, bytes: sealed.bytes.clone() }));
        let append = (!decided.events.is_empty() || shows_otherwise(instruction, decided, opened, facts)).then(|| Append {
            id,
            expected: opened.request.as_ref().map_or(0, |request| request.events),
            at: opened.now,
            events: decided.events.clone(),
            contents,
            row: super::row::row_of(&decided.request, facts),
        });
        let not_after = next_deadline(opened, facts);
        (Commit { append, not_after, outbox, idempotency: instruction.idempotency.clone(), ..Commit::default() }, due_now)
    }

    /// The outbox rows for a decision's effects, and for the webhooks that take every event.
    fn owed(&self, decided: &Decided, opened: &Opened) -> Vec<OutboxChange> {
        let now = opened.now;
        let mut changes = Vec::new();
        let people = self.shelf.people();
        for effect in &decided.effects {
            match effect {
                Effect::Release => changes.push(OutboxChange::Release { request: decided.request.id }),
                Effect::Summarise { .. } if self.settings.summary_budget.is_none() => {}
                Effect::Notify { to, .. } if people.routes(to).is_empty() => {}
                effect => {
                    let waits = self.settings.summary_budget.filter(|_| matches!(effect, Effect::Notify { waits: true, .. }));
                    let due_at = waits.map_or(now, |budget| now.saturating_add(budget).unwrap_or(now));
                    changes.push(self.row(
                        decided,
                        Owed::of(effect),
                        super::owed::lane(effect, &people, &opened.policy),
                        due_at,
                        waits.is_some(),
                        now,
                    ));
                }
            }
        }
        for (hook, kind) in super::owed::published(&self.settings.hooks, decided) {
            let waits = self.settings.summary_budget.filter(|_| kind == NoticeKind::Requested);
            let due_at = waits.map_or(now, |budget| now.saturating_add(budget).unwrap_or(now));
            changes.push(self.row(decided, Owed::Publish { hook: hook.id.clone(), kind }, hook.lane.clone(), due_at, waits.is_some(), now));
        }
        changes
    }

    fn row(&self, decided: &Decided, owed: Owed, lane: String, due_at: Timestamp, waits: bool, now: Timestamp) -> OutboxChange {
        let effect = owed.encode();
        OutboxChange::Add(OutboxRow { id: self.new_effect_id(now), request: decided.request.id, lane, waits, due_at, effect })
    }

    /// After the commit: ring the bells, tell the listeners.
    fn announce(&self, decided: Decided, opened: Opened, instruction: &Instruction, due_now: bool, now: Timestamp) -> Handled {
        if due_now {
            self.outbox_bell.notify_one();
        }
        self.wakeup_bell.notify_one();
        let _ = self.changes.send(decided.request.id);
        let mut contents = opened.contents;
        contents.extend(instruction.contents.iter().cloned());
        contents.extend(decided.contents.into_iter().map(|sealed| Content { id: sealed.id, salt: sealed.salt, bytes: sealed.bytes }));
        let seen = Seen::of(decided.request, contents, &opened.policy, &opened.roster, opened.payload, now);
        Handled { seen, events: decided.events }
    }

    /// A commit in doubt that happened: rings as it would have rung.
    fn found(&self, opened: Opened, events: Vec<Event>) -> Option<Handled> {
        let request = opened.request?;
        self.outbox_bell.notify_one();
        self.wakeup_bell.notify_one();
        let _ = self.changes.send(request.id);
        let seen = Seen::of(request, opened.contents, &opened.policy, &opened.roster, opened.payload, opened.now);
        Some(Handled { seen, events })
    }

    async fn reread(&self, id: RequestId) -> Result<Handled, EngineError> {
        let seen = self.look(id).await?.ok_or(Refusal::UnknownRequest)?;
        Ok(Handled { seen, events: Vec::new() })
    }

    /// The key made a request between our look and our commit: the same body gets that request.
    async fn made_before(&self, instruction: &Instruction) -> Result<Handled, EngineError> {
        let wanted = instruction.idempotency.as_ref().ok_or(EngineError::Busy)?;
        let made = self.ports.log.find(wanted.scope, &wanted.key).await?.ok_or(EngineError::Busy)?;
        if made.body != wanted.body {
            return Err(EngineError::IdempotencyConflict(made.request));
        }
        self.reread(made.request).await
    }

    async fn refused(&self, id: RequestId, instruction: &Instruction, refusal: Refusal, now: Timestamp) -> EngineError {
        let attempted = format!("{:?}", instruction.command).split([' ', '(', '{']).next().unwrap_or_default().to_lowercase();
        let attempt = RefusedAttempt { at: now, request: Some(id), actor: instruction.actor.clone(), attempted, code: refusal.code().to_owned() };
        // The refusal stands whether or not the log beside the chain takes it.
        if let Err(error) = self.ports.log.commit(Commit { refused: Some(attempt), ..Commit::default() }).await {
            tracing::warn!(error = %error, "a refused attempt could not be logged");
        }
        EngineError::Refused(refusal)
    }
}

/// Whether a look at the request finds that lists show it otherwise than it is: people changed, and nothing
/// had to happen for it.
fn shows_otherwise(instruction: &Instruction, decided: &Decided, opened: &Opened, facts: &Facts<'_>) -> bool {
    let looks = instruction.command == Command::Wake && decided.events.is_empty();
    looks && opened.row.as_ref().is_some_and(|row| *row != super::row::row_of(&decided.request, facts))
}

/// The moment before which the commit must happen: the next timer that would change what was decided.
fn next_deadline(opened: &Opened, facts: &Facts<'_>) -> Option<Timestamp> {
    opened.request.as_ref().and_then(|request| request.next_wakeup(facts)).filter(|due| *due > opened.now)
}

pub(super) fn folded(id: RequestId, loaded: &Loaded) -> Result<Request, Fault> {
    let damaged = |what: String| Fault::Damaged { place: id.to_string(), what };
    fold(id, &loaded.events).map_err(|illegal| damaged(illegal.to_string()))?.ok_or_else(|| damaged("it has no events".into()))
}

/// The current payload, checked against the digest that its event carries.
pub(super) fn payload_of(request: &Request, contents: &[Content]) -> Result<Value, Fault> {
    let damaged = |what: &str| Fault::Damaged { place: request.id.to_string(), what: what.into() };
    let content = contents.iter().find(|content| content.id == request.payload).ok_or_else(|| damaged("its payload is missing"))?;
    if Digest::salted(&content.salt, &content.bytes) != request.payload {
        return Err(damaged("its payload is not the one submitted"));
    }
    serde_json::from_slice(&content.bytes).map_err(|_| damaged("its payload is no JSON"))
}
