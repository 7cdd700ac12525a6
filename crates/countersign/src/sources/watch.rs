//! Notices that files changed: by looking at their names, lengths and times, and on SIGHUP at once. The system's
//! own watchers tell of whole folders only, and the database beside the directory file changes all the time.

use super::Sources;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// How often to look: soon enough for somebody who saved a file and turns to the terminal; a few calls of the kernel.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Editors write a file in several steps: wait until they are through.
const SETTLES: Duration = Duration::from_millis(250);

type Fingerprint = Vec<(PathBuf, u64, Option<SystemTime>)>;

/// Runs until told to stop. Open requests are looked at beside it: however many there are, another directory is put in
/// force at once.
pub async fn run(sources: Arc<Sources>, stop: CancellationToken) {
    tokio::join!(catch_up(&sources, &stop), watch(sources.clone(), stop.clone()));
}

/// Looks at open requests whenever that is still to be done; a look that is interrupted goes on after the next start.
async fn catch_up(sources: &Sources, stop: &CancellationToken) {
    let looks = async {
        loop {
            sources.catch_up().await;
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = looks => {}
    }
}

async fn watch(sources: Arc<Sources>, stop: CancellationToken) {
    let Ok(mut hangups) = signal(SignalKind::hangup()) else { return };
    let mut known = fingerprint(&sources);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = hangups.recv() => {
                tracing::info!("reading directory and policies again: SIGHUP");
                known = fingerprint(&sources);
                sources.reload().await;
            }
            () = tokio::time::sleep(LOOK_EVERY) => {
                let now = fingerprint(&sources);
                if now != known {
                    known = settled(&sources, now).await;
                    sources.reload().await;
                }
            }
        }
    }
}

/// Waits until two looks agree.
async fn settled(sources: &Sources, mut seen: Fingerprint) -> Fingerprint {
    loop {
        tokio::time::sleep(SETTLES).await;
        let now = fingerprint(sources);
        if now == seen {
            return now;
        }
        seen = now;
    }
}

/// Name, length and time of every file that matters.
fn fingerprint(sources: &Sources) -> Fingerprint {
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
