//! The dry run: which rule would hold and who would be asked. Holds no way to the outside and writes nothing.

use super::{Engine, EngineError};
use countersign_core::id::{PersonId, PolicyName, Revision};
use countersign_core::policy::Policy;
use countersign_core::policy::evaluate::Evaluation;
use countersign_core::policy::explain::Explanation;
use countersign_core::refusal::Refusal;
use serde_json::Value;
use std::sync::Arc;

/// What a dry run found.
#[derive(Clone, Debug)]
pub struct DryRun {
    /// The version in force that answered.
    pub policy: Arc<Policy>,
    /// The payload as it was accepted.
    pub payload: Value,
    /// The ruling and its working.
    pub explained: Explanation,
}

impl Engine {
    /// What would become of this payload if it were submitted now.
    ///
    /// # Errors
    /// When the policy or the requester is unknown, or the payload does not fit.
    pub fn dry_run(&self, name: &PolicyName, requester: &PersonId, payload: &Value) -> Result<DryRun, EngineError> {
        let policy = self.shelf().policy(name).ok_or_else(|| EngineError::UnknownPolicy(name.to_string()))?;
        let roster = self.shelf().people().roster.clone();
        if !roster.is_active(requester) {
            return Err(Refusal::UnknownPerson(requester.clone()).into());
        }
        let payload = policy.accept(payload, &roster).map_err(EngineError::InvalidPayload)?;
        let now = self.clock().now();
        let evaluation = Evaluation { payload: &payload, requester, roster: &roster, now, created_at: now, revision: Revision::FIRST };
        let explained = policy.explain(&evaluation);
        Ok(DryRun { policy, payload, explained })
    }
}
