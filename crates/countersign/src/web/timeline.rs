//! The record in words: one sentence an event, with what was said under it.

use super::stages::name;
use super::words::{When, Words};
use crate::engine::{Seen, owed::type_name};
use crate::summary::visible::visible;
use countersign_core::event::{Actor, Cause, Decided, Decision, Door, Escalated, EscalationCause, Event, StageResult};
use countersign_core::id::{PersonId, StageId};
use jiff::Timestamp;

/// One entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// When.
    pub at: When,
    /// What happened.
    pub sentence: String,
    /// What somebody wrote.
    pub quote: Option<String>,
}

/// The whole record, oldest first.
#[must_use]
pub fn timeline(seen: &Seen, events: &[(Timestamp, Event)], words: &Words) -> Vec<Entry> {
    let entry = |(at, event): &(Timestamp, Event)| {
        let quote = quoted(event).and_then(|id| seen.text(&id)).map(|text| visible(&text).into_owned());
        Entry { at: words.time(*at), sentence: sentence(seen, event), quote }
    };
    events.iter().map(entry).collect()
}

fn quoted(event: &Event) -> Option<countersign_core::event::ContentId> {
    match event {
        Event::Decided(decided) => decided.comment,
        Event::Commented { comment, .. } => Some(*comment),
        Event::ExecutionAbandoned { reason, .. } => *reason,
        _ => None,
    }
}

fn sentence(seen: &Seen, event: &Event) -> String {
    match event {
        Event::Submitted { requester, by, .. } => match by {
            Actor::Key { .. } => format!("A key submitted it for {}", name(seen, requester)),
            _ => format!("{} submitted it", name(seen, requester)),
        },
        Event::Ruled { rule, failure: None, .. } => format!("The rule “{}” applies", seen.policy.rule_name(rule)),
        Event::Ruled { failure: Some(why), .. } => format!("No rule could be evaluated, so the policy's owner is asked: {why}"),
        Event::StageOpened(opened) => format!("Stage {} opened; asked: {}", stage(seen, opened.stage), names(seen, opened.asked.iter().flatten())),
        Event::Reminded { to, nth, .. } => format!("Reminder {nth} to {}", names(seen, to)),
        Event::Escalated(escalated) => escalation(seen, escalated),
        Event::Decided(decided) => decision(seen, decided),
        Event::VoiceUncounted { person, .. } => format!("What {} said no longer counts", name(seen, person)),
        Event::Unroutable { eligible, needed, .. } => format!("Too few may decide: {eligible} of the {needed} needed"),
        Event::Rerouted { asked, .. } => format!("The directory changed; asked now: {}", names(seen, asked.iter().flatten())),
        Event::StageClosed { stage: id, result } => format!("Stage {} {}", stage(seen, *id), result_words(*result)),
        Event::Returned { by } => format!("Returned to {}: {} asked for changes", name(seen, &seen.request.requester), name(seen, by)),
        Event::Revised { revision, by, .. } => format!("{} sent revision {revision}; every decision before it lapsed", actor(seen, by)),
        Event::Settled { outcome, cause, .. } => format!("{}{}", capital(outcome.as_str()), settled_by(seen, cause)),
        Event::Summarised { by, .. } => format!("The model {by} wrote a summary"),
        Event::SummaryDeclined { reason, .. } => format!("No model's summary: {reason}"),
        other => worked(seen, other),
    }
}

/// What workers and operators did, in words.
fn worked(seen: &Seen, event: &Event) -> String {
    match event {
        Event::NoticeDelivered { kind, to, channel, .. } => {
            format!("The notice “{}” reached {} by {channel}", notice(type_name(*kind)), to_whom(seen, to.as_ref()))
        }
        Event::NoticeFailed { kind, to, answer, .. } => {
            format!("The notice “{}” did not reach {}: {answer}", notice(type_name(*kind)), to_whom(seen, to.as_ref()))
        }
        Event::ExecutionStarted { action, token, .. } => format!("Action {action}: attempt {token} began"),
        Event::ExecutionSucceeded(end) => format!("Action {} succeeded: {}", end.action, end.answer),
        Event::ExecutionFailed { attempt, .. } => {
            format!("Action {}: attempt {} failed ({}); it will be tried again", attempt.action, attempt.token, attempt.answer)
        }
        Event::ExecutionDeadLettered(end) => format!("Action {} failed for good: {}", end.action, end.answer),
        Event::ExecutionRetried { action, by } => format!("{} tries action {action} again", actor(seen, by)),
        Event::ExecutionAbandoned { action, by, .. } => format!("{} gave action {action} up", actor(seen, by)),
        Event::Attached { by, .. } => format!("{} attached a file", actor(seen, by)),
        Event::Commented { by, .. } => format!("{} wrote", actor(seen, by)),
        other => other.name().replace('_', " "),
    }
}

fn notice(kind: &str) -> String {
    kind.trim_start_matches("approval.").replace('_', " ")
}

fn to_whom(seen: &Seen, to: Option<&PersonId>) -> String {
    to.map_or_else(|| "a system".to_owned(), |person| name(seen, person))
}

fn decision(seen: &Seen, decided: &Decided) -> String {
    let said = match decided.decision {
        Decision::Approve => "approved",
        Decision::Reject => "rejected",
        Decision::RequestChanges => "asked for changes to",
    };
    let seat = decided.acting_for.as_ref().map_or_else(String::new, |person| format!(" in the seat of {}", name(seen, person)));
    let door = match decided.door {
        Door::Web => "on the page",
        Door::Api => "through the API",
        Door::Cli => "in a terminal",
        Door::Relay => "through another system",
        Door::Link => "through a confirm link",
    };
    let signed = if decided.assertion.is_some() { ", signed with a passkey" } else { "" };
    format!("{} {said} revision {}{seat}, {door}{signed}", name(seen, &decided.person), decided.revision)
}

fn escalation(seen: &Seen, escalated: &Escalated) -> String {
    let to = names(seen, &escalated.to);
    match &escalated.cause {
        EscalationCause::Due { .. } => format!("Escalated: nobody had finished it in time; asked now: {to}"),
        EscalationCause::TooFewEligible => format!("Escalated: too few may decide; asked now: {to}"),
        EscalationCause::Operator(person) => format!("{} asked further people: {to}", name(seen, person)),
    }
}

fn settled_by(seen: &Seen, cause: &Cause) -> String {
    match cause {
        Cause::Rule => " by the rule; nobody had to be asked".into(),
        Cause::Decisions => String::new(),
        Cause::Expiry { .. } => ": nobody decided in time".into(),
        Cause::Withdrawn(by) => format!(" by {}", actor(seen, by)),
    }
}

fn result_words(result: StageResult) -> &'static str {
    match result {
        StageResult::Approved => "has its approvals",
        StageResult::Rejected => "was rejected",
        StageResult::Expired => "expired",
        StageResult::Voided => "ended without a result",
    }
}

fn stage(seen: &Seen, id: StageId) -> String {
    seen.request.stage(id).map_or_else(|| id.to_string(), |stage| format!("“{}”", seen.stage(stage).name))
}

fn actor(seen: &Seen, actor: &Actor) -> String {
    match actor {
        Actor::Person(person) => name(seen, person),
        Actor::Key { person, .. } => format!("A key for {}", name(seen, person)),
        Actor::Engine => "Countersign".into(),
    }
}

fn names<'a>(seen: &Seen, people: impl IntoIterator<Item = &'a PersonId>) -> String {
    let names: Vec<String> = people.into_iter().map(|person| name(seen, person)).collect();
    if names.is_empty() { "nobody".into() } else { names.join(", ") }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
