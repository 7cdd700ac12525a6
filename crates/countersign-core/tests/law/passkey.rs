//! A stage that requires a passkey: an approval counts only with a signature over exactly this, and each counts once.

use super::world::{World, one_stage, policy, roster};
use countersign_core::assertion::{Assertion, Proof, Signed, Statement};
use countersign_core::canonical::Digest;
use countersign_core::command::{Command, Voicing};
use countersign_core::event::{Decision, Door, Event};
use countersign_core::id::{KeyId, PersonId, Revision};
use countersign_core::policy::OutcomeName;
use countersign_core::refusal::Refusal;
use countersign_core::request::view::Status;
use countersign_core::request::{Decided, fold};

const REQUIRED: &str = "require = \"passkey\"\nquorum = 2";
const MISMATCH: Refusal = Refusal::PasskeyMismatch { used: false };

fn statement(world: &World, person: &str, decision: Decision, nonce: u8) -> Statement {
    world.request().statement(&PersonId::from(person), decision, world.request().revision, &world.facts(), [nonce; 32]).unwrap()
}

fn over(statement: &Statement) -> Option<Box<Proof>> {
    let signed = Signed {
        credential: vec![1],
        public_key: vec![2],
        authenticator_data: vec![3],
        client_data: vec![4],
        signature: vec![5],
        challenge: statement.challenge(),
    };
    Some(Box::new(Proof { signed, nonce: statement.nonce }))
}

fn voicing(world: &World, person: &str, decision: Decision, proof: Option<Box<Proof>>) -> Voicing {
    Voicing {
        person: person.into(),
        decision,
        revision: world.request().revision,
        comment: (decision != Decision::Approve).then(|| Digest::of(b"because")),
        door: Door::Web,
        relayed_by: None,
        stage: None,
        proof,
    }
}

fn decide(world: &mut World, person: &str, decision: Decision, proof: Option<Box<Proof>>) -> Result<Decided, Refusal> {
    let voicing = voicing(world, person, decision, proof);
    world.give(&Command::Decide(voicing))
}

fn signed(world: &mut World, person: &str, nonce: u8) -> Result<Decided, Refusal> {
    let proof = over(&statement(world, person, Decision::Approve, nonce));
    decide(world, person, Decision::Approve, proof)
}

fn assertions(decided: &Decided) -> Vec<Assertion> {
    let of = |event: &Event| if let Event::Decided(decided) = event { decided.assertion.as_deref().cloned() } else { None };
    decided.events.iter().filter_map(of).collect()
}

#[test]
fn an_approval_without_a_signature_is_refused_through_every_door() {
    for door in [Door::Web, Door::Api, Door::Cli, Door::Relay] {
        let mut world = World::asking(REQUIRED);
        let refused = world.give(&Command::Decide(Voicing { door, ..voicing(&world, "ana", Decision::Approve, None) }));
        assert_eq!(refused, Err(Refusal::PasskeyRequired));
        assert!(world.request().asks_for_passkey(&PersonId::from("ana"), &world.facts()));
    }
}

#[test]
fn a_signed_approval_counts_and_its_statement_is_kept_apart() {
    let mut world = World::asking(REQUIRED);
    let expected = statement(&world, "ana", Decision::Approve, 1);
    let decided = signed(&mut world, "ana", 1).unwrap();
    let [kept] = assertions(&decided).try_into().unwrap();
    assert_eq!(kept.signed.challenge, expected.challenge());
    let sealed = decided.contents.iter().find(|content| content.id == kept.statement).unwrap();
    assert_eq!(String::from_utf8(sealed.bytes.clone()).unwrap(), expected.canonical());
    signed(&mut world, "bo", 2).unwrap();
    assert_eq!(world.request().status(), Status::Settled(OutcomeName::Approved));
}

#[test]
fn a_relay_passes_no_signature_on() {
    let mut world = World::asking(REQUIRED);
    let proof = over(&statement(&world, "ana", Decision::Approve, 1));
    let relayed = Voicing { door: Door::Relay, relayed_by: Some(KeyId::from_bytes([9; 16])), ..voicing(&world, "ana", Decision::Approve, proof) };
    assert_eq!(world.give(&Command::Decide(relayed)), Err(Refusal::PasskeyRequired));
}

#[test]
fn a_signature_over_anything_else_is_refused() {
    let world = World::asking(REQUIRED);
    let right = statement(&world, "ana", Decision::Approve, 1);
    let elsewhere = [
        Statement { request: countersign_core::id::RequestId::from_bytes([1; 16]), ..right.clone() },
        Statement { policy_version: Digest([1; 32]), ..right.clone() },
        Statement { revision: Revision(2), ..right.clone() },
        Statement { payload: Digest([1; 32]), ..right.clone() },
        Statement { stages: vec![countersign_core::id::StageId(2)], ..right.clone() },
        Statement { person: "bo".into(), ..right.clone() },
        Statement { decision: Decision::Reject, ..right.clone() },
    ];
    for other in elsewhere {
        assert_eq!(decide(&mut world.clone(), "ana", Decision::Approve, over(&other)), Err(MISMATCH), "{other:?}");
    }
    let mut foreign = over(&right);
    foreign.as_mut().unwrap().nonce = [2; 32];
    assert_eq!(decide(&mut world.clone(), "ana", Decision::Approve, foreign), Err(MISMATCH));
    assert!(decide(&mut world.clone(), "ana", Decision::Approve, over(&right)).is_ok());
}

#[test]
fn a_signature_counts_once_even_after_its_voice_was_changed() {
    let mut world = World::asking(&format!("{REQUIRED}\nreject_quorum = 2"));
    let proof = over(&statement(&world, "ana", Decision::Approve, 1));
    decide(&mut world, "ana", Decision::Approve, proof.clone()).unwrap();
    decide(&mut world, "ana", Decision::Reject, None).unwrap();
    assert_eq!(decide(&mut world, "ana", Decision::Approve, proof), Err(Refusal::PasskeyMismatch { used: true }));
    signed(&mut world, "ana", 2).unwrap();
    let mut twice = world.record.clone();
    let again = twice.iter().rfind(|(_, event)| matches!(event, Event::Decided(_))).cloned().unwrap();
    twice.push(again);
    assert!(fold(world.id, &twice).unwrap_err().to_string().contains("used before"));
}

#[test]
fn a_new_revision_voids_a_signature() {
    let mut world = World::asking(REQUIRED);
    let proof = over(&statement(&world, "ana", Decision::Approve, 1));
    world.revise("leo", "another thing").unwrap();
    assert_eq!(decide(&mut world, "ana", Decision::Approve, proof), Err(MISMATCH));
    signed(&mut world, "ana", 1).unwrap();
}

#[test]
fn saying_no_or_asking_for_changes_needs_no_signature_but_one_that_came_must_fit() {
    for decision in [Decision::Reject, Decision::RequestChanges] {
        assert!(decide(&mut World::asking(REQUIRED), "ana", decision, None).is_ok());
        let mut world = World::asking(REQUIRED);
        let proof = over(&statement(&world, "ana", Decision::Approve, 1));
        assert_eq!(decide(&mut world, "ana", decision, proof), Err(MISMATCH));
        let proof = over(&statement(&world, "ana", decision, 1));
        assert_eq!(assertions(&decide(&mut world, "ana", decision, proof).unwrap()).len(), 1);
    }
}

#[test]
fn a_stage_that_requires_none_keeps_a_signature_that_fits() {
    let mut world = World::asking("");
    assert!(!world.request().asks_for_passkey(&PersonId::from("ana"), &world.facts()));
    let decided = signed(&mut world, "ana", 1).unwrap();
    assert_eq!(assertions(&decided).len(), 1);
}

#[test]
fn the_same_said_again_needs_no_second_signature() {
    let mut world = World::asking(REQUIRED);
    signed(&mut world, "ana", 1).unwrap();
    assert!(decide(&mut world, "ana", Decision::Approve, None).unwrap().events.is_empty());
}

#[test]
fn only_the_stage_that_requires_it_asks_for_it() {
    let stage = |name: &str, lines: &str| {
        format!("[[rule.stage]]\nname = \"{name}\"\napprovers = [\"group:team\"]\nexpire = {{ after = \"72h\" }}\n{lines}\n")
    };
    let rules = format!("[[rule]]\nname = \"r\"\n{}{}", stage("first", ""), stage("second", "require = \"passkey\""));
    let mut world = World::new(policy(&rules), roster("leo ana bo zoe", &[("team", "ana bo")]));
    world.submit("leo").unwrap();
    world.approve("ana").unwrap();
    assert_eq!(world.approve("bo"), Err(Refusal::PasskeyRequired));
    signed(&mut world, "bo", 1).unwrap();
    assert_eq!(world.request().status(), Status::Settled(OutcomeName::Approved));
}

#[test]
fn the_owners_stage_requires_it_where_any_stage_of_the_policy_does() {
    let strict = one_stage("require = \"passkey\"");
    let stages = |policy: &countersign_core::policy::Policy| policy.stages(&countersign_core::policy::RuleRef::FailedClosed).into_owned();
    assert!(stages(&strict).iter().all(|stage| stage.require_passkey));
    assert!(!stages(&one_stage("")).iter().any(|stage| stage.require_passkey));
}
