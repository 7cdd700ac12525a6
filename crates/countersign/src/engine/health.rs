//! What this node saw of the outside since it started: each endpoint's answers, the model's. Kept in memory and
//! bounded; what must last is in the record.

use crate::ports::Answer;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};

/// More endpoints than this are not watched: there are as many as policies and directory name.
const LANES_MAX: usize = 1_000;

/// Where something goes and what for: one path of a host may be gone while another takes everything. The path itself
/// may be a secret and is not kept.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Endpoint {
    /// Scheme, host and port; or `command`.
    pub lane: String,
    /// The action that goes there; `None` for notices.
    pub action: Option<String>,
}

/// How the last tries at one endpoint, or at the model, ended.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tries {
    /// How many were taken.
    pub taken: u64,
    /// How many were not.
    pub failed: u64,
    /// How many of the last ones in a row were not.
    pub failing: u64,
    /// When it last took something.
    pub taken_at: Option<Timestamp>,
    /// When it last did not, and what it said.
    pub failed_at: Option<(Timestamp, String)>,
}

impl Tries {
    fn note(&mut self, failure: Option<&str>, at: Timestamp) {
        match failure {
            None => {
                self.taken += 1;
                self.failing = 0;
                self.taken_at = Some(at);
            }
            Some(answer) => {
                self.failed += 1;
                self.failing += 1;
                self.failed_at = Some((at, answer.to_owned()));
            }
        }
    }
}

/// All of it.
#[derive(Debug)]
pub struct Health {
    started_at: Timestamp,
    database: OnceLock<PathBuf>,
    model: OnceLock<String>,
    summaries: Mutex<Tries>,
    lanes: Mutex<BTreeMap<Endpoint, Tries>>,
}

impl Health {
    pub(super) fn new(started_at: Timestamp) -> Self {
        Self { started_at, database: OnceLock::new(), model: OnceLock::new(), summaries: Mutex::default(), lanes: Mutex::default() }
    }

    /// Says where the store is and which model writes, once, at the start.
    pub fn introduce(&self, database: PathBuf, model: Option<String>) {
        // Said twice, the first stands.
        let _ = self.database.set(database);
        if let Some(model) = model {
            let _ = self.model.set(model);
        }
    }

    /// Since when this node runs.
    #[must_use]
    pub fn started_at(&self) -> Timestamp {
        self.started_at
    }

    /// The size of the store with its write-ahead log, in bytes; `None` where there is no file.
    #[must_use]
    pub fn store_bytes(&self) -> Option<u64> {
        let file = self.database.get()?;
        let mut log = file.clone().into_os_string();
        log.push("-wal");
        let size = |path: &std::path::Path| std::fs::metadata(path).map(|found| found.len());
        Some(size(file).ok()? + size(log.as_ref()).unwrap_or(0))
    }

    /// The model that writes summaries, and how its last answers were; `None` where none writes.
    #[must_use]
    pub fn model(&self) -> Option<(String, Tries)> {
        let tries = self.summaries.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.model.get().map(|name| (name.clone(), tries))
    }

    /// Every endpoint that was tried, those that fail now first.
    #[must_use]
    pub fn endpoints(&self) -> Vec<(Endpoint, Tries)> {
        let lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<(Endpoint, Tries)> = lanes.iter().map(|(endpoint, tries)| (endpoint.clone(), tries.clone())).collect();
        all.sort_by_key(|(_, tries)| std::cmp::Reverse(tries.failing));
        all
    }

    /// One try at an endpoint ended.
    pub(crate) fn tried(&self, lane: &str, action: Option<&str>, answer: &Answer, at: Timestamp) {
        let endpoint = Endpoint { lane: lane.to_owned(), action: action.map(str::to_owned) };
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if lanes.len() >= LANES_MAX && !lanes.contains_key(&endpoint) {
            return;
        }
        let failure = if matches!(answer, Answer::Delivered { .. }) { None } else { Some(answer.text()) };
        lanes.entry(endpoint).or_default().note(failure, at);
    }

    /// The model was asked.
    pub(crate) fn asked_model(&self, failure: Option<&str>, at: Timestamp) {
        self.summaries.lock().unwrap_or_else(PoisonError::into_inner).note(failure, at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_now_stands_first_and_a_success_ends_the_row_of_failures() {
        let (health, at) = (Health::new(Timestamp::UNIX_EPOCH), Timestamp::UNIX_EPOCH);
        let taken = Answer::Delivered { answer: "200".into(), output: Vec::new() };
        health.tried("https://a.example", None, &taken, at);
        health.tried("https://a.example", Some("pay"), &Answer::again("503"), at);
        health.tried("https://a.example", Some("pay"), &Answer::gone("410"), at);
        let endpoints = health.endpoints();
        assert_eq!(endpoints[0].0, Endpoint { lane: "https://a.example".into(), action: Some("pay".into()) });
        assert_eq!((endpoints[0].1.failing, endpoints[0].1.failed_at.clone()), (2, Some((at, "410".into()))));
        health.tried("https://a.example", Some("pay"), &taken, at);
        assert!(health.endpoints().iter().all(|(_, tries)| tries.failing == 0));
    }

    #[test]
    fn without_a_model_there_is_nothing_to_say_of_one() {
        let health = Health::new(Timestamp::UNIX_EPOCH);
        assert_eq!((health.model(), health.store_bytes()), (None, None));
        health.introduce(PathBuf::from("/no/where.db"), Some("llama".into()));
        health.asked_model(Some("timeout"), Timestamp::UNIX_EPOCH);
        assert_eq!(health.model().unwrap().1.failing, 1);
    }
}
