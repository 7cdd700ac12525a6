//! A stage may ask for more than a session: that the person's passkey signed exactly what is approved, once. Saying no
//! never needs it: stopping must not be harder than passing.

use super::Facts;
use crate::assertion::{Proof, Statement};
use crate::canonical::digest_of;
use crate::command::Voicing;
use crate::event::Decision;
use crate::id::{PersonId, StageId};
use crate::refusal::Refusal;
use crate::request::Request;

/// The statement that came signed, where one did and had to; its bytes are sealed by the caller.
pub(super) fn proven<'v>(
    request: &Request,
    voicing: &'v Voicing,
    stages: &[StageId],
    facts: &Facts<'_>,
) -> Result<Option<(&'v Proof, Statement)>, Refusal> {
    let Some(proof) = voicing.proof.as_deref() else {
        return if required(request, voicing.decision, stages) { Err(Refusal::PasskeyRequired) } else { Ok(None) };
    };
    // A machine that passes decisions on passes no signatures on: nobody knows what its person was shown.
    if voicing.relayed_by.is_some() {
        return Err(Refusal::PasskeyRequired);
    }
    let statement = statement(request, &voicing.person, voicing.decision, stages, facts, proof.nonce);
    if statement.challenge() != proof.signed.challenge {
        return Err(Refusal::PasskeyMismatch { used: false });
    }
    if request.asserted.contains(&proof.signed.challenge) {
        return Err(Refusal::PasskeyMismatch { used: true });
    }
    Ok(Some((proof, statement)))
}

/// Whether a decision that counts for these stages needs a passkey.
pub(super) fn required(request: &Request, decision: Decision, stages: &[StageId]) -> bool {
    decision == Decision::Approve && stages.iter().any(|id| request.stage(*id).is_some_and(|stage| stage.require_passkey))
}

/// What this person's passkey must sign for this decision, as the request stands.
pub(super) fn statement(
    request: &Request,
    person: &PersonId,
    decision: Decision,
    stages: &[StageId],
    facts: &Facts<'_>,
    nonce: [u8; 32],
) -> Statement {
    Statement {
        request: request.id,
        policy_version: request.version,
        revision: request.revision,
        payload: digest_of(facts.payload),
        stages: stages.to_vec(),
        person: person.clone(),
        decision,
        nonce,
    }
}
