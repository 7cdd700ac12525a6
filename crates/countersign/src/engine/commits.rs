//! The engine's one way to write to the request log, and how long it took: what people who watch a disk want to know.

use super::Engine;
use countersign_store::{Commit, CommitError, Committed};
use prometheus_client::metrics::histogram::Histogram;
use std::time::Instant;

/// Seconds: from a disk that answers at once to one that is about to fail.
const BUCKETS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// An empty histogram of commits.
pub(super) fn times() -> Histogram {
    Histogram::new(BUCKETS)
}

impl Engine {
    /// Commits; what was written is timed, from the call to the answer that it is on disk.
    pub(crate) async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        let began = Instant::now();
        let done = self.ports.log.commit(commit).await;
        if done.is_ok() {
            self.commit_times.observe(began.elapsed().as_secs_f64());
        }
        done
    }

    /// How long commits took so far.
    pub(crate) fn commit_times(&self) -> Histogram {
        self.commit_times.clone()
    }
}
