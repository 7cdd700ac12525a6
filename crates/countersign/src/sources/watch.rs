//! Notices that files changed: through the system where it tells, by looking every few seconds where it
//! does not (network folders, containers), and on SIGHUP at once.

use super::Sources;
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Editors write a file in several steps: wait until they are through.
const SETTLES: Duration = Duration::from_millis(250);
/// How often to look where nobody tells.
const POLL_EVERY: Duration = Duration::from_secs(5);

/// Runs until told to stop.
pub async fn run(sources: Arc<Sources>, stop: CancellationToken) {
    let bell = Arc::new(Notify::new());
    // Without a watcher, the slow look is all there is; with it, the watcher lives as long as this loop.
    let watcher = watcher(&sources, &bell);
    if let Err(error) = &watcher {
        tracing::warn!(error = %error, "changes of files are found by looking every few seconds");
    }
    let Ok(mut hangups) = signal(SignalKind::hangup()) else { return };
    let mut known = fingerprint(&sources);
    loop {
        sources.catch_up().await;
        tokio::select! {
            () = stop.cancelled() => break,
            _ = hangups.recv() => {
                tracing::info!("reading directory and policies again: SIGHUP");
                sources.reload().await;
                known = fingerprint(&sources);
                continue;
            }
            () = bell.notified() => tokio::time::sleep(SETTLES).await,
            () = tokio::time::sleep(POLL_EVERY) => {}
        }
        let now = fingerprint(&sources);
        if now != known {
            sources.reload().await;
            known = now;
        }
    }
    drop(watcher);
}

fn watcher(sources: &Sources, bell: &Arc<Notify>) -> notify::Result<RecommendedWatcher> {
    let bell = bell.clone();
    let mut watcher = notify::recommended_watcher(move |_: notify::Result<notify::Event>| bell.notify_one())?;
    watcher.watch(&sources.policies, RecursiveMode::NonRecursive)?;
    let folder = sources.directory.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    watcher.watch(folder, RecursiveMode::NonRecursive)?;
    Ok(watcher)
}

/// Name, length and time of every file that matters: the database beside them changes all the time.
fn fingerprint(sources: &Sources) -> Vec<(PathBuf, u64, Option<SystemTime>)> {
    let folder = std::fs::read_dir(&sources.policies).into_iter().flatten().flatten().map(|entry| entry.path());
    let files = folder.chain([sources.directory.clone()]);
    let mut seen: Vec<_> = files
        .filter_map(|path| {
            let meta = std::fs::metadata(&path).ok()?;
            Some((path, meta.len(), meta.modified().ok()))
        })
        .collect();
    seen.sort();
    seen
}
