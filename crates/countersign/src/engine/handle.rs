//! Load, decide, commit. A conflict, be it of the request or of the directory, loads again; a commit in doubt loads
//! again too, and finds out.

use super::owed::Owed;
use super::row::involved;
use super::shelf::DIRECTORY_KEY;
use super::{Caller, Engine, EngineError, Seen, Whole};
use countersign_core::canonical::Digest;
use countersign_core::command::Command;
use countersign_core::event::{Event, NoticeKind};
use countersign_core::id::RequestId;
use countersign_core::people::Roster;
use countersign_core::policy::Policy;
use countersign_core::refusal::Refusal;
use countersign_core::request::{Decided, Effect, Facts, Request, decide, fold};
use countersign_store::{Append, Commit, CommitError, Content, Fault, Idempotent, Kind, Loaded, OutboxChange, OutboxRow};
use countersign_store::{Put, RefusedAttempt, RequestRow};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

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
    /// Records that are written with it: a link that is used up.
    pub puts: Vec<Put>,
    /// The key that made it.
    pub idempotency: Option<Idempotent>,
    /// Who, for the log of refused attempts.
    pub actor: String,
}

impl Instruction {
    /// A bare command.
    #[must_use]
    pub fn new(command: Command, actor: impl Into<String>) -> Self {
        Self {
            command,
            contents: Vec::new(),
            payload: None,
            policy: None,
            outbox: Vec::new(),
            puts: Vec::new(),
            idempotency: None,
            actor: actor.into(),
        }
    }
}

/// What came of it.
#[derive(Debug)]
pub struct Handled {
    /// The request after it.
    pub(super) whole: Whole,
    /// What happened; empty where the same was said before.
    pub events: Vec<Event>,
}

impl Handled {
    /// The request's id.
    #[must_use]
    pub fn id(&self) -> RequestId {
        self.whole.request.id
    }

    /// The request after it, as this caller sees it.
    #[must_use]
    pub fn shown_to(self, caller: &Caller) -> Seen {
        self.whole.shown_to(caller)
    }

    /// The request after it with everything in it, for workers.
    pub(crate) fn whole(&self) -> &Whole {
        &self.whole
    }
}

/// Whom to wake after a commit.
struct Rings {
    /// Work in the outbox that is due now.
    due_now: bool,
    /// The request's next timer.
    next_wakeup: Option<Timestamp>,
}

/// A request on the way in, with what its decision may look at.
struct Opened {
    request: Option<Request>,
    events: Vec<(Timestamp, Event)>,
    contents: Vec<Content>,
    policy: Arc<Policy>,
    payload: Value,
    roster: Arc<Roster>,
    /// The version of the directory's record that the roster stands on.
    directory: u64,
    now: Timestamp,
    /// As lists show it so far.
    row: Option<RequestRow>,
}

/// What a commit in doubt would have written.
struct Doubtful {
    expected: u64,
    at: Timestamp,
    events: Vec<Event>,
}

impl Opened {
    /// For asking the core; the seed is never drawn from here.
    fn facts(&self) -> Facts<'_> {
        Facts { now: self.now, roster: &self.roster, policy: &self.policy, payload: &self.payload, seed: [0; 32] }
    }

    /// How many events the request has; 0 for a new one.
    fn version(&self) -> u64 {
        self.request.as_ref().map_or(0, |request| request.events)
    }

    /// The events of a commit in doubt, if the record holds them: then it happened, and is not done again.
    fn held(&self, doubtful: Doubtful) -> Option<Vec<Event>> {
        let from = usize::try_from(doubtful.expected).ok()?;
        let there = self.events.get(from..from.checked_add(doubtful.events.len())?)?;
        there.iter().map(|(at, event)| (*at, event)).eq(doubtful.events.iter().map(|event| (doubtful.at, event))).then_some(doubtful.events)
    }
}

impl Engine {
    /// The one door to every decision.
    ///
    /// # Errors
    /// A refusal changes nothing and is kept in the bounded log; a fault leaves it unknown only where it says so.
    pub async fn handle(&self, id: RequestId, instruction: Instruction) -> Result<Handled, EngineError> {
        // On the heap: everything that calls is small then, and cheap to move to where it runs.
        Box::pin(self.handle_opened(id, instruction, None)).await
    }

    /// The same for a request that was looked at just now: where nothing changed since, it is not loaded again.
    pub(crate) async fn handle_seen(&self, whole: Whole, instruction: Instruction) -> Result<Handled, EngineError> {
        Box::pin(self.handle_opened(whole.request.id, instruction, self.seen_now(whole))).await
    }

    async fn handle_opened(&self, id: RequestId, instruction: Instruction, mut seen: Option<Opened>) -> Result<Handled, EngineError> {
        let (mut in_doubt, mut written) = (false, None);
        for attempt in 0..CONFLICT_RETRIES_MAX {
            let opened = match seen.take() {
                Some(opened) => opened,
                None => self.open(id, &instruction, attempt == 0).await?,
            };
            if let Some(events) = written.take().and_then(|doubtful| opened.held(doubtful)) {
                return self.found(opened, events).ok_or(EngineError::Busy);
            }
            let facts = Facts { now: opened.now, roster: &opened.roster, policy: &opened.policy, payload: &opened.payload, seed: self.draw() };
            let decided = match decide(id, opened.request.as_ref(), &instruction.command, &facts) {
                Ok(decided) => decided,
                Err(refusal) => return Err(self.refused(id, &instruction, refusal, opened.now).await),
            };
            let idle = decided.events.is_empty() && (instruction.outbox.is_empty() || in_doubt);
            if idle && !shows_otherwise(&instruction, &decided, &opened, &facts) {
                return Ok(Handled {
                    whole: Whole::of(decided.request, opened.contents, &opened.policy, &opened.roster, opened.payload, opened.now),
                    events: vec![],
                });
            }
            let (commit, rings) = self.commit_of(id, &instruction, &decided, &opened, &facts);
            let appends = commit.append.is_some();
            match self.commit(commit).await {
                Ok(committed) => return Ok(self.announce(decided, opened, &instruction, rings, committed.now)),
                Err(CommitError::Moment) => {}
                Err(CommitError::Conflict) => self.after_conflict(&instruction).await?,
                Err(CommitError::Fault(Fault::InDoubt)) => {
                    in_doubt = true;
                    written = appends.then(|| Doubtful { expected: opened.version(), at: opened.now, events: decided.events });
                }
                Err(CommitError::KeyTaken) => return self.made_before(&instruction).await,
                Err(CommitError::LeaseLost) if in_doubt => return self.reread(id).await,
                Err(CommitError::LeaseLost) => return Err(Refusal::LeaseLost { token: 0, current: 0 }.into()),
                Err(CommitError::Fault(fault)) => return Err(fault.into()),
            }
        }
        Err(EngineError::Busy)
    }

    /// What was looked at, if the directory it was looked at under is still in force. The commit finds out whether the
    /// request changed meanwhile.
    fn seen_now(&self, whole: Whole) -> Option<Opened> {
        let people = self.shelf.people();
        let Whole { request, policy, roster, now, payload, contents } = whole;
        let opened = |roster| Opened {
            request: Some(request),
            events: Vec::new(),
            contents,
            policy,
            payload,
            roster,
            directory: people.directory,
            now,
            row: None,
        };
        Arc::ptr_eq(&people.roster, &roster).then(|| opened(roster))
    }

    async fn open(&self, id: RequestId, instruction: &Instruction, first: bool) -> Result<Opened, EngineError> {
        let people = self.shelf.people();
        let (roster, directory) = (people.roster.clone(), people.directory);
        // A submission bears an id that was drawn just now: there is nothing to load, unless a commit says otherwise.
        let fresh = first && instruction.policy.is_some();
        let Some(loaded) = (if fresh { None } else { self.ports.log.load(id).await? }) else {
            let policy = instruction.policy.clone().ok_or(Refusal::UnknownRequest)?;
            let payload = instruction.payload.clone().unwrap_or(Value::Null);
            // A submission too bears the store's time: nodes' own clocks may differ by days (rule 16).
            let now = self.store_now().await?;
            return Ok(Opened { request: None, events: Vec::new(), contents: Vec::new(), policy, payload, roster, directory, now, row: None });
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
            directory,
            now: loaded.now,
            row: Some(loaded.row),
        })
    }

    /// Everything that is written together, and whom to wake for it.
    fn commit_of(&self, id: RequestId, instruction: &Instruction, decided: &Decided, opened: &Opened, facts: &Facts<'_>) -> (Commit, Rings) {
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
            expected: opened.version(),
            at: opened.now,
            events: decided.events.clone(),
            contents,
            row: super::row::row_of(&decided.request, facts),
        });
        // Rule 1: whoever was eligible when this was decided is so when it is committed.
        let expect = append.iter().map(|_| (Kind::Directory, DIRECTORY_KEY.to_owned(), opened.directory)).collect();
        // Rule 21: an attempt begins within its lease or not at all.
        let lease = if let Command::StartExecution { lease_until, .. } = instruction.command { Some(lease_until) } else { None };
        let not_after = next_deadline(opened, facts).into_iter().chain(lease).min();
        let rings = Rings { due_now, next_wakeup: append.as_ref().and_then(|append| append.row.next_wakeup) };
        let puts = instruction.puts.clone();
        (Commit { append, expect, not_after, outbox, puts, idempotency: instruction.idempotency.clone(), ..Commit::default() }, rings)
    }

    /// After a conflict: the directory may have changed; and a record that somebody else has written since will not
    /// be written by trying again.
    async fn after_conflict(&self, instruction: &Instruction) -> Result<(), EngineError> {
        self.shelf.follow_directory(self.records()).await?;
        for put in &instruction.puts {
            let current = self.records().get(put.kind, &put.key).await?.map_or(0, |record| record.version);
            if current != put.expected {
                return Err(EngineError::LinkSpent);
            }
        }
        Ok(())
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
                    let lane = super::owed::lane(effect, &people, &self.settings.hooks, &opened.policy);
                    let mut row = self.row(decided, Owed::of(effect), lane, due_at, waits.is_some(), now);
                    if let Effect::Retell { notice } = effect {
                        row.id = notice.id;
                    }
                    changes.push(OutboxChange::Add(row));
                }
            }
        }
        for (hook, kind) in super::owed::published(&self.settings.hooks, decided) {
            let waits = self.settings.summary_budget.filter(|_| kind == NoticeKind::Requested);
            let due_at = waits.map_or(now, |budget| now.saturating_add(budget).unwrap_or(now));
            let owed = Owed::Publish { hook: hook.id.clone(), kind };
            changes.push(OutboxChange::Add(self.row(decided, owed, hook.lane.clone(), due_at, waits.is_some(), now)));
        }
        changes
    }

    fn row(&self, decided: &Decided, owed: Owed, lane: String, due_at: Timestamp, waits: bool, now: Timestamp) -> OutboxRow {
        let effect = owed.encode();
        OutboxRow { id: self.new_effect_id(now), request: decided.request.id, lane, waits, due_at, effect }
    }

    /// After the commit: ring the bells, tell the listeners.
    fn announce(&self, decided: Decided, opened: Opened, instruction: &Instruction, rings: Rings, now: Timestamp) -> Handled {
        let Rings { due_now, next_wakeup } = rings;
        tell_the_log(&decided);
        if due_now {
            self.outbox_bell.notify_one();
        }
        if next_wakeup.is_some_and(|due| due.as_millisecond() < self.wakeup_armed.load(Ordering::SeqCst)) {
            self.wakeup_bell.notify_one();
        }
        let _ = self.changes.send(decided.request.id);
        self.tell_pages(opened.request.as_ref(), &decided.request, &opened.facts());
        let mut contents = opened.contents;
        contents.extend(instruction.contents.iter().cloned());
        contents.extend(decided.contents.into_iter().map(|sealed| Content { id: sealed.id, salt: sealed.salt, bytes: sealed.bytes }));
        let whole = Whole::of(decided.request, contents, &opened.policy, &opened.roster, opened.payload, now);
        Handled { whole, events: decided.events }
    }

    /// A commit in doubt that happened: rings as it would have rung.
    fn found(&self, opened: Opened, events: Vec<Event>) -> Option<Handled> {
        let request = opened.request.clone()?;
        self.outbox_bell.notify_one();
        self.wakeup_bell.notify_one();
        let _ = self.changes.send(request.id);
        self.tell_pages(None, &request, &opened.facts());
        let whole = Whole::of(request, opened.contents, &opened.policy, &opened.roster, opened.payload, opened.now);
        Some(Handled { whole, events })
    }

    fn tell_pages(&self, before: Option<&Request>, after: &Request, facts: &Facts<'_>) {
        if self.open_pages.none() {
            return;
        }
        let people = before.into_iter().chain([after]).flat_map(involved).chain(after.waiting(facts));
        self.open_pages.tell(after.id, people.collect::<BTreeSet<_>>());
    }

    async fn reread(&self, id: RequestId) -> Result<Handled, EngineError> {
        let whole = self.look(id).await?.ok_or(Refusal::UnknownRequest)?;
        Ok(Handled { whole, events: Vec::new() })
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
        if let Err(error) = self.commit(Commit { refused: Some(attempt), ..Commit::default() }).await {
            tracing::warn!(error = %error, "a refused attempt could not be logged");
        }
        EngineError::Refused(refusal)
    }
}

/// What somebody must look at is in the log too, for those whom no notice reaches. Ids only: no names, no amounts.
fn tell_the_log(decided: &Decided) {
    for event in &decided.events {
        match event {
            Event::Unroutable { .. } => tracing::warn!(request.id = %decided.request.id, "nobody is left to ask: the request is unroutable"),
            Event::ExecutionDeadLettered(_) => tracing::error!(request.id = %decided.request.id, "an action was given up and waits for an operator"),
            Event::NoticeFailed { .. } => tracing::error!(request.id = %decided.request.id, "a notice could not be delivered"),
            _ => {}
        }
    }
}

/// Whether a look at the request finds that lists show it otherwise than it is: people changed, and nothing
/// had to happen for it.
fn shows_otherwise(instruction: &Instruction, decided: &Decided, opened: &Opened, facts: &Facts<'_>) -> bool {
    let looks = instruction.command == Command::Wake && decided.events.is_empty();
    looks && opened.row.as_ref().is_some_and(|row| *row != super::row::row_of(&decided.request, facts))
}

/// The moment before which the commit must happen: the next timer that would change what was decided. Behind a
/// reminder that is overdue an expiry may be close: it bounds the commit too (rule 16).
fn next_deadline(opened: &Opened, facts: &Facts<'_>) -> Option<Timestamp> {
    let request = opened.request.as_ref()?;
    let expiries = request.open_stages().map(|stage| stage.expires_at);
    request.next_wakeup(facts).into_iter().chain(expiries).filter(|due| *due > opened.now).min()
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
