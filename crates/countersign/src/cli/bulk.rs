//! One request for every row of a file: side by side, each under its own idempotency key, with a report for
//! every row. The same file submitted again makes nothing twice.

use super::server::Server;
use super::submit::{Proposal, submit};
use super::terminal::{self, clean};
use super::{Exit, Failure};
use crate::import::ImportFault;
use crate::import::map::Map;
use crate::import::rows::{Row, Rows};
use crate::wire::RequestBody;
use countersign_core::canonical::{Digest, digest_of};
use futures_util::stream::{self, StreamExt};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use std::io::IsTerminal;
use std::path::PathBuf;

/// Enough to fill the server's group commits, few enough for any laptop.
const AT_ONCE: usize = 32;

/// A file and what to make of it.
pub(crate) struct Bulk {
    pub(crate) policy: String,
    pub(crate) requester: Option<String>,
    pub(crate) from: PathBuf,
    pub(crate) map: PathBuf,
}

/// What became of one row.
struct Report {
    line: Option<u64>,
    made: Result<RequestBody, Failure>,
}

impl Bulk {
    pub(crate) async fn run(self, server: &Server, json: bool) -> Result<Exit, Failure> {
        let map = std::fs::read_to_string(&self.map)
            .map_err(|error| Failure::usage(format!("{}: {}", self.map.display(), crate::config::reason(&error))))?;
        let map = Map::parse(&self.map.display().to_string(), &map).map_err(|fault| Failure::usage(fault.to_string()))?;
        let bar = bar(json, || Rows::open(&self.from, map.clone()).map_or(0, |rows| rows.count()));
        let rows = Rows::open(&self.from, map).map_err(|fault| Failure::usage(fault.to_string()))?;
        let unmapped = rows.unmapped().iter().map(|name| clean(name)).collect::<Vec<_>>().join(", ");
        if !unmapped.is_empty() {
            terminal::complain(&format!("columns that are not sent: {unmapped}"));
        }
        let sent = stream::iter(rows.map(|row| row.map_err(Box::new)));
        let reports = sent.map(|row| self.row(server, row)).buffered(AT_ONCE);
        let mut reports = std::pin::pin!(reports);
        let (mut made, mut refused) = (0_u64, 0_u64);
        while let Some(report) = reports.next().await {
            bar.inc(1);
            match &report.made {
                Ok(_) => made += 1,
                Err(failure) if failure.exit == Exit::Fault => {
                    bar.finish_and_clear();
                    return Err(Failure::fault(format!("{}; {made} rows are in, run it again to go on", failure.message)));
                }
                Err(_) => refused += 1,
            }
            bar.suspend(|| say(&report, json));
        }
        bar.finish_and_clear();
        if json {
            terminal::say(&json!({ "submitted": made, "refused": refused }).to_string());
        } else {
            terminal::say(&format!("{made} submitted, {refused} refused"));
        }
        Ok(if refused == 0 { Exit::Done } else { Exit::Refused })
    }

    async fn row(&self, server: &Server, row: Result<Row, Box<ImportFault>>) -> Report {
        let row = match row {
            Ok(row) => row,
            Err(fault) => return Report { line: fault.line, made: Err(Failure::refused(fault.to_string())) },
        };
        let line = Some(row.line);
        let Value::Object(payload) = row.payload.clone() else {
            return Report { line, made: Err(Failure::refused("the row makes no payload")) };
        };
        let key = self.key(&row);
        let proposal = Proposal {
            policy: &self.policy,
            requester: row.requester.as_deref().or(self.requester.as_deref()),
            payload,
            external_id: row.key.as_deref(),
            idempotency_key: Some(&key),
        };
        Report { line, made: submit(server, proposal).await.map(|(made, _)| made) }
    }

    /// What makes this row the same when the file is sent again: its key, or its place and content.
    fn key(&self, row: &Row) -> String {
        let what = match &row.key {
            Some(key) => format!("{} key {key}", self.policy),
            None => format!("{} line {} {}", self.policy, row.line, digest_of(&row.payload)),
        };
        format!("import-{}", Digest::of(what.as_bytes()).hex())
    }
}

/// Where somebody watches, the rows are counted first: it takes a moment and says how long the rest will.
fn bar(json: bool, rows: impl FnOnce() -> usize) -> ProgressBar {
    if json || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(rows() as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos} of {len} rows, {per_sec}, {eta} left") {
        bar.set_style(style);
    }
    bar
}

/// Every row, for people and for machines.
fn say(report: &Report, json: bool) {
    let line = report.line.map_or_else(|| "the file".to_owned(), |line| format!("line {line}"));
    match (&report.made, json) {
        (Ok(made), true) => terminal::say(&json!({ "line": report.line, "id": made.id, "status": made.status }).to_string()),
        (Err(failure), true) => terminal::say(&json!({ "line": report.line, "error": failure.message }).to_string()),
        (Ok(made), false) => terminal::say(&format!("{line}: {} is {}", made.id, clean(&made.status))),
        (Err(failure), false) => terminal::complain(&format!("{line}: {}", clean(&failure.message))),
    }
}
