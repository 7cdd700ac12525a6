//! What the world owes us because of an event: people to tell, a model to ask, actions to run. Done later,
//! at least once, by somebody else. Nothing here does anything.

use super::{Facts, Request, SummaryState};
use crate::event::{Event, NoticeKind, StageResult};
use crate::execution::ExecutionState;
use crate::id::{ActionName, PersonId, Revision, StageId};
use crate::notice::FailedNotice;
use crate::people::Role;
use crate::policy::Selector;
use crate::policy::select::Asking;
use std::collections::BTreeSet;

/// One piece of work owed to the outside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Ask the model for the summary of this revision.
    Summarise {
        /// Which revision.
        revision: Revision,
    },
    /// Tell one person.
    Notify {
        /// About what.
        kind: NoticeKind,
        /// Whom.
        to: PersonId,
        /// In which stage, where it matters.
        stage: Option<StageId>,
        /// Whether the model's summary, still open, is worth its budget of waiting (rule 23).
        waits: bool,
    },
    /// Tell again, under the same id, what failed for good before.
    Retell {
        /// The notice.
        notice: FailedNotice,
    },
    /// Notices that wait for the summary may leave.
    Release,
    /// Run this action.
    Execute {
        /// Which.
        action: ActionName,
    },
}

/// What this event, which made the request what it is now, asks of the world.
#[must_use]
pub fn effects(request: &Request, event: &Event, facts: &Facts<'_>) -> Vec<Effect> {
    match event {
        Event::StageOpened(opened) => {
            let first = request.stages.first().is_some_and(|stage| stage.id == opened.stage);
            let ask = (first && request.summary == SummaryState::Open).then_some(Effect::Summarise { revision: request.revision });
            ask.into_iter().chain(requested(request, opened.stage, distinct(opened.asked.iter().flatten()))).collect()
        }
        Event::Reminded { stage, to, .. } => notify(NoticeKind::Reminded, Some(*stage), distinct(to)),
        Event::Escalated(escalated) => {
            let before = request.stage(escalated.stage).map(super::Stage::everybody_asked).unwrap_or_default();
            notify(NoticeKind::Escalated, Some(escalated.stage), distinct(escalated.to.iter().chain(&before)))
        }
        Event::Rerouted { stage, asked, escalated, .. } => {
            requested(request, *stage, distinct(asked.iter().flatten().chain(escalated.iter().flatten())))
        }
        Event::Unroutable { stage, .. } => notify(NoticeKind::Unroutable, Some(*stage), guardians(request, facts)),
        Event::Returned { .. } => notify(NoticeKind::Returned, None, requester(request)),
        Event::Revised { lapsed, .. } => notify(NoticeKind::Lapsed, None, distinct(lapsed)),
        Event::Settled { .. } => settled(request, facts),
        Event::Summarised { .. } | Event::SummaryDeclined { .. } => vec![Effect::Release],
        Event::ExecutionSucceeded(_) | Event::ExecutionRetried { .. } => next_action(request),
        Event::ExecutionAbandoned { action, .. } => notify(NoticeKind::DeadLettered, None, guardians_of_given_up(request, action, facts)),
        Event::ExecutionDeadLettered(_) => notify(NoticeKind::DeadLettered, None, guardians(request, facts)),
        Event::NoticeFailed { kind, .. } if *kind != NoticeKind::DeadLettered => notify(NoticeKind::DeadLettered, None, guardians(request, facts)),
        Event::NoticeRetried { effect, .. } => request.notice(*effect).map(|notice| Effect::Retell { notice: notice.clone() }).into_iter().collect(),
        Event::StageClosed { result: StageResult::Approved | StageResult::Rejected | StageResult::Expired | StageResult::Voided, .. }
        | Event::Submitted { .. }
        | Event::Ruled { .. }
        | Event::Decided(_)
        | Event::VoiceUncounted { .. }
        | Event::NoticeDelivered { .. }
        | Event::NoticeFailed { .. }
        | Event::NoticeAbandoned { .. }
        | Event::ExecutionStarted { .. }
        | Event::ExecutionFailed { .. }
        | Event::RunClaimed { .. }
        | Event::Commented { .. }
        | Event::Attached { .. } => Vec::new(),
    }
}

fn requested(request: &Request, stage: StageId, people: BTreeSet<PersonId>) -> Vec<Effect> {
    let waits = request.summary == SummaryState::Open;
    people.into_iter().map(|to| Effect::Notify { kind: NoticeKind::Requested, to, stage: Some(stage), waits }).collect()
}

fn notify(kind: NoticeKind, stage: Option<StageId>, people: BTreeSet<PersonId>) -> Vec<Effect> {
    people.into_iter().map(|to| Effect::Notify { kind, to, stage, waits: false }).collect()
}

fn settled(request: &Request, facts: &Facts<'_>) -> Vec<Effect> {
    let Some(end) = &request.settled else { return Vec::new() };
    let named = &facts.policy.consequences(end.outcome).notify;
    let mut people = requester(request);
    people.extend(resolved(named, request, facts));
    let mut effects = notify(NoticeKind::Settled, None, people);
    effects.extend(next_action(request));
    effects
}

/// Actions run in order, the next after success: the first that is not done, if it waits.
fn next_action(request: &Request) -> Vec<Effect> {
    let next = request.executions.iter().find(|execution| execution.state != ExecutionState::Succeeded);
    next.filter(|execution| matches!(execution.state, ExecutionState::Waiting { .. }))
        .map(|execution| Effect::Execute { action: execution.action.clone() })
        .into_iter()
        .collect()
}

fn requester(request: &Request) -> BTreeSet<PersonId> {
    BTreeSet::from([request.requester.clone()])
}

/// Those who must hear of trouble: the policy's owner and the operators.
fn guardians(request: &Request, facts: &Facts<'_>) -> BTreeSet<PersonId> {
    let mut people = resolved(&facts.policy.owner, request, facts);
    people.extend(facts.roster.with_role(Role::Operator));
    people
}

/// Of actions that are given up because one before them was: the last of them tells.
fn guardians_of_given_up(request: &Request, action: &ActionName, facts: &Facts<'_>) -> BTreeSet<PersonId> {
    let given_up = |execution: &&crate::execution::Execution| execution.state == ExecutionState::Abandoned;
    let followed = request.executions.iter().filter(given_up).count() > 1;
    let last = request.executions.last().is_some_and(|execution| &execution.action == action);
    if followed && last { guardians(request, facts) } else { BTreeSet::new() }
}

fn resolved(selectors: &[Selector], request: &Request, facts: &Facts<'_>) -> BTreeSet<PersonId> {
    let asking = Asking { requester: &request.requester, payload: facts.payload, roster: facts.roster, now: facts.now };
    facts.policy.resolve(selectors, &asking)
}

fn distinct<'a>(people: impl IntoIterator<Item = &'a PersonId>) -> BTreeSet<PersonId> {
    people.into_iter().cloned().collect()
}
