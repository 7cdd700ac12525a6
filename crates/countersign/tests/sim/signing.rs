//! Approvers with passkeys: what a browser would have signed, and what a thief, a stale page or a relay would bring instead.
//! The device is taken at its word, as it is once the door has verified it; whether the law may take it is judged.

use crate::clients::{Client, count, person, relay};
use crate::crew::{EVERYBODY, P};
use crate::ledger::Asked;
use countersign::engine::Instruction;
use countersign_core::assertion::{Proof, Signed, Statement};
use countersign_core::canonical::Digest;
use countersign_core::command::{Command, Voicing};
use countersign_core::event::{Decision, Door};
use countersign_core::id::{KeyId, RequestId, Revision, StageId};
use countersign_core::request::Facts;
use countersign_store::{Content, RequestLog};
use futures_util::FutureExt;

const MINUTE: i64 = 60_000;
/// Signatures that were made lately, for whoever gets hold of them.
const REMEMBERED: usize = 12;

/// What a decision brings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Brings {
    /// What was asked for, at once.
    Fresh,
    /// What was asked for a good while ago.
    Stale,
    /// What a passkey signed that was shown something else.
    Other,
    /// What was signed before, by whomever, for whatever.
    Replayed,
}

impl Client {
    /// Whether this decision is to be signed: mostly where the policy asks for it, now and then unasked.
    pub(crate) fn steps_up(&mut self, id: RequestId) -> bool {
        let loaded = self.world.store.load(id).now_or_never().and_then(Result::ok).flatten();
        let asks = loaded.is_some_and(|loaded| loaded.row.policy.as_str() == "vault");
        self.dice.permille(if asks { 800 } else { 30 })
    }

    /// Looks at the page, has it signed, and decides.
    pub(crate) async fn decide_signed(&mut self, id: RequestId, who: P, decision: Decision, revision: Revision, relayed: bool) {
        let brings = match self.dice.below(100) {
            0..70 => Brings::Fresh,
            70..80 => Brings::Stale,
            80..90 => Brings::Other,
            _ => Brings::Replayed,
        };
        let statement = self.asked_to_sign(id, &who, decision, revision).await;
        let proof = match brings {
            Brings::Replayed => self.found(id, &who),
            _ => statement.map(|statement| {
                let statement = if brings == Brings::Other { self.otherwise(statement) } else { statement };
                self.signed(statement, &who)
            }),
        };
        if brings == Brings::Stale {
            let wait = self.dice.between(MINUTE, 300 * MINUTE);
            self.world.time.sleep(wait).await;
        }
        // A relay passes no signatures on, whatever it says.
        let relayed = relayed && self.dice.permille(300);
        let mut words = vec![(decision, proof.clone())];
        match self.dice.below(10) {
            0 => words.push((decision, proof)),
            // Second thoughts, and third ones with the signature of the first.
            1..6 if decision == Decision::Approve && brings == Brings::Fresh => words.extend([(Decision::Reject, None), (decision, proof)]),
            _ => {}
        }
        for (decision, proof) in words {
            let asked = Asked::Decide { person: who.clone(), decision, revision, relayed };
            self.say(id, asked, Voicing { proof, ..voicing(&who, decision, revision, relayed) }).await;
        }
    }

    async fn say(&mut self, id: RequestId, asked: Asked, voicing: Voicing) {
        let (mark, mut salt) = (self.mark(), [0; 16]);
        salt[..8].copy_from_slice(&self.dice.next().to_le_bytes());
        let comment = Content { id: Digest::salted(&salt, mark.as_bytes()), salt, bytes: mark.as_bytes().to_vec() };
        let actor = if voicing.relayed_by.is_some() { relay() } else { person(&voicing.person) }.name();
        let mut instruction = Instruction::new(Command::Decide(Voicing { comment: Some(comment.id), ..voicing }), actor);
        instruction.contents.push(comment);
        self.ask(Some(id), asked, Some(mark), |node| async move { count(id, node.engine.handle(id, instruction).await) }).await;
    }

    /// What the page would have this person's passkey sign, as the request stands.
    async fn asked_to_sign(&mut self, id: RequestId, who: &P, decision: Decision, revision: Revision) -> Option<Statement> {
        let (_, node) = self.world.some_node(&mut self.dice)?;
        let (caller, mut nonce) = (person(who), [0; 32]);
        nonce.chunks_mut(8).for_each(|part| part.copy_from_slice(&self.dice.next().to_le_bytes()));
        let seen = self.world.call(node.owner, async move { node.engine.see(&caller, id).await }).await?;
        let seen = seen.ok()?;
        let facts = Facts { now: seen.now, roster: &seen.roster, policy: &seen.policy, payload: &seen.payload, seed: [0; 32] };
        seen.request.statement(who, decision, revision, &facts, nonce).ok()
    }

    /// The same with something else in one place.
    fn otherwise(&mut self, statement: Statement) -> Statement {
        let other = self.dice.next();
        match self.dice.below(7) {
            0 => Statement { request: RequestId::from_bytes(u128::from(other).to_be_bytes()), ..statement },
            1 => Statement { policy_version: Digest::of(&other.to_le_bytes()), ..statement },
            2 => Statement { revision: Revision(statement.revision.0 + 1), ..statement },
            3 => Statement { payload: Digest::of(&other.to_le_bytes()), ..statement },
            4 => Statement { stages: vec![StageId(99)], ..statement },
            5 => Statement { person: P::from(*self.dice.one(&EVERYBODY).unwrap()), ..statement },
            _ => Statement { decision: if statement.decision == Decision::Approve { Decision::Reject } else { Decision::Approve }, ..statement },
        }
    }

    /// Signs it, and leaves the signature where others may find it.
    fn signed(&mut self, statement: Statement, who: &P) -> Box<Proof> {
        let said = |what: &str| format!("{what} of {who}").into_bytes();
        let (credential, public_key, signature) = (said("the passkey"), said("the key"), said("the signature"));
        let (authenticator_data, client_data) = (said("the device"), said("the browser"));
        let signed = Signed { credential, public_key, authenticator_data, client_data, signature, challenge: statement.challenge() };
        let proof = Box::new(Proof { signed, nonce: statement.nonce });
        let mut made = self.world.signatures.lock().unwrap();
        made.push((statement.request, who.clone(), proof.clone()));
        let over = made.len().saturating_sub(REMEMBERED);
        made.drain(..over);
        proof
    }

    /// A signature that was made before: rather one of the same person here.
    fn found(&mut self, id: RequestId, who: &P) -> Option<Box<Proof>> {
        let made = self.world.signatures.lock().unwrap();
        let own: Vec<Box<Proof>> = made.iter().filter(|(of, by, _)| *of == id && by == who).map(|(_, _, proof)| proof.clone()).collect();
        let all: Vec<Box<Proof>> = made.iter().map(|(_, _, proof)| proof.clone()).collect();
        drop(made);
        self.dice.one(if own.is_empty() { &all } else { &own }).cloned()
    }
}

fn voicing(who: &P, decision: Decision, revision: Revision, relayed: bool) -> Voicing {
    let (door, relayed_by) = if relayed { (Door::Relay, Some(KeyId::from_bytes([9; 16]))) } else { (Door::Web, None) };
    Voicing { person: who.clone(), decision, revision, comment: None, door, relayed_by, stage: None, proof: None }
}

/// Nobody should be surprised by what the seeds do with passkeys: all of it happens.
#[test]
fn signatures_of_every_kind_come_and_the_good_ones_count() {
    use crate::ledger::Told;
    use countersign_core::event::Event;
    use countersign_core::refusal::Refusal;
    let (mut counted, mut without, mut other, mut used) = (0, 0, 0, 0);
    for seed in 5_000..5_120 {
        let played = crate::play::play(seed, None);
        for id in crate::nature::requests(&played.world) {
            let loaded = played.world.store.load(id).now_or_never().unwrap().unwrap().unwrap();
            counted += loaded.events.iter().filter(|(_, event)| matches!(event, Event::Decided(decided) if decided.assertion.is_some())).count();
        }
        for deed in &played.world.ledger().deeds {
            match &deed.told {
                Told::Refused(Refusal::PasskeyRequired) => without += 1,
                Told::Refused(Refusal::PasskeyMismatch { used: false }) => other += 1,
                Told::Refused(Refusal::PasskeyMismatch { used: true }) => used += 1,
                _ => {}
            }
        }
    }
    println!("{counted} signed decisions, {without} unsigned refused, {other} that signed something else, {used} used before");
    assert!([counted, without, other, used].iter().all(|times| *times > 0), "{counted} {without} {other} {used}");
}
