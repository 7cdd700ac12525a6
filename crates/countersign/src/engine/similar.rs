//! What was asked like this before and what became of it: the last requests under the same policy by the same person,
//! or about the same thing, found by index and never by looking through everything.

use super::row::subject;
use super::{Caller, Engine, EngineError, Seen};
use countersign_store::{ListQuery, RequestRow};
use std::collections::BTreeMap;

/// As many are told.
pub const SIMILAR_MAX: usize = 5;
/// As many of each kind are looked at, for not all may be seen by whoever asks.
const LOOKED_AT: usize = 12;

/// An earlier request that is like this one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Alike {
    /// Its row.
    pub row: RequestRow,
    /// The same person asked.
    pub same_requester: bool,
    /// It is about the same thing.
    pub same_subject: bool,
}

impl Engine {
    /// The last requests like this one that the caller may see, newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn similar(&self, caller: &Caller, seen: &Seen) -> Result<Vec<Alike>, EngineError> {
        let (policy, requester) = (Some(seen.request.policy.clone()), Some(seen.request.requester.clone()));
        let subject = subject(&seen.facts());
        let again = ListQuery { policy: policy.clone(), requester, limit: LOOKED_AT, ..ListQuery::default() };
        let mut rows = self.log().list(&again).await?.items;
        if subject.is_some() {
            let about = ListQuery { policy, subject: subject.clone(), limit: LOOKED_AT, ..ListQuery::default() };
            rows.extend(self.log().list(&about).await?.items);
        }
        // Ids are in the order of time, and each stands once.
        let rows: BTreeMap<_, _> = rows.into_iter().map(|row| (row.id, row)).filter(|(id, _)| *id != seen.request.id).collect();
        let mut alike = Vec::new();
        for row in rows.into_values().rev() {
            if alike.len() == SIMILAR_MAX {
                break;
            }
            if self.row_is_seen(caller, &row).await? {
                let (same_requester, same_subject) = (row.requester == seen.request.requester, row.subject.is_some() && row.subject == subject);
                alike.push(Alike { row, same_requester, same_subject });
            }
        }
        Ok(alike)
    }

    /// Whether the caller may see the request behind this row: asked of the one place that knows.
    async fn row_is_seen(&self, caller: &Caller, row: &RequestRow) -> Result<bool, EngineError> {
        if caller.reads_all(&self.shelf().people().roster) {
            return Ok(true);
        }
        Ok(self.look(row.id).await?.is_some_and(|whole| caller.sees(&whole)))
    }
}
