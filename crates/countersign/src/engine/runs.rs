//! Runs by hand: a machine runs a program itself once people agreed to it (`gate`). One approval is one run, so
//! whoever would run it claims it first, on record; the first claim is the only one.

use super::keys::read;
use super::{Caller, Engine, EngineError};
use countersign_core::canonical::{Digest, digest_of};
use countersign_core::id::RequestId;
use countersign_core::policy::OutcomeName;
use countersign_core::policy::sight::Viewer;
use countersign_core::refusal::Refusal;
use countersign_store::Kind;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A claim as it is kept, under the request's id.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Claim {
    /// Who would run it: a person or a key.
    pub by: String,
    /// What was approved and would be run.
    pub payload_digest: String,
    /// When.
    pub at: Timestamp,
}

/// Why a run was not given out.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoRun {
    /// Somebody was first.
    #[error("this run was claimed at {} by {}: one approval is one run", .0.at, .0.by)]
    Claimed(Claim),
    /// It is not approved.
    #[error("the request is not approved: there is nothing to run")]
    NotApproved,
    /// What was approved is something else. Its digest is not told: not everybody may see the payload.
    #[error("what was approved is not what would be run")]
    SomethingElse,
}

impl Engine {
    /// Gives the one run of an approved request to this caller, who speaks for its requester. Whoever does not hear
    /// the answer must not run it: the claim may stand.
    ///
    /// # Errors
    /// [`NoRun`]; also where the caller does not speak for the requester, or the store fails.
    pub async fn claim_run(&self, caller: &Caller, id: RequestId, payload: Digest) -> Result<Claim, EngineError> {
        let seen = self.look(id).await?.filter(|seen| caller.reaches(seen)).ok_or(Refusal::UnknownRequest)?;
        caller.submits_for(&seen.request.requester)?;
        // A digest tells what a hidden field holds to whoever may guess, and a claim stands in the way of another's run.
        if !matches!(caller.viewer(&seen.request), Viewer::Party) {
            return Err(EngineError::Forbidden("only who submitted it, or acts for its requester alone, claims its run"));
        }
        if seen.request.settled.as_ref().is_none_or(|settled| settled.outcome != OutcomeName::Approved) {
            return Err(NoRun::NotApproved.into());
        }
        if digest_of(&seen.payload) != payload {
            return Err(NoRun::SomethingElse.into());
        }
        let claim = Claim { by: caller.name(), payload_digest: payload.to_string(), at: seen.now };
        match self.write(Kind::Run, &id.to_string(), 0, Some(&claim)).await {
            Ok(()) => Ok(claim),
            Err(EngineError::Busy) => Err(self.claimed(id).await?.map_or(EngineError::Busy, |first| NoRun::Claimed(first).into())),
            Err(error) => Err(error),
        }
    }

    async fn claimed(&self, id: RequestId) -> Result<Option<Claim>, EngineError> {
        let record = self.records().get(Kind::Run, &id.to_string()).await?;
        Ok(record.as_ref().map(read).transpose()?)
    }
}

impl From<NoRun> for EngineError {
    fn from(no: NoRun) -> Self {
        Self::Run(no)
    }
}
