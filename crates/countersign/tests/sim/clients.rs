//! The workload: requesters and approvers with their repeats, second thoughts, stale pages and tricks.

use crate::crew::{EVERYBODY, P, REQUESTERS};
use crate::dice::Dice;
use crate::faults::Kind;
use crate::ledger::{Asked, Deed, Told};
use crate::world::{Node, World};
use countersign::engine::caller::{ActsFor, Caller, Scope};
use countersign::engine::deed::Verdict;
use countersign::engine::submit::Submission;
use countersign::engine::{EngineError, Handled};
use countersign_core::event::{Decision, Door, Event};
use countersign_core::id::{ActionName, KeyId, PolicyName, RequestId, Revision};
use countersign_store::RequestLog;
use futures_util::FutureExt;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;

const POLICIES: [&str; 5] = ["gates", "pair", "seats", "rounds", "vault"];
const MINUTE: i64 = 60_000;

/// One caller with chance of its own.
pub(crate) struct Client {
    pub(crate) world: Arc<World>,
    pub(crate) dice: Dice,
    pub(crate) name: String,
}

pub(crate) fn machine() -> Caller {
    let scopes = BTreeSet::from([Scope::Submit, Scope::Read]);
    Caller::Key { id: KeyId::from_bytes([7; 16]), scopes, acts_for: ActsFor::Anybody }
}

pub(crate) fn relay() -> Caller {
    Caller::Key { id: KeyId::from_bytes([9; 16]), scopes: BTreeSet::from([Scope::DecideOnBehalf]), acts_for: ActsFor::Nobody }
}

pub(crate) fn person(id: &P) -> Caller {
    Caller::Person { id: id.clone(), door: Door::Web }
}

impl Client {
    pub(crate) fn mark(&mut self) -> String {
        format!("{}-{:016x}", self.name, self.dice.next())
    }

    /// Calls a node that is up, notes what was asked and told.
    pub(crate) async fn ask<T, F>(&mut self, id: Option<RequestId>, asked: Asked, mark: Option<String>, call: impl FnOnce(Node) -> F) -> Option<T>
    where
        F: Future<Output = Result<(RequestId, usize, T), EngineError>> + Send,
    {
        let (_, node) = self.world.some_node(&mut self.dice)?;
        let answer = self.world.call(node.owner, call(node)).await;
        let (told, id, value) = match answer {
            Some(Ok((id, events, value))) => (Told::Done(events), Some(id), Some(value)),
            Some(Err(EngineError::Refused(refusal))) => (Told::Refused(refusal), id, None),
            Some(Err(EngineError::Forbidden(_))) => (Told::Forbidden, id, None),
            Some(Err(_)) | None => (Told::Unknown, id, None),
        };
        self.world.ledger().deeds.push(Deed { id, asked, mark, told });
        value
    }

    fn payload(&mut self) -> Value {
        let mut payload = json!({ "amount": self.dice.below(6), "nonce": self.dice.below(1_000_000) });
        let fields = payload.as_object_mut().unwrap();
        if self.dice.permille(300) {
            fields.insert("note".into(), json!(*self.dice.one(&["go", "stop"]).unwrap()));
        }
        if self.dice.permille(600) {
            fields.insert("lead".into(), json!(*self.dice.one(&EVERYBODY).unwrap()));
        }
        payload
    }

    /// Submits until an answer comes, with the same key each time.
    pub(crate) async fn submit(&mut self) -> Option<(RequestId, P)> {
        let policy = *self.dice.one(&POLICIES).unwrap();
        let requester = P::from(*self.dice.one(&REQUESTERS).unwrap());
        let payload = self.payload();
        let key = self.dice.permille(850).then(|| self.mark());
        let caller = if self.dice.permille(500) { machine() } else { person(&requester) };
        let submission = Submission {
            policy: PolicyName::from(policy),
            requester: requester.clone(),
            payload: payload.clone(),
            idempotency_key: key.clone(),
            external_id: None,
        };
        let asked = Asked::Submit { key: key.clone(), requester: requester.clone(), payload: payload.to_string() };
        let mut made = None;
        for round in 0..6 {
            let (caller, submission) = (caller.clone(), submission.clone());
            let found = self
                .ask(None, asked.clone(), None, |node| async move {
                    let done = node.engine.submit(&caller, submission).await?;
                    Ok((done.handled.id(), done.handled.events.len(), done.handled.id()))
                })
                .await;
            made = made.or(found);
            let again = key.is_some() && self.world.weather().strikes(Kind::ClientRepeats);
            if (made.is_some() && !again) || key.is_none() {
                break;
            }
            self.world.time.sleep(self.dice.between(1, 1 << (10 + round))).await;
        }
        made.map(|id| (id, requester))
    }

    /// Whom the stored request waits for, with those it involves, and its revision: what a page would show.
    fn page(&self, id: RequestId) -> Option<(Vec<P>, Revision, bool)> {
        let loaded = self.world.store.load(id).now_or_never()?.ok()??;
        Some((loaded.row.waiting.iter().cloned().collect(), loaded.row.revision, loaded.row.settled_at.is_some()))
    }

    /// Looks at the page now and then and decides as somebody.
    pub(crate) async fn decide_now_and_then(mut self, id: RequestId, requester: P) {
        let temper = self.dice.below(3);
        for _ in 0..self.dice.between(3, 9) {
            let most = if temper == 0 { 20 * MINUTE } else { 500 * MINUTE };
            let wait = if temper == 2 { self.until_deadline(id) } else { None }.unwrap_or_else(|| self.dice.between(0, most));
            self.world.time.sleep(wait).await;
            let Some((waiting, revision, settled)) = self.page(id) else { return };
            if settled && self.dice.permille(700) {
                return;
            }
            let who = self.somebody(&waiting, &requester);
            // The page may have been open for a while.
            let think = if temper == 2 {
                0
            } else if self.dice.permille(200) {
                self.dice.between(0, 90 * MINUTE)
            } else {
                self.dice.between(0, 5_000)
            };
            self.world.time.sleep(think).await;
            let revision = if revision.0 > 1 && self.world.weather().strikes(Kind::StaleRevision) { Revision(revision.0 - 1) } else { revision };
            self.decide(id, who, revision).await;
        }
    }

    /// How long until just around the next timer: those who decide at the last moment race with it.
    fn until_deadline(&mut self, id: RequestId) -> Option<i64> {
        let loaded = self.world.store.load(id).now_or_never()?.ok()??;
        let expiry = loaded.events.iter().rev().find_map(|(_, event)| match event {
            Event::StageOpened(opened) => Some(opened.expires_at),
            Event::Escalated(escalated) => escalated.expires_at,
            _ => None,
        });
        let timer = *self.dice.one(&[loaded.row.next_wakeup, loaded.row.due, expiry, expiry]).unwrap();
        let left = timer?.as_millisecond() - loaded.now.as_millisecond();
        (left > 0 && self.dice.permille(900)).then(|| (left + self.dice.between(-60, 30)).max(0))
    }

    fn somebody(&mut self, waiting: &[P], requester: &P) -> P {
        if self.world.weather().strikes(Kind::Stranger) {
            let stranger = P::from(*self.dice.one(&EVERYBODY).unwrap());
            return if self.dice.permille(400) { requester.clone() } else { stranger };
        }
        self.dice.one(waiting).cloned().unwrap_or_else(|| P::from(*self.dice.one(&EVERYBODY).unwrap()))
    }

    async fn decide(&mut self, id: RequestId, who: P, revision: Revision) {
        let decision = match self.dice.below(100) {
            0..78 => Decision::Approve,
            78..93 => Decision::Reject,
            _ => Decision::RequestChanges,
        };
        let (relayed, tricks) = (self.dice.permille(200), self.dice.permille(30));
        if !tricks && self.steps_up(id) {
            return self.decide_signed(id, who, decision, revision, relayed).await;
        }
        let asked = if tricks { Asked::DecideAsMachine } else { Asked::Decide { person: who.clone(), decision, revision, relayed } };
        let caller = match (tricks, relayed) {
            (true, _) => machine(),
            (_, true) => relay(),
            _ => person(&who),
        };
        let twice = self.world.weather().strikes(Kind::DecisionTwice);
        for _ in 0..if twice { 2 } else { 1 } {
            let mark = self.mark();
            let verdict = Verdict { decision, revision, comment: Some(mark.clone()), person: (relayed || tricks).then(|| who.clone()) };
            let caller = caller.clone();
            let told =
                self.ask(Some(id), asked.clone(), Some(mark), |node| async move { count(id, node.engine.decide(&caller, id, verdict).await) }).await;
            if told.is_none() && self.world.weather().strikes(Kind::ClientRepeats) {
                continue;
            }
        }
    }

    /// Revises when changes are asked for, sometimes without; withdraws now and then.
    pub(crate) async fn mind(mut self, id: RequestId, requester: P) {
        for _ in 0..4 {
            self.world.time.sleep(self.dice.between(MINUTE, 400 * MINUTE)).await;
            let Ok(Some(loaded)) = self.world.store.load(id).now_or_never().unwrap() else { return };
            let returned = loaded.row.status == countersign_store::StatusName::Returned;
            let by = if self.dice.permille(900) { requester.clone() } else { P::from(*self.dice.one(&EVERYBODY).unwrap()) };
            if (returned && self.dice.permille(800)) || self.dice.permille(80) {
                self.revise(id, by).await;
            } else if self.dice.permille(60) {
                let caller = person(&by);
                let asked = Asked::Withdraw { person: by };
                self.ask(Some(id), asked, None, |node| async move { count(id, node.engine.withdraw(&caller, id).await) }).await;
            } else if self.dice.permille(150) {
                let (mark, caller) = (self.mark(), person(&by));
                let text = mark.clone();
                self.ask(Some(id), Asked::Comment, Some(mark), |node| async move { count(id, node.engine.comment(&caller, id, &text).await) }).await;
            }
        }
    }

    async fn revise(&mut self, id: RequestId, by: P) {
        let (payload, caller) = (self.payload(), if self.dice.permille(700) { person(&by) } else { machine() });
        self.ask(Some(id), Asked::Revise { person: by }, None, |node| async move { count(id, node.engine.revise(&caller, id, &payload).await) })
            .await;
    }

    /// An operator has a notice that failed for good sent again, or gives it up.
    async fn mind_notice(&mut self, id: RequestId, caller: &Caller) -> Option<()> {
        let loaded = self.world.store.load(id).now_or_never()?.ok()??;
        let failed = loaded.events.iter().filter_map(|(_, event)| if let Event::NoticeFailed { effect, .. } = event { Some(*effect) } else { None });
        let effect = *self.dice.one(&failed.collect::<Vec<_>>())?;
        let (caller, again) = (caller.clone(), self.dice.permille(700));
        let asked = Asked::Operate(if again { "retry a notice" } else { "abandon a notice" });
        self.ask(Some(id), asked, None, |node| async move {
            let done =
                if again { node.engine.retry_notice(&caller, id, effect).await } else { node.engine.abandon_notice(&caller, id, effect, None).await };
            count(id, done)
        })
        .await
    }

    /// An operator: further people, dead letters.
    pub(crate) async fn operate(mut self, id: RequestId) {
        for _ in 0..3 {
            self.world.time.sleep(self.dice.between(10 * MINUTE, 900 * MINUTE)).await;
            let caller = person(&P::from("ops"));
            let (to, action) = (vec![P::from(*self.dice.one(&EVERYBODY).unwrap())], ActionName::from("pay"));
            match self.dice.below(7) {
                5 | 6 => self.mind_notice(id, &caller).await,
                0 => {
                    self.ask(Some(id), Asked::Operate("reassign"), None, |node| async move { count(id, node.engine.reassign(&caller, id, to).await) })
                        .await
                }
                1 | 2 => {
                    self.ask(Some(id), Asked::Operate("retry"), None, |node| async move {
                        count(id, node.engine.retry_execution(&caller, id, action).await)
                    })
                    .await
                }
                3 => {
                    self.ask(Some(id), Asked::Operate("abandon"), None, |node| async move {
                        count(id, node.engine.abandon_execution(&caller, id, action, None).await)
                    })
                    .await
                }
                _ => None,
            };
        }
    }
}

pub(crate) fn count(id: RequestId, handled: Result<Handled, EngineError>) -> Result<(RequestId, usize, ()), EngineError> {
    handled.map(|handled| (id, handled.events.len(), ()))
}

/// One request's people, from its submission on.
pub(crate) async fn request(world: Arc<World>, number: u64) {
    let client = |role: u64| Client { world: world.clone(), dice: world.dice(100 + number * 10 + role), name: format!("c{number}.{role}") };
    let mut submitter = client(0);
    world.time.sleep(submitter.dice.between(0, 48 * 60 * MINUTE)).await;
    let Some((id, requester)) = submitter.submit().await else { return };
    for role in 1..=2 {
        world.time.spawn(0, client(role).decide_now_and_then(id, requester.clone()));
    }
    world.time.spawn(0, client(3).mind(id, requester));
    world.time.spawn(0, client(4).operate(id));
}
