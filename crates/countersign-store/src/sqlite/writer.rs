//! The one writer: it takes what is queued, runs it in one transaction in which each write stands or falls
//! alone, and answers only when that is on disk. It also checkpoints, so nobody else ever writes.

use super::readers;
use super::recent::Recent;
use super::rows::fault;
use super::written::Written;
use crate::Fault;
use crate::clock::HeldClock;
use crate::log::{Claims, Commit, CommitError, Committed, Room};
use crate::records::{Put, PutError};
use rusqlite::Connection;
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot};

mod batch;
mod checkpoint;

/// Writes that may wait: some batches; beyond them, callers wait before they queue.
const QUEUE_MAX: usize = 1_024;

/// Sends writes to the thread.
pub(super) struct Writer {
    queue: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

enum Job {
    Commit(Box<Commit>, Written, Answer<Committed, CommitError>),
    Claim(Room, i64, usize, Answer<Claims, Fault>),
    Put(Put, Answer<u64, PutError>),
}

type Answer<T, E> = oneshot::Sender<Result<T, E>>;

/// What a job made, told when its transaction is on disk.
enum Made {
    Commit(Committed),
    Claim(Claims),
    Put(u64),
}

impl Job {
    /// Tells the caller; one who no longer waits is no concern of ours.
    fn tell(self, made: Result<Made, CommitError>) {
        match (self, made) {
            (Self::Commit(.., answer), Ok(Made::Commit(committed))) => drop(answer.send(Ok(committed))),
            (Self::Commit(.., answer), Err(error)) => drop(answer.send(Err(error))),
            (Self::Claim(.., answer), Ok(Made::Claim(claims))) => drop(answer.send(Ok(claims))),
            (Self::Claim(.., answer), Err(error)) => drop(answer.send(Err(only_fault(error)))),
            (Self::Put(_, answer), Ok(Made::Put(version))) => drop(answer.send(Ok(version))),
            (Self::Put(_, answer), Err(CommitError::Conflict)) => drop(answer.send(Err(PutError::Conflict))),
            (Self::Put(_, answer), Err(error)) => drop(answer.send(Err(only_fault(error).into()))),
            (_, Ok(_)) => {}
        }
    }
}

fn only_fault(error: CommitError) -> Fault {
    match error {
        CommitError::Fault(fault) => fault,
        rule => Fault::Store(rule.to_string()),
    }
}

/// Why one write of a batch came to nothing.
pub(super) enum Stop {
    /// A condition did not hold: only this write.
    Rule(CommitError),
    /// SQLite could not: perhaps the whole batch.
    Engine(rusqlite::Error),
}

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Self {
        Self::Engine(error)
    }
}

impl From<CommitError> for Stop {
    fn from(error: CommitError) -> Self {
        Self::Rule(error)
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Rule(fault.into())
    }
}

impl Writer {
    pub(super) fn start(db: Connection, clock: HeldClock, recent: Arc<Recent>) -> Result<Self, Fault> {
        let (queue, jobs) = mpsc::channel(QUEUE_MAX);
        let mut thread = batch::Thread::new(db, clock, recent).map_err(fault("watch the write-ahead log"))?;
        let thread = readers::spawn("store writer".to_owned(), move || thread.run(jobs))?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    pub(super) async fn commit(&self, commit: Commit, written: Written) -> Result<Committed, CommitError> {
        self.ask(|answer| Job::Commit(Box::new(commit), written, answer)).await?
    }

    pub(super) async fn claim(&self, room: Room, lease_ms: i64, limit: usize) -> Result<Claims, Fault> {
        self.ask(|answer| Job::Claim(room, lease_ms, limit, answer)).await?
    }

    pub(super) async fn put(&self, put: Put) -> Result<u64, PutError> {
        self.ask(|answer| Job::Put(put, answer)).await?
    }

    async fn ask<T>(&self, job: impl FnOnce(oneshot::Sender<T>) -> Job) -> Result<T, Fault> {
        let (answer, answered) = oneshot::channel();
        let ended = || Fault::Store("the writer has ended".to_owned());
        self.queue.as_ref().ok_or_else(ended)?.send(job(answer)).await.map_err(|_| ended())?;
        answered.await.map_err(|_| Fault::InDoubt)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Made {
    fn wrote(&self) -> bool {
        match self {
            Self::Claim(claims) => !claims.claimed.is_empty(),
            Self::Commit(_) | Self::Put(_) => true,
        }
    }
}
