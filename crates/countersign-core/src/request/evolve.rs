//! What a request becomes: one exhaustive match over events. Recovery folds the record through the same
//! function that decisions use; only a damaged record can make it fail.

use super::{Request, RunClaim, Settlement, SummaryState};
use crate::event::{AttemptEnded, Decided, Escalated, Event, StageOpened};
use crate::execution::{Execution, ExecutionState};
use crate::id::{ActionName, PersonId, RequestId, Revision, StageId};
use crate::notice::{FailedNotice, NoticeState};
use crate::policy::RuleRef;
use crate::stage::{Escalation, Stage, Voice};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// An event that cannot have happened to a request in this state: the record is damaged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{event}` cannot follow here: {reason}")]
pub struct IllegalEvent {
    event: &'static str,
    reason: &'static str,
}

/// Folds a whole record.
///
/// # Errors
/// When an event cannot follow the ones before it.
pub fn fold<'a>(id: RequestId, events: impl IntoIterator<Item = &'a (Timestamp, Event)>) -> Result<Option<Request>, IllegalEvent> {
    let mut request = None;
    for (at, event) in events {
        request = Some(evolve(id, request, *at, event)?);
    }
    Ok(request)
}

/// What the request is after this event.
///
/// # Errors
/// When the event cannot follow the ones before it.
pub fn evolve(id: RequestId, request: Option<Request>, at: Timestamp, event: &Event) -> Result<Request, IllegalEvent> {
    let illegal = |reason| IllegalEvent { event: event.name(), reason };
    let Some(mut request) = request else {
        return submitted(id, at, event).ok_or_else(|| illegal("the record does not begin with a submission"));
    };
    request.events += 1;
    request.ever_asked.extend(asked_by(event).cloned());
    apply(&mut request, at, event).map_err(illegal)?;
    Ok(request)
}

/// Whom this event asks.
fn asked_by(event: &Event) -> impl Iterator<Item = &PersonId> {
    let (seats, more): (&[Vec<PersonId>], &[Vec<PersonId>]) = match event {
        Event::StageOpened(opened) => (&opened.asked, &[]),
        Event::Rerouted { asked, escalated, .. } => (asked, escalated),
        _ => (&[], &[]),
    };
    let raised = if let Event::Escalated(escalated) = event { escalated.to.as_slice() } else { &[] };
    seats.iter().chain(more).flatten().chain(raised)
}

fn submitted(id: RequestId, at: Timestamp, event: &Event) -> Option<Request> {
    let Event::Submitted { policy, version, requester, by, payload, external_id } = event else {
        return None;
    };
    Some(Request {
        id,
        policy: policy.clone(),
        version: *version,
        requester: requester.clone(),
        submitted_by: by.clone(),
        external_id: external_id.clone(),
        revision: Revision::FIRST,
        payload: *payload,
        rule: RuleRef::FailedClosed,
        created_at: at,
        stages: Vec::new(),
        stages_opened: 0,
        ever_asked: BTreeSet::new(),
        returned_by: None,
        summary: SummaryState::Open,
        settled: None,
        executions: Vec::new(),
        asserted: Vec::new(),
        run: None,
        notices: Vec::new(),
        attachments: Vec::new(),
        events: 1,
    })
}

fn apply(request: &mut Request, at: Timestamp, event: &Event) -> Result<(), &'static str> {
    match event {
        Event::Submitted { .. } => return Err("it was submitted already"),
        Event::Ruled { rule, .. } => request.rule = rule.clone(),
        Event::StageOpened(opened) => open_stage(request, at, opened)?,
        Event::Reminded { stage, nth, .. } => stage_mut(request, *stage)?.reminders = *nth,
        Event::Escalated(escalated) => escalate(request, at, escalated)?,
        Event::Decided(decided) => hear(request, at, decided)?,
        Event::VoiceUncounted { stage, person } => uncount(stage_mut(request, *stage)?, person)?,
        Event::Unroutable { stage, .. } => stage_mut(request, *stage)?.unroutable = true,
        Event::Rerouted { stage, asked, escalated, .. } => reroute(stage_mut(request, *stage)?, asked, escalated),
        Event::StageClosed { stage, result } => stage_mut(request, *stage)?.closed = Some((*result, at)),
        Event::Returned { by } => request.returned_by = Some(by.clone()),
        Event::Revised { revision, payload, .. } => revise(request, *revision, *payload)?,
        Event::Settled { outcome, cause, actions } => {
            if request.settled.is_some() {
                return Err("it is settled");
            }
            request.settled = Some(Settlement { outcome: *outcome, cause: cause.clone(), at });
            request.executions = actions.iter().map(|action| Execution::planned(action, at)).collect();
        }
        Event::Summarised { revision, by, summary } if *revision == request.revision => {
            request.summary = SummaryState::Written { by: by.clone(), content: *summary };
        }
        Event::SummaryDeclined { revision, .. } if *revision == request.revision => request.summary = SummaryState::Declined,
        Event::ExecutionStarted { action, token, lease_until } => {
            let execution = execution_mut(request, action, at)?;
            execution.attempts = *token;
            execution.state = ExecutionState::Running { lease_until: *lease_until };
        }
        Event::ExecutionSucceeded(end) => end_attempt(request, at, end, ExecutionState::Succeeded)?,
        Event::ExecutionFailed { attempt, retry_at } => {
            end_attempt(request, at, attempt, ExecutionState::Waiting { not_before: Some(*retry_at) })?;
        }
        Event::ExecutionDeadLettered(end) => {
            end_attempt(request, at, end, ExecutionState::Failed)?;
            forget_empty_body(execution_mut(request, &end.action, at)?);
        }
        Event::ExecutionRetried { action, .. } => execution_mut(request, action, at)?.state = ExecutionState::Waiting { not_before: None },
        Event::ExecutionAbandoned { action, .. } => execution_mut(request, action, at)?.state = ExecutionState::Abandoned,
        Event::NoticeDelivered { .. } | Event::NoticeFailed { .. } | Event::NoticeRetried { .. } | Event::NoticeAbandoned { .. } => {
            tell(&mut request.notices, at, event)?;
        }
        Event::RunClaimed { by, .. } if request.run.is_none() => request.run = Some(RunClaim { by: by.clone(), at }),
        Event::RunClaimed { .. } => return Err("its run was claimed already"),
        Event::Attached { attachment, .. } => request.attachments.push(*attachment),
        Event::Summarised { .. } | Event::SummaryDeclined { .. } | Event::Commented { .. } => {}
    }
    Ok(())
}

/// Keeps the notices that failed for good: one that never did leaves no trace here.
fn tell(notices: &mut Vec<FailedNotice>, at: Timestamp, event: &Event) -> Result<(), &'static str> {
    let (effect, state) = match event {
        Event::NoticeFailed { effect, kind, to, stage, hook, answer, attempts } => {
            notices.retain(|notice| notice.id != *effect);
            let (to, hook, answer) = (to.clone(), hook.clone(), answer.clone());
            let state = NoticeState::Failed;
            notices.push(FailedNotice { id: *effect, kind: *kind, to, stage: *stage, hook, state, attempts: *attempts, answer, changed_at: at });
            return Ok(());
        }
        Event::NoticeDelivered { effect, .. } => (effect, NoticeState::Delivered),
        Event::NoticeRetried { effect, .. } => (effect, NoticeState::Waiting),
        Event::NoticeAbandoned { effect, .. } => (effect, NoticeState::Abandoned),
        _ => return Ok(()),
    };
    match notices.iter_mut().find(|notice| notice.id == *effect) {
        Some(notice) => (notice.state, notice.changed_at) = (state, at),
        None if state == NoticeState::Delivered => {}
        None => return Err("no such notice failed"),
    }
    Ok(())
}

fn open_stage(request: &mut Request, at: Timestamp, opened: &StageOpened) -> Result<(), &'static str> {
    if opened.stage.0 != request.stages_opened + 1 {
        return Err("the stage's number is not the next one");
    }
    request.stages_opened = opened.stage.0;
    request.stages.push(Stage {
        id: opened.stage,
        spec: opened.spec,
        opened_at: at,
        expires_at: opened.expires_at,
        asked: opened.asked.clone(),
        escalations: Vec::new(),
        reminders: 0,
        voices: Vec::new(),
        require_passkey: opened.require_passkey,
        unroutable: false,
        closed: None,
    });
    Ok(())
}

fn escalate(request: &mut Request, at: Timestamp, escalated: &Escalated) -> Result<(), &'static str> {
    let stage = stage_mut(request, escalated.stage)?;
    if escalated.level.is_some_and(|level| stage.fired(level)) {
        return Err("this level has fired");
    }
    stage.escalations.push(Escalation { level: escalated.level, mode: escalated.mode, to: escalated.to.clone(), at });
    stage.unroutable = false;
    if let Some(expires_at) = escalated.expires_at {
        stage.expires_at = expires_at;
    }
    Ok(())
}

fn hear(request: &mut Request, at: Timestamp, decided: &Decided) -> Result<(), &'static str> {
    if decided.revision != request.revision {
        return Err("the decision names another revision");
    }
    if let Some(assertion) = &decided.assertion {
        if request.asserted.contains(&assertion.signed.challenge) {
            return Err("the signature was used before");
        }
        request.asserted.push(assertion.signed.challenge);
    }
    for stage in request.stages.iter_mut().filter(|stage| stage.closed.is_none()) {
        stage.voices.retain(|voice| voice.person != decided.person || voice.decision == decided.decision);
    }
    for id in &decided.stages {
        let stage = stage_mut(request, *id)?;
        stage.voices.retain(|voice| voice.person != decided.person);
        let (person, comment) = (decided.person.clone(), decided.comment);
        stage.voices.push(Voice { person, decision: decided.decision, at, comment, counts: true });
    }
    Ok(())
}

fn uncount(stage: &mut Stage, person: &PersonId) -> Result<(), &'static str> {
    let voice = stage.voices.iter_mut().find(|voice| &voice.person == person);
    voice.ok_or("this person has no voice here")?.counts = false;
    Ok(())
}

fn reroute(stage: &mut Stage, asked: &[Vec<PersonId>], escalated: &[Vec<PersonId>]) {
    stage.asked = asked.to_vec();
    for (escalation, to) in stage.escalations.iter_mut().zip(escalated) {
        escalation.to.clone_from(to);
    }
    stage.unroutable = false;
}

fn revise(request: &mut Request, revision: Revision, payload: crate::event::ContentId) -> Result<(), &'static str> {
    if revision != request.revision.next() {
        return Err("the revision is not the next one");
    }
    request.revision = revision;
    request.payload = payload;
    request.stages.clear();
    request.returned_by = None;
    request.summary = SummaryState::Open;
    Ok(())
}

fn end_attempt(request: &mut Request, at: Timestamp, end: &AttemptEnded, state: ExecutionState) -> Result<(), &'static str> {
    let execution = execution_mut(request, &end.action, at)?;
    if execution.attempts != end.token {
        return Err("the token is not the current one");
    }
    execution.answer = Some(end.answer.clone());
    execution.state = state;
    Ok(())
}

/// Earlier records name an empty body where none could be rendered: a dead letter that no attempt preceded.
fn forget_empty_body(execution: &mut Execution) {
    if execution.attempts == 0 && execution.bytes == 0 {
        execution.body = None;
    }
}

fn stage_mut(request: &mut Request, id: StageId) -> Result<&mut Stage, &'static str> {
    let stage = request.stages.iter_mut().find(|stage| stage.id == id).ok_or("there is no such stage")?;
    if stage.closed.is_some() { Err("the stage is closed") } else { Ok(stage) }
}

fn execution_mut<'a>(request: &'a mut Request, action: &ActionName, at: Timestamp) -> Result<&'a mut Execution, &'static str> {
    let execution = request.executions.iter_mut().find(|execution| &execution.action == action).ok_or("there is no such action")?;
    if execution.state == ExecutionState::Succeeded {
        return Err("the action is done");
    }
    execution.changed_at = at;
    Ok(execution)
}
