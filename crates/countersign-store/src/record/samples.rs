//! At least one of every event, with and without what is optional: what the golden files hold.

use countersign_core::assertion::{Assertion, Signed};
use countersign_core::canonical::Digest;
use countersign_core::event::{
    Actor, Attachment, AttemptEnded, Cause, Decided, Decision, Door, Escalated, EscalationCause, Event, NoticeKind, PlannedAction, RuledVerdict,
    StageOpened, StageResult,
};
use countersign_core::id::{EffectId, KeyId, PersonId, Revision, StageId};
use countersign_core::policy::{LevelMode, OutcomeName, RuleRef};
use jiff::{SignedDuration, Timestamp};

/// The time that sample events bear.
#[must_use]
pub fn moment() -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_millis(1_700_000_000_000)
}

fn key() -> KeyId {
    KeyId::new(moment(), [7; 10])
}

fn effect() -> EffectId {
    EffectId::new(moment(), [9; 10])
}

fn content(text: &str) -> Digest {
    Digest::salted(&[3; 16], text.as_bytes())
}

fn people(names: &[&str]) -> Vec<PersonId> {
    names.iter().map(|name| PersonId::from(*name)).collect()
}

fn relayed() -> Actor {
    Actor::Key { key: key(), person: Some("ana".into()) }
}

/// The events of a request that one person approved and one action followed.
#[must_use]
pub fn one_approver_life() -> Vec<Event> {
    let attempt = AttemptEnded { action: "pay".into(), token: 1, answer: "200".to_owned(), output: None };
    vec![
        Event::Submitted {
            policy: "expense".into(),
            version: Digest::of(b"policy"),
            requester: "ana".into(),
            by: relayed(),
            payload: content("payload"),
            external_id: None,
        },
        Event::Ruled { revision: Revision::FIRST, rule: RuleRef::Rule(1), verdict: RuledVerdict::Ask, failure: None },
        Event::StageOpened(StageOpened {
            stage: StageId(1),
            spec: 0,
            asked: vec![people(&["ben"])],
            directory: 12,
            expires_at: moment() + SignedDuration::from_hours(48),
            require_passkey: false,
        }),
        notice(NoticeKind::Requested, "ben"),
        Event::Decided(plain_decision()),
        Event::StageClosed { stage: StageId(1), result: StageResult::Approved },
        Event::Settled {
            outcome: OutcomeName::Approved,
            cause: Cause::Decisions,
            actions: vec![PlannedAction { name: "pay".into(), body: Some(content("body")), bytes: 212 }],
        },
        Event::ExecutionStarted { action: "pay".into(), token: 1, lease_until: moment() + SignedDuration::from_secs(60) },
        Event::ExecutionSucceeded(attempt),
        notice(NoticeKind::Settled, "ana"),
    ]
}

fn notice(kind: NoticeKind, to: &str) -> Event {
    Event::NoticeDelivered { effect: effect(), kind, to: Some(to.into()), channel: "email".to_owned(), attempts: 1 }
}

fn failed_notice(kind: NoticeKind, to: Option<&str>, stage: Option<StageId>, hook: Option<&str>) -> Event {
    let (answer, attempts) = if to.is_none() { ("410", 9) } else { ("550", 1) };
    let (to, hook) = (to.map(PersonId::from), hook.map(str::to_owned));
    Event::NoticeFailed { effect: effect(), kind, to, stage, hook, answer: answer.to_owned(), attempts }
}

fn plain_decision() -> Decided {
    Decided {
        person: "ben".into(),
        acting_for: None,
        decision: Decision::Approve,
        revision: Revision::FIRST,
        stages: vec![StageId(1)],
        comment: None,
        door: Door::Web,
        relayed_by: None,
        assertion: None,
    }
}

/// A stage that requires a passkey, and an approval that one signed.
fn signing() -> Vec<Event> {
    let signed = Signed {
        credential: vec![1; 16],
        public_key: vec![2; 77],
        authenticator_data: vec![3; 37],
        client_data: br#"{"type":"webauthn.get"}"#.to_vec(),
        signature: vec![5; 71],
        challenge: Digest::of(b"statement"),
    };
    let assertion = Some(Box::new(Assertion { signed, statement: content("statement") }));
    let opened = StageOpened {
        stage: StageId(4),
        spec: 1,
        asked: vec![people(&["ben"])],
        directory: 12,
        expires_at: moment() + SignedDuration::from_hours(48),
        require_passkey: true,
    };
    vec![Event::StageOpened(opened), Event::Decided(Decided { assertion, ..plain_decision() })]
}

/// Every variant at least once.
#[must_use]
pub fn every_event() -> Vec<Event> {
    let mut all = one_approver_life();
    all.extend(asking());
    all.extend(deciding());
    all.extend(ending());
    all.extend(running());
    all.extend(signing());
    all.extend(linking());
    all
}

/// A decision by a confirm link, and a file beside the request.
fn linking() -> Vec<Event> {
    let attachment = Attachment { file: content("file"), about: content("{\"name\":\"receipt.pdf\"}"), bytes: 48_211 };
    vec![Event::Decided(Decided { door: Door::Link, ..plain_decision() }), Event::Attached { by: Actor::Person("ana".into()), attachment }]
}

fn asking() -> Vec<Event> {
    let escalated = |level, mode, cause, expires_at| {
        Event::Escalated(Escalated { stage: StageId(2), level, mode, to: people(&["dan", "eve"]), cause, directory: 3, expires_at })
    };
    vec![
        Event::Submitted {
            policy: "deploy".into(),
            version: Digest::of(b"other"),
            requester: "per_1".into(),
            by: Actor::Person("per_1".into()),
            payload: content("with \"quotes\""),
            external_id: Some("PO-1042 \u{20ac}".to_owned()),
        },
        Event::Ruled {
            revision: Revision(2),
            rule: RuleRef::FailedClosed,
            verdict: RuledVerdict::Ask,
            failure: Some("`amount` is missing".to_owned()),
        },
        Event::Ruled { revision: Revision(1), rule: RuleRef::Rule(0), verdict: RuledVerdict::Allow, failure: None },
        Event::Ruled { revision: Revision(1), rule: RuleRef::Rule(9), verdict: RuledVerdict::Deny, failure: None },
        Event::Reminded { stage: StageId(1), nth: 2, late_ms: 7, to: people(&["ben", "cleo"]) },
        escalated(Some(0), LevelMode::Add, EscalationCause::Due { late_ms: 15 }, None),
        escalated(Some(1), LevelMode::Replace, EscalationCause::TooFewEligible, Some(moment())),
        escalated(None, LevelMode::Add, EscalationCause::Operator(Actor::Person("olga".into())), None),
        escalated(None, LevelMode::Add, EscalationCause::Operator(Actor::Key { key: key(), person: None }), None),
        Event::Unroutable { stage: StageId(1), eligible: 0, needed: 2 },
        Event::Rerouted { stage: StageId(1), asked: vec![people(&["ben"]), Vec::new()], escalated: vec![people(&["eva"])], directory: 4 },
        Event::Summarised { revision: Revision::FIRST, by: "qwen3:1.7b".to_owned(), summary: content("words") },
        Event::SummaryDeclined { revision: Revision::FIRST, reason: "too slow".to_owned() },
    ]
}

fn deciding() -> Vec<Event> {
    vec![
        Event::Decided(Decided {
            acting_for: Some("cleo".into()),
            decision: Decision::Reject,
            stages: vec![StageId(1), StageId(2)],
            comment: Some(content("no")),
            door: Door::Relay,
            relayed_by: Some(key()),
            ..plain_decision()
        }),
        Event::Decided(Decided { decision: Decision::RequestChanges, door: Door::Api, ..plain_decision() }),
        Event::Decided(Decided { door: Door::Cli, ..plain_decision() }),
        Event::VoiceUncounted { stage: StageId(1), person: "ben".into() },
        Event::Returned { by: "ben".into() },
        Event::Revised { revision: Revision(2), by: relayed(), payload: content("second"), lapsed: people(&["ben"]) },
        Event::Revised { revision: Revision(3), by: Actor::Person("ana".into()), payload: content("third"), lapsed: Vec::new() },
        Event::Commented { by: Actor::Person("ana".into()), comment: content("why?") },
    ]
}

fn ending() -> Vec<Event> {
    let settled = |outcome, cause| Event::Settled { outcome, cause, actions: Vec::new() };
    vec![
        Event::StageClosed { stage: StageId(1), result: StageResult::Rejected },
        Event::StageClosed { stage: StageId(1), result: StageResult::Expired },
        Event::StageClosed { stage: StageId(1), result: StageResult::Voided },
        settled(OutcomeName::Rejected, Cause::Rule),
        settled(OutcomeName::Expired, Cause::Expiry { late_ms: 4 }),
        settled(OutcomeName::Withdrawn, Cause::Withdrawn(Actor::Person("ana".into()))),
        settled(OutcomeName::Withdrawn, Cause::Withdrawn(Actor::Engine)),
        Event::Settled {
            outcome: OutcomeName::Approved,
            cause: Cause::Decisions,
            actions: vec![PlannedAction { name: "pay".into(), body: None, bytes: 0 }],
        },
    ]
}

fn running() -> Vec<Event> {
    let failed = AttemptEnded { action: "pay".into(), token: 2, answer: "timeout".to_owned(), output: Some(content("output")) };
    let mut all = vec![
        Event::ExecutionFailed { attempt: failed.clone(), retry_at: moment() + SignedDuration::from_secs(30) },
        Event::ExecutionDeadLettered(failed),
        Event::RunClaimed { by: Actor::Key { key: key(), person: Some("ana".into()) }, payload: content("payload") },
        Event::ExecutionRetried { action: "pay".into(), by: Actor::Person("olga".into()) },
        Event::ExecutionAbandoned { action: "pay".into(), by: Actor::Person("olga".into()), reason: Some(content("paid by hand")) },
        Event::ExecutionAbandoned { action: "pay".into(), by: Actor::Engine, reason: None },
        Event::NoticeDelivered { effect: effect(), kind: NoticeKind::Settled, to: None, channel: "webhook".to_owned(), attempts: 3 },
        failed_notice(NoticeKind::Reminded, None, None, None),
        failed_notice(NoticeKind::Lapsed, Some("ben"), None, None),
        failed_notice(NoticeKind::Requested, Some("ben"), Some(StageId(2)), None),
        failed_notice(NoticeKind::Settled, None, None, Some("hook 1")),
        Event::NoticeRetried { effect: effect(), by: Actor::Person("olga".into()) },
        Event::NoticeAbandoned { effect: effect(), by: Actor::Person("olga".into()), reason: Some(content("told by hand")) },
        Event::NoticeAbandoned { effect: effect(), by: Actor::Engine, reason: None },
    ];
    let rest = [NoticeKind::Escalated, NoticeKind::Returned, NoticeKind::Unroutable, NoticeKind::DeadLettered];
    all.extend(rest.map(|kind| notice(kind, "ben")));
    all
}
