//! Running what was approved: one adapter per kind of target, and the one that chooses between them.

pub mod command;
pub mod http;

use async_trait::async_trait;

use self::command::CommandExecutor;
use self::http::HttpExecutor;
use crate::ports::{Answer, Executor, Job, JobTarget};

/// Sends each job to the adapter of its target.
#[derive(Clone, Debug)]
pub struct Executors {
    http: HttpExecutor,
    command: CommandExecutor,
}

impl Executors {
    /// Both kinds of target.
    pub fn new(http: HttpExecutor, command: CommandExecutor) -> Self {
        Self { http, command }
    }
}

#[async_trait]
impl Executor for Executors {
    async fn run(&self, job: &Job) -> Answer {
        match job.target {
            JobTarget::Http { .. } => self.http.run(job).await,
            JobTarget::Command { .. } => self.command.run(job).await,
        }
    }
}
