//! What operators do, from a terminal: see what failed for good, try it again or give it up, ask further people.

use super::decide::done;
use super::server::ServerArgs;
use super::terminal::{self, clean};
use super::{Exit, Failure};
use crate::wire::RequestBody;
use crate::wire::dead_letter::DeadLetterBody;
use clap::Subcommand;
use serde::Deserialize;
use serde_json::json;

/// What failed for good and waits for an operator.
#[derive(clap::Args, Debug)]
pub(crate) struct Operate {
    #[command(subcommand)]
    verb: OperateVerb,
}

#[derive(Subcommand, Debug)]
enum OperateVerb {
    /// Actions and notices that failed for good.
    DeadLetters {
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Try a dead letter again.
    Retry {
        #[command(flatten)]
        letter: Letter,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Give a dead letter up, with a reason that stays in the record.
    Abandon {
        #[command(flatten)]
        letter: Letter,
        /// In your words.
        #[arg(long, short = 'm', value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Ask further people about a request.
    Reassign {
        /// `req_…`
        request: String,
        /// Person ids, separated by commas.
        #[arg(long, required = true, value_delimiter = ',')]
        to: Vec<String>,
        #[command(flatten)]
        server: ServerArgs,
    },
}

/// Which dead letter.
#[derive(clap::Args, Debug)]
struct Letter {
    /// `req_…`
    request: String,
    /// The action's name, or the notice's id (`eff_…`).
    name: String,
}

#[derive(Deserialize)]
struct Letters {
    items: Vec<DeadLetterBody>,
    next: Option<String>,
}

impl Letter {
    /// The address of what to do with it: notices are known by ids, actions by names that policies give.
    fn path<'a>(&'a self, verb: &'a str) -> [&'a str; 6] {
        let kind = if self.name.starts_with("eff_") { "notices" } else { "executions" };
        ["v1", "requests", &self.request, kind, &self.name, verb]
    }
}

impl Operate {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Failure> {
        let after: RequestBody = match self.verb {
            OperateVerb::DeadLetters { server } => return list(server, json).await,
            OperateVerb::Retry { letter, server } => server.connect()?.post(&letter.path("retry"), &json!({}), None).await?,
            OperateVerb::Abandon { letter, reason, server } => {
                server.connect()?.post(&letter.path("abandon"), &json!({ "reason": reason }), None).await?
            }
            OperateVerb::Reassign { request, to, server } => {
                server.connect()?.post(&["v1", "requests", &request, "reassign"], &json!({ "to": to }), None).await?
            }
        };
        done(&after, json);
        Ok(Exit::Done)
    }
}

async fn list(server: ServerArgs, json: bool) -> Result<Exit, Failure> {
    let letters: Letters = server.connect()?.get(&["v1", "dead-letters"], &[("limit", "200".to_owned())]).await?;
    if json {
        let body = json!({ "items": letters.items, "more": letters.next.is_some() });
        terminal::say(&body.to_string());
        return Ok(Exit::Done);
    }
    let now = jiff::Timestamp::now();
    for letter in &letters.items {
        let answer = letter.answer.as_deref().map_or_else(String::new, |answer| format!(": {}", clean(answer)));
        terminal::say(&format!("{} ({})", clean(&letter.title), letter.request));
        terminal::say(&format!(
            "  {} {}, {}, {}{answer}",
            letter.kind,
            clean(&letter.name),
            terminal::counted(usize::try_from(letter.attempts).unwrap_or(usize::MAX), "attempt", "attempts"),
            terminal::moment(&letter.failed_at, now)
        ));
    }
    if letters.items.is_empty() {
        terminal::say("nothing waits for an operator");
    }
    if letters.next.is_some() {
        terminal::complain("there are more");
    }
    Ok(Exit::Done)
}
