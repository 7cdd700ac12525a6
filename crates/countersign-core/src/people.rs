//! People and groups as one snapshot, the `Roster`. Where it came from (a file, SCIM, LDAP) is no
//! business of the core; it arrives as an argument and carries its version.

use crate::id::{GroupId, PersonId};
use crate::money::Money;
use std::collections::{BTreeMap, BTreeSet};

/// Groups may nest this deep; deeper nesting (or a cycle) contributes nobody.
const GROUP_DEPTH_MAX: usize = 16;
/// A chain of managers is followed this far; a cycle ends it earlier.
pub(crate) const MANAGERS_MAX: usize = 32;

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

/// A member of a group: a person or another group; people stand before groups in their order.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Member {
    /// One person.
    Person(PersonId),
    /// Everybody in that group.
    Group(GroupId),
}

impl Member {
    fn group(&self) -> Option<&GroupId> {
        if let Self::Group(group) = self { Some(group) } else { None }
    }
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

    /// The groups that this person is a member of, by themselves or through other groups; none for the inactive.
    #[must_use]
    pub fn groups_of(&self, person: &PersonId) -> BTreeSet<&GroupId> {
        let direct = Member::Person(person.clone());
        let holding = |member: &Member| self.groups.iter().filter(|(_, members)| members.contains(member)).map(|(group, _)| group).collect();
        let mut found: BTreeSet<&GroupId> = if self.is_active(person) { holding(&direct) } else { BTreeSet::new() };
        for _ in 0..GROUP_DEPTH_MAX {
            let before = found.len();
            let around = |members: &BTreeSet<Member>| members.iter().rev().map_while(Member::group).any(|inner| found.contains(inner));
            let more: Vec<&GroupId> =
                self.groups.iter().filter(|(group, members)| !found.contains(group) && around(members)).map(|(group, _)| group).collect();
            found.extend(more);
            if found.len() == before {
                break;
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn roster() -> Roster {
        let person = |id: &str, active| {
            let id = PersonId::new(id);
            (id.clone(), Person { name: id.to_string(), id, email: None, manager: None, limit: None, roles: BTreeSet::new(), active })
        };
        let group = |id: &str, members: &[Member]| (GroupId::new(id), members.iter().cloned().collect());
        let (one, of) = (|id: &str| Member::Person(PersonId::new(id)), |id: &str| Member::Group(GroupId::new(id)));
        let groups = [
            group("all", &[of("finance"), of("legal")]),
            group("finance", &[one("ana"), of("treasury"), one("gone")]),
            group("legal", &[one("bo")]),
            group("treasury", &[one("cy"), of("all")]),
        ];
        Roster {
            version: 1,
            people: [person("ana", true), person("bo", true), person("cy", true), person("gone", false)].into(),
            groups: groups.into(),
        }
    }

    #[test]
    fn the_groups_of_a_person_are_those_that_have_them_as_a_member() {
        let roster = roster();
        for person in ["ana", "bo", "cy", "gone", "nobody"].map(PersonId::new) {
            let by_members: BTreeSet<&GroupId> = roster.groups.keys().filter(|group| roster.members(group).contains(&person)).collect();
            assert_eq!(roster.groups_of(&person), by_members, "{person}");
        }
    }
}
