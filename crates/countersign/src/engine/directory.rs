//! When people change: every request that is open is looked at again, through the one door. What was last
//! looked at is on record, so that a look that was interrupted is taken up again.

use super::keys::read;
use super::{Engine, EngineError, Instruction};
use countersign_core::command::Command;
use countersign_core::id::{PersonId, RequestId};
use countersign_core::money::Money;
use countersign_core::people::Roster;
use countersign_store::{Kind, ListQuery, Put, PutError, StatusName};
use futures_util::stream::{self, StreamExt};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many requests are woken side by side.
const WAKES_AT_ONCE: usize = 64;
/// Rows read at once: the store's own bound.
const PAGE: usize = 200;
/// The record of the directory's version that every open request was last looked at with.
const LOOKED_KEY: &str = "directory_looked_at";

/// The record of how far a look has come, and after how many pages it is written: a stop costs no more than those.
const LOOKING_KEY: &str = "directory_looking";
const PAGES_NOTED: usize = 50;

/// A look that is not at its end.
#[derive(Debug, Serialize, Deserialize)]
struct Looking {
    version: u64,
    cursor: String,
}

impl Engine {
    /// After another directory was put in force: signs out who left; where nothing differs for the law, no request
    /// needs a look.
    ///
    /// # Errors
    /// When the store fails: then [`Engine::catch_up_with_directory`] looks all the same.
    pub async fn directory_put(&self, before: &Roster) -> Result<(), EngineError> {
        let after = self.shelf().people().roster.clone();
        for person in before.people.keys().filter(|id| before.is_active(id) && !after.is_active(id)) {
            self.end_sessions_of(person).await?;
        }
        let (looked, _) = self.looked_at().await?;
        if looked == before.version && !bears(before, &after) {
            self.note_looked_at(after.version).await?;
        }
        Ok(())
    }

    /// Looks at every open request again, if that was not done to its end with the directory in force: after
    /// a change, and at a start after a stop in the middle of it. Answers how many were woken. Who has spoken
    /// and left is no longer among those waited for, so that nothing less than every open request will do.
    ///
    /// # Errors
    /// When the store fails; the record then still says that it is to be done.
    pub async fn catch_up_with_directory(&self) -> Result<usize, EngineError> {
        let version = self.shelf().people().roster.version;
        if self.looked_at().await?.0 >= version {
            return Ok(0);
        }
        let (cursor, mut noted) = self.looking(version).await?;
        let mut query = ListQuery { status: vec![StatusName::Unroutable, StatusName::Pending], limit: PAGE, cursor, ..ListQuery::default() };
        let (mut woken, mut failed) = (0, None);
        for page_number in 1_usize.. {
            let page = self.log().list(&query).await?;
            let ids: Vec<RequestId> = page.items.iter().map(|row| row.id).collect();
            let looks: Vec<_> = stream::iter(ids).map(|id| self.look_again(id)).buffer_unordered(WAKES_AT_ONCE).collect().await;
            woken += looks.len();
            failed = looks.into_iter().filter_map(Result::err).next_back().or(failed);
            match page.next {
                Some(next) => query.cursor = Some(next),
                None => break,
            }
            // Nothing that failed lies behind what is noted.
            if let Some(cursor) = query.cursor.as_ref().filter(|_| failed.is_none() && page_number.is_multiple_of(PAGES_NOTED)) {
                self.write(Kind::Setting, LOOKING_KEY, noted, Some(&Looking { version, cursor: cursor.clone() })).await?;
                noted += 1;
            }
        }
        match failed {
            Some(error) => Err(error),
            None => self.note_looked_at(version).await.map(|()| woken),
        }
    }

    /// Where a look with this version was interrupted, and the version of the record that says so.
    async fn looking(&self, version: u64) -> Result<(Option<String>, u64), EngineError> {
        let Some(record) = self.records().get(Kind::Setting, LOOKING_KEY).await? else { return Ok((None, 0)) };
        let looking: Looking = read(&record)?;
        Ok(((looking.version == version).then_some(looking.cursor), record.version))
    }

    async fn look_again(&self, id: RequestId) -> Result<(), EngineError> {
        let looked = self.handle(id, Instruction::new(Command::Wake, "engine")).await;
        looked.map(drop).inspect_err(|error| {
            tracing::error!(request.id = %id, error = %error, "a request could not be looked at after the directory changed");
        })
    }

    /// The version of the directory, and of the record that says so.
    async fn looked_at(&self) -> Result<(u64, u64), EngineError> {
        let Some(record) = self.records().get(Kind::Setting, LOOKED_KEY).await? else { return Ok((0, 0)) };
        let version = std::str::from_utf8(&record.bytes).ok().and_then(|text| text.parse().ok());
        Ok((version.unwrap_or(0), record.version))
    }

    async fn note_looked_at(&self, version: u64) -> Result<(), EngineError> {
        loop {
            let (noted, expected) = self.looked_at().await?;
            if noted >= version {
                return Ok(());
            }
            let bytes = Some(version.to_string().into_bytes());
            match self.records().put(Put { kind: Kind::Setting, key: LOOKED_KEY.to_owned(), expected, bytes }).await {
                Ok(_) => return Ok(()),
                Err(PutError::Conflict) => {}
                Err(PutError::Fault(fault)) => return Err(fault.into()),
            }
        }
    }
}

/// Whether anything differs that decides who may decide: not an address or a role.
fn bears(before: &Roster, after: &Roster) -> bool {
    before.groups != after.groups || weights(before) != weights(after)
}

/// What conditions and selectors may read of a person.
type Weight<'a> = (bool, &'a str, Option<&'a PersonId>, Option<&'a Money>);

fn weights(roster: &Roster) -> BTreeMap<&PersonId, Weight<'_>> {
    let people = roster.people.iter();
    people.map(|(id, person)| (id, (person.active, person.name.as_str(), person.manager.as_ref(), person.limit.as_ref()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_core::id::GroupId;
    use countersign_core::people::{Member, Person, Role};
    use std::collections::BTreeSet;

    fn roster(people: &[(&str, bool)], finance: &[&str]) -> Roster {
        let person =
            |id: &str, active| Person { id: id.into(), name: id.into(), email: None, manager: None, limit: None, roles: BTreeSet::new(), active };
        let mut roster = Roster::default();
        roster.people.extend(people.iter().map(|(id, active)| (PersonId::from(*id), person(id, *active))));
        roster.groups.insert(GroupId::from("finance"), finance.iter().map(|id| Member::Person((*id).into())).collect());
        roster
    }

    #[test]
    fn who_joins_and_who_leaves_bears_on_requests() {
        let before = roster(&[("ana", true), ("bo", true)], &["ana"]);
        assert!(bears(&before, &roster(&[("ana", true), ("bo", true)], &["ana", "bo"])));
        assert!(bears(&before, &roster(&[("ana", false), ("bo", true)], &["ana"])));
    }

    #[test]
    fn an_address_and_a_role_bear_on_no_request() {
        let before = roster(&[("ana", true)], &["ana"]);
        let mut after = before.clone();
        let ana = after.people.get_mut(&PersonId::from("ana")).unwrap();
        ana.email = Some("ana@example.org".to_owned());
        ana.roles.insert(Role::Operator);
        assert!(!bears(&before, &after));
    }
}
