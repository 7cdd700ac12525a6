//! The `people` of a scenario: whoever is named exists. `leo reports to mia`, `finance: ana, bo, group:treasury`,
//! `leo may sign 5000 USD`, `zoe is operator`, or just `zoe`.

use super::read::{Fault, Piece};
use crate::id::{GroupId, PersonId};
use crate::money::Money;
use crate::people::{Member, Person, Role, Roster};
use crate::policy::diagnostic::did_you_mean;
use std::collections::BTreeSet;

const ROLES: [(&str, Role); 3] = [("operator", Role::Operator), ("auditor", Role::Auditor), ("admin", Role::Admin)];
const FORMS: &str = "`leo reports to mia`, `finance: ana, bo`, `leo may sign 5000 USD`, `zoe is operator`";

/// Takes one clause into the roster.
pub(super) fn introduce(roster: &mut Roster, clause: Piece<'_>) -> Result<(), Fault> {
    if clause.text.is_empty() {
        return Ok(());
    }
    if let Some((name, _)) = clause.text.split_once(':') {
        let members = Piece { text: clause.text.get(name.len() + 1..).unwrap_or_default(), at: clause.at + name.len() + 1 };
        return group(roster, Piece { text: name, at: clause.at }.trim(), members);
    }
    let (id, rest) = clause.word();
    if let Some(name) = rest.after("reports to ") {
        let manager = person(roster, name)?.id.clone();
        person(roster, id)?.manager = Some(manager);
    } else if let Some(sum) = rest.after("may sign ") {
        let limit = Money::parse(sum.text).map_err(|error| Fault::at(sum, error.to_string(), Some("leo may sign 5000 USD".to_owned())))?;
        person(roster, id)?.limit = Some(limit);
    } else if let Some(word) = rest.after("is ") {
        let role = ROLES.iter().find(|(name, _)| *name == word.text).map(|(_, role)| *role);
        let unknown = || Fault::at(word, format!("`{}` is no role", word.text), did_you_mean(word.text, ROLES.map(|(name, _)| name)));
        person(roster, id)?.roles.insert(role.ok_or_else(unknown)?);
    } else if rest.text.is_empty() {
        person(roster, id)?;
    } else {
        return Err(Fault::at(rest, format!("`{}` says nothing about people", clause.text), Some(FORMS.to_owned())));
    }
    Ok(())
}

fn group(roster: &mut Roster, name: Piece<'_>, members: Piece<'_>) -> Result<(), Fault> {
    named(name)?;
    let mut read = BTreeSet::new();
    for member in members.split(',').into_iter().filter(|member| !member.text.is_empty()) {
        read.insert(match member.text.strip_prefix("group:") {
            Some(inner) => Member::Group(GroupId::from(inner)),
            None => Member::Person(person(roster, member)?.id.clone()),
        });
    }
    roster.groups.entry(GroupId::from(name.text)).or_default().extend(read);
    Ok(())
}

fn named(piece: Piece<'_>) -> Result<(), Fault> {
    let odd = piece.text.is_empty() || piece.text.chars().any(|c| c.is_whitespace() || "\"=,;:".contains(c));
    if odd { Err(Fault::at(piece, format!("`{}` is no name", piece.text), Some(FORMS.to_owned()))) } else { Ok(()) }
}

fn person<'a>(roster: &'a mut Roster, name: Piece<'_>) -> Result<&'a mut Person, Fault> {
    named(name)?;
    let id = PersonId::from(name.text);
    Ok(roster.people.entry(id.clone()).or_insert_with(|| Person {
        id,
        name: name.text.to_owned(),
        email: None,
        manager: None,
        limit: None,
        roles: BTreeSet::new(),
        active: true,
    }))
}
