//! Running what was approved: claimed once under a lease with a fencing token, re-checked at every start,
//! recorded done once (rules 21 and 22).

use super::Draft;
use crate::command::{Report, ReportVerdict};
use crate::event::{Actor, AttemptEnded, ContentId, Event};
use crate::execution::{Execution, ExecutionState};
use crate::id::ActionName;
use crate::refusal::Refusal;
use crate::request::Request;
use jiff::Timestamp;

/// The attempt begins, if it is this action's turn and nobody else holds it. Bytes other than the approved ones make
/// it a dead letter instead.
pub(super) fn start(draft: &mut Draft<'_>, action: &ActionName, lease_until: Timestamp, body: ContentId) -> Result<(), Refusal> {
    let request = draft.request()?;
    let execution = find(request, action)?;
    if !execution.may_start(draft.facts.now) || !is_next(request, action) {
        return Err(Refusal::NotRunnable(action.clone()));
    }
    // A worker that slept through its own lease is a zombie before it has begun.
    if lease_until <= draft.facts.now {
        return Err(Refusal::LeaseLost { token: execution.attempts + 1, current: execution.attempts });
    }
    if execution.body != Some(body) {
        give_up_unsent(draft, action, execution.attempts);
        return Ok(());
    }
    let token = execution.attempts + 1;
    draft.record(Event::ExecutionStarted { action: action.clone(), token, lease_until });
    Ok(())
}

/// Bytes that are not those approved are sent to nobody. Trying again would find the same, so it is a dead letter
/// at once; an operator who tries it again has them checked again. No attempt began: the last token stands.
fn give_up_unsent(draft: &mut Draft<'_>, action: &ActionName, token: u64) {
    let answer = "the stored bytes are not those that were approved; nothing was sent".to_owned();
    draft.record(Event::ExecutionDeadLettered(AttemptEnded { action: action.clone(), token, answer, output: None }));
}

/// Actions of an outcome run in order: the first that has not succeeded is next.
fn is_next(request: &Request, action: &ActionName) -> bool {
    let next = request.executions.iter().find(|execution| execution.state != ExecutionState::Succeeded);
    next.is_some_and(|execution| &execution.action == action)
}

/// The attempt ended. Only the current token speaks: a zombie's word is refused and kept beside the record.
pub(super) fn finish(draft: &mut Draft<'_>, action: &ActionName, token: u64, report: &Report) -> Result<(), Refusal> {
    let execution = find(draft.request()?, action)?;
    if execution.attempts != token || !matches!(execution.state, ExecutionState::Running { .. }) {
        return Err(Refusal::LeaseLost { token, current: execution.attempts });
    }
    let attempt = AttemptEnded { action: action.clone(), token, answer: report.answer.clone(), output: report.output };
    draft.record(match report.verdict {
        ReportVerdict::Succeeded => Event::ExecutionSucceeded(attempt),
        ReportVerdict::RetryAt(retry_at) => Event::ExecutionFailed { attempt, retry_at },
        ReportVerdict::GiveUp => Event::ExecutionDeadLettered(attempt),
    });
    Ok(())
}

pub(super) fn retry(draft: &mut Draft<'_>, action: &ActionName, by: &Actor) -> Result<(), Refusal> {
    if dead_letter(draft.request()?, action)?.body.is_none() {
        return Err(Refusal::NoBody(action.clone()));
    }
    draft.record(Event::ExecutionRetried { action: action.clone(), by: by.clone() });
    Ok(())
}

pub(super) fn abandon(draft: &mut Draft<'_>, action: &ActionName, by: &Actor, reason: Option<ContentId>) -> Result<(), Refusal> {
    dead_letter(draft.request()?, action)?;
    draft.record(Event::ExecutionAbandoned { action: action.clone(), by: by.clone(), reason });
    abandon_later(draft, action, by)
}

/// The next action runs after the success of the one before it: what comes after an abandoned one is given up
/// with it, on record and with the reason.
fn abandon_later(draft: &mut Draft<'_>, action: &ActionName, by: &Actor) -> Result<(), Refusal> {
    let open = |execution: &&Execution| !matches!(execution.state, ExecutionState::Succeeded | ExecutionState::Abandoned);
    let later: Vec<ActionName> = draft.request()?.executions.iter().filter(open).map(|execution| execution.action.clone()).collect();
    for next in later {
        let reason = draft.seal(format!("`{action}`, which comes before it, was abandoned").into_bytes());
        draft.record(Event::ExecutionAbandoned { action: next, by: by.clone(), reason: Some(reason) });
    }
    Ok(())
}

fn dead_letter<'a>(request: &'a Request, action: &ActionName) -> Result<&'a Execution, Refusal> {
    let execution = find(request, action)?;
    match execution.state {
        ExecutionState::Failed => Ok(execution),
        _ => Err(Refusal::NotADeadLetter(action.clone())),
    }
}

fn find<'a>(request: &'a Request, action: &ActionName) -> Result<&'a Execution, Refusal> {
    request.executions.iter().find(|execution| &execution.action == action).ok_or_else(|| Refusal::UnknownAction(action.clone()))
}
