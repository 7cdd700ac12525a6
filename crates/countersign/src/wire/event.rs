//! Events on the wire: a stable name, who, when, and the facts. Content stands by its digest; of one request,
//! those who may see it read the words too.

use crate::engine::Seen;
use crate::engine::query::rule_of;
use countersign_core::event::{Actor, Decision, Door, EscalationCause, Event, StageResult};
use countersign_core::id::{PersonId, RequestId};
use countersign_core::policy::RuleRef;
use countersign_store::Positioned;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

/// One event.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct EventBody {
    /// The request.
    pub request: String,
    /// Its number in the request, from 1.
    pub number: u64,
    /// The cursor in the stream of all events; ask with `?after=` for what comes later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// For example `decided`.
    pub event: String,
    /// RFC 3339, UTC.
    pub at: String,
    /// The facts of this kind of event.
    pub facts: Value,
    /// The hash that chains it, where it was read from the stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
}

/// An event of the stream.
#[must_use]
pub fn streamed(positioned: &Positioned, rule: Option<&str>) -> EventBody {
    let mut body = listed(positioned.request, positioned.number, positioned.at, &positioned.event, rule);
    body.cursor = Some(positioned.position.to_string());
    body.hash = Some(positioned.hash.to_string());
    body
}

/// An event of one request; `rule` is the name of the rule that it speaks of, if it speaks of one.
#[must_use]
pub fn listed(request: RequestId, number: u64, at: Timestamp, event: &Event, rule: Option<&str>) -> EventBody {
    let mut facts = facts(event);
    if let (Some(rule), Some(facts)) = (rule, facts.as_object_mut()) {
        facts.insert("rule".into(), rule.into());
    }
    EventBody { request: request.to_string(), number, cursor: None, event: event.name().to_owned(), at: at.to_string(), facts, hash: None }
}

/// An event of one request for somebody who may see it: with the words that belong to it, where there are any.
#[must_use]
pub fn told(seen: &Seen, number: u64, at: Timestamp, event: &Event) -> EventBody {
    let mut body = listed(seen.request.id, number, at, event, rule_of(&seen.policy, event));
    let words = match event {
        Event::Decided(decided) => decided.comment,
        Event::Commented { comment, .. } => Some(*comment),
        Event::ExecutionAbandoned { reason, .. } => *reason,
        _ => None,
    };
    if let (Some(text), Some(facts)) = (words.and_then(|id| seen.text(&id)), body.facts.as_object_mut()) {
        facts.insert("text".to_owned(), text.into());
    }
    body
}

/// The word for a decision.
#[must_use]
pub fn decision_word(decision: Decision) -> &'static str {
    match decision {
        Decision::Approve => "approve",
        Decision::Reject => "reject",
        Decision::RequestChanges => "request_changes",
    }
}

/// The decision of this word.
#[must_use]
pub fn decision_of(word: &str) -> Option<Decision> {
    [Decision::Approve, Decision::Reject, Decision::RequestChanges].into_iter().find(|decision| decision_word(*decision) == word)
}

fn facts(event: &Event) -> Value {
    match event {
        Event::Submitted { policy, version, requester, by, payload, external_id } => json!({
            "policy": policy.as_str(), "policy_version": version.to_string(), "requester": requester.as_str(),
            "by": actor(by), "payload": payload.to_string(), "external_id": external_id }),
        Event::Ruled { revision, rule, verdict, failure } => {
            json!({ "revision": revision.0, "rule": rule_word(rule), "verdict": format!("{verdict:?}").to_lowercase(), "failure": failure })
        }
        Event::StageOpened(opened) => json!({ "stage": opened.stage.to_string(), "asked": seats(&opened.asked),
            "directory": opened.directory, "expires_at": opened.expires_at.to_string(), "require": opened.require_passkey.then_some("passkey") }),
        Event::Reminded { stage, nth, late_ms, to } => json!({ "stage": stage.to_string(), "nth": nth, "late_ms": late_ms, "to": people(to) }),
        Event::Escalated(escalated) => json!({ "stage": escalated.stage.to_string(), "level": escalated.level, "to": people(&escalated.to),
            "cause": cause(&escalated.cause), "expires_at": escalated.expires_at.map(|at| at.to_string()) }),
        Event::Decided(decided) => json!({ "person": decided.person.as_str(), "acting_for": decided.acting_for.as_ref().map(PersonId::as_str),
            "decision": decision_word(decided.decision), "revision": decided.revision.0,
            "stages": decided.stages.iter().map(ToString::to_string).collect::<Vec<_>>(), "door": door(decided.door),
            "relayed_by": decided.relayed_by.map(|key| key.to_string()), "comment": decided.comment.map(|id| id.to_string()),
            "assertion": decided.assertion.as_deref().map(super::assertion::assertion) }),
        Event::VoiceUncounted { stage, person } => json!({ "stage": stage.to_string(), "person": person.as_str() }),
        Event::Unroutable { stage, eligible, needed } => json!({ "stage": stage.to_string(), "eligible": eligible, "needed": needed }),
        Event::Rerouted { stage, asked, escalated, directory } => {
            json!({ "stage": stage.to_string(), "asked": seats(asked), "escalated": seats(escalated), "directory": directory })
        }
        Event::StageClosed { stage, result } => json!({ "stage": stage.to_string(), "result": result_word(*result) }),
        Event::Returned { by } => json!({ "by": by.as_str() }),
        Event::Revised { revision, by, payload, lapsed } => {
            json!({ "revision": revision.0, "by": actor(by), "payload": payload.to_string(), "lapsed": people(lapsed) })
        }
        Event::Settled { outcome, cause, actions } => json!({ "outcome": outcome.as_str(), "cause": settled_cause(cause),
            "actions": actions.iter().map(|action| json!({ "name": action.name.as_str(), "body": action.body.map(|id| id.to_string()) })).collect::<Vec<_>>() }),
        Event::Summarised { revision, by, summary } => json!({ "revision": revision.0, "by": by, "summary": summary.to_string() }),
        Event::SummaryDeclined { revision, reason } => json!({ "revision": revision.0, "reason": reason }),
        other => worked(other),
    }
}

/// The facts of what workers and operators did.
fn worked(event: &Event) -> Value {
    match event {
        Event::NoticeDelivered { effect, kind, to, channel, attempts } => {
            json!({ "notice": effect.to_string(), "type": crate::engine::owed::type_name(*kind),
            "to": to.as_ref().map(PersonId::as_str), "channel": channel, "attempts": attempts })
        }
        Event::NoticeFailed { effect, kind, to, stage, answer, attempts, hook: _ } => {
            json!({ "notice": effect.to_string(), "type": crate::engine::owed::type_name(*kind), "to": to.as_ref().map(PersonId::as_str),
            "stage": stage.map(|id| id.to_string()), "answer": answer, "attempts": attempts })
        }
        Event::NoticeRetried { effect, by } => json!({ "notice": effect.to_string(), "by": actor(by) }),
        Event::NoticeAbandoned { effect, by, reason } => {
            json!({ "notice": effect.to_string(), "by": actor(by), "reason": reason.map(|id| id.to_string()) })
        }
        Event::ExecutionStarted { action, token, lease_until } => {
            json!({ "action": action.as_str(), "attempt": token, "lease_until": lease_until.to_string() })
        }
        Event::ExecutionSucceeded(end) | Event::ExecutionDeadLettered(end) => {
            json!({ "action": end.action.as_str(), "attempt": end.token, "answer": end.answer })
        }
        Event::ExecutionFailed { attempt, retry_at } => {
            json!({ "action": attempt.action.as_str(), "attempt": attempt.token, "answer": attempt.answer, "retry_at": retry_at.to_string() })
        }
        Event::ExecutionRetried { action, by } => json!({ "action": action.as_str(), "by": actor(by) }),
        Event::ExecutionAbandoned { action, by, reason } => {
            json!({ "action": action.as_str(), "by": actor(by), "reason": reason.map(|id| id.to_string()) })
        }
        Event::RunClaimed { by, payload } => json!({ "by": actor(by), "payload": payload.to_string() }),
        Event::Attached { by, attachment } => {
            json!({ "by": actor(by), "attachment": crate::wire::thread::attachment_id(&attachment.file), "bytes": attachment.bytes })
        }
        Event::Commented { by, comment } => json!({ "by": actor(by), "comment": comment.to_string() }),
        _ => Value::Null,
    }
}

/// The rule's place in its policy, where its name is not at hand.
fn rule_word(rule: &RuleRef) -> String {
    match rule {
        RuleRef::Rule(index) => format!("rule {}", index + 1),
        RuleRef::FailedClosed => "failed closed".into(),
    }
}

fn people(people: &[PersonId]) -> Vec<&str> {
    people.iter().map(PersonId::as_str).collect()
}

fn seats(seats: &[Vec<PersonId>]) -> Vec<Vec<&str>> {
    seats.iter().map(|seat| people(seat)).collect()
}

fn actor(actor: &Actor) -> Value {
    match actor {
        Actor::Person(person) => json!({ "person": person.as_str() }),
        Actor::Key { key, person } => json!({ "key": key.to_string(), "for": person.as_ref().map(PersonId::as_str) }),
        Actor::Engine => json!("engine"),
    }
}

fn cause(cause: &EscalationCause) -> Value {
    match cause {
        EscalationCause::Due { late_ms } => json!({ "due": true, "late_ms": late_ms }),
        EscalationCause::TooFewEligible => json!("too_few_eligible"),
        EscalationCause::Operator(Actor::Person(person)) => json!({ "operator": person.as_str() }),
        EscalationCause::Operator(by) => json!({ "operator": actor(by) }),
    }
}

fn settled_cause(cause: &countersign_core::event::Cause) -> Value {
    use countersign_core::event::Cause;
    match cause {
        Cause::Rule => json!("rule"),
        Cause::Decisions => json!("decisions"),
        Cause::Expiry { late_ms } => json!({ "expiry": true, "late_ms": late_ms }),
        Cause::Withdrawn(by) => json!({ "withdrawn_by": actor(by) }),
    }
}

fn door(door: Door) -> &'static str {
    match door {
        Door::Web => "web",
        Door::Api => "api",
        Door::Cli => "cli",
        Door::Relay => "relay",
        Door::Link => "link",
    }
}

fn result_word(result: StageResult) -> &'static str {
    match result {
        StageResult::Approved => "approved",
        StageResult::Rejected => "rejected",
        StageResult::Expired => "expired",
        StageResult::Voided => "voided",
    }
}
