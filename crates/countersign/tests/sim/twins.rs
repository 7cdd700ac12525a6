//! Broken twins: the same system over a store, or with hands, that lie in one way each. The oracle must
//! catch every one, or it would not catch the same fault in the engine.

use crate::between::{Between, Through};
use crate::dice::Dice;
use crate::executor::Loop;
use crate::ledger::Arrival;
use async_trait::async_trait;
use countersign::ports::Job;
use countersign_core::assertion::Assertion;
use countersign_core::event::{Cause, Decided, Decision, Event, StageResult};
use countersign_core::id::{KeyId, PersonId, RequestId};
use countersign_core::policy::OutcomeName;
use countersign_store::{
    Append, Claimed, Claims, Commit, CommitError, Committed, Content, Due, Fault, Idempotent, ListQuery, Loaded, MemoryStore, OutboxChange, Page,
    Records, RequestLog, RequestRow, Room, StatusName,
};
use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, Mutex};

/// One planted bug.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Bug {
    LosesUpdates,
    ForgetsOutbox,
    ForgetsTheBudget,
    ForgetsKeys,
    IgnoresLeases,
    LosesCommits,
    IgnoresTheDirectory,
    EditsInPlace,
    ForgetsWakeups,
    CountsOnePersonTwice,
    AcceptsTheRequester,
    AcceptsStrangers,
    ApprovesOnExpiry,
    FiresTwice,
    FiresEarly,
    AcceptsLateVoices,
    SendsOtherBytes,
    SendsAnotherKey,
    RunsAfterWithdrawal,
    RecordsRefused,
    LooksAtFew,
    TakesSessionsForPasskeys,
    TakesReplays,
}

pub(crate) const BUGS: [Bug; 23] = [
    Bug::LosesUpdates,
    Bug::ForgetsOutbox,
    Bug::ForgetsTheBudget,
    Bug::ForgetsKeys,
    Bug::IgnoresLeases,
    Bug::LosesCommits,
    Bug::IgnoresTheDirectory,
    Bug::EditsInPlace,
    Bug::ForgetsWakeups,
    Bug::CountsOnePersonTwice,
    Bug::AcceptsTheRequester,
    Bug::AcceptsStrangers,
    Bug::ApprovesOnExpiry,
    Bug::FiresTwice,
    Bug::FiresEarly,
    Bug::AcceptsLateVoices,
    Bug::SendsOtherBytes,
    Bug::SendsAnotherKey,
    Bug::RunsAfterWithdrawal,
    Bug::RecordsRefused,
    Bug::LooksAtFew,
    Bug::TakesSessionsForPasskeys,
    Bug::TakesReplays,
];

/// How far ahead of time the early twin is.
const EARLY: SignedDuration = SignedDuration::from_mins(7);
/// How old the clock's reading is by which the twin judges that takes late voices.
const READ_BEFORE: SignedDuration = SignedDuration::from_millis(100);
/// How far behind the sweeper of the twin is that takes late voices.
const SWEPT_AFTER: SignedDuration = SignedDuration::from_secs(2);

/// The store, or one that lies.
pub(crate) struct Twin {
    bug: Option<Bug>,
    store: Arc<MemoryStore>,
    time: Arc<Loop>,
    dice: Mutex<Dice>,
    claimed: Mutex<Vec<Claimed>>,
    phantoms: Mutex<Vec<Arrival>>,
    /// The first signature that came, for which request, with its statement.
    signed: Mutex<Option<(RequestId, Box<Assertion>, Content)>>,
}

impl Twin {
    pub(crate) fn new(bug: Option<Bug>, store: Arc<MemoryStore>, time: Arc<Loop>, dice: Dice) -> Arc<Through<Self>> {
        let (dice, claimed, phantoms, signed) = (Mutex::new(dice), Mutex::default(), Mutex::default(), Mutex::default());
        Arc::new(Through(Self { bug, store, time, dice, claimed, phantoms, signed }))
    }

    fn is(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }

    /// Whether the bug bites this time.
    fn bites(&self, bug: Bug, permille: u32) -> bool {
        self.is(bug) && self.dice.lock().unwrap().permille(permille)
    }

    /// The job as it goes out.
    pub(crate) fn job(&self, job: &Job) -> Job {
        let mut job = job.clone();
        if self.bites(Bug::SendsOtherBytes, 200) {
            job.body.push(b' ');
        }
        if self.bites(Bug::SendsAnotherKey, 200) {
            job.key.push_str(":again");
        }
        job
    }

    /// What this twin sent behind everybody's back.
    pub(crate) fn phantoms(&self) -> Vec<Arrival> {
        std::mem::take(&mut self.phantoms.lock().unwrap())
    }

    async fn spoil(&self, commit: &mut Commit) {
        if self.is(Bug::ForgetsKeys) {
            commit.idempotency = None;
        }
        if self.is(Bug::IgnoresTheDirectory) {
            commit.expect.clear();
        }
        if self.is(Bug::ForgetsTheBudget) {
            wait_long(&mut commit.outbox);
        }
        if self.bites(Bug::ForgetsOutbox, 100) {
            commit.outbox.retain(|change| !matches!(change, OutboxChange::Add(_)));
        }
        if self.is(Bug::IgnoresLeases) {
            self.follow_leases(commit);
        }
        if self.is(Bug::AcceptsLateVoices) {
            self.dawdle(commit).await;
            commit.not_after = None;
        }
        let Some(append) = &mut commit.append else { return };
        if self.bites(Bug::ForgetsWakeups, 100) {
            append.row.next_wakeup = None;
        }
        self.forge(append);
        if self.is(Bug::RunsAfterWithdrawal) && append.row.status == StatusName::Withdrawn {
            self.send_after_withdrawal(append);
        }
    }

    /// Whoever holds the row now lends its token to those who lost it.
    fn follow_leases(&self, commit: &mut Commit) {
        let claimed = self.claimed.lock().unwrap();
        for change in &mut commit.outbox {
            if let OutboxChange::Done { id, token } | OutboxChange::Later { id, token, .. } = change {
                *token = claimed.iter().rev().find(|known| known.row.id == *id).map_or(*token, |known| known.token);
            }
        }
    }

    fn forge(&self, append: &mut Append) {
        let at = append.at;
        match self.bug {
            Some(Bug::CountsOnePersonTwice) => count_twice(append, at),
            Some(Bug::AcceptsTheRequester) if self.bites(Bug::AcceptsTheRequester, 200) => {
                let requester = append.row.requester.clone();
                replace_person(append, &requester);
            }
            Some(Bug::AcceptsStrangers) if self.bites(Bug::AcceptsStrangers, 200) => replace_person(append, &PersonId::from("zoe")),
            Some(Bug::ApprovesOnExpiry) => approve_expired(append),
            Some(Bug::FiresTwice) => fire_twice(append),
            Some(Bug::TakesReplays) => self.replay(append),
            _ => {}
        }
    }

    /// Whatever comes signed for other requests bears the signature that came first.
    fn replay(&self, append: &mut Append) {
        for event in &mut append.events {
            let Event::Decided(Decided { assertion: Some(assertion), .. }) = event else { continue };
            let Some(statement) = append.contents.iter().find(|content| content.id == assertion.statement).cloned() else { continue };
            let first = self.signed.lock().unwrap().get_or_insert_with(|| (append.id, assertion.clone(), statement)).clone();
            if first.0 != append.id {
                *assertion = first.1;
                append.contents.push(first.2);
            }
        }
    }

    /// Now and then a voice takes until its deadline to reach the store, which does not look.
    async fn dawdle(&self, commit: &Commit) {
        let speaks = commit.append.as_ref().is_some_and(|append| append.events.iter().any(|event| matches!(event, Event::Decided(_))));
        let Some(deadline) = commit.not_after.filter(|_| speaks && self.bites(Bug::AcceptsLateVoices, 200)) else { return };
        let Ok(due) = self.store.due(0).await else { return };
        let left = deadline.as_millisecond() - due.now.as_millisecond();
        self.time.sleep(left.max(0)).await;
    }

    fn send_after_withdrawal(&self, append: &Append) {
        let key = format!("{}:approved:pay", append.id);
        let url = "http://bank.example/pay/v1".to_owned();
        self.phantoms.lock().unwrap().push(Arrival { at: append.at, url, key, body: b"{}".to_vec(), action: true });
    }

    /// A commit that ignores what has happened since its load.
    async fn overwrite(&self, mut commit: Commit) -> Result<Committed, CommitError> {
        let done = self.store.commit(commit.clone()).await;
        if self.is(Bug::IgnoresLeases) && matches!(done, Err(CommitError::LeaseLost)) {
            // Neither leased nor fenced: what the row says about who holds it is not looked at.
            commit.outbox.retain(|change| matches!(change, OutboxChange::Add(_) | OutboxChange::Release { .. }));
            return self.store.commit(commit).await;
        }
        let Some(append) = commit.append.as_mut().filter(|_| self.is(Bug::LosesUpdates) && matches!(done, Err(CommitError::Conflict))) else {
            return done;
        };
        append.expected = self.store.load(append.id).await?.map_or(0, |loaded| loaded.events.len() as u64);
        self.store.commit(commit).await
    }
}

/// Notices wait an hour for the model's words.
fn wait_long(outbox: &mut [OutboxChange]) {
    for change in outbox {
        if let OutboxChange::Add(row) = change
            && row.waits
        {
            row.due_at = row.due_at.saturating_add(SignedDuration::from_hours(1)).unwrap();
        }
    }
}

fn count_twice(append: &mut Append, at: Timestamp) {
    let Some(Event::Decided(decided)) = append.events.last() else { return };
    if decided.decision != Decision::Approve || append.row.settled_at.is_some() {
        return;
    }
    let closed = decided.stages.iter().map(|stage| Event::StageClosed { stage: *stage, result: StageResult::Approved });
    let mut events: Vec<Event> = closed.collect();
    events.push(Event::Settled { outcome: OutcomeName::Approved, cause: Cause::Decisions, actions: Vec::new() });
    append.events.extend(events);
    append.row.status = StatusName::Approved;
    append.row.settled_at = Some(at);
    append.row.next_wakeup = None;
    append.row.waiting.clear();
}

fn replace_person(append: &mut Append, person: &PersonId) {
    for event in &mut append.events {
        if let Event::Decided(decided) = event {
            decided.person = person.clone();
        }
    }
}

fn approve_expired(append: &mut Append) {
    for event in &mut append.events {
        match event {
            Event::StageClosed { result, .. } if *result == StageResult::Expired => *result = StageResult::Approved,
            Event::Settled { outcome, .. } if *outcome == OutcomeName::Expired => {
                *outcome = OutcomeName::Approved;
                append.row.status = StatusName::Approved;
            }
            _ => {}
        }
    }
}

fn fire_twice(append: &mut Append) {
    let fired = append.events.iter().position(|event| matches!(event, Event::Escalated(escalated) if escalated.level.is_some()));
    if let Some(index) = fired {
        let again = append.events[index].clone();
        append.events.insert(index, again);
    }
}

#[async_trait]
impl Between for Twin {
    fn log(&self) -> &dyn RequestLog {
        &*self.store
    }

    fn records(&self) -> &dyn Records {
        &*self.store
    }

    async fn load(&self, id: RequestId) -> Result<Option<Loaded>, Fault> {
        let mut loaded = self.store.load(id).await?;
        if let Some(loaded) = &mut loaded {
            if self.is(Bug::FiresEarly) {
                loaded.now = loaded.now.saturating_add(EARLY).unwrap();
            }
            if self.is(Bug::AcceptsLateVoices) {
                loaded.now = loaded.now.saturating_sub(READ_BEFORE).unwrap();
            }
            if self.is(Bug::TakesSessionsForPasskeys) && loaded.row.settled_at.is_none() {
                loaded.events.iter_mut().for_each(|(_, event)| ask_for_a_session(event));
            }
            if self.is(Bug::EditsInPlace) && loaded.row.settled_at.is_some() {
                loaded.events.iter_mut().for_each(|(_, event)| edit(event));
            }
        }
        Ok(loaded)
    }

    async fn commit(&self, mut commit: Commit) -> Result<Committed, CommitError> {
        self.spoil(&mut commit).await;
        if self.bites(Bug::LosesCommits, 15)
            && let Some(append) = commit.append.as_ref().filter(|append| append.expected > 0)
        {
            return Ok(Committed { version: append.expected + append.events.len() as u64, position: 1, now: append.at });
        }
        if self.is(Bug::RecordsRefused) && commit.refused.is_some() {
            return self.record_refused(commit).await;
        }
        self.overwrite(commit).await
    }

    async fn find(&self, scope: KeyId, key: &str) -> Result<Option<Idempotent>, Fault> {
        if self.is(Bug::ForgetsKeys) { Ok(None) } else { self.store.find(scope, key).await }
    }

    async fn due(&self, limit: usize) -> Result<Due, Fault> {
        let mut due = self.store.due(limit).await?;
        if self.is(Bug::FiresEarly) {
            let query = ListQuery { limit: 200, ..ListQuery::default() };
            let soon = due.now.saturating_add(EARLY).unwrap();
            let rows = self.store.list(&query).await?.items;
            due.overdue.extend(rows.iter().filter_map(|row| Some((row.id, row.next_wakeup?))).filter(|(_, at)| *at > due.now && *at <= soon));
        }
        if self.is(Bug::AcceptsLateVoices) {
            // Late sweepers are no fault, and leave room for late voices.
            due.overdue.retain(|(_, at)| due.now.duration_since(*at) >= SWEPT_AFTER);
        }
        Ok(due)
    }

    async fn claim(&self, room: &Room, lease_ms: i64, limit: usize) -> Result<Claims, Fault> {
        let mut claims = self.store.claim(room, lease_ms, limit).await?;
        if self.is(Bug::IgnoresLeases) {
            let mut known = self.claimed.lock().unwrap();
            let again = if self.bites(Bug::IgnoresLeases, 20) { 2 } else { 0 };
            let again: Vec<Claimed> = known.iter().rev().take(again).cloned().collect();
            known.extend(claims.claimed.iter().cloned());
            claims.claimed.extend(again);
        }
        Ok(claims)
    }

    async fn list(&self, query: &ListQuery) -> Result<Page<RequestRow>, Fault> {
        let mut page = self.store.list(query).await?;
        if self.is(Bug::LooksAtFew) {
            let mut seen = true;
            page.items.retain(|_| {
                seen = !seen;
                seen
            });
        }
        Ok(page)
    }
}

impl Twin {
    /// A refused attempt leaves a comment on the request.
    async fn record_refused(&self, mut commit: Commit) -> Result<Committed, CommitError> {
        let id = commit.refused.as_ref().and_then(|refused| refused.request);
        if let Some(id) = id
            && let Some(loaded) = self.store.load(id).await?
        {
            let by = countersign_core::event::Actor::Engine;
            let comment = loaded.contents.first().map(|content| content.id).unwrap();
            let (expected, at, row) = (loaded.events.len() as u64, loaded.now, loaded.row);
            commit.append = Some(Append { id, expected, at, events: vec![Event::Commented { by, comment }], contents: Vec::new(), row });
        }
        self.store.commit(commit).await
    }
}

fn ask_for_a_session(event: &mut Event) {
    if let Event::StageOpened(opened) = event {
        opened.require_passkey = false;
    }
}

fn edit(event: &mut Event) {
    if let Event::Decided(decided) = event {
        decided.comment = None;
    }
}
