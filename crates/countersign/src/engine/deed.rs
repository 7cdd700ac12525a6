//! What people and their machines do to a request after it was made: decide, revise, withdraw, comment,
//! and what operators do. Each checks who calls, then goes through the one door.

use super::caller::{Caller, Scope};
use super::handle::{Handled, Instruction};
use super::{Engine, EngineError, Whole};
use countersign_core::assertion::Proof;
use countersign_core::canonical::canonical;
use countersign_core::command::{Command, Voicing};
use countersign_core::event::{Actor, Decision, Door};
use countersign_core::id::{ActionName, PersonId, RequestId, Revision, StageId};
use countersign_core::refusal::Refusal;
use countersign_store::Put;
use serde_json::Value;

/// A decision as a door passes it on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// What they say.
    pub decision: Decision,
    /// The revision they saw.
    pub revision: Revision,
    /// In their words.
    pub comment: Option<String>,
    /// The person whose decision a relay key passes on.
    pub person: Option<PersonId>,
}

/// What a link binds a decision to.
pub(super) struct Bound {
    /// The one stage it may count for.
    pub(super) stage: StageId,
    /// The link as used.
    pub(super) spends: Put,
}

impl Engine {
    /// A person decides, or a relay passes a person's decision on (rule 5).
    ///
    /// # Errors
    /// Every refusal of the law; 404 for what the caller may not see.
    pub async fn decide(&self, caller: &Caller, id: RequestId, verdict: Verdict) -> Result<Handled, EngineError> {
        self.decide_with(caller, id, verdict, None).await
    }

    /// The same, with what the person's passkey signed, once it is verified.
    pub(super) async fn decide_with(
        &self,
        caller: &Caller,
        id: RequestId,
        verdict: Verdict,
        proof: Option<Box<Proof>>,
    ) -> Result<Handled, EngineError> {
        self.decide_within(caller, id, verdict, proof, None).await
    }

    /// The same, for a decision that may be bound to one stage and then uses up the link it came by.
    pub(super) async fn decide_within(
        &self,
        caller: &Caller,
        id: RequestId,
        verdict: Verdict,
        proof: Option<Box<Proof>>,
        bound: Option<Bound>,
    ) -> Result<Handled, EngineError> {
        let (person, door, relayed_by) = match (caller, verdict.person) {
            (Caller::Person { id, door }, None) => (id.clone(), *door, None),
            (Caller::Person { id, door }, Some(named)) if &named == id => (named, *door, None),
            (Caller::Person { .. }, Some(_)) => return Err(EngineError::Forbidden("a person decides as themselves only")),
            (Caller::Key { id, scopes, .. }, Some(person)) if relays(scopes) => (person, Door::Relay, Some(*id)),
            (Caller::Key { scopes, .. }, None) if relays(scopes) => return Err(EngineError::Forbidden("a relayed decision names its person")),
            (Caller::Key { .. }, _) => {
                return Err(EngineError::Forbidden("only people decide; a key needs scope `decide:on-behalf` to relay a person's decision"));
            }
        };
        let whole = self.must_see(caller, id).await?;
        let comment = verdict.comment.filter(|text| !text.trim().is_empty()).map(|text| self.seal(text.into_bytes()));
        let voicing = Voicing {
            person,
            decision: verdict.decision,
            revision: verdict.revision,
            comment: comment.as_ref().map(|content| content.id),
            door,
            relayed_by,
            stage: bound.as_ref().map(|bound| bound.stage),
            proof,
        };
        let mut instruction = Instruction::new(Command::Decide(voicing), caller.name());
        instruction.contents.extend(comment);
        instruction.puts.extend(bound.map(|bound| bound.spends));
        self.handle_seen(whole, instruction).await
    }

    /// The requester changes what is proposed (rule 8).
    ///
    /// # Errors
    /// When the caller may not, the payload does not fit, or the request is settled.
    pub async fn revise(&self, caller: &Caller, id: RequestId, payload: &Value) -> Result<Handled, EngineError> {
        let whole = self.must_reach(caller, id).await?;
        let by = self.speaks_for_requester(caller, &whole)?;
        let accepted = whole.policy.accept(payload, &self.shelf().people().roster).map_err(EngineError::InvalidPayload)?;
        let content = self.seal(canonical(&accepted).into_bytes());
        let mut instruction = Instruction::new(Command::Revise { by, payload: content.id }, caller.name());
        instruction.contents.push(content);
        instruction.payload = Some(accepted);
        self.handle(id, instruction).await
    }

    /// The requester takes it back.
    ///
    /// # Errors
    /// When the caller may not, or it is settled.
    pub async fn withdraw(&self, caller: &Caller, id: RequestId) -> Result<Handled, EngineError> {
        let whole = self.must_reach(caller, id).await?;
        let by = self.speaks_for_requester(caller, &whole)?;
        self.handle(id, Instruction::new(Command::Withdraw { by }, caller.name())).await
    }

    /// Somebody who sees it says something.
    ///
    /// # Errors
    /// When the caller does not see it.
    pub async fn comment(&self, caller: &Caller, id: RequestId, text: &str) -> Result<Handled, EngineError> {
        let whole = self.must_see(caller, id).await?;
        caller.comments(&whole)?;
        let by = actor(caller, &whole);
        let content = self.seal(text.as_bytes().to_vec());
        let mut instruction = Instruction::new(Command::Comment { by, comment: content.id }, caller.name());
        instruction.contents.push(content);
        self.handle(id, instruction).await
    }

    /// An operator asks further people.
    ///
    /// # Errors
    /// When the caller does not see the request or is no operator, or nobody named may decide.
    pub async fn reassign(&self, caller: &Caller, id: RequestId, to: Vec<PersonId>) -> Result<Handled, EngineError> {
        let by = self.operator_on(caller, id).await?;
        // Whoever chooses who decides is not chosen: one person alone would be the way around every rule.
        if matches!(caller, Caller::Person { id, .. } if to.contains(id)) {
            return Err(EngineError::Forbidden("nobody asks themselves: name somebody else, or have another operator ask you"));
        }
        self.handle(id, Instruction::new(Command::Reassign { by, to }, caller.name())).await
    }

    /// An operator tries a dead letter again.
    ///
    /// # Errors
    /// When the caller does not see the request or is no operator, or the action is no dead letter.
    pub async fn retry_execution(&self, caller: &Caller, id: RequestId, action: ActionName) -> Result<Handled, EngineError> {
        let by = self.operator_on(caller, id).await?;
        self.handle(id, Instruction::new(Command::RetryExecution { action, by }, caller.name())).await
    }

    /// An operator gives a dead letter up.
    ///
    /// # Errors
    /// When the caller does not see the request or is no operator, or the action is no dead letter.
    pub async fn abandon_execution(
        &self,
        caller: &Caller,
        id: RequestId,
        action: ActionName,
        reason: Option<String>,
    ) -> Result<Handled, EngineError> {
        let by = self.operator_on(caller, id).await?;
        let content = reason.map(|text| self.seal(text.into_bytes()));
        let command = Command::AbandonExecution { action, by, reason: content.as_ref().map(|content| content.id) };
        let mut instruction = Instruction::new(command, caller.name());
        instruction.contents.extend(content);
        self.handle(id, instruction).await
    }

    /// The request, if the caller may see it: an unknown one and a forbidden one look the same.
    pub(super) async fn must_see(&self, caller: &Caller, id: RequestId) -> Result<Whole, EngineError> {
        let whole = self.look(id).await?.filter(|whole| caller.sees(whole));
        whole.ok_or(EngineError::Refused(Refusal::UnknownRequest))
    }

    /// Who acts on a request as its operator: what the caller does not see does not exist for them.
    pub(super) async fn operator_on(&self, caller: &Caller, id: RequestId) -> Result<Actor, EngineError> {
        let whole = self.must_see(caller, id).await?;
        caller.operates(&whole.roster)?;
        Ok(match caller {
            Caller::Person { id, .. } => Actor::Person(id.clone()),
            Caller::Key { id, .. } => Actor::Key { key: *id, person: None },
        })
    }

    /// The same for those who act on it in the requester's name, whether or not they may read it.
    pub(super) async fn must_reach(&self, caller: &Caller, id: RequestId) -> Result<Whole, EngineError> {
        let whole = self.look(id).await?.filter(|whole| caller.reaches(whole));
        whole.ok_or(EngineError::Refused(Refusal::UnknownRequest))
    }

    fn speaks_for_requester(&self, caller: &Caller, whole: &Whole) -> Result<Actor, EngineError> {
        match caller.submits_for(&whole.request.requester) {
            Err(EngineError::Forbidden(_)) if matches!(caller, Caller::Person { .. }) => Err(Refusal::NotTheRequester.into()),
            other => other,
        }
    }
}

fn relays(scopes: &std::collections::BTreeSet<Scope>) -> bool {
    scopes.contains(&Scope::DecideOnBehalf) && !scopes.contains(&Scope::Submit)
}

/// Who speaks on a request. A key speaks for the requester only where it may submit for them.
pub(super) fn actor(caller: &Caller, whole: &Whole) -> Actor {
    match (caller.submits_for(&whole.request.requester), caller) {
        (_, Caller::Person { id, .. }) => Actor::Person(id.clone()),
        (Ok(actor), Caller::Key { .. }) => actor,
        (Err(_), Caller::Key { id, .. }) => Actor::Key { key: *id, person: None },
    }
}
