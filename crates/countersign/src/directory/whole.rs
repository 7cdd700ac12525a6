//! What can be said only of the whole directory: who stands twice, who is missing, what goes in circles.

use super::entries::{GroupEntry, PersonEntry};
use crate::engine::shelf::People;
use crate::placed::Placed;
use countersign_core::id::{GroupId, PersonId};
use countersign_core::people::{Member, Roster};
use countersign_core::policy::diagnostic::did_you_mean;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(super) fn check(placed: &mut Placed<'_>, people: &[PersonEntry], groups: &[GroupEntry]) {
    twice(placed, people, groups);
    same_human(placed, people);
    managers(placed, people);
    members(placed, people, groups);
}

pub(super) fn people(entries: Vec<PersonEntry>, groups: Vec<GroupEntry>) -> People {
    let mut people = People::default();
    let mut roster = Roster::default();
    for entry in entries {
        let id = entry.person.id.clone();
        if let Some(zone) = entry.zone {
            people.zones.insert(id.clone(), zone);
        }
        if let Some(language) = entry.language {
            people.languages.insert(id.clone(), language);
        }
        if !entry.routes.is_empty() {
            people.routes.insert(id.clone(), entry.routes);
        }
        people.subjects.extend(entry.subjects.into_iter().map(|(subject, _)| (subject, id.clone())));
        roster.people.insert(id, entry.person);
    }
    for group in groups {
        roster.groups.insert(group.id, group.members.into_iter().map(|(member, _)| member).collect());
    }
    people.roster = Arc::new(roster);
    people
}

fn twice(placed: &mut Placed<'_>, people: &[PersonEntry], groups: &[GroupEntry]) {
    let mut known = BTreeSet::new();
    for entry in people.iter().filter(|entry| !known.insert(&entry.person.id)) {
        placed.error(&entry.id_at, "duplicate", format!("there are two people with the id `{}`", entry.person.id), None);
    }
    let mut known = BTreeSet::new();
    for entry in groups.iter().filter(|entry| !known.insert(&entry.id)) {
        placed.error(&entry.id_at, "duplicate", format!("there are two groups with the id `{}`", entry.id), None);
    }
}

/// One human is one person: no address, name or sign-in may lead to two.
fn same_human(placed: &mut Placed<'_>, people: &[PersonEntry]) {
    let mut subjects: BTreeMap<&str, &PersonId> = BTreeMap::new();
    for (subject, at, id) in people.iter().flat_map(|entry| entry.subjects.iter().map(|(subject, at)| (subject, at, &entry.person.id))) {
        if let Some(other) = subjects.insert(subject, id).filter(|other| *other != id) {
            placed.error(at, "duplicate", format!("`{subject}` is already a sign-in of `{other}`: one human is one person"), None);
        }
    }
    let mut known: BTreeMap<String, &PersonId> = BTreeMap::new();
    for entry in people {
        for (name, at) in &entry.names {
            match known.insert(name.to_lowercase(), &entry.person.id) {
                Some(other) if other != &entry.person.id => {
                    placed.error(at, "duplicate", format!("`{name}` is already the address of `{other}`: one human is one person"), None);
                }
                _ => {}
            }
        }
    }
}

fn managers(placed: &mut Placed<'_>, people: &[PersonEntry]) {
    let by_id: BTreeMap<&PersonId, &PersonEntry> = people.iter().map(|entry| (&entry.person.id, entry)).collect();
    for entry in people {
        let (Some(manager), Some(at)) = (&entry.person.manager, &entry.manager_at) else { continue };
        if manager == &entry.person.id {
            placed.error(at, "circle", format!("`{manager}` would be their own manager"), None);
        } else if !by_id.contains_key(manager) {
            let hint = did_you_mean(manager.as_str(), by_id.keys().map(|id| id.as_str()));
            placed.error(at, "unknown_person", format!("there is no person `{manager}`"), hint);
        } else if circles(entry, &by_id) {
            placed.warning(at, "circle", format!("`{}` and their managers report to each other in a circle", entry.person.id), None);
        }
    }
}

/// Whether going up from this person leads back to them.
fn circles(from: &PersonEntry, by_id: &BTreeMap<&PersonId, &PersonEntry>) -> bool {
    let mut seen = BTreeSet::new();
    let mut at = from.person.manager.as_ref();
    while let Some(id) = at.filter(|id| seen.insert(*id)) {
        if id == &from.person.id {
            return true;
        }
        at = by_id.get(id).and_then(|entry| entry.person.manager.as_ref());
    }
    false
}

fn members(placed: &mut Placed<'_>, people: &[PersonEntry], groups: &[GroupEntry]) {
    let persons: BTreeSet<&str> = people.iter().map(|entry| entry.person.id.as_str()).collect();
    let by_id: BTreeMap<&GroupId, &GroupEntry> = groups.iter().map(|entry| (&entry.id, entry)).collect();
    for (group, (member, at)) in groups.iter().flat_map(|group| group.members.iter().map(move |member| (group, member))) {
        match member {
            Member::Person(id) if !persons.contains(id.as_str()) => {
                placed.error(at, "unknown_person", format!("there is no person `{id}`"), did_you_mean(id.as_str(), persons.iter().copied()));
            }
            Member::Group(id) if !by_id.contains_key(id) => {
                placed.error(at, "unknown_group", format!("there is no group `{id}`"), did_you_mean(id.as_str(), by_id.keys().map(|id| id.as_str())));
            }
            Member::Group(id) if reaches(id, &group.id, &by_id) => {
                placed.error(at, "circle", format!("the group `{}` contains itself", group.id), None);
            }
            _ => {}
        }
    }
}

/// Whether the members of a group, followed down, lead to this one.
fn reaches(from: &GroupId, to: &GroupId, by_id: &BTreeMap<&GroupId, &GroupEntry>) -> bool {
    let (mut left, mut seen) = (vec![from], BTreeSet::new());
    while let Some(id) = left.pop() {
        if id == to {
            return true;
        }
        if seen.insert(id) {
            let inner = by_id.get(id).into_iter().flat_map(|group| &group.members);
            left.extend(inner.filter_map(|(member, _)| if let Member::Group(id) = member { Some(id) } else { None }));
        }
    }
    false
}
