//! When people change: every request that may be touched is looked at again, through the one door.

use super::{Engine, EngineError, Instruction};
use countersign_core::command::Command;
use countersign_core::id::{PersonId, RequestId};
use countersign_core::people::Roster;
use countersign_store::{ListQuery, RequestRow, StatusName};
use futures_util::stream::{self, StreamExt};
use std::collections::BTreeSet;

/// How many requests are woken side by side.
const WAKES_AT_ONCE: usize = 64;
/// Rows read at once: the store's own bound.
const PAGE: usize = 200;

impl Engine {
    /// Wakes what another directory may touch: everything unroutable, and what waits for, or was asked by,
    /// people who changed; signs out who left. Answers how many were woken.
    ///
    /// # Errors
    /// When the store cannot say what is open.
    pub async fn directory_changed(&self, before: &Roster, after: &Roster) -> Result<usize, EngineError> {
        for person in before.people.keys().filter(|id| before.is_active(id) && !after.is_active(id)) {
            self.end_sessions_of(person).await?;
        }
        let changed = changed(before, after);
        let touched =
            |row: &RequestRow| row.status == StatusName::Unroutable || changed.contains(&row.requester) || !row.waiting.is_disjoint(&changed);
        let mut query = ListQuery { status: vec![StatusName::Unroutable, StatusName::Pending], limit: PAGE, ..ListQuery::default() };
        let mut woken = 0;
        loop {
            let page = self.log().list(&query).await?;
            let ids: Vec<RequestId> = page.items.iter().filter(|row| touched(row)).map(|row| row.id).collect();
            woken += stream::iter(ids).map(|id| self.look_again(id)).buffer_unordered(WAKES_AT_ONCE).count().await;
            match page.next {
                Some(next) => query.cursor = Some(next),
                None => return Ok(woken),
            }
        }
    }

    async fn look_again(&self, id: RequestId) {
        if let Err(error) = self.handle(id, Instruction::new(Command::Wake, "engine")).await {
            tracing::error!(request.id = %id, error = %error, "a request could not be looked at after the directory changed");
        }
    }
}

/// People who are not the same in both: themselves, or in a group that gained or lost somebody.
fn changed(before: &Roster, after: &Roster) -> BTreeSet<PersonId> {
    let ids: BTreeSet<&PersonId> = before.people.keys().chain(after.people.keys()).collect();
    let mut changed: BTreeSet<PersonId> = ids.into_iter().filter(|id| before.person(id) != after.person(id)).cloned().collect();
    for group in before.groups.keys().chain(after.groups.keys()) {
        let (left, joined) = (before.members(group), after.members(group));
        if left != joined {
            changed.extend(left.into_iter().chain(joined));
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_core::id::GroupId;
    use countersign_core::people::{Member, Person};

    fn roster(people: &[(&str, bool)], finance: &[&str]) -> Roster {
        let person =
            |id: &str, active| Person { id: id.into(), name: id.into(), email: None, manager: None, limit: None, roles: BTreeSet::new(), active };
        let mut roster = Roster::default();
        roster.people.extend(people.iter().map(|(id, active)| (PersonId::from(*id), person(id, *active))));
        roster.groups.insert(GroupId::from("finance"), finance.iter().map(|id| Member::Person((*id).into())).collect());
        roster
    }

    #[test]
    fn a_joiner_touches_the_whole_group() {
        let before = roster(&[("ana", true), ("bo", true), ("leo", true)], &["ana"]);
        let after = roster(&[("ana", true), ("bo", true), ("leo", true)], &["ana", "bo"]);
        let names: Vec<String> = changed(&before, &after).iter().map(ToString::to_string).collect();
        assert_eq!(names, ["ana", "bo"]);
    }

    #[test]
    fn who_leaves_is_touched_and_an_unchanged_directory_touches_nobody() {
        let before = roster(&[("ana", true), ("leo", true)], &[]);
        assert!(changed(&before, &before).is_empty());
        assert!(changed(&before, &roster(&[("ana", true), ("leo", false)], &[])).contains(&PersonId::from("leo")));
    }
}
