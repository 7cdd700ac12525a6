//! What follows an outcome: bodies, attempts, dead letters (rules 21 and 22).

use super::world::{World, policy, roster};
use countersign_core::canonical::Digest;
use countersign_core::command::{Command, ReportVerdict};
use countersign_core::event::{Actor, Decision, Event, NoticeKind};
use countersign_core::execution::ExecutionState;
use countersign_core::id::ActionName;
use countersign_core::refusal::Refusal;
use countersign_core::request::Effect;
use jiff::SignedDuration;

const PAY: &str = "[[on.approved]]\nname = \"pay\"\nhttp = { url = \"https://erp.example/pay\" }\n";
const FILE: &str = "[[on.approved]]\nname = \"file\"\nhttp = { url = \"https://erp.example/file\" }\n";

fn names(decided: &countersign_core::request::Decided) -> Vec<&'static str> {
    decided.events.iter().map(Event::name).collect()
}

fn paying() -> World {
    let mut world = World::new(policy(&format!("[[rule]]\nname = \"r\"\nverdict = \"allow\"\n{PAY}{FILE}")), roster("leo zoe", &[]));
    world.submit("leo").unwrap();
    world
}

#[test]
fn rule_21_an_execution_is_claimed_once_under_a_lease_and_a_token() {
    let mut world = paying();
    world.start("pay").unwrap();
    assert_eq!(world.start("pay"), Err(Refusal::NotRunnable("pay".into())), "somebody holds the lease");
    world.later(SignedDuration::from_secs(61)).start("pay").unwrap();
    assert_eq!(world.finish("pay", 1, ReportVerdict::Succeeded), Err(Refusal::LeaseLost { token: 1, current: 2 }), "a zombie");
    world.finish("pay", 2, ReportVerdict::Succeeded).unwrap();
    assert_eq!(world.start("pay"), Err(Refusal::NotRunnable("pay".into())), "done once");
    assert_eq!(world.finish("pay", 2, ReportVerdict::Succeeded), Err(Refusal::LeaseLost { token: 2, current: 2 }));
}

#[test]
fn rule_21_a_worker_that_slept_through_its_lease_does_not_begin() {
    let mut world = paying();
    let (body, lease_until) = (world.request().executions[0].body.unwrap(), world.now);
    let late = Command::StartExecution { action: "pay".into(), lease_until, body };
    assert_eq!(world.give(&late), Err(Refusal::LeaseLost { token: 1, current: 0 }));
    world.start("pay").unwrap();
}

#[test]
fn rule_21_actions_run_in_order() {
    let mut world = paying();
    assert_eq!(world.start("file"), Err(Refusal::NotRunnable("file".into())), "pay comes first");
    let lease_until = world.now;
    let unknown = Command::StartExecution { action: "steal".into(), lease_until, body: Digest::of(b"") };
    assert_eq!(world.give(&unknown), Err(Refusal::UnknownAction("steal".into())));
}

#[test]
fn rules_21_and_22_bytes_that_are_not_the_approved_ones_are_a_dead_letter_at_once() {
    let mut world = paying();
    let lease_until = world.now.checked_add(SignedDuration::from_secs(60)).unwrap();
    let forged = Command::StartExecution { action: "pay".into(), lease_until, body: Digest::of(b"other bytes") };
    let decided = world.give(&forged).unwrap();
    assert_eq!(names(&decided), ["execution_dead_lettered"], "no attempt begins");
    assert!(decided.effects.iter().any(|it| matches!(it, Effect::Notify { kind: NoticeKind::DeadLettered, to, .. } if to.as_str() == "zoe")));
    assert_eq!((&world.request().executions[0].state, world.request().executions[0].attempts), (&ExecutionState::Failed, 0));
    assert_eq!(world.give(&forged), Err(Refusal::NotRunnable("pay".into())), "it is not tried again by itself");
    let retry = Command::RetryExecution { action: "pay".into(), by: Actor::Person("zoe".into()) };
    world.give(&retry).unwrap();
    assert_eq!(names(&world.give(&forged).unwrap()), ["execution_dead_lettered"], "a retry by hand checks again");
    world.give(&retry).unwrap();
    assert_eq!(names(&world.start("pay").unwrap()), ["execution_started"], "and runs once the bytes are the approved ones");
}

#[test]
fn rule_21_a_body_is_rendered_once_and_sealed_under_its_salt() {
    let mut world = World::new(policy(&format!("[[rule]]\nname = \"r\"\nverdict = \"allow\"\n{PAY}")), roster("leo zoe", &[]));
    let decided = world.submit("leo").unwrap();
    let sealed = &decided.contents[0];
    assert_eq!(sealed.id, Digest::salted(&sealed.salt, &sealed.bytes));
    assert_eq!(decided.request.executions[0].body, Some(sealed.id));
    assert!(String::from_utf8(sealed.bytes.clone()).unwrap().contains("\"what\":\"a thing\""));
}

#[test]
fn rule_22_a_failure_is_retried_then_a_dead_letter_then_in_the_operators_hands() {
    let mut world = paying();
    world.start("pay").unwrap();
    let retry_at = world.now.checked_add(SignedDuration::from_secs(5)).unwrap();
    world.finish("pay", 1, ReportVerdict::RetryAt(retry_at)).unwrap();
    assert_eq!(world.request().executions[0].state, ExecutionState::Waiting { not_before: Some(retry_at) });
    world.start("pay").unwrap();
    let decided = world.finish("pay", 2, ReportVerdict::GiveUp).unwrap();
    assert!(decided.effects.iter().any(|it| matches!(it, Effect::Notify { kind: NoticeKind::DeadLettered, to, .. } if to.as_str() == "zoe")));
    let by = || Actor::Person("zoe".into());
    let abandon = |action: &str| Command::AbandonExecution { action: ActionName::from(action), by: by(), reason: None };
    assert_eq!(world.give(&abandon("file")), Err(Refusal::NotADeadLetter("file".into())));
    world.give(&Command::RetryExecution { action: "pay".into(), by: by() }).unwrap();
    world.start("pay").unwrap();
    world.finish("pay", 3, ReportVerdict::GiveUp).unwrap();
    let decided = world.give(&abandon("pay")).unwrap();
    assert_eq!(names(&decided), ["execution_abandoned", "execution_abandoned"], "what comes after it is given up with it");
    let Event::ExecutionAbandoned { action, reason: Some(reason), .. } = &decided.events[1] else { panic!("{decided:?}") };
    let words = decided.contents.iter().find(|content| content.id == *reason).unwrap();
    assert_eq!((action.as_str(), std::str::from_utf8(&words.bytes).unwrap()), ("file", "`pay`, which comes before it, was abandoned"));
    let told = |it: &Effect| matches!(it, Effect::Notify { kind: NoticeKind::DeadLettered, to, .. } if to.as_str() == "zoe");
    assert_eq!(decided.effects.iter().filter(|it| told(it)).count(), 1, "its owner hears of it once");
    assert_eq!(world.start("file"), Err(Refusal::NotRunnable("file".into())), "the next runs after success only");
    assert!(world.request().executions.iter().all(|execution| execution.state == ExecutionState::Abandoned));
}

/// `pay` needs a receipt that is not there; only a version kept from before says so.
fn unrenderable() -> World {
    let rules = "[[rule]]\nname = \"r\"\nverdict = \"allow\"\n";
    let body = "body = '{\"r\": \"{{ receipt }}\"}'\n";
    let source = format!(
        "policy = \"trial\"\ntitle = \"{{{{ what }}}}\"\nowner = \"user:zoe\"\n[payload]\nwhat = \"text\"\n\
         receipt = {{ type = \"text\", optional = true }}\n{rules}{PAY}{body}{FILE}"
    );
    let policy = countersign_core::policy::Policy::load_kept("trial.toml", &source, &|_| Err(String::new())).unwrap().policy;
    World::new(policy, roster("leo zoe", &[]))
}

#[test]
fn rule_21_an_action_whose_body_cannot_be_rendered_has_none_and_can_only_be_abandoned() {
    let mut world = unrenderable();
    let decided = world.submit("leo").unwrap();
    assert!(!decided.effects.iter().any(|it| matches!(it, Effect::Execute { .. })), "nothing is owed for an action that is dead");
    assert_eq!(names(&decided), ["submitted", "ruled", "settled", "execution_dead_lettered"]);
    let pay = &world.request().executions[0];
    assert_eq!((pay.body, &pay.state), (None, &ExecutionState::Failed));
    assert!(pay.answer.as_ref().unwrap().starts_with("the body could not be rendered"), "{pay:?}");
    let retry = Command::RetryExecution { action: "pay".into(), by: Actor::Person("zoe".into()) };
    let refusal = world.give(&retry).unwrap_err();
    assert_eq!((&refusal, refusal.code()), (&Refusal::NoBody("pay".into()), "not_runnable"));
    let lease_until = world.now.checked_add(SignedDuration::from_secs(60)).unwrap();
    let empty = Command::StartExecution { action: "pay".into(), lease_until, body: Digest::of(b"") };
    assert_eq!(world.give(&empty), Err(Refusal::NotRunnable("pay".into())), "no bytes were approved, not even none");
    world.give(&Command::AbandonExecution { action: "pay".into(), by: Actor::Person("zoe".into()), reason: None }).unwrap();
}

#[test]
fn rule_21_an_empty_body_that_an_earlier_record_names_for_one_not_rendered_is_none() {
    let mut world = unrenderable();
    world.submit("leo").unwrap();
    for (_, event) in &mut world.record {
        if let Event::Settled { actions, .. } = event {
            actions[0].body = Some(Digest::of(b""));
        }
    }
    let folded = countersign_core::request::fold(world.id, &world.record).unwrap().unwrap();
    assert_eq!(folded.executions[0].body, None);
}

#[test]
fn rule_21_the_body_that_follows_an_outcome_names_who_made_it() {
    let followed = |outcome: &str| {
        let body = "body = '{{ request.decided_by | json }}'";
        let rules =
            "[[rule]]\nname = \"r\"\n[[rule.stage]]\nname = \"review\"\napprovers = [\"group:team\"]\nquorum = 2\nexpire = { after = \"72h\" }\n";
        let action = format!("[[on.{outcome}]]\nname = \"tell\"\nhttp = {{ url = \"https://erp.example/tell\" }}\n{body}\n");
        let mut world = World::new(policy(&format!("{rules}{action}")), roster("leo ana bo cy zoe", &[("team", "ana bo cy")]));
        world.submit("leo").unwrap();
        world.approve("ana").unwrap();
        let decided = match outcome {
            "approved" => world.approve("bo").unwrap(),
            "rejected" => world.decide("bo", Decision::Reject).unwrap(),
            "withdrawn" => world.give(&Command::Withdraw { by: Actor::Person("leo".into()) }).unwrap(),
            _ => world.hours(72).wake(),
        };
        String::from_utf8(decided.contents[0].bytes.clone()).unwrap()
    };
    assert_eq!(followed("approved"), r#"[{"decision":"approve","person":"ana"},{"decision":"approve","person":"bo"}]"#);
    assert_eq!(followed("rejected"), r#"[{"decision":"reject","person":"bo"}]"#);
    assert_eq!(followed("withdrawn"), r#"[{"decision":"withdraw","person":"leo"}]"#);
    assert_eq!(followed("expired"), "[]");
}

#[test]
fn rule_27_one_approval_is_one_run_and_its_claim_is_an_event_of_the_request() {
    let mut world = paying();
    let digest = countersign_core::canonical::digest_of(&world.payload);
    let claim = |by: &str, payload| Command::ClaimRun { by: Actor::Person(by.into()), payload };
    assert_eq!(world.give(&claim("zoe", digest)), Err(Refusal::NotTheRequester));
    assert_eq!(world.give(&claim("leo", Digest::of(b"another"))), Err(Refusal::NotWhatWasApproved));
    assert_eq!(names(&world.give(&claim("leo", digest)).unwrap()), ["run_claimed"]);
    assert!(matches!(world.give(&claim("leo", digest)), Err(Refusal::AlreadyRun(first)) if first.by == Actor::Person("leo".into())));
}
