//! What the summary's writers get to see of a request: the payload and the names, never more.

use super::row::risk_of;
use super::{Seen, Whole};
use crate::summary::{Summary, SummaryAsk, plain};
use countersign_core::id::PersonId;
use countersign_core::people::Roster;
use countersign_core::policy::Policy;
use countersign_core::request::Request;
use serde_json::Value;
use std::borrow::Cow;

/// What a summary says of a value that its reader does not see.
const HIDDEN: &str = "hidden";

/// The brief for the model: its words are shown to those who see the whole request, and to nobody else.
#[must_use]
pub fn brief(whole: &Whole) -> SummaryAsk {
    of(&whole.request, &whole.policy, &whole.roster, whole.payload.clone(), risk_of(&whole.request, &whole.facts()))
}

/// The plain words that one reader sees.
#[must_use]
pub fn plain_seen(seen: &Seen) -> Summary {
    let requester = &seen.request.requester;
    let name = seen.roster.person(requester).map_or(requester.as_str(), |person| person.name.as_str());
    plain::words(name, seen.request.policy.as_str(), &spoken(seen), seen.plain_risk().parse().unwrap_or_default())
}

/// The payload with a word where the reader does not see the value.
fn spoken(seen: &Seen) -> Cow<'_, Value> {
    if seen.veil.is_empty() {
        return Cow::Borrowed(&seen.payload);
    }
    let mut payload = seen.payload.clone();
    for value in payload.as_object_mut().into_iter().flatten().filter(|(name, _)| seen.veil.hides(name)).map(|(_, value)| value) {
        *value = HIDDEN.into();
    }
    Cow::Owned(payload)
}

fn of(request: &Request, policy: &Policy, roster: &Roster, payload: Value, risk: &str) -> SummaryAsk {
    let name = |id: &PersonId| roster.person(id).map_or_else(|| id.to_string(), |person| person.name.clone());
    let requester = name(&request.requester);
    let asked = request.stages.iter().flat_map(|stage| stage.everybody_asked());
    let mut people: Vec<String> = asked.flat_map(|id| [name(&id), id.to_string()]).collect();
    people.extend([requester.clone(), request.requester.to_string()]);
    people.sort();
    people.dedup();
    let rule = policy.rule_name(&request.rule).to_owned();
    SummaryAsk {
        policy: request.policy.to_string(),
        title: policy.title(&payload).text,
        requester_name: requester,
        payload,
        people,
        policy_words: vec![request.policy.to_string(), rule],
        forbidden: policy.forbidden_words.clone(),
        risk_plain: risk.parse().unwrap_or_default(),
    }
}
