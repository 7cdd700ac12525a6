//! Signing a decision: the passkey is asked over the digest of exactly what is shown, and what it signs goes to the
//! law with the decision.

use super::ceremony::{Purpose, put_to};
use super::{Engine, EngineError, PasskeyFault, web_person};
use crate::engine::deed::Verdict;
use crate::engine::{Caller, Handled};
use countersign_core::assertion::{Proof, Statement};
use countersign_core::event::Decision;
use countersign_core::id::{PersonId, RequestId, Revision};
use countersign_core::refusal::Refusal;
use countersign_store::{Commit, RefusedAttempt};
use serde_json::Value;
use webauthn_rs::prelude::{Passkey, PublicKeyCredential};

/// A question to a person's passkeys.
#[derive(Clone, PartialEq, Debug)]
pub struct StepUp {
    /// Names the question in the answer.
    pub ceremony: String,
    /// What is signed.
    pub statement: Statement,
    /// For `navigator.credentials.get`, binary members as base64url.
    pub options: Value,
}

/// A decision with the answer of a passkey.
#[derive(Debug)]
pub struct SignedVerdict {
    /// The decision.
    pub verdict: Verdict,
    /// Which question.
    pub ceremony: String,
    /// The answer.
    pub answer: PublicKeyCredential,
}

impl Engine {
    /// Asks the caller's passkeys to sign this decision on the request as it stands.
    ///
    /// # Errors
    /// When they may not decide, have no passkey, or the server has no name for passkeys.
    pub async fn start_step_up(&self, caller: &Caller, id: RequestId, decision: Decision, revision: Revision) -> Result<StepUp, EngineError> {
        let person = web_person(caller)?;
        self.webauthn()?;
        let nonce = self.draw();
        let statement = self.statement(caller, person, id, decision, revision, nonce).await?;
        let handle = self.user_handle(person).await?;
        let usable = |kept: super::Kept| kept.suspected_at.is_none().then_some(kept.key);
        let keys: Vec<Passkey> = self.keyring(handle, person).await?.0.passkeys.into_iter().filter_map(usable).collect();
        if keys.is_empty() {
            return Err(PasskeyFault::None.into());
        }
        let options = self.question(&keys, statement.challenge())?;
        let purpose = Purpose::Decide {
            person: person.to_string(),
            request: id.to_string(),
            revision: revision.0,
            decision: decision.as_str().to_owned(),
            nonce,
        };
        Ok(StepUp { ceremony: self.ask(purpose).await?, statement, options })
    }

    /// Verifies what the passkey signed, and decides with it.
    ///
    /// # Errors
    /// When the answer is late, not verified or for something else; and every refusal of the law.
    pub async fn decide_signed(&self, caller: &Caller, id: RequestId, signed: SignedVerdict) -> Result<Handled, EngineError> {
        let person = web_person(caller)?;
        let SignedVerdict { verdict, ceremony, answer } = signed;
        match self.proof(caller, person, id, &verdict, &ceremony, &answer).await {
            Ok(proof) => self.decide_with(caller, id, verdict, Some(Box::new(proof))).await,
            Err(error) => Err(self.noted(person, id, error).await),
        }
    }

    /// What the passkey signed, if it is what this decision needs.
    async fn proof(
        &self,
        caller: &Caller,
        person: &PersonId,
        id: RequestId,
        verdict: &Verdict,
        ceremony: &str,
        answer: &PublicKeyCredential,
    ) -> Result<Proof, EngineError> {
        let Purpose::Decide { person: asked, request, revision, decision, nonce } = self.asked(ceremony).await? else {
            return Err(PasskeyFault::Late.into());
        };
        put_to(&asked, person)?;
        let same = request == id.to_string() && revision == verdict.revision.0 && decision == verdict.decision.as_str();
        if !same {
            return Err(Refusal::PasskeyMismatch { used: false }.into());
        }
        let statement = self.statement(caller, person, id, verdict.decision, verdict.revision, nonce).await?;
        Ok(Proof { signed: self.verified(person, statement.challenge(), answer).await?, nonce })
    }

    /// Keeps a refused signature in the log of refused attempts, for a request that the person sees.
    async fn noted(&self, person: &PersonId, id: RequestId, error: EngineError) -> EngineError {
        let code = match &error {
            EngineError::Passkey(fault) => fault.code(),
            EngineError::Refused(refusal) if *refusal != Refusal::UnknownRequest => refusal.code(),
            _ => return error,
        };
        let (at, actor, attempted) = (self.clock().now(), person.to_string(), "decide".to_owned());
        let attempt = RefusedAttempt { at, request: Some(id), actor, attempted, code: code.to_owned() };
        // The refusal stands whether or not the log beside the chain takes it.
        if let Err(fault) = self.log().commit(Commit { refused: Some(attempt), ..Commit::default() }).await {
            tracing::warn!(error = %fault, "a refused attempt could not be logged");
        }
        error
    }

    async fn statement(
        &self,
        caller: &Caller,
        person: &PersonId,
        id: RequestId,
        decision: Decision,
        revision: Revision,
        nonce: [u8; 32],
    ) -> Result<Statement, EngineError> {
        let seen = self.see(caller, id).await?;
        Ok(seen.request.statement(person, decision, revision, &seen.facts(), nonce)?)
    }
}
