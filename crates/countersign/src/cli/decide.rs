//! Deciding and the rest of a request's life, from a terminal.

use super::requests::show;
use super::server::{Server, ServerArgs};
use super::terminal::{self, clean};
use super::{Exit, Failure};
use crate::wire::RequestBody;
use serde_json::{Value, json};
use std::io::IsTerminal;

/// Which request, with what words.
#[derive(clap::Args, Debug)]
pub(crate) struct Decide {
    /// `req_…`
    request: String,
    /// In your words; a rejection needs them.
    #[arg(long, short = 'm', value_name = "TEXT")]
    comment: Option<String>,
    /// The revision that you saw. Without it the request is shown, and you are asked.
    #[arg(long)]
    revision: Option<u32>,
    /// Whose decision it is, for a key that relays decisions.
    #[arg(long)]
    person: Option<String>,
    #[command(flatten)]
    server: ServerArgs,
}

/// Which request.
#[derive(clap::Args, Debug)]
pub(crate) struct Withdraw {
    /// `req_…`
    request: String,
    #[command(flatten)]
    server: ServerArgs,
}

/// Say something on a request.
#[derive(clap::Args, Debug)]
pub(crate) struct Comment {
    /// `req_…`
    request: String,
    /// The words.
    text: String,
    #[command(flatten)]
    server: ServerArgs,
}

impl Decide {
    /// Passes this decision on.
    pub(crate) async fn run(self, decision: &str, json: bool) -> Result<Exit, Failure> {
        let server = self.server.connect()?;
        let revision = match self.revision {
            Some(revision) => revision,
            None => seen(&server, &self.request, decision).await?,
        };
        let mut body = json!({ "decision": decision, "revision": revision });
        if let Some(fields) = body.as_object_mut() {
            fields.extend(self.comment.map(|text| ("comment".to_owned(), Value::from(text))));
            fields.extend(self.person.map(|person| ("person".to_owned(), Value::from(person))));
        }
        let after: RequestBody = server.post(&["v1", "requests", &self.request, "decisions"], &body, None).await?;
        done(&after, json);
        Ok(Exit::Done)
    }
}

/// The revision that is shown now, if whoever sits at the terminal says yes to it: nobody decides on what they did
/// not see (rule 7). A script has not seen anything: it names the revision.
async fn seen(server: &Server, id: &str, decision: &str) -> Result<u32, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage("say which revision you saw: --revision N (`countersign show` tells it); only a person at a terminal is asked"));
    }
    let request: RequestBody = server.get(&["v1", "requests", id], &[]).await?;
    show(&request, false);
    terminal::ask(&format!("\n{} revision {} of \"{}\"? [y/N] ", decision.replace('_', " "), request.revision, clean(&request.title)));
    let mut answer = String::new();
    let _ = std::io::stdin().read_line(&mut answer);
    if answer.trim().eq_ignore_ascii_case("y") || answer.trim().eq_ignore_ascii_case("yes") {
        return Ok(request.revision);
    }
    Err(Failure::refused("nothing was decided"))
}

/// One line on how it stands.
pub(super) fn done(after: &RequestBody, json: bool) {
    if json {
        return terminal::say(&serde_json::to_string(after).unwrap_or_default());
    }
    let open = after.stages.iter().filter(|stage| stage.status == "open");
    let voices: Vec<String> = open.map(|stage| format!("{} of {}", stage.filled, stage.quorum)).collect();
    let voices = if voices.is_empty() { String::new() } else { format!(", {}", voices.join(", ")) };
    terminal::say(&format!("{} is {}{voices}: {}", after.id, terminal::status(&after.status), clean(&after.title)));
}

impl Withdraw {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Failure> {
        let after: RequestBody = self.server.connect()?.post(&["v1", "requests", &self.request, "withdraw"], &json!({}), None).await?;
        done(&after, json);
        Ok(Exit::Done)
    }
}

impl Comment {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Failure> {
        let server = self.server.connect()?;
        let after: RequestBody = server.post(&["v1", "requests", &self.request, "comments"], &json!({ "comment": self.text }), None).await?;
        if json {
            done(&after, json);
        } else {
            terminal::say(&format!("your words are on record: {} ({})", clean(&after.title), after.id));
        }
        Ok(Exit::Done)
    }
}
