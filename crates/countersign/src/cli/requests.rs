//! Looking: lists, the inbox, one request, and why it stands where it stands.

use super::server::{Server, ServerArgs};
use super::terminal::{self, clean, moment};
use super::{Exit, Failure};
use crate::api::events::EventPage;
use crate::api::lists::RequestPage;
use crate::wire::event::EventBody;
use crate::wire::why::WhyBody;
use crate::wire::{RequestBody, RequestLine, StageBody};
use anstyle::AnsiColor;
use serde_json::{Value, json};

/// Pages are read in pieces of this size.
const PAGE: usize = 200;

/// List requests, newest first.
#[derive(clap::Args, Debug)]
pub(crate) struct List {
    /// Any of these, separated by commas: pending, returned, unroutable, approved, rejected, expired, withdrawn.
    #[arg(long)]
    status: Option<String>,
    /// Of this policy.
    #[arg(long)]
    policy: Option<String>,
    /// Asked by this person.
    #[arg(long)]
    requester: Option<String>,
    /// Waiting for this person, most urgent first.
    #[arg(long)]
    approver: Option<String>,
    /// Whose title contains this.
    #[arg(long, short, value_name = "TEXT")]
    q: Option<String>,
    /// Only those with an action or a notice that failed for good.
    #[arg(long)]
    dead_letters: bool,
    /// At most this many.
    #[arg(long, default_value_t = 50)]
    limit: usize,
    #[command(flatten)]
    server: ServerArgs,
}

/// What waits for me, most urgent first.
#[derive(clap::Args, Debug)]
pub(crate) struct Inbox {
    /// For whom, where a key reads everything; the person signed in without it.
    #[arg(long)]
    person: Option<String>,
    /// At most this many.
    #[arg(long, default_value_t = 50)]
    limit: usize,
    #[command(flatten)]
    server: ServerArgs,
}

/// Show one request.
#[derive(clap::Args, Debug)]
pub(crate) struct Show {
    /// `req_…`
    request: String,
    #[command(flatten)]
    server: ServerArgs,
}

/// Why a request does not move: who blocks it, what would unblock it, what happens next.
#[derive(clap::Args, Debug)]
pub(crate) struct Why {
    /// `req_…`
    request: String,
    #[command(flatten)]
    server: ServerArgs,
}

impl List {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Failure> {
        let filters = [("status", self.status), ("policy", self.policy), ("requester", self.requester), ("approver", self.approver), ("q", self.q)];
        let mut query: Vec<(&str, String)> = filters.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        if self.dead_letters {
            query.push(("dead_letter", "true".into()));
        }
        let (lines, more) = pages(&self.server.connect()?, &["v1", "requests"], query, self.limit).await?;
        if lines.is_empty() && !json {
            terminal::complain("no request of yours fits; `countersign inbox` shows what waits for you");
        }
        print(&lines, more, json);
        Ok(Exit::Done)
    }
}

impl Inbox {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Failure> {
        let query = self.person.map(|person| ("person", person)).into_iter().collect();
        let (lines, more) = pages(&self.server.connect()?, &["v1", "inbox"], query, self.limit).await?;
        if lines.is_empty() && !json {
            terminal::say("nothing waits for you");
            return Ok(Exit::Done);
        }
        print(&lines, more, json);
        Ok(Exit::Done)
    }
}

/// Pages one after the other, until there are enough.
async fn pages(server: &Server, path: &[&str], query: Vec<(&str, String)>, limit: usize) -> Result<(Vec<RequestLine>, bool), Failure> {
    let mut lines = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let mut query = query.clone();
        query.push(("limit", limit.saturating_sub(lines.len()).clamp(1, PAGE).to_string()));
        query.extend(cursor.take().map(|cursor| ("cursor", cursor)));
        let page: RequestPage = server.get(path, &query).await?;
        lines.extend(page.items);
        match page.next {
            Some(next) if lines.len() < limit => cursor = Some(next),
            next => {
                lines.truncate(limit);
                return Ok((lines, next.is_some()));
            }
        }
    }
}

fn print(lines: &[RequestLine], more: bool, json: bool) {
    if json {
        return terminal::say(&json!({ "items": lines, "more": more }).to_string());
    }
    let now = jiff::Timestamp::now();
    if terminal::narrow() {
        lines.iter().for_each(|line| in_few_lines(line, now));
        return tell_more(more);
    }
    let mut table = terminal::table(&["id", "status", "risk", "title", "requester", "waiting for", "due"]);
    for line in lines {
        let due = line.due.as_deref().map_or_else(String::new, |due| moment(due, now));
        let waiting = clean(&line.waiting_for.join(", "));
        let mut row = comfy_table::Row::new();
        row.add_cell(line.id.clone().into()).add_cell(terminal::status_cell(&line.status)).add_cell(line.risk.clone().into());
        row.add_cell(clean(&line.title).into()).add_cell(clean(&line.requester).into()).add_cell(waiting.into()).add_cell(due.into());
        table.add_row(row);
    }
    // An id is copied whole or not at all.
    if let Some(column) = table.column_mut(0) {
        column.set_constraint(comfy_table::ColumnConstraint::ContentWidth);
    }
    terminal::say_table(&table);
    tell_more(more);
}

fn tell_more(more: bool) {
    if more {
        terminal::complain("there are more: raise --limit, or narrow it down");
    }
}

/// One request for a narrow terminal: what it is, how it stands, who asks and who is asked.
fn in_few_lines(line: &RequestLine, now: jiff::Timestamp) {
    terminal::say(&terminal::paint(&clean(&line.title), AnsiColor::BrightWhite));
    let due = line.due.as_deref().map_or_else(String::new, |due| format!(", due {}", moment(due, now)));
    terminal::say(&format!("  {}, {} risk{due}", terminal::status(&line.status), line.risk));
    let waits = if line.waiting_for.is_empty() { String::new() } else { format!(", waits for {}", clean(&line.waiting_for.join(", "))) };
    terminal::say(&format!("  asked by {}{waits}", clean(&line.requester)));
    terminal::say(&format!("  {}", line.id));
}

impl Show {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Failure> {
        let server = self.server.connect()?;
        let request: RequestBody = server.get(&["v1", "requests", &self.request], &[]).await?;
        show(&request, json);
        if !json {
            let record: EventPage = server.get(&["v1", "requests", &self.request, "events"], &[]).await?;
            record.items.iter().for_each(words);
        }
        Ok(Exit::Done)
    }
}

/// What people said, with who and when.
fn words(event: &EventBody) {
    let fact = |name: &str| event.facts.pointer(name).and_then(Value::as_str).map(clean);
    let Some(text) = fact("/text") else { return };
    let who = ["/person", "/by/person", "/by/for"].into_iter().find_map(fact).unwrap_or_default();
    let what = fact("/decision").map(|decision| format!(" ({})", decision.replace('_', " "))).unwrap_or_default();
    terminal::say(&format!("{who}{what}, {}: {text}", moment(&event.at, jiff::Timestamp::now())));
}

/// How it ended, in one line: `rejected by bo: too dear`.
pub(crate) fn ended(request: &RequestBody) -> Option<String> {
    let end = request.outcome.as_ref()?;
    let by = if end.decided_by.is_empty() { String::new() } else { format!(" by {}", clean(&end.decided_by.join(", "))) };
    let reason = end.reason.as_deref().map(|reason| format!(": {}", clean(reason))).unwrap_or_default();
    Some(format!("{}{by}{reason}", clean(&end.outcome)))
}

/// Prints a request whole.
pub(crate) fn show(request: &RequestBody, json: bool) {
    if json {
        return terminal::say(&serde_json::to_string(request).unwrap_or_default());
    }
    let now = jiff::Timestamp::now();
    let line = |name: &str, value: &str| terminal::say(&format!("{name:<12}{value}"));
    terminal::say(&terminal::paint(&clean(&request.title), AnsiColor::BrightWhite));
    line("id", &request.id);
    line("status", &terminal::status(&request.status));
    line("policy", &format!("{}, rule \"{}\"", clean(&request.policy), clean(&request.rule)));
    line("requester", &clean(&request.requester));
    line("revision", &request.revision.to_string());
    line("submitted", &moment(&request.created_at, now));
    if let Some(at) = &request.settled_at {
        line("settled", &moment(at, now));
    }
    if let Some(ended) = ended(request) {
        line("outcome", &ended);
    }
    terminal::say("");
    facts(request);
    terminal::say("");
    line("summary", &format!("by {}, risk {}", clean(&request.summary.by), clean(&request.summary.risk)));
    terminal::say(&terminal::clean_lines(&format!("{}\n{}", request.summary.text, request.summary.impact)));
    for one in &request.stages {
        stage(one, now);
    }
    for one in &request.executions {
        let answer = one.answer.as_deref().map(|answer| format!(", last answer {}", clean(answer))).unwrap_or_default();
        terminal::say(&format!("action {}: {}, {} attempts{answer}", clean(&one.action), terminal::status(&one.status), one.attempts));
    }
    for one in &request.failed_notices {
        let to = one.to.as_deref().unwrap_or("a system");
        terminal::say(&format!("notice {} to {}: {}, last answer {}", one.id, clean(to), terminal::status(&one.status), clean(&one.answer)));
    }
    terminal::say("");
    terminal::say(&clean(&request.url));
}

/// The payload, one field a line.
fn facts(request: &RequestBody) {
    let fields = request.payload.as_object().into_iter().flatten();
    for (name, value) in fields {
        let text = match value {
            _ if request.redacted.contains(name) => "(hidden from you)".to_owned(),
            value => value.as_str().map_or_else(|| value.to_string(), str::to_owned),
        };
        let mut lines = text.lines();
        terminal::say(&format!("  {:<18}{}", clean(name), clean(lines.next().unwrap_or_default())));
        lines.for_each(|line| terminal::say(&format!("  {:<18}{}", "", clean(line))));
    }
}

fn stage(stage: &StageBody, now: jiff::Timestamp) {
    let said = clean(&stage.approved_by.join(", "));
    let yes = if said.is_empty() { String::new() } else { format!(" ({said})") };
    let count = format!("{} of {} said yes{yes}", stage.filled, stage.quorum);
    terminal::say(&format!("stage {}: {}, {count}", clean(&stage.name), terminal::status(&stage.status)));
    terminal::say(&format!("  asked     {}", clean(&stage.approvers.join(", "))));
    if !stage.rejected_by.is_empty() {
        terminal::say(&format!("  said no   {}", clean(&stage.rejected_by.join(", "))));
    }
    if let Some(due) = stage.due.as_deref().filter(|_| stage.status == "open") {
        terminal::say(&format!("  due       {}", moment(due, now)));
    }
}

impl Why {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Failure> {
        let why: WhyBody = self.server.connect()?.get(&["v1", "requests", &self.request, "why"], &[]).await?;
        if json {
            terminal::say(&serde_json::to_string(&why).unwrap_or_default());
            return Ok(Exit::Done);
        }
        let now = jiff::Timestamp::now();
        terminal::say(&format!("{}: {}", terminal::status(&why.status), clean(&why.sentence)));
        if let Some(since) = &why.since {
            terminal::say(&format!("since     {}", moment(since, now)));
        }
        terminal::say(&format!("unblocked {}", clean(&why.unblocked_by)));
        if let Some(next) = &why.next {
            terminal::say(&format!("next      {}: {}", moment(&next.at, now), clean(&next.sentence)));
        }
        for one in &why.excluded {
            terminal::say(&format!("not       {}: {}", clean(&one.person), clean(&one.reason)));
        }
        Ok(Exit::Done)
    }
}
