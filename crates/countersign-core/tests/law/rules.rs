//! Named tests for what the scenarios cannot show.

use super::world::{World, one_stage, policy, roster};
use countersign_core::canonical::Digest;
use countersign_core::command::{Command, NoticeReport, Voicing};
use countersign_core::event::{Actor, Cause, Decision, Door, EscalationCause, Event, NoticeKind};
use countersign_core::id::{EffectId, KeyId, PersonId, RequestId, Revision, StageId};
use countersign_core::notice::NoticeState;
use countersign_core::policy::OutcomeName;
use countersign_core::refusal::Refusal;
use countersign_core::request::Effect;
use countersign_core::request::view::Status;
use jiff::SignedDuration;

const PAY: &str = "[[on.approved]]\nname = \"pay\"\nhttp = { url = \"https://erp.example/pay\" }\n";

fn key(person: &str) -> Actor {
    Actor::Key { key: KeyId::from_bytes([1; 16]), person: Some(PersonId::from(person)) }
}

fn names(decided: &countersign_core::request::Decided) -> Vec<&'static str> {
    decided.events.iter().map(Event::name).collect()
}

#[test]
fn rule_1_a_voice_that_fell_is_marked_as_soon_as_the_quorum_seems_reached() {
    let mut world = World::asking("quorum = 2");
    world.approve("ana").unwrap();
    world.leaves("ana").wake();
    let decided = world.approve("bo").unwrap();
    assert_eq!(names(&decided), ["decided", "voice_uncounted"], "bo is the second voice: ana's is looked at again");
    let stage = &world.request().stages[0];
    assert_eq!(world.request().stage_view(stage, &world.facts()).approved_by, [PersonId::from("bo")]);
    world.approve("cy").unwrap();
    assert_eq!(world.request().status(), Status::Settled(OutcomeName::Approved));
}

#[test]
fn rule_2_whoever_a_service_acts_for_never_approves() {
    let mut world = World::new(one_stage(""), roster("leo mia ana zoe", &[("team", "ana mia leo")]));
    world.submit_by("leo", key("mia")).unwrap();
    assert_eq!(world.approve("mia"), Err(Refusal::OwnRequest), "the human behind the key");
    assert_eq!(world.approve("leo"), Err(Refusal::OwnRequest), "the requester it names");
    assert_eq!(world.request().stages[0].asked, [[PersonId::from("ana")]]);
    world.approve("ana").unwrap();
}

#[test]
fn rule_3_an_operator_cannot_ask_one_whose_voice_is_spent() {
    let rules = "[[rule]]\nname = \"r\"\n\
        [[rule.stage]]\nname = \"one\"\napprovers = [\"group:team\"]\nexpire = { after = \"72h\" }\n\
        [[rule.stage]]\nname = \"two\"\napprovers = [\"group:leads\"]\nexpire = { after = \"72h\" }\n";
    let mut world = World::new(policy(rules), roster("leo ana eva zoe", &[("team", "ana"), ("leads", "eva")]));
    world.submit("leo").unwrap();
    world.approve("ana").unwrap();
    let reassign = Command::Reassign { by: Actor::Person("zoe".into()), to: vec!["ana".into()] };
    assert_eq!(world.give(&reassign), Err(Refusal::NobodyToAsk));
}

#[test]
fn rule_2_nobody_chooses_who_decides_their_own_request() {
    let mut world = World::asking("");
    let reassign = |by: &str| Command::Reassign { by: Actor::Person(by.into()), to: vec!["eva".into()] };
    assert_eq!(world.give(&reassign("leo")), Err(Refusal::OwnRequest), "an operator, but the requester");
    world.give(&reassign("zoe")).unwrap();
    world.approve("eva").unwrap();
}

const BESIDE: &str = "[[rule]]\nname = \"r\"\n\
    [[rule.stage]]\nname = \"one\"\napprovers = [\"group:team\"]\nquorum = 2\nreject_quorum = 2\nexpire = { after = \"72h\" }\n\
    [[rule.stage]]\nname = \"two\"\nwith = \"one\"\nREPEATapprovers = [\"group:team\"]\nquorum = 2\nreject_quorum = 2\nexpire = { after = \"72h\" }\n";

fn beside(repeat: &str) -> World {
    let mut world = World::new(policy(&BESIDE.replace("REPEAT", repeat)), roster("leo ana bo cy dee zoe", &[("team", "ana bo cy dee")]));
    world.submit("leo").unwrap();
    world
}

#[test]
fn rule_3_repeated_voices_beside_each_other_count_in_both_stages() {
    let mut world = beside("repeat = \"allowed\"\n");
    for person in ["ana", "bo"] {
        world.approve(person).unwrap();
        if world.request().settled.is_none() {
            world.approve(person).unwrap();
        }
    }
    assert_eq!(world.request().status(), Status::Settled(OutcomeName::Approved), "{:#?}", world.request().stages);
}

#[test]
fn rule_3_two_voices_for_one_seat_fill_one_place_and_a_closed_stage_keeps_what_it_had() {
    let rules = "[[rule]]\nname = \"r\"\n[[rule.stage]]\nname = \"review\"\nexpire = { after = \"72h\" }\n\
        seats = [{ from = [\"group:legal\"] }, { from = [\"group:security\"] }]\n";
    let mut world = World::new(policy(rules), roster("leo ana bo cy zoe", &[("legal", "ana bo"), ("security", "cy")]));
    world.submit("leo").unwrap();
    for person in ["ana", "bo"] {
        world.approve(person).unwrap();
    }
    let view = |world: &World| world.request().stage_view(&world.request().stages[0], &world.facts());
    assert_eq!((view(&world).filled, view(&world).approved_by.len(), view(&world).quorum), (1, 2, 2), "1 of 2, whoever else of legal agrees");
    world.approve("cy").unwrap();
    world.leaves("cy");
    assert_eq!(view(&world).filled, 2, "what was approved stays approved");
}

#[test]
fn rule_10_a_changed_mind_leaves_no_second_voice_beside_it() {
    let mut world = beside("");
    world.decide("ana", Decision::Reject).unwrap();
    world.approve("ana").unwrap();
    let said: Vec<Decision> = world.request().stages.iter().flat_map(|stage| &stage.voices).map(|voice| voice.decision).collect();
    assert_eq!(said, [Decision::Approve], "ana has one voice, and it says yes");
    world.decide("bo", Decision::Reject).unwrap();
    assert_eq!(world.request().status(), Status::Pending, "one rejection of two");
}

#[test]
fn rule_5_a_relay_says_which_key_it_was() {
    let mut world = World::asking("");
    let key = KeyId::from_bytes([9; 16]);
    let voicing = Voicing {
        person: "ana".into(),
        decision: Decision::Approve,
        revision: Revision::FIRST,
        comment: None,
        door: Door::Relay,
        relayed_by: Some(key),
        proof: None,
        stage: None,
    };
    let decided = world.give(&Command::Decide(voicing)).unwrap();
    let recorded = decided.events.iter().find_map(|event| if let Event::Decided(decided) = event { decided.relayed_by } else { None });
    assert_eq!(recorded, Some(key));
}

#[test]
fn rule_6_silence_never_approves_what_nobody_could_decide() {
    let mut world = World::new(one_stage("on_expiry = \"approve\""), roster("leo ana zoe", &[("team", "ana")]));
    world.submit("leo").unwrap();
    world.leaves("ana").hours(72).wake();
    assert_eq!(world.request().status(), Status::Settled(OutcomeName::Expired));
}

#[test]
fn rule_6_an_approval_by_silence_says_so() {
    let mut world = World::asking("on_expiry = \"approve\"");
    world.hours(73).wake();
    let end = world.request().settled.clone().unwrap();
    assert_eq!((end.outcome, end.cause), (OutcomeName::Approved, Cause::Expiry { late_ms: 3_600_000 }));
}

#[test]
fn rule_6_the_owner_and_operators_are_told_at_once_and_once() {
    let mut world = World::new(one_stage("quorum = 3"), roster("leo ana bo cy zoe", &[("team", "ana bo cy")]));
    world.roster.people.get_mut(&PersonId::from("cy")).unwrap().roles.insert(countersign_core::people::Role::Operator);
    world.submit("leo").unwrap();
    let decided = world.leaves("bo").wake();
    let told: Vec<_> = decided
        .effects
        .iter()
        .filter_map(|it| if let Effect::Notify { kind: NoticeKind::Unroutable, to, .. } = it { Some(to.as_str()) } else { None })
        .collect();
    assert_eq!(told, ["cy", "zoe"]);
    assert_eq!(world.request().status(), Status::Unroutable);
    assert!(world.wake().events.is_empty(), "said once");
}

#[test]
fn rule_8_a_key_that_acts_for_the_requester_revises_and_no_other() {
    let mut world = World::asking("quorum = 2");
    world.approve("ana").unwrap();
    let payload = Digest::of(b"2");
    assert_eq!(world.give(&Command::Revise { by: key("mia"), payload }), Err(Refusal::NotTheRequester));
    let decided = world.give(&Command::Revise { by: key("leo"), payload }).unwrap();
    assert!(decided.effects.iter().any(|it| matches!(it, Effect::Notify { kind: NoticeKind::Lapsed, to, .. } if to.as_str() == "ana")));
    assert_eq!(world.request().revision, Revision(2));
    assert!(world.request().stages.iter().all(|stage| stage.voices.is_empty()));
}

#[test]
fn rule_9_the_record_names_the_version_it_was_submitted_with() {
    let world = World::asking("");
    assert_eq!(world.request().version, world.policy.version);
}

#[test]
fn rule_11_a_late_decision_is_told_what_happened_and_who_did_it() {
    let mut world = World::asking("");
    world.approve("ana").unwrap();
    let at = world.now;
    let refused = world.hours(1).decide("bo", Decision::Reject).unwrap_err();
    assert_eq!(refused, Refusal::AlreadySettled { outcome: OutcomeName::Approved, at, by: vec!["ana".into()] });
    assert!(refused.detail().contains("approved by ana at 2026-01-05T09:00:00Z"), "{}", refused.detail());
}

#[test]
fn rule_11_a_late_decision_is_told_who_ended_it_for_every_outcome() {
    let late = |world: &mut World| match world.approve("cy").unwrap_err() {
        Refusal::AlreadySettled { outcome, by, .. } => (outcome, by),
        other => panic!("{other:?}"),
    };
    let mut world = World::asking("quorum = 2");
    world.approve("ana").unwrap();
    world.give(&Command::Withdraw { by: key("leo") }).unwrap();
    assert_eq!(late(&mut world), (OutcomeName::Withdrawn, vec!["leo".into()]), "who approved did not withdraw it");
    let mut world = World::asking("quorum = 2");
    world.approve("ana").unwrap();
    world.hours(72).wake();
    assert_eq!(late(&mut world), (OutcomeName::Expired, vec![]), "nobody did");
    let mut world = World::asking("quorum = 2");
    world.approve("ana").unwrap();
    world.decide("bo", Decision::Reject).unwrap();
    assert_eq!(late(&mut world), (OutcomeName::Rejected, vec!["bo".into()]));
    let mut world = World::asking("");
    world.approve("ana").unwrap();
    assert_eq!(late(&mut world), (OutcomeName::Approved, vec!["ana".into()]));
}

#[test]
fn rule_12_a_no_without_its_reason_is_refused_through_every_door() {
    for door in [Door::Web, Door::Api, Door::Cli, Door::Relay] {
        for decision in [Decision::Reject, Decision::RequestChanges] {
            let mut world = World::asking("");
            let mut voicing = Voicing {
                person: "ana".into(),
                decision,
                revision: Revision::FIRST,
                comment: None,
                door,
                relayed_by: None,
                stage: None,
                proof: None,
            };
            assert_eq!(world.give(&Command::Decide(voicing.clone())), Err(Refusal::CommentRequired));
            voicing.comment = Some(Digest::of(b"because"));
            world.give(&Command::Decide(voicing)).unwrap();
        }
    }
}

#[test]
fn rule_12_a_standing_rejection_weighs_before_the_approval_that_silence_would_give() {
    let mut world = World::asking("reject_quorum = 2\non_expiry = \"approve\"");
    world.decide("ana", Decision::Reject).unwrap();
    assert_eq!(world.request().status(), Status::Pending, "one of two, and others may still approve");
    world.hours(72).wake();
    assert_eq!(world.request().status(), Status::Settled(OutcomeName::Rejected));
    assert_eq!(world.request().deciders(), [PersonId::from("ana")]);
    let mut world = World::asking("reject_quorum = 2\non_expiry = \"approve\"");
    world.decide("ana", Decision::Reject).unwrap();
    world.leaves("ana").hours(72).wake();
    assert_eq!(world.request().status(), Status::Settled(OutcomeName::Approved), "the word of one who has left weighs nothing");
}

#[test]
fn rule_12_rejection_is_weighed_before_approval() {
    let mut world = World::asking("quorum = 2\nreject_quorum = 2");
    world.decide("ana", Decision::Reject).unwrap();
    assert_eq!(world.request().status(), Status::Pending, "bo and cy can still approve");
    world.approve("bo").unwrap();
    world.decide("cy", Decision::Reject).unwrap();
    assert_eq!(world.request().status(), Status::Settled(OutcomeName::Rejected));
}

#[test]
fn rule_14_overdue_timers_fire_in_order_of_due_time_and_say_how_late_they_were() {
    let mut world = World::asking("escalate = [{ after = \"8h\", to = [\"group:leads\"] }]");
    let due = world.request().next_wakeup(&world.facts()).unwrap();
    assert_eq!(due.to_string(), "2026-01-05T17:00:00Z");
    let decided = world.hours(80).wake();
    assert_eq!(names(&decided), ["escalated", "stage_closed", "settled"]);
    let Event::Escalated(escalated) = &decided.events[0] else { panic!("{decided:?}") };
    assert_eq!(escalated.cause, EscalationCause::Due { late_ms: 72 * 3_600_000 });
    assert_eq!(world.request().settled.as_ref().unwrap().cause, Cause::Expiry { late_ms: 8 * 3_600_000 });
    assert_eq!(world.request().next_wakeup(&world.facts()), None);
}

#[test]
fn rule_14_what_is_folded_from_the_record_wakes_at_the_same_time() {
    let mut world = World::asking("remind = { every = \"2h\" }\nescalate = [{ after = \"8h\", to = [\"group:leads\"] }]");
    world.hours(3).wake();
    let folded = countersign_core::request::fold(world.id, &world.record).unwrap().unwrap();
    assert_eq!(folded.next_wakeup(&world.facts()), world.request().next_wakeup(&world.facts()));
    assert_eq!(folded.next_wakeup(&world.facts()).unwrap().to_string(), "2026-01-05T13:00:00Z");
}

#[test]
fn rule_15_an_escalation_forced_early_does_not_fire_again_when_due() {
    let mut world = World::asking("quorum = 3\nescalate = [{ after = \"8h\", to = [\"group:leads\"] }]");
    let decided = world.leaves("cy").wake();
    assert_eq!(names(&decided), ["escalated"]);
    assert!(world.hours(9).wake().events.is_empty());
}

#[test]
fn rule_16_the_last_millisecond_decides_and_the_deadline_does_not() {
    let just_before = SignedDuration::from_hours(72) - SignedDuration::from_millis(1);
    let mut world = World::asking("");
    world.later(just_before).approve("ana").unwrap();
    let mut world = World::asking("");
    let expired_at = world.hours(72).now;
    assert_eq!(world.approve("ana"), Err(Refusal::TooLate { expired_at }), "swept or not");
    world.wake();
    assert!(matches!(world.approve("ana"), Err(Refusal::AlreadySettled { outcome: OutcomeName::Expired, .. })));
}

#[test]
fn rule_16_a_level_that_was_due_before_the_deadline_moves_it_swept_or_not() {
    let mut world = World::asking("escalate = [{ after = \"8h\", to = [\"group:leads\"], expire = \"96h\" }]");
    world.hours(80).approve("eva").unwrap();
    assert_eq!(world.request().status(), Status::Settled(OutcomeName::Approved));
}

#[test]
fn rule_14_what_is_due_while_returned_is_the_expiry_alone() {
    let mut world = World::asking("escalate = [{ after = \"8h\", to = [\"group:leads\"] }]");
    world.decide("ana", Decision::RequestChanges).unwrap();
    world.hours(9).wake();
    let expires_at = world.request().stages[0].expires_at;
    assert_eq!(world.request().due(&world.facts()), Some(expires_at));
    assert_eq!(world.request().stage_view(&world.request().stages[0], &world.facts()).due, Some(expires_at));
}

#[test]
fn rule_16_a_level_that_is_due_only_now_may_bring_a_deadline_that_has_passed_too() {
    let mut world = World::asking("escalate = [{ after = \"8h\", to = [\"group:leads\"], expire = \"2h\" }]");
    let expired_at = world.hours(10).now;
    assert_eq!(world.hours(1).approve("ana"), Err(Refusal::TooLate { expired_at }), "neither the level nor the expiry was swept");
}

#[test]
fn rule_18_those_asked_before_are_told_of_an_escalation() {
    let mut world = World::asking("escalate = [{ after = \"8h\", to = [\"group:leads\"], mode = \"replace\" }]");
    let decided = world.hours(8).wake();
    let told: Vec<_> = decided
        .effects
        .iter()
        .filter_map(|it| if let Effect::Notify { kind: NoticeKind::Escalated, to, .. } = it { Some(to.as_str()) } else { None })
        .collect();
    assert_eq!(told, ["ana", "bo", "cy", "eva"]);
}

#[test]
fn rule_20_a_request_can_be_decided_before_any_notice_left() {
    let mut world = World::new(
        policy(&format!(
            "[[rule]]\nname = \"r\"\n[[rule.stage]]\nname = \"review\"\napprovers = [\"group:team\"]\nexpire = {{ after = \"72h\" }}\n{PAY}"
        )),
        roster("leo ana zoe", &[("team", "ana")]),
    );
    world.submit("leo").unwrap();
    let decided = world.approve("ana").unwrap();
    assert!(decided.effects.contains(&Effect::Execute { action: "pay".into() }), "events and effects come from one decision");
    assert_eq!(decided.contents.len(), 1, "with the bytes that will be sent");
}

#[test]
fn rule_22_a_notice_that_failed_for_good_is_in_the_operators_hands_too() {
    let mut world = World::asking("");
    let effect = EffectId::from_bytes([5; 16]);
    let report = |result| {
        let (kind, to, stage) = (NoticeKind::Requested, Some("ana".into()), Some(StageId(1)));
        Command::ReportNotice(NoticeReport { effect, kind, to, stage, hook: None, attempts: 9, result })
    };
    let by = || Actor::Person("zoe".into());
    let retry = Command::RetryNotice { effect, by: by() };
    assert_eq!(world.give(&retry), Err(Refusal::UnknownNotice(effect)), "it never failed");
    let decided = world.give(&report(Err("410".into()))).unwrap();
    assert!(decided.effects.iter().any(|it| matches!(it, Effect::Notify { kind: NoticeKind::DeadLettered, to, .. } if to.as_str() == "zoe")));
    assert!(world.request().has_dead_letter());
    let decided = world.give(&retry).unwrap();
    let Some(Effect::Retell { notice }) = decided.effects.first() else { panic!("{:?}", decided.effects) };
    assert_eq!((notice.id, &notice.to, notice.stage), (effect, &Some("ana".into()), Some(StageId(1))), "the same notice, under the same id");
    assert_eq!(world.give(&retry), Err(Refusal::NoticeNotDead(effect)), "it is being tried");
    world.give(&report(Err("410".into()))).unwrap();
    assert_eq!(world.request().notices.len(), 1, "one notice, however often it failed");
    world.give(&Command::AbandonNotice { effect, by: by(), reason: None }).unwrap();
    assert!(!world.request().has_dead_letter());
    assert_eq!(world.give(&retry), Err(Refusal::NoticeNotDead(effect)), "given up is given up");
}

#[test]
fn rule_22_a_notice_that_arrives_after_all_is_no_dead_letter() {
    let mut world = World::asking("");
    let effect = EffectId::from_bytes([5; 16]);
    let report = |result| {
        let (kind, hook) = (NoticeKind::Settled, Some("hook".to_owned()));
        Command::ReportNotice(NoticeReport { effect, kind, to: None, stage: None, hook, attempts: 1, result })
    };
    world.give(&report(Err("timeout".into()))).unwrap();
    world.give(&Command::RetryNotice { effect, by: Actor::Person("zoe".into()) }).unwrap();
    world.give(&report(Ok("hook".into()))).unwrap();
    assert_eq!(world.request().notices[0].state, NoticeState::Delivered);
    assert!(!world.request().has_dead_letter());
}

#[test]
fn rule_23_a_later_summary_is_an_event_and_sends_no_second_notice() {
    let mut world = World::asking("");
    let summary = |revision| Command::Summarised { revision, by: "llama3.2".into(), summary: Digest::of(b"words") };
    world.give(&Command::DeclineSummary { revision: Revision::FIRST, reason: "too slow".into() }).unwrap();
    let decided = world.give(&summary(Revision::FIRST)).unwrap();
    assert_eq!(names(&decided), ["summarised"]);
    assert!(!decided.effects.iter().any(|it| matches!(it, Effect::Notify { .. })));
    assert!(world.give(&summary(Revision::FIRST)).unwrap().events.is_empty(), "a second one is none");
    assert!(world.give(&summary(Revision(2))).unwrap().events.is_empty(), "nor one of another revision");
}

#[test]
fn rule_29_a_refusal_says_why_and_changes_nothing() {
    let mut world = World::asking("quorum = 2");
    let before = world.request().clone();
    for refused in [world.approve("leo"), world.approve("eva"), world.approve("nobody"), world.decide_on("ana", Decision::Approve, Revision(2))] {
        let refusal = refused.unwrap_err();
        assert!(!refusal.detail().is_empty() && !refusal.code().contains(' '));
    }
    assert_eq!(world.request(), &before);
    let other = RequestId::new(world.now, [8; 10]);
    assert_eq!(countersign_core::request::decide(other, None, &Command::Wake, &world.facts()), Err(Refusal::UnknownRequest));
    assert_eq!(world.submit("leo"), Err(Refusal::AlreadySubmitted));
}

#[test]
fn rule_25_a_decision_bound_to_a_stage_counts_there_or_nowhere() {
    let mut world = World::asking("");
    let bound = |stage: u32| Voicing {
        person: "ana".into(),
        decision: Decision::Approve,
        revision: Revision::FIRST,
        comment: None,
        door: Door::Link,
        relayed_by: None,
        proof: None,
        stage: Some(StageId(stage)),
    };
    assert_eq!(world.give(&Command::Decide(bound(2))), Err(Refusal::StageClosed));
    let decided = world.give(&Command::Decide(bound(1))).unwrap();
    let stages = decided.events.iter().find_map(|event| if let Event::Decided(decided) = event { Some(decided.stages.clone()) } else { None });
    assert_eq!(stages, Some(vec![StageId(1)]));
}

#[test]
fn rule_30_every_door_gets_the_same_answer() {
    for door in [Door::Web, Door::Api, Door::Cli, Door::Relay, Door::Link] {
        let answers: Vec<_> = ["leo", "eva", "ana"]
            .map(|person| {
                let (decision, revision) = (Decision::Approve, Revision::FIRST);
                let voicing = Voicing { person: person.into(), decision, revision, comment: None, door, relayed_by: None, proof: None, stage: None };
                World::asking("").give(&Command::Decide(voicing)).map(|decided| decided.request.status())
            })
            .into();
        assert_eq!(answers, [Err(Refusal::OwnRequest), Err(Refusal::NotAnApprover), Ok(Status::Settled(OutcomeName::Approved))]);
    }
}

#[test]
fn rule_31_an_explanation_returns_words_and_nothing_to_do() {
    let world = World::asking("");
    let requester = PersonId::from("leo");
    let evaluation = countersign_core::policy::evaluate::Evaluation {
        payload: &world.payload,
        requester: &requester,
        roster: &world.roster,
        now: world.now,
        created_at: world.now,
        revision: Revision::FIRST,
    };
    // By type: an `Explanation` holds no effect, no command and no content to send.
    let explained: countersign_core::policy::explain::Explanation = world.policy.explain(&evaluation);
    assert_eq!(explained.stages.len(), 1);
}
