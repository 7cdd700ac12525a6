//! Whom selectors name at this moment: only people who are active, and the requester not left out
//! (excluding is the law of the caller, not of a selector).

use super::expression::{Condition, Facts, Steps};
use super::{Policy, Selector};
use crate::id::{PersonId, Revision};
use crate::people::Roster;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeSet;

/// All that a selector may look at.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// Who asks.
    pub requester: &'a PersonId,
    /// As accepted.
    pub payload: &'a Value,
    /// The directory at this moment.
    pub roster: &'a Roster,
    /// This moment.
    pub now: Timestamp,
}

impl Policy {
    /// The active people whom the selectors name. The requester may be among them.
    #[must_use]
    pub fn resolve(&self, selectors: &[Selector], asking: &Asking<'_>) -> BTreeSet<PersonId> {
        let named = selectors.iter().flat_map(|selector| self.named(selector, asking));
        named.filter(|id| asking.roster.is_active(id)).collect()
    }

    fn named(&self, selector: &Selector, asking: &Asking<'_>) -> Vec<PersonId> {
        match selector {
            Selector::Person(id) => vec![id.clone()],
            Selector::Group(id) => asking.roster.members(id).into_iter().collect(),
            Selector::ManagerOfRequester => asking.roster.person(asking.requester).and_then(|person| person.manager.clone()).into_iter().collect(),
            Selector::ManagersOfRequester { until: None } => asking.roster.managers(asking.requester),
            Selector::ManagersOfRequester { until: Some(until) } => self.chain(until, asking),
            Selector::Field(name) => asking.payload.get(name).and_then(Value::as_str).map(PersonId::new).into_iter().collect(),
            Selector::Requester => vec![asking.requester.clone()],
        }
    }

    /// The chain up to the first for whom `until` holds. Nobody where it holds for none: a chain without
    /// the one who may sign must not sign. Somebody of whom it cannot be said is not that one.
    fn chain(&self, until: &Condition, asking: &Asking<'_>) -> Vec<PersonId> {
        let (mut chain, mut steps) = (Vec::new(), Steps::default());
        for id in asking.roster.managers(asking.requester) {
            let facts = Facts {
                payload: asking.payload,
                fields: &self.fields,
                rates: self.rates.as_ref(),
                requester: asking.requester,
                approver: Some(&id),
                roster: asking.roster,
                now: asking.now,
                created_at: asking.now,
                revision: Revision::FIRST,
            };
            let last = asking.roster.is_active(&id) && until.holds(&facts, &mut steps) == Ok(true);
            chain.push(id);
            if last {
                return chain;
            }
        }
        Vec::new()
    }
}
