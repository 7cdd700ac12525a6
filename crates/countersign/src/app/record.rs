//! What a terminal may do with the record itself, beside a running server or without one: check it, copy
//! it. Opens the file for reading only.

use crate::config::Config;
use crate::engine::rows;
use countersign_core::id::RequestId;
use countersign_store::verify::{Problem, Verified};
use countersign_store::{Fault, Head, Kind, Opened, Records, RequestLog, SqliteStore};
use std::path::Path;
use std::sync::Arc;

/// Heads read at once.
const PAGE: usize = 1000;

/// Reads everything: every chain, content and version, and every request's row against its events.
///
/// # Errors
/// When the file cannot be read.
pub async fn verify(file: &Path) -> Result<Verified, Fault> {
    let store = Arc::new(SqliteStore::open_read_only(file)?);
    let mut found = store.verify().await?;
    if found.erased > 0 {
        let what = format!("{} have lost their bytes; nothing erases contents yet", found.erased);
        found.problems.push(Problem { place: "contents".into(), what });
    }
    let (log, records): (Arc<dyn RequestLog>, Arc<dyn Records>) = (store.clone(), store);
    found.problems.extend(rows::differences(&log, &records).await);
    Ok(found)
}

/// The heads of all chains after one, page by page; `None` starts.
///
/// # Errors
/// When the file cannot be read.
pub async fn heads(file: &Path, each: &mut dyn FnMut(&Head)) -> Result<u64, Fault> {
    let store = SqliteStore::open_read_only(file)?;
    let (mut after, mut count): (Option<RequestId>, u64) = (None, 0);
    loop {
        let page = store.heads(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(count) };
        after = Some(last.request);
        count += u64::try_from(page.len()).unwrap_or(0);
        page.iter().for_each(&mut *each);
    }
}

/// A consistent copy in a new file.
///
/// # Errors
/// When the copy exists or cannot be made.
pub async fn backup(config: &Config, to: &Path) -> Result<(), Fault> {
    SqliteStore::open_read_only(&config.database)?.backup(to).await
}

/// What the file is, without changing it.
///
/// # Errors
/// When it is no database of ours, or not there.
pub fn opened(file: &Path) -> Result<Opened, Fault> {
    Ok(SqliteStore::open_read_only(file)?.opened().clone())
}

/// How many policies the store keeps in force.
///
/// # Errors
/// When the file cannot be read.
pub async fn policies_kept(file: &Path) -> Result<usize, Fault> {
    Ok(SqliteStore::open_read_only(file)?.list_kind(Kind::Policy, None, 200).await?.len())
}
