//! People as the oracle knows them, one list per version; the engine's roster is written from it.

use crate::law::Sel;
use countersign::engine::shelf::{People, Route};
use countersign_core::id::{GroupId, PersonId};
use countersign_core::people::{Member, Person, Role, Roster};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(crate) type P = PersonId;

pub(crate) const REQUESTERS: [&str; 3] = ["leo", "kim", "ana"];
pub(crate) const EVERYBODY: [&str; 12] = ["leo", "kim", "mia", "gus", "ana", "bo", "cy", "dan", "eva", "fay", "zoe", "ops"];
const GROUPS: [(&str, &[&str]); 6] = [
    ("fin", &["ana", "bo", "leo", "fay"]),
    ("dir", &["eva", "gus"]),
    ("legal", &["ana", "cy", "dan"]),
    ("sec", &["cy", "dan", "bo", "fay"]),
    ("ops", &["ops", "eva", "mia", "gus"]),
    ("empty", &[]),
];
const SELDOM_CHANGED: [&str; 4] = ["leo", "kim", "ops", "zoe"];

/// The directory at one version.
#[derive(Clone, Debug)]
pub(crate) struct Crew {
    pub(crate) version: u64,
    pub(crate) active: BTreeSet<P>,
    pub(crate) groups: BTreeMap<&'static str, BTreeSet<P>>,
    pub(crate) managers: BTreeMap<P, P>,
}

impl Crew {
    /// As it is at the beginning.
    pub(crate) fn first() -> Self {
        let groups = GROUPS.iter().map(|(name, members)| (*name, members.iter().map(|id| P::from(*id)).collect())).collect();
        let managers = [("leo", "mia"), ("kim", "gus"), ("ana", "mia"), ("bo", "mia"), ("mia", "gus")];
        let managers = managers.iter().map(|(of, to)| (P::from(*of), P::from(*to))).collect();
        Self { version: 1, active: EVERYBODY.iter().map(|id| P::from(*id)).collect(), groups, managers }
    }

    /// One change: somebody leaves or comes back, joins or loses a group, reports to another.
    pub(crate) fn changed(&self, dice: &mut crate::dice::Dice) -> Self {
        let mut next = self.clone();
        next.version += 1;
        let people: Vec<&str> = EVERYBODY.iter().copied().filter(|id| !SELDOM_CHANGED.contains(id)).collect();
        let who = P::from(*dice.one(&people).unwrap());
        match dice.below(4) {
            0 | 1 => {
                let groups: Vec<&str> = GROUPS.iter().map(|(name, _)| *name).collect();
                let members = next.groups.get_mut(dice.one(&groups).unwrap()).unwrap();
                if !members.remove(&who) {
                    members.insert(who);
                }
            }
            2 => {
                if !next.active.remove(&who) {
                    next.active.insert(who);
                }
            }
            _ => {
                let of = P::from(*dice.one(&REQUESTERS).unwrap());
                if of != who {
                    next.managers.insert(of, who);
                }
            }
        }
        next
    }

    /// The active people whom these name.
    pub(crate) fn select(&self, selectors: &[Sel], requester: &P, payload: &Value) -> BTreeSet<P> {
        let mut found = BTreeSet::new();
        for selector in selectors {
            match selector {
                Sel::User(id) => drop(found.insert(P::from(*id))),
                Sel::Group(name) => found.extend(self.groups.get(name).into_iter().flatten().cloned()),
                Sel::Manager => found.extend(self.managers.get(requester).cloned()),
                Sel::Field(name) => found.extend(payload.get(*name).and_then(Value::as_str).map(P::new)),
            }
        }
        found.retain(|person| self.active.contains(person));
        found
    }

    /// As the engine holds it.
    pub(crate) fn people(&self) -> People {
        let person = |id: &&str| {
            let id = P::from(*id);
            let roles = if id == P::from("ops") { BTreeSet::from([Role::Operator]) } else { BTreeSet::new() };
            let (manager, active) = (self.managers.get(&id).cloned(), self.active.contains(&id));
            (id.clone(), Person { name: id.to_string(), id, email: None, manager, limit: None, roles, active })
        };
        let groups = self.groups.iter().map(|(name, members)| (GroupId::from(*name), members.iter().cloned().map(Member::Person).collect()));
        let roster = Roster { version: self.version, people: EVERYBODY.iter().map(person).collect(), groups: groups.collect() };
        let routes = EVERYBODY
            .iter()
            .filter(|id| has_route(&P::from(**id)))
            .map(|id| (P::from(*id), vec![Route::Webhook { url: format!("http://people.example/{id}"), secret: None }]));
        People { roster: Arc::new(roster), routes: routes.collect(), zones: BTreeMap::new(), ..People::default() }
    }
}

/// Whether a person can be reached outside the pages.
pub(crate) fn has_route(person: &P) -> bool {
    !["dan", "fay", "kim"].contains(&person.as_str())
}
