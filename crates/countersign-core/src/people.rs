//! People and groups as one snapshot, the `Roster`. Where it came from (a file, SCIM, LDAP) is no
//! business of the core; it arrives as an argument and carries its version.

use crate::id::{GroupId, PersonId};
use crate::money::Money;
use std::collections::{BTreeMap, BTreeSet};

/// Groups may nest this deep; deeper nesting (or a cycle) contributes nobody.
const GROUP_DEPTH_MAX: usize = 16;
/// A chain of managers is followed this far; a cycle ends it earlier.
const MANAGERS_MAX: usize = 32;

/// What a person may do beyond approving and requesting.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Role {
    /// Dead letters, retries, unroutable requests.
    Operator,
    /// Reads all, changes nothing.
    Auditor,
    /// Keys and people.
    Admin,
}

/// One human being.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Person {
    /// Stable and opaque.
    pub id: PersonId,
    /// As shown to others.
    pub name: String,
    /// Where mail goes, if anywhere.
    pub email: Option<String>,
    /// Whom they report to.
    pub manager: Option<PersonId>,
    /// The sum up to which they may sign, where a policy asks.
    pub limit: Option<Money>,
    /// Rights beyond approving.
    pub roles: BTreeSet<Role>,
    /// False once they have left: they decide nothing and are asked nothing.
    pub active: bool,
}

/// A member of a group: a person or another group.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Member {
    /// One person.
    Person(PersonId),
    /// Everybody in that group.
    Group(GroupId),
}

/// The directory at one moment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Roster {
    /// The version of the directory this is; recorded with every selector that it resolved.
    pub version: u64,
    /// Everybody, the inactive included.
    pub people: BTreeMap<PersonId, Person>,
    /// All groups with their direct members.
    pub groups: BTreeMap<GroupId, BTreeSet<Member>>,
}

impl Roster {
    /// The person of this id, active or not.
    #[must_use]
    pub fn person(&self, id: &PersonId) -> Option<&Person> {
        self.people.get(id)
    }

    /// Whether this person is known and has not left.
    #[must_use]
    pub fn is_active(&self, id: &PersonId) -> bool {
        self.person(id).is_some_and(|person| person.active)
    }

    /// The active members of a group, nested groups included; nobody for an unknown group.
    #[must_use]
    pub fn members(&self, group: &GroupId) -> BTreeSet<PersonId> {
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::new();
        self.collect(group, &mut seen, &mut found, 0);
        found
    }

    fn collect(&self, group: &GroupId, seen: &mut BTreeSet<GroupId>, found: &mut BTreeSet<PersonId>, depth: usize) {
        if depth > GROUP_DEPTH_MAX || !seen.insert(group.clone()) {
            return;
        }
        for member in self.groups.get(group).into_iter().flatten() {
            match member {
                Member::Person(id) if self.is_active(id) => {
                    found.insert(id.clone());
                }
                Member::Person(_) => {}
                Member::Group(inner) => self.collect(inner, seen, found, depth + 1),
            }
        }
    }

    /// The chain of managers above this person, nearest first, the inactive included (a selector drops them).
    #[must_use]
    pub fn managers(&self, of: &PersonId) -> Vec<PersonId> {
        let mut chain = Vec::new();
        let mut at = self.person(of).and_then(|person| person.manager.clone());
        while let Some(id) = at {
            if chain.len() >= MANAGERS_MAX || chain.contains(&id) || &id == of {
                break;
            }
            at = self.person(&id).and_then(|person| person.manager.clone());
            chain.push(id);
        }
        chain
    }

    /// Everybody active with this role.
    #[must_use]
    pub fn with_role(&self, role: Role) -> BTreeSet<PersonId> {
        self.people.values().filter(|person| person.active && person.roles.contains(&role)).map(|person| person.id.clone()).collect()
    }
}
