//! Runs by hand: a machine runs a program itself once people agreed to it (`gate`). One approval is one run, so
//! whoever would run it claims it first, on record; the first claim is the only one.

use super::handle::Instruction;
use super::{Caller, Engine, EngineError};
use countersign_core::canonical::Digest;
use countersign_core::command::Command;
use countersign_core::id::RequestId;
use countersign_core::policy::sight::Viewer;
use countersign_core::refusal::Refusal;
use countersign_core::request::RunClaim;

impl Engine {
    /// Gives the one run of an approved request to this caller, who speaks for its requester. Whoever does not hear
    /// the answer must not run it: the claim may stand.
    ///
    /// # Errors
    /// Where the caller does not speak for the requester, the request is not approved, what was approved is something
    /// else, or somebody was first.
    pub async fn claim_run(&self, caller: &Caller, id: RequestId, payload: Digest) -> Result<RunClaim, EngineError> {
        let whole = self.must_reach(caller, id).await?;
        let by = caller.submits_for(&whole.request.requester)?;
        // A digest tells what a hidden field holds to whoever may guess, and a claim stands in the way of another's run.
        if !matches!(caller.viewer(&whole.request), Viewer::Party) {
            return Err(EngineError::Forbidden("only who submitted it, or acts for its requester alone, claims its run"));
        }
        let handled = self.handle(id, Instruction::new(Command::ClaimRun { by, payload }, caller.name())).await?;
        handled.whole.request.run.ok_or(EngineError::Refused(Refusal::NotApproved))
    }
}
