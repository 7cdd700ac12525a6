//! Who sees a payload field that carries `visible_to`, and what everybody else gets in its place. Whoever is in a
//! request sees all of it (rule 7: nobody decides what they were not shown); the mark restricts those beside it.

use super::expression::{Kind, Node};
use super::{Policy, Selector};
use crate::id::{GroupId, PersonId};
use crate::people::{Role, Roster};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::fmt;

pub mod record;

/// One word of `visible_to`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Sight {
    /// `user:ana`
    Person(PersonId),
    /// `group:finance`
    Group(GroupId),
    /// `role:auditor`
    Role(Role),
    /// `owner`: whom the policy names as such.
    Owner,
    /// `readers`: whom the policy names as such.
    Readers,
    /// `approvers`: those whom the request asked, who see it anyway.
    Approvers,
    /// `requester`: who sees it anyway.
    Requester,
}

impl Sight {
    /// The selector of the same people, where one names them by itself.
    pub(super) fn selector(&self) -> Option<Selector> {
        match self {
            Self::Person(id) => Some(Selector::Person(id.clone())),
            Self::Group(id) => Some(Selector::Group(id.clone())),
            _ => None,
        }
    }
}

impl fmt::Display for Sight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(id) => write!(f, "user:{id}"),
            Self::Group(id) => write!(f, "group:{id}"),
            Self::Role(role) => f.write_str(ROLES.iter().find(|(_, known)| known == role).map_or("", |(word, _)| word)),
            Self::Owner => f.write_str("owner"),
            Self::Readers => f.write_str("readers"),
            Self::Approvers => f.write_str("approvers"),
            Self::Requester => f.write_str("requester"),
        }
    }
}

/// The roles with the words that policies give them.
pub const ROLES: [(&str, Role); 3] = [("role:auditor", Role::Auditor), ("role:operator", Role::Operator), ("role:admin", Role::Admin)];

/// Who looks at a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Viewer<'a> {
    /// In whose name it is, or whom it asked, now or before.
    Party,
    /// Somebody else of the directory.
    Person(&'a PersonId),
    /// A machine that is not in it: no word of a policy means it.
    Outside,
}

/// What a viewer does not see.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Veil(BTreeSet<String>);

impl Policy {
    /// The fields that somebody does not see, by the directory of this moment.
    #[must_use]
    pub fn veil(&self, viewer: Viewer<'_>, roster: &Roster) -> Veil {
        let seen = |sights: &[Sight]| match viewer {
            Viewer::Party => true,
            Viewer::Person(id) => roster.is_active(id) && sights.iter().any(|sight| self.means(sight, id, roster)),
            Viewer::Outside => false,
        };
        let marked = self.fields.iter().filter_map(|field| Some((field, field.visible_to.as_ref()?)));
        Veil(marked.filter(|(_, sights)| !seen(sights)).map(|(field, _)| field.name.clone()).collect())
    }

    /// Whether any field is kept from anybody.
    #[must_use]
    pub fn veils(&self) -> bool {
        self.fields.iter().any(|field| field.visible_to.is_some())
    }

    fn means(&self, sight: &Sight, person: &PersonId, roster: &Roster) -> bool {
        let named = |selectors: &[Selector]| {
            selectors.iter().any(|selector| match selector {
                Selector::Person(id) => id == person,
                Selector::Group(id) => roster.members(id).contains(person),
                _ => false,
            })
        };
        match sight {
            Sight::Person(id) => id == person,
            Sight::Group(id) => roster.members(id).contains(person),
            Sight::Role(role) => roster.person(person).is_some_and(|person| person.roles.contains(role)),
            Sight::Owner => named(&self.owner),
            Sight::Readers => named(&self.readers),
            // Those are parties, and were let through before.
            Sight::Approvers | Sight::Requester => false,
        }
    }
}

impl Veil {
    /// Whether it keeps nothing back.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it keeps this field back.
    #[must_use]
    pub fn hides(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// The fields that it keeps back, by name.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The payload behind the veil: each field that is kept back is the same mark, whatever it holds and whether or
    /// not it is there.
    #[must_use]
    pub fn over(&self, payload: &Value) -> Value {
        let mut members: Map<String, Value> = payload.as_object().cloned().unwrap_or_default();
        members.extend(self.0.iter().map(|name| (name.clone(), mark())));
        if self.is_empty() { payload.clone() } else { Value::Object(members) }
    }

    /// Whether this part of a condition depends on what is kept back.
    pub(super) fn covers(&self, node: &Node) -> bool {
        !self.is_empty() && self.touches(node)
    }

    fn touches(&self, node: &Node) -> bool {
        matches!(&node.kind, Kind::Field(field) if self.hides(&field.name)) || node.parts().into_iter().any(|part| self.touches(part))
    }
}

/// What stands in the place of a value that is kept back.
#[must_use]
pub fn mark() -> Value {
    json!({ "redacted": true })
}

/// What stands in the place of a text of the record that could tell what is kept back.
pub const REDACTED: &str = "[redacted]";

#[cfg(test)]
mod tests;
