//! Performs one claimed effect and reports back. What is reported and the end of the outbox row are one
//! commit, under the claim's token: a zombie's word changes nothing.

use super::notice;
use crate::engine::owed::{Hook, Owed};
use crate::engine::shelf::Route;
use crate::engine::{Engine, EngineError, Instruction, Whole, brief};
use crate::outbound::retry::{Schedule, next_try};
use crate::outbound::secret::{SecretRef, Setting};
use crate::ports::{Answer, Channel, Executor, Job, JobTarget, Parcel, Random, Summarizer};
use crate::wire;
use countersign_core::canonical::Digest;
use countersign_core::command::{Command, NoticeReport, Report, ReportVerdict};
use countersign_core::event::NoticeKind;
use countersign_core::execution::{Execution, ExecutionState};
use countersign_core::id::{ActionName, PersonId, Revision, StageId};
use countersign_core::policy::Target;
use countersign_core::policy::sight::Viewer;
use countersign_core::refusal::Refusal;
use countersign_store::{Claimed, Commit, Content, OutboxChange};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// An attempt over HTTP ends within 15 s; its lease ends soon after, so that a crash delays little.
const HTTP_LEASE: SignedDuration = SignedDuration::from_secs(20);
/// A program may run for 15 minutes, and may outlive a crash of ours: nobody starts it again before.
const COMMAND_LEASE: SignedDuration = SignedDuration::from_secs(16 * 60);
/// A model has 60 s at the most.
const SUMMARY_LEASE: SignedDuration = SignedDuration::from_secs(75);

/// Prints a line where people see it.
pub type Console = Arc<dyn Fn(&str) + Send + Sync>;

/// The ways out.
pub struct Sinks {
    /// Signed POSTs to people and systems.
    pub webhook: Arc<dyn Channel>,
    /// The terminal of the demo, if this is one.
    pub console: Option<Console>,
    /// Actions over HTTP.
    pub http: Arc<dyn Executor>,
    /// Actions as local programs.
    pub command: Arc<dyn Executor>,
    /// The model, if there is one.
    pub summarizer: Option<Arc<dyn Summarizer>>,
    /// Jitter.
    pub random: Arc<dyn Random>,
}

/// Whom a notice is for: a person, or a webhook that takes every event.
struct Addressee {
    to: Option<PersonId>,
    stage: Option<StageId>,
    hook: Option<String>,
}

/// Performs effects through these ways out.
pub struct Performer {
    engine: Arc<Engine>,
    sinks: Sinks,
    schedule: Schedule,
}

impl Performer {
    /// A performer over an engine.
    #[must_use]
    pub fn new(engine: Arc<Engine>, sinks: Sinks, schedule: Schedule) -> Self {
        Self { engine, sinks, schedule }
    }

    /// The engine it reports to.
    #[must_use]
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// Performs one piece of work. Faults leave the row to its lease: it is claimed again.
    pub async fn perform(&self, piece: Claimed) {
        let done = match Owed::decode(&piece.row.effect) {
            Ok(Owed::Notify { kind, to, stage }) => self.notify(&piece, kind, &PersonId::new(to), stage.map(StageId)).await,
            Ok(Owed::Publish { hook, kind }) => self.publish(&piece, &hook, kind).await,
            Ok(Owed::Summarise { revision }) => self.summarise(&piece, Revision(revision)).await,
            Ok(Owed::Execute { action }) => self.execute(&piece, &ActionName::new(action)).await,
            Err(error) => Err(EngineError::Fault(countersign_store::Fault::Damaged { place: piece.row.id.to_string(), what: error.to_string() })),
        };
        match done {
            Ok(()) | Err(EngineError::Refused(Refusal::LeaseLost { .. })) => {}
            Err(error) => {
                tracing::error!(request.id = %piece.row.request, error = %error, "an effect could not be performed; it stays in the outbox")
            }
        }
    }

    async fn notify(&self, piece: &Claimed, kind: NoticeKind, to: &PersonId, stage: Option<StageId>) -> Result<(), EngineError> {
        let Some(seen) = self.engine.look(piece.row.request).await? else { return self.drop_row(piece).await };
        // What an operator wants told again is never dropped in silence.
        let by_hand = seen.request.notice(piece.row.id).is_some();
        let over = stale(&seen, kind, to, stage);
        if over && !by_hand {
            return self.drop_row(piece).await;
        }
        let people = self.engine.shelf().people();
        let url = &self.engine.settings().public_url;
        let answer = match people.routes(to).first() {
            _ if over => Answer::gone("what it asks is over"),
            None if by_hand => Answer::gone("no road leads to this person"),
            None => return self.drop_row(piece).await,
            Some(Route::Console) => {
                if let Some(print) = &self.sinks.console {
                    let seen = seen.shown_to_person(to);
                    print(&notice::console_line(&seen, kind, &people.name(to), url));
                }
                Answer::Delivered { answer: "console".into(), output: Vec::new() }
            }
            Some(Route::Webhook { url: target, secret }) => {
                let confirm = self.confirm_link(&seen, kind, to, stage).await?;
                let body = notice::body(&seen.shown_to_person(to), kind, Some(to.as_str()), stage, url, confirm.as_deref());
                self.post(piece, target, secret.as_deref(), body).await
            }
        };
        let road = people.routes(to).first().map_or("inbox", |route| if *route == Route::Console { "console" } else { "webhook" });
        let addressee = Addressee { to: Some(to.clone()), stage, hook: None };
        self.report_notice(piece, kind, addressee, road, answer).await
    }

    /// The link by which this person confirms their decision, where such links are sent and this notice asks for one.
    async fn confirm_link(&self, whole: &Whole, kind: NoticeKind, to: &PersonId, stage: Option<StageId>) -> Result<Option<String>, EngineError> {
        let asks = matches!(kind, NoticeKind::Requested | NoticeKind::Reminded | NoticeKind::Escalated);
        let Some(stage) = stage.filter(|_| asks && self.engine.settings().confirm_links) else { return Ok(None) };
        let secret = self.engine.confirm_link_for_notice(whole, to, stage).await?;
        Ok(secret.map(|secret| wire::confirm_url(&self.engine.settings().public_url, &secret)))
    }

    async fn publish(&self, piece: &Claimed, hook: &str, kind: NoticeKind) -> Result<(), EngineError> {
        let addressee = Addressee { to: None, stage: None, hook: Some(hook.to_owned()) };
        let Some(hook) = self.engine.settings().hooks.iter().find(|known| known.id == hook).cloned() else {
            return self.report_notice(piece, kind, addressee, "hook", Answer::gone("this webhook is not configured any more")).await;
        };
        let Some(whole) = self.engine.look(piece.row.request).await? else { return self.drop_row(piece).await };
        // A system that hears of everything is in no request: what a policy keeps from some, it does not get.
        let seen = whole.shown_as(Viewer::Outside);
        let body = if hook.flat { notice::flat(&seen) } else { notice::body(&seen, kind, None, None, &self.engine.settings().public_url, None) };
        let Hook { url, secret, .. } = &hook;
        let answer = self.post(piece, url, secret.as_deref(), body).await;
        self.report_notice(piece, kind, addressee, "hook", answer).await
    }

    async fn post(&self, piece: &Claimed, url: &str, secret: Option<&str>, body: Vec<u8>) -> Answer {
        let secret = match secret.map(str::parse::<SecretRef>).transpose() {
            Ok(secret) => secret,
            Err(_) => return Answer::gone("the secret is no reference"),
        };
        let timestamp = self.engine.clock().now();
        let parcel = Parcel { id: piece.row.id.to_string(), url: url.to_owned(), secret, body, timestamp, headers: Vec::new() };
        let answer = self.sinks.webhook.deliver(&parcel).await;
        self.engine.health.tried(&piece.row.lane, None, &answer, self.engine.clock().now());
        answer
    }

    async fn report_notice(&self, piece: &Claimed, kind: NoticeKind, whom: Addressee, road: &str, answer: Answer) -> Result<(), EngineError> {
        let attempts = piece.attempts.saturating_add(1);
        let result = match (&answer, self.next(piece, attempts, &answer).await?) {
            (Answer::Delivered { .. }, _) => Ok(road.to_owned()),
            (Answer::Again { .. }, Some(due_at)) => return self.later(piece, due_at).await,
            (answer, _) => Err(answer.text().to_owned()),
        };
        let Addressee { to, stage, hook } = whom;
        let report = NoticeReport { effect: piece.row.id, kind, to, stage, hook, attempts, result };
        self.report(piece, Command::ReportNotice(report), Vec::new(), done(piece)).await
    }

    async fn summarise(&self, piece: &Claimed, revision: Revision) -> Result<(), EngineError> {
        let Some(seen) = self.engine.look(piece.row.request).await? else { return self.drop_row(piece).await };
        let Some(summarizer) = self.sinks.summarizer.as_ref().filter(|_| seen.request.revision == revision) else {
            return self.drop_row(piece).await;
        };
        self.hold(piece, seen.now, SUMMARY_LEASE).await?;
        let written = summarizer.summarise(&brief(&seen)).await;
        self.engine.health.asked_model(written.as_ref().err().map(ToString::to_string).as_deref(), self.engine.clock().now());
        let (command, contents) = match written {
            Ok(written) => {
                let bytes = serde_json::to_vec(&written).unwrap_or_default();
                let salt = self.engine.draw();
                let content = Content { id: Digest::salted(&salt, &bytes), salt, bytes };
                (Command::Summarised { revision, by: written.by, summary: content.id }, vec![content])
            }
            Err(fault) => (Command::DeclineSummary { revision, reason: fault.to_string() }, Vec::new()),
        };
        self.report(piece, command, contents, done(piece)).await
    }

    /// Claims the execution in the request's own record, sends exactly the stored bytes, records how it ended.
    async fn execute(&self, piece: &Claimed, action: &ActionName) -> Result<(), EngineError> {
        let Some(seen) = self.engine.look(piece.row.request).await? else { return self.drop_row(piece).await };
        let execution = seen.request.executions.iter().find(|execution| &execution.action == action);
        let (Some(execution), Some(end)) = (execution, &seen.request.settled) else { return self.drop_row(piece).await };
        let outcome = end.outcome;
        if let ExecutionState::Running { lease_until } = execution.state
            && lease_until > seen.now
        {
            return self.later(piece, lease_until).await;
        }
        let body = execution.body.and_then(|id| seen.content(&id)).map(<[u8]>::to_vec).unwrap_or_default();
        let Some(target) = target(&seen, action) else { return self.drop_row(piece).await };
        let digest = execution.body.and_then(|id| seen.digest_now(&id)).unwrap_or(Digest([0; 32]));
        let lease_until = seen.now.saturating_add(lease_of(&target)).unwrap_or(seen.now);
        self.hold(piece, seen.now, lease_of(&target)).await?;
        let start = Command::StartExecution { action: action.clone(), lease_until, body: digest };
        let started = match self.engine.handle_seen(seen, Instruction::new(start, "engine")).await {
            Ok(started) => started,
            Err(EngineError::Refused(refusal)) => {
                tracing::warn!(request.id = %piece.row.request, code = refusal.code(), "an execution was refused");
                return self.give_way(piece, action).await;
            }
            Err(error) => return Err(error),
        };
        let Some(token) = started.whole().request.executions.iter().find(|execution| &execution.action == action).and_then(running) else {
            tracing::error!(request.id = %piece.row.request, "stored bytes are not those that were approved; nothing was sent");
            return self.drop_row(piece).await;
        };
        let key = format!("{}:{}:{action}", piece.row.request, outcome.as_str());
        let job = Job { key, target, body, timestamp: self.engine.clock().now() };
        let answer = match &job.target {
            JobTarget::Http { .. } => self.sinks.http.run(&job).await,
            JobTarget::Command { .. } => self.sinks.command.run(&job).await,
        };
        self.engine.health.tried(&piece.row.lane, Some(action.as_str()), &answer, self.engine.clock().now());
        self.finish(piece, action, token, answer).await
    }

    /// After a refused start: what is still to be done stays owed, whoever is about it; what is over goes.
    async fn give_way(&self, piece: &Claimed, action: &ActionName) -> Result<(), EngineError> {
        let Some(seen) = self.engine.look(piece.row.request).await? else { return self.drop_row(piece).await };
        let execution = seen.request.executions.iter().find(|execution| &execution.action == action);
        let again_at = match execution.map(|execution| &execution.state) {
            Some(ExecutionState::Running { lease_until }) => Some((*lease_until).max(seen.now)),
            Some(ExecutionState::Waiting { .. }) => seen.now.checked_add(HTTP_LEASE).ok(),
            _ => None,
        };
        match again_at {
            Some(at) => self.later(piece, at).await,
            None => self.drop_row(piece).await,
        }
    }

    async fn finish(&self, piece: &Claimed, action: &ActionName, token: u64, answer: Answer) -> Result<(), EngineError> {
        let next = self.next(piece, piece.attempts.saturating_add(1), &answer).await?;
        let (verdict, change, output) = match (&answer, next) {
            (Answer::Delivered { output, .. }, _) => (ReportVerdict::Succeeded, done(piece), output),
            (Answer::Again { output, .. }, Some(at)) => (ReportVerdict::RetryAt(at), later(piece, at), output),
            (Answer::Again { output, .. } | Answer::Gone { output, .. }, _) => (ReportVerdict::GiveUp, done(piece), output),
        };
        let content = (!output.is_empty()).then(|| {
            let salt = self.engine.draw();
            Content { id: Digest::salted(&salt, output), salt, bytes: output.clone() }
        });
        let report = Report { answer: answer.text().to_owned(), output: content.as_ref().map(|content| content.id), verdict };
        let command = Command::FinishExecution { action: action.clone(), token, report };
        self.report(piece, command, content.into_iter().collect(), change).await
    }

    /// The next try, by the store's clock, which is also the one that the outbox is due by.
    async fn next(&self, piece: &Claimed, attempts: u32, answer: &Answer) -> Result<Option<Timestamp>, EngineError> {
        let retry_after = match answer {
            Answer::Again { retry_after, .. } => *retry_after,
            _ => return Ok(None),
        };
        let now = self.engine.store_now().await?;
        Ok(next_try(&self.schedule, piece.first_due, attempts, now, self.sinks.random.number(), retry_after))
    }

    async fn report(&self, piece: &Claimed, command: Command, contents: Vec<Content>, change: OutboxChange) -> Result<(), EngineError> {
        let mut instruction = Instruction::new(command, "engine");
        instruction.contents = contents;
        instruction.outbox = vec![change];
        self.engine.handle(piece.row.request, instruction).await.map(|_| ())
    }

    /// Keeps the claim for as long as this piece of work may take.
    async fn hold(&self, piece: &Claimed, now: Timestamp, lasts: SignedDuration) -> Result<(), EngineError> {
        if lasts <= HTTP_LEASE {
            return Ok(());
        }
        let until = now.saturating_add(lasts).unwrap_or(now);
        let commit = Commit { outbox: vec![OutboxChange::Extend { id: piece.row.id, token: piece.token, until }], ..Commit::default() };
        match self.engine.commit(commit).await {
            Ok(_) => Ok(()),
            Err(countersign_store::CommitError::LeaseLost) => Err(Refusal::LeaseLost { token: piece.token, current: 0 }.into()),
            Err(countersign_store::CommitError::Fault(fault)) => Err(fault.into()),
            Err(_) => Err(EngineError::Busy),
        }
    }

    async fn later(&self, piece: &Claimed, due_at: Timestamp) -> Result<(), EngineError> {
        self.change(later(piece, due_at)).await
    }

    async fn drop_row(&self, piece: &Claimed) -> Result<(), EngineError> {
        self.change(done(piece)).await
    }

    async fn change(&self, change: OutboxChange) -> Result<(), EngineError> {
        let commit = Commit { outbox: vec![change], ..Commit::default() };
        match self.engine.commit(commit).await {
            Ok(_) | Err(countersign_store::CommitError::LeaseLost) => Ok(()),
            Err(countersign_store::CommitError::Fault(fault)) => Err(fault.into()),
            Err(_) => Err(EngineError::Busy),
        }
    }
}

/// The token of the attempt that is under way.
fn running(execution: &Execution) -> Option<u64> {
    matches!(execution.state, ExecutionState::Running { .. }).then_some(execution.attempts)
}

fn lease_of(target: &JobTarget) -> SignedDuration {
    match target {
        JobTarget::Http { .. } => HTTP_LEASE,
        JobTarget::Command { .. } => COMMAND_LEASE,
    }
}

fn done(piece: &Claimed) -> OutboxChange {
    OutboxChange::Done { id: piece.row.id, token: piece.token }
}

fn later(piece: &Claimed, due_at: Timestamp) -> OutboxChange {
    OutboxChange::Later { id: piece.row.id, token: piece.token, due_at }
}

/// Whether a question has been answered, or asked of another revision, before its notice left: then nobody is
/// asked for what is over. News of an outcome is never stale.
fn stale(whole: &Whole, kind: NoticeKind, to: &PersonId, stage: Option<StageId>) -> bool {
    let asks = matches!(kind, NoticeKind::Requested | NoticeKind::Reminded);
    let open = stage.and_then(|id| whole.request.stage(id)).is_some_and(|stage| stage.closed.is_none() && stage.voice(to).is_none());
    // Others are asked: news for everybody asked so far, and nobody's business once the stage has ended.
    let over = stage.is_some_and(|id| whole.request.stage(id).is_none_or(|stage| stage.closed.is_some()));
    (asks && stage.is_some() && !(open && whole.request.returned_by.is_none())) || (kind == NoticeKind::Escalated && over)
}

fn target(whole: &Whole, action: &ActionName) -> Option<JobTarget> {
    let outcome = whole.request.settled.as_ref()?.outcome;
    let spec = whole.policy.consequences(outcome).actions.iter().find(|spec| &spec.name == action)?;
    let settings = |map: &std::collections::BTreeMap<String, String>| map.iter().map(|(name, value)| (name.clone(), Setting::parse(value))).collect();
    Some(match &spec.target {
        Target::Http { url, headers, secret } => {
            JobTarget::Http { url: url.clone(), headers: settings(headers), secret: secret.as_ref().and_then(|text| text.parse().ok()) }
        }
        Target::Command { argv, env } => JobTarget::Command { argv: argv.clone(), env: settings(env) },
    })
}
