//! Submitting: one request, or one for every row of a file.

use super::bulk::Bulk;
use super::payload::PayloadArgs;
use super::requests::show;
use super::server::{Server, ServerArgs};
use super::terminal;
use super::{Exit, Failure};
use crate::wire::RequestBody;
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// One long poll.
const POLL: Duration = Duration::from_secs(55);

/// Submit a request, or one for every row of a file.
#[derive(clap::Args, Debug)]
pub(crate) struct Submit {
    /// Under which policy.
    policy: String,
    #[command(flatten)]
    payload: PayloadArgs,
    /// In whose name; the person signed in without it.
    #[arg(long)]
    requester: Option<String>,
    /// Wait until it is settled, at most so long; exit 4 where it is not approved.
    #[arg(long, value_name = "TIME", num_args = 0..=1, default_missing_value = "forever", require_equals = true)]
    wait: Option<String>,
    /// Keeps a repeated call from making a second request.
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    /// The id that another system knows it by.
    #[arg(long, value_name = "ID")]
    external_id: Option<String>,
    /// One request for every row of this file: .csv or .jsonl, also .gz.
    #[arg(long, value_name = "FILE", requires = "map", conflicts_with_all = ["payload", "fields", "idempotency_key", "external_id", "wait"])]
    from: Option<PathBuf>,
    /// How its columns become the policy's fields.
    #[arg(long, value_name = "FILE", requires = "from")]
    map: Option<PathBuf>,
    #[command(flatten)]
    server: ServerArgs,
}

/// What is sent.
pub(crate) struct Proposal<'a> {
    pub(crate) policy: &'a str,
    pub(crate) requester: Option<&'a str>,
    pub(crate) payload: Map<String, Value>,
    pub(crate) external_id: Option<&'a str>,
    pub(crate) idempotency_key: Option<&'a str>,
}

impl Submit {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Failure> {
        let until = self.wait.as_deref().map(deadline).transpose()?;
        let server = self.server.connect()?;
        if let (Some(from), Some(map)) = (self.from, self.map) {
            return Bulk { policy: self.policy, requester: self.requester, from, map }.run(&server, json).await;
        }
        let payload = self.payload.read(&server, &self.policy).await?;
        let proposal = Proposal {
            policy: &self.policy,
            requester: self.requester.as_deref(),
            payload,
            external_id: self.external_id.as_deref(),
            idempotency_key: self.idempotency_key.as_deref(),
        };
        let (made, _) = submit(&server, proposal).await?;
        let Some(until) = until else {
            show(&made, json);
            return Ok(Exit::Done);
        };
        if !json {
            terminal::complain(&format!("waiting for {}", made.url));
        }
        let after = wait(&server, made, until).await?;
        show(&after, json);
        outcome(&after)
    }
}

/// When to stop waiting; never without one.
pub(crate) fn deadline(text: &str) -> Result<Option<Instant>, Failure> {
    if text == "forever" {
        return Ok(None);
    }
    let span = text.parse::<jiff::SignedDuration>().ok().and_then(|span| Duration::try_from(span).ok());
    let span = span.ok_or_else(|| Failure::usage(format!("`{text}` is no time: expected `30s`, `10m` or `8h`")))?;
    Ok(Instant::now().checked_add(span))
}

/// Makes the request; whether this call made it, or an earlier one under the same key.
pub(crate) async fn submit(server: &Server, proposal: Proposal<'_>) -> Result<(RequestBody, bool), Failure> {
    let mut body = json!({ "policy": proposal.policy, "payload": proposal.payload });
    if let Some(fields) = body.as_object_mut() {
        fields.extend(proposal.requester.map(|person| ("requester".to_owned(), Value::from(person))));
        fields.extend(proposal.external_id.map(|id| ("external_id".to_owned(), Value::from(id))));
    }
    server.make(&["v1", "requests"], &body, proposal.idempotency_key).await
}

/// Waits until it is settled, or the time is over. A server that restarts meanwhile is asked again.
pub(crate) async fn wait(server: &Server, mut request: RequestBody, until: Option<Instant>) -> Result<RequestBody, Failure> {
    let mut failures: u32 = 0;
    while request.settled_at.is_none() {
        let left = until.map_or(POLL, |until| until.saturating_duration_since(Instant::now()).min(POLL));
        if left.is_zero() {
            break;
        }
        let query = [("wait", format!("{}s", left.as_secs().max(1)))];
        match server.get(&["v1", "requests", &request.id], &query).await {
            Ok(seen) => {
                request = seen;
                failures = 0;
            }
            Err(failure) if failure.exit == Exit::Fault && failures < 10 => {
                failures += 1;
                tokio::time::sleep(Duration::from_secs(1).saturating_mul(failures).min(left)).await;
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(request)
}

/// The exit code of an outcome.
pub(crate) fn outcome(request: &RequestBody) -> Result<Exit, Failure> {
    match request.status.as_str() {
        "approved" => Ok(Exit::Done),
        "rejected" | "expired" | "withdrawn" => Ok(Exit::Turned),
        other => Err(Failure::fault(format!("{} is still {other}: the waiting time is over", request.id))),
    }
}
