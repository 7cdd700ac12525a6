//! The one writer: it takes what is queued, runs each commit in its own savepoint inside one transaction,
//! and answers only when that transaction is on disk. It also checkpoints, so nobody else ever writes.

use super::rows::fault;
use super::{outbox, readers, records, refused, requests, tallies};
use crate::Fault;
use crate::clock::{HeldClock, timestamp};
use crate::log::{Claims, Commit, CommitError, Committed, within};
use crate::records::{Put, PutError};
use checkpoint::Checkpoints;
use rusqlite::{Connection, ErrorCode};
use std::collections::BTreeSet;
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot};

mod checkpoint;

/// Writes in one transaction: 64 already have most of the gain, and a batch of 256 is a few milliseconds.
const BATCH_MAX: usize = 256;

/// Writes that may wait: some batches; beyond them, callers wait before they queue.
const QUEUE_MAX: usize = 1_024;

/// Sends writes to the thread.
pub(super) struct Writer {
    queue: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

enum Job {
    Commit(Box<Commit>, Vec<Vec<u8>>, Answer<Committed, CommitError>),
    Claim(BTreeSet<String>, i64, usize, Answer<Claims, Fault>),
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
    pub(super) fn start(mut db: Connection, clock: HeldClock) -> Result<Self, Fault> {
        let (queue, jobs) = mpsc::channel(QUEUE_MAX);
        let checkpoints = Checkpoints::watch(&mut db).map_err(fault("watch the write-ahead log"))?;
        let mut thread = Thread { db, clock, checkpoints, poison: None, tallies: tallies::Tallies::default() };
        let thread = readers::spawn("store writer".to_owned(), move || thread.run(jobs))?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    pub(super) async fn commit(&self, commit: Commit, blobs: Vec<Vec<u8>>) -> Result<Committed, CommitError> {
        self.ask(|answer| Job::Commit(Box::new(commit), blobs, answer)).await?
    }

    pub(super) async fn claim(&self, busy: BTreeSet<String>, lease_ms: i64, limit: usize) -> Result<Claims, Fault> {
        self.ask(|answer| Job::Claim(busy, lease_ms, limit, answer)).await?
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

struct Thread {
    db: Connection,
    clock: HeldClock,
    checkpoints: Checkpoints,
    /// Set once the disk has failed: nothing that this process believes to be on disk can be trusted any more.
    poison: Option<Fault>,
    tallies: tallies::Tallies,
}

impl Thread {
    fn run(&mut self, mut jobs: mpsc::Receiver<Job>) {
        while let Some(first) = jobs.blocking_recv() {
            let mut batch = vec![first];
            while batch.len() < BATCH_MAX {
                let Ok(job) = jobs.try_recv() else { break };
                batch.push(job);
            }
            self.write(batch);
            if let Err(error) = self.checkpoints.after_commit(&self.db) {
                self.note(&error);
            }
        }
        let _ = self.checkpoints.finish(&self.db);
    }

    fn write(&mut self, batch: Vec<Job>) {
        let verdict = match self.poison.clone() {
            Some(fault) => Err(fault),
            None => self.transaction(&batch),
        };
        match verdict {
            Ok(made) => batch.into_iter().zip(made).for_each(|(job, made)| job.tell(made)),
            Err(fault) => batch.into_iter().for_each(|job| job.tell(Err(fault.clone().into()))),
        }
    }

    /// All of a batch in one transaction. An error is the whole batch's.
    fn transaction(&mut self, batch: &[Job]) -> Result<Vec<Result<Made, CommitError>>, Fault> {
        let begun = self.run_cached("BEGIN IMMEDIATE");
        begun.map_err(|error| self.note(&error))?;
        let now = self.clock.now_ms();
        self.tallies.clear();
        let mut made = Vec::with_capacity(batch.len());
        for job in batch {
            made.push(self.alone(job, now).inspect_err(|_| self.roll_back())?);
        }
        let wrote = made.iter().any(|made| made.as_ref().is_ok_and(Made::wrote));
        if !wrote {
            self.roll_back();
            return Ok(made);
        }
        let ended = self.tallies.write(&self.db, now).map_err(|error| (error, false));
        let ended = ended.and_then(|()| self.run_cached("COMMIT").map_err(|error| (error, true)));
        match ended {
            Ok(()) => Ok(made),
            Err((error, committing)) => {
                let fault = self.note(&error);
                self.roll_back();
                // A commit that failed on its way to the disk may yet be found there after a restart.
                Err(if committing && self.poison.is_some() { Fault::InDoubt } else { fault })
            }
        }
    }

    /// One job in its savepoint. The outer error ends the batch: the transaction itself is lost.
    fn alone(&mut self, job: &Job, now: i64) -> Result<Result<Made, CommitError>, Fault> {
        self.run_cached("SAVEPOINT one").map_err(|error| self.note(&error))?;
        let mut change = tallies::Tallies::default();
        let done = perform(&self.db, job, now, &mut change);
        if done.is_ok() {
            self.run_cached("RELEASE one").map_err(|error| self.note(&error))?;
            self.tallies.add(&change);
        } else {
            let undone = self.run_cached("ROLLBACK TO one").and_then(|()| self.run_cached("RELEASE one"));
            if let (Err(error), Ok(_) | Err(Stop::Rule(_))) = (&undone, &done) {
                return Err(self.note(error));
            }
        }
        match done {
            Ok(made) => Ok(Ok(made)),
            Err(Stop::Rule(rule)) => Ok(Err(rule)),
            Err(Stop::Engine(error)) => {
                let fault = self.note(&error);
                if self.poison.is_some() || self.db.is_autocommit() { Err(fault) } else { Ok(Err(fault.into())) }
            }
        }
    }

    fn run_cached(&self, sql: &'static str) -> rusqlite::Result<()> {
        self.db.prepare_cached(sql)?.execute(()).map(drop)
    }

    fn roll_back(&self) {
        if !self.db.is_autocommit() {
            let _ = self.run_cached("ROLLBACK");
        }
    }

    /// Says what happened; a failing disk or a damaged file ends all writing by this process.
    fn note(&mut self, error: &rusqlite::Error) -> Fault {
        let told = Fault::Store(format!("could not write: {error}"));
        let lost = [ErrorCode::SystemIoFailure, ErrorCode::DatabaseCorrupt, ErrorCode::NotADatabase];
        if error.sqlite_error_code().is_some_and(|code| lost.contains(&code)) && self.poison.is_none() {
            tracing::error!("the disk failed while the store was writing; nothing more is written until a restart: {error}");
            self.poison = Some(Fault::Store(format!("the disk failed ({error}); restart the server before it writes again")));
        }
        told
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

fn perform(db: &Connection, job: &Job, now: i64, change: &mut tallies::Tallies) -> Result<Made, Stop> {
    match job {
        Job::Commit(commit, blobs, _) => one_commit(db, commit, blobs, now, change).map(Made::Commit),
        Job::Claim(busy, lease_ms, limit, _) => Ok(Made::Claim(outbox::claim(db, busy, *lease_ms, *limit, now)?)),
        Job::Put(put, _) => records::put(db, put, now).map(Made::Put),
    }
}

fn one_commit(db: &Connection, commit: &Commit, blobs: &[Vec<u8>], now: i64, change: &mut tallies::Tallies) -> Result<Committed, Stop> {
    within(commit.not_before, commit.not_after, now)?;
    if let Some(made) = &commit.idempotency {
        requests::check_key(db, made)?;
    }
    let before = commit.append.as_ref().map(|append| requests::check(db, append)).transpose()?.flatten();
    records::check(db, &commit.expect)?;
    let (version, position) = match &commit.append {
        Some(append) => requests::append(db, append, blobs, before.as_ref(), change)?,
        None => (0, 0),
    };
    outbox::apply(db, &commit.outbox, now)?;
    if let Some(made) = &commit.idempotency {
        requests::remember(db, made)?;
    }
    if let Some(refused) = &commit.refused {
        refused::keep(db, refused)?;
    }
    Ok(Committed { version, position, now: timestamp(now) })
}
