//! What happened, in the words of scenarios: one phrase per fact that matters to people, in order.

use super::clock;
use super::play;
use crate::event::{Cause, Decision, Escalated, Event, NoticeKind, StageOpened, StageResult};
use crate::id::{PersonId, StageId};
use crate::policy::{LevelMode, OutcomeName, RuleRef, StageSpec};
use crate::request::{Decided, Effect, Facts, Request};
use crate::stage::{Stage, places};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use std::collections::BTreeSet;

/// The phrases of one decided command; none where nothing happened.
pub(super) fn phrases(decided: &Decided, facts: &Facts<'_>, zone: &TimeZone) -> Vec<String> {
    let specs = facts.policy.stages(&decided.request.rule).into_owned();
    let telling = Telling { decided, facts, zone, specs };
    let mut events: Vec<(usize, &Event)> = decided.events.iter().enumerate().collect();
    // A voice that fell is told before the count that it is missing from.
    events.sort_by_key(|(index, event)| if matches!(event, Event::VoiceUncounted { .. }) { (heard_before(decided, *index), 0) } else { (*index, 1) });
    let mut phrases: Vec<String> = events.into_iter().flat_map(|(index, event)| telling.event(index, event)).collect();
    phrases.extend(telling.due());
    phrases
}

/// The decision that this event followed from.
fn heard_before(decided: &Decided, index: usize) -> usize {
    decided.events.iter().take(index).rposition(|event| matches!(event, Event::Decided(_))).unwrap_or(index)
}

struct Telling<'a> {
    decided: &'a Decided,
    facts: &'a Facts<'a>,
    zone: &'a TimeZone,
    specs: Vec<StageSpec>,
}

impl Telling<'_> {
    fn request(&self) -> &Request {
        &self.decided.request
    }

    fn event(&self, index: usize, event: &Event) -> Vec<String> {
        match event {
            Event::Ruled { rule: RuleRef::FailedClosed, .. } => vec!["fails closed".to_owned()],
            Event::StageOpened(opened) => vec![self.asks("asks", opened.stage, &opened.asked)],
            Event::Rerouted { stage, asked, escalated, .. } => self.rerouted(*stage, asked, escalated),
            Event::Escalated(escalated) => self.escalated(index, escalated),
            Event::Reminded { stage, late_ms, to, .. } => vec![format!("reminds {}{}{}", names(to), self.of(*stage), late(*late_ms))],
            Event::Decided(decided) => self.voice(decided.decision, &decided.stages),
            Event::VoiceUncounted { person, .. } => vec![format!("{person} no longer counts")],
            Event::Unroutable { stage, eligible, needed } => {
                vec![format!("unroutable: {eligible} of {needed} can decide{}", self.of(*stage)), self.tells(NoticeKind::Unroutable)]
            }
            Event::StageClosed { stage, result: StageResult::Approved } if !self.settled_as(OutcomeName::Approved) => {
                vec![format!("{} approved", self.name(*stage))]
            }
            Event::Returned { by } => vec![format!("returned by {by}"), self.tells(NoticeKind::Returned)],
            Event::Revised { revision, lapsed, .. } => {
                let lapsed = lapsed.iter().map(|person| format!("{person} no longer counts"));
                std::iter::once(format!("revision {revision}")).chain(lapsed).collect()
            }
            Event::Settled { outcome, cause, .. } => self.settled(*outcome, cause),
            Event::ExecutionSucceeded(end) => vec![format!("{} succeeded", end.action)].into_iter().chain(self.runs()).collect(),
            Event::ExecutionFailed { attempt, retry_at } => vec![play::again(&attempt.action, &attempt.answer, *retry_at, self.facts.now, self.zone)],
            Event::ExecutionDeadLettered(end) => {
                vec![format!("{} failed for good ({})", end.action, end.answer), self.tells(NoticeKind::DeadLettered)]
            }
            Event::ExecutionRetried { .. } => self.runs(),
            Event::ExecutionAbandoned { action, .. } => self.given_up(index, action),
            Event::Commented { .. } | Event::Attached { .. } => vec!["noted".to_owned()],
            Event::Submitted { .. }
            | Event::Ruled { .. }
            | Event::StageClosed { .. }
            | Event::Summarised { .. }
            | Event::SummaryDeclined { .. }
            | Event::NoticeDelivered { .. }
            | Event::NoticeFailed { .. }
            | Event::NoticeRetried { .. }
            | Event::NoticeAbandoned { .. }
            | Event::RunClaimed { .. }
            | Event::ExecutionStarted { .. } => Vec::new(),
        }
    }

    /// `asks ana, bo (2 needed)`; several seats are joined by `and`.
    fn asks(&self, verb: &str, stage: StageId, asked: &[Vec<PersonId>]) -> String {
        let seats = self.spec(stage).map(|spec| spec.seats.as_slice()).unwrap_or_default();
        let seat = |(people, seat): (&Vec<PersonId>, &crate::policy::Seat)| format!("{} ({} needed)", names(people), seat.count);
        let asked: Vec<String> = asked.iter().zip(seats).map(seat).collect();
        format!("{verb} {}{}", asked.join(" and "), self.of(stage))
    }

    fn rerouted(&self, stage: StageId, asked: &[Vec<PersonId>], escalated: &[Vec<PersonId>]) -> Vec<String> {
        let others: BTreeSet<&PersonId> = escalated.iter().flatten().collect();
        let others: Vec<PersonId> = others.into_iter().cloned().collect();
        let mut phrases = vec![self.asks("now asks", stage, asked)];
        if !others.is_empty() {
            phrases.push(format!("escalated to {}", names(&others)));
        }
        phrases
    }

    fn escalated(&self, index: usize, escalated: &Escalated) -> Vec<String> {
        let only = if escalated.mode == LevelMode::Replace { " only" } else { "" };
        let late = match escalated.cause {
            crate::event::EscalationCause::Due { late_ms } => late(late_ms),
            _ => String::new(),
        };
        let mut phrases = vec![format!("escalated to {}{only}{}{late}", names(&escalated.to), self.of(escalated.stage))];
        let later = self.decided.events.iter().skip(index + 1);
        let last = !later.into_iter().any(|event| matches!(event, Event::Escalated(_) | Event::Decided(_) | Event::Settled { .. }));
        if let Some(standing) = self.open(escalated.stage).and_then(|stage| self.heard(stage)).filter(|_| last) {
            phrases.push(format!("{standing} still stands"));
        }
        phrases
    }

    /// `1 of 2`, where somebody has been heard.
    fn heard(&self, stage: &Stage) -> Option<String> {
        let heard = self.request().places_filled(stage, self.facts);
        (heard > 0).then(|| self.count(stage, heard))
    }

    fn count(&self, stage: &Stage, heard: usize) -> String {
        let needed = self.spec(stage.id).map_or(0, |spec| places(&spec.seats.iter().map(|seat| seat.count).collect::<Vec<_>>()));
        format!("{heard} of {needed}{}", self.of(stage.id))
    }

    /// What a voice comes to where its stage stays open.
    fn voice(&self, decision: Decision, stages: &[StageId]) -> Vec<String> {
        let open = stages.iter().filter_map(|id| self.open(*id));
        match decision {
            Decision::RequestChanges => Vec::new(),
            Decision::Approve => open.map(|stage| self.count(stage, self.request().places_filled(stage, self.facts))).collect(),
            Decision::Reject => open.map(|stage| self.rejections(stage)).collect(),
        }
    }

    fn rejections(&self, stage: &Stage) -> String {
        let needed = self.spec(stage.id).map_or(1, |spec| spec.reject_quorum);
        format!("{} of {needed} rejections{}", stage.said(Decision::Reject).count(), self.of(stage.id))
    }

    fn settled(&self, outcome: OutcomeName, cause: &Cause) -> Vec<String> {
        let rule = self.facts.policy.rule_name(&self.request().rule);
        let how = match (outcome, cause) {
            (_, Cause::Rule) => format!(" by rule \"{rule}\""),
            (OutcomeName::Expired, Cause::Expiry { late_ms }) => late(*late_ms),
            (_, Cause::Expiry { late_ms }) => format!(" by silence{}", late(*late_ms)),
            _ => String::new(),
        };
        let mut phrases = vec![format!("{}{how}", outcome.as_str())];
        phrases.extend(self.runs());
        phrases.push(self.tells(NoticeKind::Settled));
        phrases
    }

    fn runs(&self) -> Vec<String> {
        let next = |effect: &Effect| if let Effect::Execute { action } = effect { Some(format!("runs {action}")) } else { None };
        self.decided.effects.iter().filter_map(next).collect()
    }

    fn tells(&self, wanted: NoticeKind) -> String {
        let told = |effect: &Effect| match effect {
            Effect::Notify { kind, to, .. } if *kind == wanted => Some(to.clone()),
            _ => None,
        };
        format!("tells {}", names(&self.decided.effects.iter().filter_map(told).collect::<Vec<_>>()))
    }

    /// The next escalation or expiry, where this command changed it.
    fn due(&self) -> Option<String> {
        let moved = |event: &Event| matches!(event, Event::StageOpened(StageOpened { .. }) | Event::Escalated(_) | Event::Rerouted { .. });
        if self.request().settled.is_some() || self.request().returned_by.is_some() || !self.decided.events.iter().any(moved) {
            return None;
        }
        let due = self.request().due(self.facts)?;
        Some(format!("due {}", clock::show(due, self.facts.now, self.zone)))
    }

    /// Those who hear of actions given up with the one before them are told once, at the end.
    fn given_up(&self, index: usize, action: &crate::id::ActionName) -> Vec<String> {
        let last = index + 1 == self.decided.events.len() && self.decided.effects.iter().any(|effect| matches!(effect, Effect::Notify { .. }));
        std::iter::once(format!("{action} given up")).chain(last.then(|| self.tells(NoticeKind::DeadLettered))).collect()
    }

    fn settled_as(&self, outcome: OutcomeName) -> bool {
        self.request().settled.as_ref().is_some_and(|end| end.outcome == outcome)
    }

    fn open(&self, id: StageId) -> Option<&Stage> {
        self.request().stage(id).filter(|stage| stage.closed.is_none())
    }

    fn spec(&self, id: StageId) -> Option<&StageSpec> {
        self.specs.get(self.request().stage(id)?.spec)
    }

    fn name(&self, id: StageId) -> &str {
        self.spec(id).map_or("", |spec| spec.name.as_str())
    }

    /// ` for legal`, where the rule has more stages than one.
    fn of(&self, id: StageId) -> String {
        if self.specs.len() > 1 { format!(" for {}", self.name(id)) } else { String::new() }
    }
}

fn names(people: &[PersonId]) -> String {
    let sorted: BTreeSet<&str> = people.iter().map(PersonId::as_str).collect();
    if sorted.is_empty() { "nobody".to_owned() } else { sorted.into_iter().collect::<Vec<_>>().join(", ") }
}

fn late(milliseconds: i64) -> String {
    if milliseconds == 0 { String::new() } else { format!(", {} late", clock::length(SignedDuration::from_millis(milliseconds))) }
}
