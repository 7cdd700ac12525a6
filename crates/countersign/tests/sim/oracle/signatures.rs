//! Stages that require a passkey: no yes counts for one unless its maker's passkey signed exactly what stood there, once.
//! Read from the events and the contents that they name; what should have been signed is put together here again.

use super::Findings;
use super::model::Model;
use super::steps::Step;
use crate::crew::P;
use crate::laws::EDITIONS;
use countersign_core::canonical::{Digest, canonical};
use countersign_core::event::{Decided, Decision, Event, StageResult};
use countersign_core::id::StageId;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What was signed so far.
#[derive(Default)]
pub(crate) struct Signatures {
    /// The challenges that counted, over all revisions.
    used: BTreeSet<Digest>,
    /// Whose last yes in a stage was signed.
    approved: BTreeSet<(StageId, P)>,
}

/// Judges an event that was folded in. The rule is the one on what is decided: a decision names what its maker saw.
pub(crate) fn judge(step: &Step<'_>, model: &mut Model, event: &Event, findings: &mut Findings) {
    let id = step.id;
    match event {
        Event::StageOpened(opened) => {
            let required = model.stages().get(opened.spec).is_some_and(|law| law.passkey);
            findings.hold(9, opened.require_passkey == required, || {
                format!("{id}: stage {} requires a passkey: {}, by its version: {required}", opened.stage, opened.require_passkey)
            });
        }
        Event::Decided(decided) => {
            let signed = signature(step, model, decided, findings);
            for stage in &decided.stages {
                let yes = (*stage, decided.person.clone());
                if signed && decided.decision == Decision::Approve {
                    model.signatures.approved.insert(yes);
                } else {
                    model.signatures.approved.remove(&yes);
                }
            }
        }
        Event::StageClosed { stage, result: StageResult::Approved } => {
            let Some(opening) = model.openings.iter().find(|opening| opening.id == *stage && opening.law.passkey) else { return };
            let yes = opening.said(Decision::Approve);
            let all = yes.iter().all(|person| model.signatures.approved.contains(&(*stage, person.clone())));
            findings.hold(7, all && !yes.is_empty(), || format!("{id}: stage {stage} was passed without the passkeys of {yes:?}"));
        }
        _ => {}
    }
}

/// Whether the decision came with a good signature; a finding where it came with another, or needed one.
fn signature(step: &Step<'_>, model: &mut Model, decided: &Decided, findings: &mut Findings) -> bool {
    let (id, person) = (step.id, &decided.person);
    let mut asked = model.openings.iter().filter(|opening| decided.stages.contains(&opening.id));
    let required = decided.decision == Decision::Approve && asked.any(|opening| opening.law.passkey);
    let Some(assertion) = &decided.assertion else {
        findings.hold(7, !required, || format!("{id}: {person} said yes without a passkey"));
        return false;
    };
    let bytes = step.content(&assertion.statement).unwrap_or_default();
    let said: Value = serde_json::from_slice(bytes).unwrap_or_default();
    let wanted = statement(step, model, decided, &said["nonce"]);
    let right = said["nonce"].is_string() && bytes == wanted.as_bytes() && assertion.signed.challenge == Digest::of(bytes);
    findings.hold(7, right, || format!("{id}: the passkey of {person} signed {said}, there stood {wanted}"));
    findings.hold(5, decided.relayed_by.is_none(), || format!("{id}: a relay passed on what the passkey of {person} signed"));
    let fresh = model.signatures.used.insert(assertion.signed.challenge);
    findings.hold(7, fresh, || format!("{id}: what the passkey of {person} signed counts a second time"));
    right && fresh
}

/// What had to be signed: all of what was shown, and by whom and to what end.
fn statement(step: &Step<'_>, model: &Model, decided: &Decided, nonce: &Value) -> String {
    let edition = EDITIONS.iter().find(|edition| std::ptr::eq(&raw const edition.law, model.law));
    canonical(&json!({
        "type": "countersign.decision",
        "request": step.id.to_string(),
        "policy_version": edition.map(|edition| edition.policy.version.to_string()),
        "revision": model.revision,
        "payload_digest": Digest::of(canonical(&model.payload).as_bytes()).to_string(),
        "stages": decided.stages.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "person": decided.person.as_str(),
        "decision": decided.decision.as_str(),
        "nonce": nonce,
    }))
}
