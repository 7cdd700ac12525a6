//! How a request ended, for those who poll instead of being told: by whom, why, and whether trying the same
//! again can help.

use crate::engine::Seen;
use countersign_core::event::{Cause, Decision};
use countersign_core::id::PersonId;
use countersign_core::policy::OutcomeName;
use countersign_core::request::Settlement;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The end of a request.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct OutcomeBody {
    /// approved, rejected, expired or withdrawn.
    pub outcome: String,
    /// What ended it: decisions, rule, expiry or withdrawn.
    pub cause: String,
    /// Who made it so: the approvers of an approval, the rejecters of a rejection, whoever withdrew it.
    pub decided_by: Vec<String>,
    /// Why, where it was not approved; a rejection in the words of those who rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// False where it was not approved: the same, sent again, is no way round a no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retryable: Option<bool>,
}

/// The end, if it has come.
#[must_use]
pub fn outcome(seen: &Seen) -> Option<OutcomeBody> {
    let end = seen.request.settled.as_ref()?;
    let cause = match end.cause {
        Cause::Rule => "rule",
        Cause::Decisions => "decisions",
        Cause::Expiry { .. } => "expiry",
        Cause::Withdrawn(_) => "withdrawn",
    };
    Some(OutcomeBody {
        outcome: end.outcome.as_str().to_owned(),
        cause: cause.to_owned(),
        decided_by: seen.request.deciders().iter().map(ToString::to_string).collect(),
        reason: why_not(seen, end),
        retryable: (end.outcome != OutcomeName::Approved).then_some(false),
    })
}

fn why_not(seen: &Seen, end: &Settlement) -> Option<String> {
    match (end.outcome, &end.cause) {
        (OutcomeName::Approved, _) => None,
        (_, Cause::Rule) => Some(format!("the rule \"{}\" denies it", seen.policy.rule_name(&seen.request.rule))),
        (_, Cause::Decisions) => objection(seen),
        (OutcomeName::Rejected, Cause::Expiry { .. }) => Some("nobody decided in time, and the policy takes silence for a no".to_owned()),
        (_, Cause::Expiry { .. }) => Some("nobody decided in time".to_owned()),
        (_, Cause::Withdrawn(_)) => Some("the requester took it back".to_owned()),
    }
}

/// The words of the rejection, or of the wish for changes, that stand behind the status; of several people, each
/// with the name.
#[must_use]
pub fn objection(seen: &Seen) -> Option<String> {
    let voices = seen.request.stages.iter().flat_map(|stage| &stage.voices);
    let no = voices.filter(|voice| voice.counts && voice.decision != Decision::Approve);
    let mut said: Vec<(&PersonId, String)> = Vec::new();
    for (person, text) in no.filter_map(|voice| Some((&voice.person, seen.text(&voice.comment?)?))) {
        if !said.iter().any(|(known, _)| *known == person) {
            said.push((person, text));
        }
    }
    match said.as_slice() {
        [] => None,
        [(_, text)] => Some(text.clone()),
        several => Some(several.iter().map(|(person, text)| format!("{person}: {text}")).collect::<Vec<_>>().join("\n")),
    }
}
