//! Deciding and the rest of a request's life, from a terminal.

use super::requests::show;
use super::server::{Server, ServerArgs};
use super::terminal::{self, clean};
use super::{Exit, Failure};
use crate::wire::RequestBody;
use serde_json::{Value, json};

/// Which request, with what words.
#[derive(clap::Args, Debug)]
pub(crate) struct Decide {
    /// `req_…`
    request: String,
    /// In your words; a rejection needs them.
    #[arg(long, short = 'm', value_name = "TEXT")]
    comment: Option<String>,
    /// The revision that you saw; the one shown now without it.
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
            None => seen(&server, &self.request, json).await?,
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

/// The current revision, shown before it is decided on: nobody decides on what they did not see.
async fn seen(server: &Server, id: &str, json: bool) -> Result<u32, Failure> {
    let request: RequestBody = server.get(&["v1", "requests", id], &[]).await?;
    if !json {
        show(&request, false);
        terminal::say("");
    }
    Ok(request.revision)
}

/// One line on how it stands.
fn done(after: &RequestBody, json: bool) {
    if json {
        return terminal::say(&serde_json::to_string(after).unwrap_or_default());
    }
    let open = after.stages.iter().filter(|stage| stage.status == "open");
    let voices: Vec<String> = open.map(|stage| format!("{} of {}", stage.approved_by.len(), stage.quorum)).collect();
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
        done(&after, json);
        Ok(Exit::Done)
    }
}
