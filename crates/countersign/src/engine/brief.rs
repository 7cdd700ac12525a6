//! What the summary's writers get to see of a request: the payload and the names, never more.

use super::Seen;
use crate::summary::SummaryAsk;

/// The brief for a request's summary.
#[must_use]
pub fn brief(seen: &Seen) -> SummaryAsk {
    let name = |id: &countersign_core::id::PersonId| seen.roster.person(id).map_or_else(|| id.to_string(), |person| person.name.clone());
    let requester = name(&seen.request.requester);
    let asked = seen.request.stages.iter().flat_map(|stage| stage.everybody_asked());
    let mut people: Vec<String> = asked.flat_map(|id| [name(&id), id.to_string()]).collect();
    people.extend([requester.clone(), seen.request.requester.to_string()]);
    people.sort();
    people.dedup();
    let rule = seen.policy.rule_name(&seen.request.rule).to_owned();
    SummaryAsk {
        policy: seen.request.policy.to_string(),
        title: seen.title(),
        requester_name: requester,
        payload: seen.payload.clone(),
        people,
        policy_words: vec![seen.request.policy.to_string(), rule],
        forbidden: seen.policy.forbidden_words.clone(),
        risk_plain: seen.plain_risk().parse().unwrap_or_default(),
    }
}
