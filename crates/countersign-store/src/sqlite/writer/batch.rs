//! A batch of writes in one transaction. A batch is first tried plainly; only where a write stops after it
//! has begun to write is the batch undone and run again with a savepoint around each, which costs more.

use super::checkpoint::Checkpoints;
use super::{Job, Made, Stop};
use crate::Fault;
use crate::clock::{HeldClock, timestamp};
use crate::log::{Commit, CommitError, Committed, within};
use crate::sqlite::recent::Recent;
use crate::sqlite::written::{Left, Written};
use crate::sqlite::{outbox, records, refused, requests, tallies};
use rusqlite::{Connection, ErrorCode};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// What the writer knows beside the file, and what it counts on the way.
#[derive(Default)]
struct Books {
    tallies: tallies::Tallies,
    left: Left,
    found: records::Found,
}

/// Writes in one transaction: 64 already have most of the gain, and a batch of 256 is a few milliseconds.
const BATCH_MAX: usize = 256;

/// How long a batch waits to become as large as the one before it: those who were just answered are about to
/// ask again, and half a millisecond is less than the commit that it saves them. A lone caller never waits.
const GATHER_MAX: Duration = Duration::from_micros(500);

/// Between looks while a batch gathers: spinning would take the time from those who are to fill it.
const GATHER_STEP: Duration = Duration::from_micros(100);

type Answers = Vec<Result<Made, CommitError>>;

pub(super) struct Thread {
    db: Connection,
    clock: HeldClock,
    recent: Arc<Recent>,
    checkpoints: Checkpoints,
    /// Set once the disk has failed: nothing that this process believes to be on disk can be trusted any more.
    poison: Option<Fault>,
    books: Books,
    /// How large the last batch was.
    last: usize,
}

impl Thread {
    pub(super) fn new(mut db: Connection, clock: HeldClock, recent: Arc<Recent>) -> rusqlite::Result<Self> {
        let checkpoints = Checkpoints::watch(&mut db)?;
        Ok(Self { db, clock, recent, checkpoints, poison: None, books: Books::default(), last: 1 })
    }

    pub(super) fn run(&mut self, mut jobs: mpsc::Receiver<Job>) {
        while let Some(first) = jobs.blocking_recv() {
            let batch = self.gather(first, &mut jobs);
            self.write(batch);
            if let Err(error) = self.checkpoints.after_commit(&self.db) {
                self.note(&error);
            }
        }
        let _ = self.checkpoints.finish(&self.db);
    }

    /// What is queued, and what comes at once.
    fn gather(&mut self, first: Job, jobs: &mut mpsc::Receiver<Job>) -> Vec<Job> {
        let mut batch = vec![first];
        let begun = Instant::now();
        while batch.len() < BATCH_MAX {
            match jobs.try_recv() {
                Ok(job) => batch.push(job),
                Err(_) if batch.len() < self.last && begun.elapsed() < GATHER_MAX => std::thread::sleep(GATHER_STEP),
                Err(_) => break,
            }
        }
        self.last = batch.len();
        batch
    }

    fn write(&mut self, batch: Vec<Job>) {
        let verdict = match self.poison.clone() {
            Some(fault) => Err(fault),
            None => self.transaction(&batch),
        };
        match verdict {
            Ok(made) => batch.into_iter().zip(made).for_each(|(job, made)| self.tell(job, made)),
            Err(fault) => {
                self.recent.forget_all();
                batch.into_iter().for_each(|job| job.tell(Err(fault.clone().into())));
            }
        }
    }

    /// Remembers what is on disk now, then tells the caller.
    fn tell(&self, mut job: Job, made: Result<Made, CommitError>) {
        if let (Job::Commit(commit, ..), Ok(_)) = (&mut job, &made)
            && let Some(append) = commit.append.take()
        {
            self.recent.wrote(append);
        }
        job.tell(made);
    }

    /// All of a batch, on disk. An error is the whole batch's.
    fn transaction(&mut self, batch: &[Job]) -> Result<Answers, Fault> {
        let made = match self.plainly(batch)? {
            Some(made) => made,
            None => match self.guarded(batch) {
                Ok(made) => made,
                Err(fault) => {
                    self.undo();
                    return Err(fault);
                }
            },
        };
        if made.iter().any(|made| made.as_ref().is_ok_and(Made::wrote)) {
            self.end()?;
        } else {
            self.roll_back();
        }
        Ok(made)
    }

    /// All jobs one after the other; `None`, and nothing done, where one of them stopped halfway.
    fn plainly(&mut self, batch: &[Job]) -> Result<Option<Answers>, Fault> {
        let now = self.begin()?;
        let mut made = Vec::with_capacity(batch.len());
        for job in batch {
            let before = self.db.total_changes();
            match perform(&self.db, job, now, &mut self.books) {
                Ok(done) => made.push(Ok(done)),
                Err(Stop::Rule(rule)) if self.db.total_changes() == before => made.push(Err(rule)),
                Err(_) => {
                    self.undo();
                    return Ok(None);
                }
            }
        }
        Ok(Some(made))
    }

    fn guarded(&mut self, batch: &[Job]) -> Result<Answers, Fault> {
        let now = self.begin()?;
        batch.iter().map(|job| self.alone(job, now)).collect()
    }

    /// One job in its savepoint. The outer error ends the batch: the transaction itself is lost.
    fn alone(&mut self, job: &Job, now: i64) -> Result<Result<Made, CommitError>, Fault> {
        self.run_cached("SAVEPOINT one").map_err(|error| self.note(&error))?;
        let others = std::mem::take(&mut self.books.tallies);
        let done = perform(&self.db, job, now, &mut self.books);
        if done.is_ok() {
            self.books.tallies.add(&others);
        } else {
            self.books.tallies = others;
            self.books.found.clear();
        }
        let error = match done {
            Ok(made) => {
                self.run_cached("RELEASE one").map_err(|error| self.note(&error))?;
                return Ok(Ok(made));
            }
            Err(Stop::Rule(rule)) => rule,
            Err(Stop::Engine(error)) => self.note(&error).into(),
        };
        let undone = self.run_cached("ROLLBACK TO one").and_then(|()| self.run_cached("RELEASE one"));
        undone.map_err(|error| self.note(&error))?;
        self.poison.clone().map_or(Ok(Err(error)), Err)
    }

    /// Begins; the time that the whole batch is judged by.
    fn begin(&mut self) -> Result<i64, Fault> {
        self.run_cached("BEGIN IMMEDIATE").map_err(|error| self.note(&error))?;
        self.books.tallies.clear();
        self.books.found.clear();
        Ok(self.clock.now_ms())
    }

    fn end(&mut self) -> Result<(), Fault> {
        let mark = self.clock.now_ms();
        let tallied = self.books.tallies.write(&self.db, mark);
        let committed = tallied.map_err(|error| (error, false)).and_then(|()| self.run_cached("COMMIT").map_err(|error| (error, true)));
        let Err((error, committing)) = committed else { return Ok(()) };
        let fault = self.note(&error);
        self.undo();
        // A commit that failed on its way to the disk may yet be found there after a restart.
        Err(if committing && self.poison.is_some() { Fault::InDoubt } else { fault })
    }

    fn run_cached(&self, sql: &'static str) -> rusqlite::Result<()> {
        self.db.prepare_cached(sql)?.execute(()).map(drop)
    }

    /// Rolls back what was written: what was remembered of it is not so.
    fn undo(&mut self) {
        self.books.left.forget_all();
        self.roll_back();
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

fn perform(db: &Connection, job: &Job, now: i64, books: &mut Books) -> Result<Made, Stop> {
    match job {
        Job::Commit(commit, written, _) => one_commit(db, commit, written, now, books).map(Made::Commit),
        Job::Claim(room, lease_ms, limit, _) => Ok(Made::Claim(outbox::claim(db, room, *lease_ms, *limit, now)?)),
        Job::Put(put, _) => {
            books.found.clear();
            records::put(db, put, now).map(Made::Put)
        }
    }
}

fn one_commit(db: &Connection, commit: &Commit, written: &Written, now: i64, books: &mut Books) -> Result<Committed, Stop> {
    within(commit.not_before, commit.not_after, now)?;
    if let Some(made) = &commit.idempotency {
        requests::check_key(db, made)?;
    }
    let before = match &commit.append {
        Some(append) => requests::check(db, append, books.left.take(append.id))?,
        None => None,
    };
    records::check(db, &commit.expect, &mut books.found)?;
    let (left, position) = match &commit.append {
        Some(append) => {
            let (left, position) = requests::append(db, append, written, before.as_ref(), &mut books.tallies)?;
            (Some((append.id, left)), position)
        }
        None => (None, 0),
    };
    let here = left.as_ref().map(|(id, left)| (*id, left.seq));
    outbox::apply(db, &commit.outbox, here, now)?;
    for put in &commit.puts {
        books.found.clear();
        records::put(db, put, now)?;
    }
    if let Some(made) = &commit.idempotency {
        requests::remember(db, made, here)?;
    }
    if let Some(refused) = &commit.refused {
        refused::keep(db, refused)?;
    }
    let version = left.as_ref().map_or(0, |(_, left)| left.version);
    if let Some((id, left)) = left {
        books.left.put(id, left);
    }
    Ok(Committed { version, position, now: timestamp(now) })
}
