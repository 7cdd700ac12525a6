//! Marks that show a field to nobody: `visible_to` adds sight of a field to people who see requests anyway, so naming
//! somebody who sees none is most likely a mistake.

use super::super::diagnostic::Diagnostic;
use super::super::sight::Sight;
use super::super::{Policy, Selector, Verdict};
use crate::id::PersonId;
use crate::people::{Role, Roster};
use std::collections::BTreeSet;
use std::ops::Range;

/// Those who see all requests.
const READ_ALL: [Role; 3] = [Role::Auditor, Role::Operator, Role::Admin];

/// Who may come to see requests of a policy that are not their own.
enum Sighted {
    /// A field of the payload names whom a stage asks.
    Anybody,
    These(BTreeSet<PersonId>),
}

impl Policy {
    /// A warning for each word of a mark that names people of whom none comes to see a request of this policy.
    pub(super) fn blind_sights(&self, roster: &Roster, found: &mut Vec<Diagnostic>) {
        let Sighted::These(sighted) = self.sighted(roster) else { return };
        let marks = self.fields.iter().filter_map(|field| Some((field.name.as_str(), field.visible_to.as_ref()?)));
        for (field, index, sight) in marks.flat_map(|(field, sights)| sights.iter().enumerate().map(move |(index, sight)| (field, index, sight))) {
            let named: BTreeSet<PersonId> = match sight {
                Sight::Person(id) => Some(id.clone()).filter(|id| roster.is_active(id)).into_iter().collect(),
                Sight::Group(id) => roster.members(id),
                _ => continue,
            };
            if !named.is_empty() && named.is_disjoint(&sighted) {
                let message = format!("`visible_to` shows `{field}` to `{sight}`, who sees no request of this policy");
                let suggestion = format!("readers = [\"{sight}\"], if they are to see its requests; else leave `{sight}` out");
                let place = self.sight_place(field, index);
                found.push(Diagnostic::at(&self.file(), &self.source, place, "blind_sight", message).suggest(Some(suggestion)).warning());
            }
        }
    }

    fn sighted(&self, roster: &Roster) -> Sighted {
        let stages = self.rules.iter().filter_map(|rule| match &rule.verdict {
            Verdict::Ask(stages) => Some(stages),
            _ => None,
        });
        let asked = stages.flatten().flat_map(|stage| {
            let seats = stage.seats.iter().flat_map(|seat| &seat.from);
            seats.chain(stage.escalate.iter().flat_map(|level| &level.to))
        });
        let mut these: BTreeSet<PersonId> =
            roster.people.values().filter(|person| READ_ALL.iter().any(|role| person.roles.contains(role))).map(|person| person.id.clone()).collect();
        for selector in self.owner.iter().chain(&self.readers).chain(asked) {
            match selector {
                Selector::Person(id) => these.extend([id.clone()]),
                Selector::Group(id) => these.extend(roster.members(id)),
                Selector::ManagerOfRequester | Selector::ManagersOfRequester { .. } => {
                    these.extend(roster.people.values().filter_map(|person| person.manager.clone()))
                }
                Selector::Requester => {}
                Selector::Field(_) => return Sighted::Anybody,
            }
        }
        Sighted::These(these)
    }

    /// Where the word stands.
    fn sight_place(&self, field: &str, index: usize) -> Range<usize> {
        let place = || {
            let file = toml::de::DeTable::parse(&self.source).ok()?;
            let fields = file.get_ref().iter().find(|(key, _)| key.get_ref() == "payload")?.1.get_ref().as_table()?;
            let field = fields.iter().find(|(key, _)| key.get_ref() == field)?.1.get_ref().as_table()?;
            let mark = field.iter().find(|(key, _)| key.get_ref() == "visible_to")?.1;
            Some(mark.get_ref().as_array().and_then(|words| words.get(index)).map_or_else(|| mark.span(), |word| word.span()))
        };
        place().unwrap_or(0..0)
    }
}
