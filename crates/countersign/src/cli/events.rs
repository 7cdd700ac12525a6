//! The record as it grows: of one request, or of all, as pages or live.

use super::server::{Server, ServerArgs};
use super::terminal::{self, clean};
use super::{Exit, Failure};
use crate::api::events::EventPage;
use crate::wire::event::EventBody;
use futures_util::StreamExt;
use std::time::Duration;

/// No event of ours is longer; a stream without ends of lines is not ours.
const LINE_BYTES_MAX: usize = 1 << 20;
/// A stream that broke is taken up again after this long.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Events, oldest first: of one request, or of all for those who read everything.
#[derive(clap::Args, Debug)]
pub(crate) struct Events {
    /// Of this request only.
    request: Option<String>,
    /// Stay and print events as they come.
    #[arg(long, short, conflicts_with = "request")]
    follow: bool,
    /// After this cursor.
    #[arg(long, value_name = "CURSOR", conflicts_with = "request")]
    after: Option<String>,
    /// At most this many.
    #[arg(long, default_value_t = 1000)]
    limit: usize,
    #[command(flatten)]
    server: ServerArgs,
}

impl Events {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Failure> {
        let server = self.server.connect()?;
        if self.follow {
            return follow(&server, self.after, json).await;
        }
        if let Some(request) = &self.request {
            let page: EventPage = server.get(&["v1", "requests", request, "events"], &[]).await?;
            page.items.iter().take(self.limit).for_each(|event| print(event, json));
            return Ok(Exit::Done);
        }
        let (mut after, mut left) = (self.after, self.limit);
        while left > 0 {
            let mut query = vec![("limit", left.min(200).to_string())];
            query.extend(after.take().map(|after| ("after", after)));
            let page: EventPage = server.get(&["v1", "events"], &query).await?;
            page.items.iter().for_each(|event| print(event, json));
            left = left.saturating_sub(page.items.len());
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        Ok(Exit::Done)
    }
}

/// Prints until it is interrupted; a server that restarts is found again.
async fn follow(server: &Server, mut after: Option<String>, json: bool) -> Result<Exit, Failure> {
    let mut begun = false;
    loop {
        let response = match server.stream(&["v1", "events"], after.as_deref()).await {
            Ok(response) => response,
            Err(failure) if begun && failure.exit == Exit::Fault => {
                tokio::time::sleep(AGAIN_AFTER).await;
                continue;
            }
            Err(failure) => return Err(failure),
        };
        begun = true;
        let (mut chunks, mut buffer) = (response.bytes_stream(), Vec::new());
        while let Some(Ok(chunk)) = chunks.next().await {
            buffer.extend_from_slice(&chunk);
            while let Some(end) = buffer.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = buffer.drain(..=end).collect();
                if let Some(event) = event_of(&line) {
                    print(&event, json);
                    after = event.cursor.or(after);
                }
            }
            if buffer.len() > LINE_BYTES_MAX {
                return Err(Failure::fault("the server sends no events"));
            }
        }
        tokio::time::sleep(AGAIN_AFTER).await;
    }
}

fn event_of(line: &[u8]) -> Option<EventBody> {
    serde_json::from_slice(line.strip_prefix(b"data:")?).ok()
}

fn print(event: &EventBody, json: bool) {
    if json {
        return terminal::say(&serde_json::to_string(event).unwrap_or_default());
    }
    let facts = event.facts.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    let facts = facts.map(|(name, value)| format!("{name}={}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
    let facts = facts.filter(|fact| !fact.contains("sha256:") && !fact.ends_with("=[]")).collect::<Vec<_>>().join(" ");
    terminal::say(&format!("{} {} {:>3} {:<16} {}", clean(&event.at), clean(&event.request), event.number, clean(&event.event), clean(&facts)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_stream_is_an_event() {
        let line =
            br#"data: {"request":"req_1","number":1,"cursor":"7","event":"submitted","at":"2026-01-01T00:00:00Z","facts":{"policy":"expense"}}"#;
        let event = event_of(line).unwrap();
        assert_eq!((event.cursor.as_deref(), event.facts["policy"].as_str()), (Some("7"), Some("expense")));
        assert!(event_of(b": keep-alive").is_none());
    }
}
