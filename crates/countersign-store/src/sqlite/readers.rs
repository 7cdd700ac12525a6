//! A few threads that read, each with its own connection: no read waits for the writer, and none holds an
//! async thread.

use super::open::connect_reader;
use crate::Fault;
use rusqlite::Connection;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot};

/// Reads that may wait: beyond them, callers wait before they queue.
const QUEUE_MAX: usize = 1_024;

type Job = Box<dyn FnOnce(&Connection) + Send>;

pub(super) struct Readers {
    queue: Option<mpsc::Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
}

impl Readers {
    pub(super) fn start(path: &Path, count: usize) -> Result<Self, Fault> {
        let (queue, jobs) = mpsc::channel::<Job>(QUEUE_MAX);
        let jobs = Arc::new(Mutex::new(jobs));
        let mut threads = Vec::new();
        for number in 0..count.max(1) {
            let (db, jobs) = (connect_reader(path)?, jobs.clone());
            threads.push(spawn(format!("store reader {number}"), move || serve(&db, &jobs))?);
        }
        Ok(Self { queue: Some(queue), threads })
    }

    /// Runs a read on whichever thread is free.
    pub(super) async fn read<T: Send + 'static>(&self, read: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static) -> Result<T, Fault> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |db| {
            let _ = answer.send(read(db));
        });
        let queue = self.queue.as_ref().ok_or_else(gone)?;
        queue.send(job).await.map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}

fn serve(db: &Connection, jobs: &Mutex<mpsc::Receiver<Job>>) {
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        let Some(job) = job else { return };
        job(db);
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.queue = None;
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// Runs something long on a thread and a connection of its own, so that it holds up no other read.
pub(super) async fn apart<T: Send + 'static>(work: impl FnOnce() -> Result<T, Fault> + Send + 'static) -> Result<T, Fault> {
    let (answer, answered) = oneshot::channel();
    spawn("store long read".to_owned(), move || {
        let _ = answer.send(work());
    })?;
    answered.await.map_err(|_| gone())?
}

pub(super) fn spawn(name: String, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, Fault> {
    let started = std::thread::Builder::new().name(name).spawn(body);
    started.map_err(|error| Fault::Store(format!("could not start a thread: {error}")))
}

fn gone() -> Fault {
    Fault::Store("a thread of the store has ended".to_owned())
}
