//! Checking the rows against the events: what lists, inboxes and timers read must be what the events say. The store
//! checks that nothing was altered; this checks that the cache beside it says the same.

use super::handle::{folded, payload_of};
use super::row::row_of;
use super::shelf::Shelf;
use countersign_core::canonical::Digest;
use countersign_core::people::Roster;
use countersign_core::request::Facts;
use countersign_store::verify::Problem;
use countersign_store::{Fault, Kind, ListQuery, Loaded, Records, RequestLog, RequestRow};
use std::sync::Arc;

/// Requests per page of the walk.
const PAGE: usize = 500;
/// Differences listed at most: where so much is wrong, a backup is what helps.
const PROBLEMS_MAX: usize = 100;

/// Walks every policy version and every request: its row, its contents, its policy. What cannot be read is a
/// difference too, and named.
pub async fn differences(log: &Arc<dyn RequestLog>, records: &Arc<dyn Records>) -> Vec<Problem> {
    let mut found = Vec::new();
    if let Err(fault) = policies(records, &mut found).await {
        found.push(Problem { place: "records, policy versions".into(), what: fault.to_string() });
    }
    if let Err(fault) = requests(log, records, &mut found).await {
        found.push(Problem { place: "requests".into(), what: fault.to_string() });
    }
    found
}

async fn requests(log: &Arc<dyn RequestLog>, records: &Arc<dyn Records>, found: &mut Vec<Problem>) -> Result<(), Fault> {
    let shelf = Shelf::default();
    let mut query = ListQuery { limit: PAGE, ..ListQuery::default() };
    loop {
        let page = log.list(&query).await?;
        for row in page.items {
            if found.len() >= PROBLEMS_MAX {
                return Ok(());
            }
            let read = match log.load(row.id).await {
                Ok(Some(loaded)) => one(&loaded, &shelf, records).await,
                Ok(None) => Err("the row is listed and cannot be found".to_owned()),
                Err(fault) => Err(fault.to_string()),
            };
            if let Err(what) = read {
                found.push(Problem { place: format!("requests, request {}", row.id), what });
            }
        }
        match page.next {
            Some(next) => query.cursor = Some(next),
            None => return Ok(()),
        }
    }
}

/// Every policy version is kept under the digest of its own texts.
async fn policies(records: &Arc<dyn Records>, found: &mut Vec<Problem>) -> Result<(), Fault> {
    let mut after: Option<String> = None;
    loop {
        let page = records.list_kind(Kind::PolicyVersion, after.as_deref(), PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.key.clone());
        for record in page {
            let read = match Digest::parse(&record.key) {
                Some(digest) => Shelf::default().version(&digest, records).await.map(drop).map_err(|fault| fault.to_string()),
                None => Err("its key is no digest".to_owned()),
            };
            if let Err(what) = read {
                found.push(Problem { place: format!("records, policy_version `{}`", record.key), what });
            }
        }
    }
}

async fn one(loaded: &Loaded, shelf: &Shelf, records: &Arc<dyn Records>) -> Result<(), String> {
    let text = |fault: Fault| fault.to_string();
    let request = folded(loaded.row.id, loaded).map_err(text)?;
    let policy = shelf.version(&request.version, records).await.map_err(text)?;
    let payload = payload_of(&request, &loaded.contents).map_err(text)?;
    let roster = Roster::default();
    let facts = Facts { now: loaded.now, roster: &roster, policy: &policy, payload: &payload, seed: [0; 32] };
    differs(&row_of(&request, &facts), &loaded.row).map_or(Ok(()), |column| Err(format!("the row's `{column}` is not what its events say")))
}

/// The first column that differs. Whom it waits for follows the directory, which has gone on since.
fn differs(events: &RequestRow, row: &RequestRow) -> Option<&'static str> {
    let same = [
        ("policy", events.policy == row.policy),
        ("policy_version", events.policy_version == row.policy_version),
        ("requester", events.requester == row.requester),
        ("submitted_with", events.submitted_with == row.submitted_with),
        ("external_id", events.external_id == row.external_id),
        ("status", events.status == row.status),
        ("title", events.title == row.title),
        ("revision", events.revision == row.revision),
        ("dead_letter", events.dead_letter == row.dead_letter),
        ("next_wakeup", events.next_wakeup == row.next_wakeup),
        ("created_at", events.created_at == row.created_at),
        ("settled_at", events.settled_at == row.settled_at),
    ];
    same.into_iter().find(|(_, same)| !same).map(|(column, _)| column)
}
