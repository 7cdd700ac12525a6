//! The record in words: one sentence an event, with what was said under it.

use super::stages::name;
use super::words::{Phrase, When, Words};
use crate::engine::{Seen, owed::type_name};
use crate::summary::visible::visible;
use countersign_core::event::{Actor, Cause, ContentId, Decided, Decision, Door, Escalated, EscalationCause, Event, StageResult};
use countersign_core::id::{EffectId, PersonId, StageId};
use countersign_core::policy::OutcomeName;
use countersign_core::policy::sight::REDACTED;
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
    /// For the style sheet.
    pub class: &'static str,
}

/// The whole record, oldest first.
#[must_use]
pub fn timeline(seen: &Seen, events: &[(Timestamp, Event)], words: &Words) -> Vec<Entry> {
    let teller = Teller { seen, events, words };
    let entry = |(at, event): &(Timestamp, Event)| {
        let quote = quoted(event).and_then(|id| seen.text(&id)).map(|text| visible(&text).into_owned());
        Entry { at: words.time(*at), sentence: teller.sentence(event).to_string(), quote, class: class(event) }
    };
    events.iter().map(entry).collect()
}

/// The last thing that people would want to be told of, in words.
#[must_use]
pub fn last_news(seen: &Seen, events: &[(Timestamp, Event)], words: &Words) -> String {
    let told = |event: &&Event| matches!(class(event), "person" | "outcome");
    let last = events.iter().rev().map(|(_, event)| event).find(told);
    last.map_or_else(String::new, |event| format!("{}.", Teller { seen, events, words }.sentence(event)))
}

fn class(event: &Event) -> &'static str {
    match event {
        Event::Submitted { .. } | Event::Decided(_) | Event::Returned { .. } | Event::Revised { .. } | Event::Commented { .. } => "person",
        Event::Settled { .. } => "outcome",
        Event::ExecutionFailed { .. } | Event::ExecutionDeadLettered(_) | Event::NoticeFailed { .. } | Event::Unroutable { .. } => "trouble",
        _ => "engine",
    }
}

fn quoted(event: &Event) -> Option<ContentId> {
    match event {
        Event::Decided(decided) => decided.comment,
        Event::Commented { comment, .. } => Some(*comment),
        Event::ExecutionAbandoned { reason, .. } | Event::NoticeAbandoned { reason, .. } => *reason,
        _ => None,
    }
}

struct Teller<'a> {
    seen: &'a Seen,
    events: &'a [(Timestamp, Event)],
    words: &'a Words,
}

impl Teller<'_> {
    fn sentence(&self, event: &Event) -> Phrase {
        let words = self.words;
        match event {
            Event::Submitted { requester, by: Actor::Key { .. }, .. } => words.say("record-submitted-key").arg("name", self.name(requester)),
            Event::Submitted { requester, .. } => words.say("record-submitted").arg("name", self.name(requester)),
            Event::Ruled { rule, failure: None, .. } => words.say("record-ruled").arg("rule", self.seen.policy.rule_name(rule)),
            Event::Ruled { failure: Some(why), .. } => words.say("record-ruled-failed").arg("why", self.reason(why)),
            Event::StageOpened(opened) => {
                let names = self.names(opened.asked.iter().flatten());
                words.say("record-stage-opened").arg("stage", self.stage(opened.stage)).arg("names", names)
            }
            Event::Reminded { to, nth, .. } => words.say("record-reminded").arg("nth", nth).arg("names", self.names(to)),
            Event::Escalated(escalated) => self.escalation(escalated),
            Event::Decided(decided) => self.decision(decided),
            Event::VoiceUncounted { person, .. } => words.say("record-uncounted").arg("name", self.name(person)),
            Event::Unroutable { eligible, needed, .. } => words.say("record-unroutable").arg("eligible", eligible).arg("needed", needed),
            Event::Rerouted { asked, .. } => words.say("record-rerouted").arg("names", self.names(asked.iter().flatten())),
            Event::StageClosed { stage, result } => self.closed(*result).arg("stage", self.stage(*stage)),
            Event::Returned { by } => words.say("record-returned").arg("name", self.name(&self.seen.request.requester)).arg("by", self.name(by)),
            Event::Revised { revision, by, .. } => words.say("record-revised").arg("by", self.actor(by)).arg("revision", revision.0),
            Event::Settled { outcome, cause, .. } => self.settled(*outcome, cause),
            other => self.worked(other),
        }
    }

    /// What workers and operators did, in words.
    fn worked(&self, event: &Event) -> Phrase {
        let words = self.words;
        match event {
            Event::Summarised { by, .. } => words.say("record-summarised").arg("model", visible(by)),
            Event::SummaryDeclined { reason, .. } => words.say("record-summary-declined").arg("why", self.reason(reason)),
            Event::NoticeDelivered { kind, to, channel, .. } => {
                words.say("record-notice").arg("name", self.to_whom(to.as_ref())).arg("channel", channel).arg("notice", self.notice(type_name(*kind)))
            }
            Event::NoticeFailed { kind, to, answer, .. } => {
                let phrase = words.say("record-notice-failed").arg("name", self.to_whom(to.as_ref()));
                phrase.arg("answer", visible(answer)).arg("notice", self.notice(type_name(*kind)))
            }
            Event::NoticeRetried { effect, by } => self.failed_notice("record-notice-retried", *effect).arg("by", self.actor(by)),
            Event::NoticeAbandoned { effect, by, .. } => self.failed_notice("record-notice-abandoned", *effect).arg("by", self.actor(by)),
            Event::ExecutionStarted { action, token, .. } => words.say("record-execution-started").arg("action", action.as_str()).arg("nth", token),
            Event::ExecutionSucceeded(end) => {
                words.say("record-execution-succeeded").arg("action", end.action.as_str()).arg("answer", visible(&end.answer))
            }
            Event::ExecutionFailed { attempt, .. } => {
                let phrase = words.say("record-execution-failed").arg("action", attempt.action.as_str());
                phrase.arg("nth", attempt.token).arg("answer", visible(&attempt.answer))
            }
            Event::ExecutionDeadLettered(end) => {
                words.say("record-execution-dead").arg("action", end.action.as_str()).arg("answer", self.reason(&end.answer))
            }
            Event::ExecutionRetried { action, by } => words.say("record-execution-retried").arg("by", self.actor(by)).arg("action", action.as_str()),
            Event::ExecutionAbandoned { action, by, .. } => {
                words.say("record-execution-abandoned").arg("by", self.actor(by)).arg("action", action.as_str())
            }
            Event::RunClaimed { by, .. } => words.say("record-run-claimed").arg("by", self.actor(by)),
            Event::Attached { by, .. } => words.say("record-attached").arg("by", self.actor(by)),
            Event::Commented { by, .. } => words.say("record-commented").arg("by", self.actor(by)),
            other => words.plain(other.name().replace('_', " ")),
        }
    }

    /// Why, in words; that it is kept from the reader in theirs.
    fn reason(&self, why: &str) -> String {
        if why == REDACTED { self.words.say("fact-redacted").to_string() } else { visible(why).into_owned() }
    }

    fn notice(&self, kind: &str) -> Phrase {
        self.words.one("notice", kind.trim_start_matches("approval."))
    }

    fn failed_notice(&self, key: &'static str, effect: EffectId) -> Phrase {
        let failed = self.seen.request.notice(effect);
        let notice = failed.map_or_else(|| effect.to_string(), |failed| self.notice(type_name(failed.kind)).to_string());
        self.words.say(key).arg("notice", notice).arg("name", self.to_whom(failed.and_then(|failed| failed.to.as_ref())))
    }

    fn to_whom(&self, to: Option<&PersonId>) -> String {
        to.map_or_else(|| self.words.say("record-system").to_string(), |person| self.name(person))
    }

    fn decision(&self, decided: &Decided) -> Phrase {
        let words = self.words;
        let said = match decided.decision {
            Decision::Approve => words.say("record-decided-approve"),
            Decision::Reject => words.say("record-decided-reject"),
            Decision::RequestChanges => words.say("record-decided-changes"),
        };
        let seat = decided.acting_for.as_ref().map(|person| words.say("record-seat").arg("name", self.name(person)).to_string());
        let phrase = said.arg("name", self.name(&decided.person)).arg("revision", decided.revision.0);
        let signed = decided.assertion.is_some().then(|| words.say("record-signed").to_string());
        phrase.arg("seat", seat.unwrap_or_default()).arg("door", format!("{}{}", self.door(decided.door), signed.unwrap_or_default()))
    }

    fn door(&self, door: Door) -> Phrase {
        match door {
            Door::Web => self.words.say("door-web"),
            Door::Api => self.words.say("door-api"),
            Door::Cli => self.words.say("door-cli"),
            Door::Relay => self.words.say("door-relay"),
            Door::Link => self.words.say("door-link"),
        }
    }

    fn escalation(&self, escalated: &Escalated) -> Phrase {
        let phrase = match &escalated.cause {
            EscalationCause::Due { .. } => self.words.say("record-escalated-due"),
            EscalationCause::TooFewEligible => self.words.say("record-escalated-few"),
            EscalationCause::Operator(by) => self.words.say("record-escalated-operator").arg("by", self.actor(by)),
        };
        phrase.arg("names", self.names(&escalated.to))
    }

    fn closed(&self, result: StageResult) -> Phrase {
        match result {
            StageResult::Approved => self.words.say("record-stage-approved"),
            StageResult::Rejected => self.words.say("record-stage-rejected"),
            StageResult::Expired => self.words.say("record-stage-expired"),
            StageResult::Voided => self.words.say("record-stage-voided"),
        }
    }

    fn settled(&self, outcome: OutcomeName, cause: &Cause) -> Phrase {
        let phrase = match cause {
            Cause::Rule => self.words.say("record-settled-rule"),
            Cause::Decisions => self.words.say("record-settled"),
            Cause::Expiry { .. } => self.words.say("record-settled-expiry"),
            Cause::Withdrawn(by) => self.words.say("record-settled-withdrawn").arg("by", self.actor(by)),
        };
        phrase.arg("status", self.words.one("status", outcome.as_str()))
    }

    /// A stage's name, also of a revision before this one.
    fn stage(&self, id: StageId) -> String {
        let mut rule = None;
        for (_, event) in self.events {
            match event {
                Event::Ruled { rule: ruled, .. } => rule = Some(ruled),
                Event::StageOpened(opened) if opened.stage == id => {
                    let stages = rule.map(|rule| self.seen.policy.stages(rule));
                    let name = stages.and_then(|stages| stages.get(opened.spec).map(|spec| spec.name.clone()));
                    return name.unwrap_or_else(|| id.to_string());
                }
                _ => {}
            }
        }
        id.to_string()
    }

    fn actor(&self, actor: &Actor) -> String {
        match actor {
            Actor::Person(person) => self.name(person),
            Actor::Key { person: Some(person), .. } => self.words.say("record-key-for").arg("name", self.name(person)).to_string(),
            Actor::Key { key, person: None } => key.to_string(),
            Actor::Engine => "Countersign".into(),
        }
    }

    fn name(&self, person: &PersonId) -> String {
        name(self.seen, person)
    }

    fn names<'p>(&self, people: impl IntoIterator<Item = &'p PersonId>) -> String {
        let names: Vec<String> = people.into_iter().map(|person| self.name(person)).collect();
        if names.is_empty() { self.words.say("record-nobody").to_string() } else { names.join(", ") }
    }
}
