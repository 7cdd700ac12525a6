//! Submitting: the caller may speak for the requester, the payload fits the policy, the key is fresh.

use super::handle::{Handled, Instruction};
use super::{Caller, Engine, EngineError};
use countersign_core::canonical::{Digest, canonical};
use countersign_core::command::Command;
use countersign_core::event::Actor;
use countersign_core::id::{KeyId, PersonId, PolicyName, RequestId};
use countersign_core::policy::Policy;
use countersign_store::{Content, Idempotent};
use serde_json::{Value, json};
use std::sync::Arc;

/// What is submitted.
#[derive(Clone, PartialEq, Debug)]
pub struct Submission {
    /// Under which policy.
    pub policy: PolicyName,
    /// In whose name.
    pub requester: PersonId,
    /// What is proposed.
    pub payload: Value,
    /// The caller's key against doing it twice.
    pub idempotency_key: Option<String>,
    /// The id that another system knows it by.
    pub external_id: Option<String>,
}

/// What came of a submission.
#[derive(Debug)]
pub struct Submitted {
    /// The request.
    pub handled: Handled,
    /// False where the key had made it before.
    pub new: bool,
}

impl Submission {
    /// What a key that came before must have come with; nothing looks at it without a key.
    fn digest(&self) -> Digest {
        if self.idempotency_key.is_none() {
            return Digest([0; 32]);
        }
        Digest::of(canonical(&json!([self.policy.as_str(), self.requester.as_str(), self.payload, self.external_id])).as_bytes())
    }
}

impl Engine {
    /// Makes a request, or finds the one that this key made.
    ///
    /// # Errors
    /// When the caller may not, the policy is unknown, the payload does not fit or the key came with another body.
    pub async fn submit(&self, caller: &Caller, submission: Submission) -> Result<Submitted, EngineError> {
        let by = caller.submits_for(&submission.requester)?;
        let body = submission.digest();
        match self.submit_anew(caller, &submission, by, body).await {
            Err(error) if !matches!(error, EngineError::Fault(_)) => {
                // What once made a request is answered with it, also where it would not be taken today.
                let made = self.made_with(caller, &submission, body).await?;
                made.map(|handled| Submitted { handled, new: false }).ok_or(error)
            }
            other => other,
        }
    }

    /// Most keys are fresh: whether this one is, the commit itself finds out.
    async fn submit_anew(&self, caller: &Caller, submission: &Submission, by: Actor, body: Digest) -> Result<Submitted, EngineError> {
        let (policy, payload) = self.accepted(submission)?;
        let id = RequestId::new(self.clock().now(), self.draw());
        let content = self.seal(canonical(&payload).into_bytes());
        let (requester, external_id) = (submission.requester.clone(), submission.external_id.clone());
        let command = Command::Submit { id, requester, by, payload: content.id, external_id };
        let mut instruction = Instruction::new(command, caller.name());
        instruction.contents.push(content);
        instruction.payload = Some(payload);
        instruction.policy = Some(policy);
        let key = submission.idempotency_key.clone();
        instruction.idempotency = key.map(|key| Idempotent { scope: scope_of(caller), key, body, request: id });
        let handled = self.handle(id, instruction).await?;
        let new = handled.id() == id;
        Ok(Submitted { handled, new })
    }

    fn accepted(&self, submission: &Submission) -> Result<(Arc<Policy>, Value), EngineError> {
        let policy = self.shelf().policy(&submission.policy).ok_or_else(|| EngineError::UnknownPolicy(submission.policy.to_string()))?;
        let payload = policy.accept(&submission.payload, &self.shelf().people().roster).map_err(EngineError::InvalidPayload)?;
        Ok((policy, payload))
    }

    async fn made_with(&self, caller: &Caller, submission: &Submission, body: Digest) -> Result<Option<Handled>, EngineError> {
        let Some(key) = &submission.idempotency_key else { return Ok(None) };
        let Some(made) = self.log().find(scope_of(caller), key).await? else { return Ok(None) };
        if made.body != body {
            return Err(EngineError::IdempotencyConflict(made.request));
        }
        let whole = self.look(made.request).await?;
        Ok(whole.map(|whole| Handled { whole, events: Vec::new() }))
    }

    /// A key for a form that shall ask once, however often it is sent.
    #[must_use]
    pub fn fresh_key(&self) -> String {
        self.draw::<16>().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Seals content with a fresh salt.
    pub(super) fn seal(&self, bytes: Vec<u8>) -> Content {
        let salt = self.draw();
        Content { id: Digest::salted(&salt, &bytes), salt, bytes }
    }
}

/// Whose space an idempotency key lives in: each API key's own, and each person's own.
fn scope_of(caller: &Caller) -> KeyId {
    match caller {
        Caller::Key { id, .. } => *id,
        Caller::Person { id, .. } => {
            let digest = Digest::of(format!("person {id}").as_bytes()).0;
            let mut bytes = [0_u8; 16];
            bytes.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
            KeyId::from_bytes(bytes)
        }
    }
}
