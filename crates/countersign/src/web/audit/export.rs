//! Events and chain heads to take away, as JSON lines or as a table for spreadsheets: streamed, so that a record of
//! any size goes out in little memory. A cell that a spreadsheet would take for a formula is made text.

use super::search::Asked;
use crate::api::ApiState;
use crate::api::parameters::Parameters;
use crate::api::problem::Problem;
use crate::engine::audit::EventSearch;
use crate::engine::{Caller, Engine, EngineError};
use crate::web::frame::Place;
use crate::web::office::refused;
use crate::web::visitor::Visitor;
use crate::wire::event::streamed;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use countersign_core::id::RequestId;
use countersign_store::{Head, Positioned};
use futures_util::stream::{self, Stream};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde_json::json;
use std::sync::Arc;

/// Heads read at once.
const HEADS_PAGE: usize = 1_000;

/// How rows are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Format {
    Lines,
    Table,
}

/// Events as JSON lines.
pub(in crate::web) async fn events_jsonl(State(state): State<ApiState>, visitor: Visitor, asked: Result<Parameters<Asked>, Problem>) -> Response {
    events(state, visitor, asked, Format::Lines).await
}

/// Events as a table.
pub(in crate::web) async fn events_csv(State(state): State<ApiState>, visitor: Visitor, asked: Result<Parameters<Asked>, Problem>) -> Response {
    events(state, visitor, asked, Format::Table).await
}

/// Heads as JSON lines.
pub(in crate::web) async fn heads_jsonl(State(state): State<ApiState>, visitor: Visitor) -> Response {
    heads(state, visitor, Format::Lines).await
}

/// Heads as a table.
pub(in crate::web) async fn heads_csv(State(state): State<ApiState>, visitor: Visitor) -> Response {
    heads(state, visitor, Format::Table).await
}

async fn events(state: ApiState, visitor: Visitor, asked: Result<Parameters<Asked>, Problem>, format: Format) -> Response {
    let asked = match asked {
        Ok(Parameters(asked)) => asked,
        Err(problem) => return refused(&visitor, Place::Audit, &problem, "/audit"),
    };
    let search = match asked.search(&visitor.words.zone) {
        Ok(search) => search,
        Err(_) => {
            return refused(
                &visitor,
                Place::Audit,
                &Problem::new("invalid_query", "the search is not complete; change it and export again"),
                "/audit",
            );
        }
    };
    // The first part is read before the answer begins, so that a refusal is one.
    match state.engine.export_events(&visitor.caller, &search, 0).await {
        Ok(first) => answer("events", format, events_stream(state.engine, visitor.caller, search, first, format)),
        Err(error) => refused(&visitor, Place::Inbox, &error.into(), "/"),
    }
}

type Chunk = (Vec<Positioned>, Option<u64>);

fn events_stream(
    engine: Arc<Engine>,
    caller: Caller,
    search: EventSearch,
    first: Chunk,
    format: Format,
) -> impl Stream<Item = Result<Bytes, EngineError>> {
    let head = match format {
        Format::Lines => Vec::new(),
        Format::Table => row(&["position", "request", "number", "at", "event", "facts", "hash"]),
    };
    stream::try_unfold((Some(first), head), move |(chunk, mut out)| {
        let (engine, caller, search) = (engine.clone(), caller.clone(), search.clone());
        async move {
            let Some((found, next)) = chunk else { return Ok(None) };
            found.iter().for_each(|event| out.extend(event_row(event, format)));
            let chunk = match next {
                Some(after) => Some(engine.export_events(&caller, &search, after).await?),
                None => None,
            };
            Ok(Some((Bytes::from(out), (chunk, Vec::new()))))
        }
    })
}

async fn heads(state: ApiState, visitor: Visitor, format: Format) -> Response {
    match state.engine.heads(&visitor.caller, None, HEADS_PAGE).await {
        Ok(first) => answer("heads", format, heads_stream(state.engine, visitor.caller, first, format)),
        Err(error) => refused(&visitor, Place::Inbox, &error.into(), "/"),
    }
}

fn heads_stream(engine: Arc<Engine>, caller: Caller, first: Vec<Head>, format: Format) -> impl Stream<Item = Result<Bytes, EngineError>> {
    let head = match format {
        Format::Lines => Vec::new(),
        Format::Table => row(&["request", "events", "hash"]),
    };
    stream::try_unfold((Some(first), head), move |(page, mut out)| {
        let (engine, caller) = (engine.clone(), caller.clone());
        async move {
            let Some(page) = page else { return Ok(None) };
            page.iter().for_each(|one| out.extend(head_row(one, format)));
            let last: Option<RequestId> = (page.len() == HEADS_PAGE).then(|| page.last().map(|one| one.request)).flatten();
            let next = match last {
                Some(last) => Some(engine.heads(&caller, Some(last), HEADS_PAGE).await?),
                None => None,
            };
            Ok(Some((Bytes::from(out), (next, Vec::new()))))
        }
    })
}

fn answer(name: &str, format: Format, rows: impl Stream<Item = Result<Bytes, EngineError>> + Send + 'static) -> Response {
    let (kind, ending) = match format {
        Format::Lines => ("application/jsonl; charset=utf-8", "jsonl"),
        Format::Table => ("text/csv; charset=utf-8; header=present", "csv"),
    };
    let named = format!("attachment; filename=\"countersign-{name}.{ending}\"");
    ([(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, named)], Body::from_stream(rows)).into_response()
}

fn event_row(event: &Positioned, format: Format) -> Vec<u8> {
    let body = streamed(event, None);
    match format {
        Format::Lines => line(&serde_json::to_value(&body).unwrap_or_default()),
        Format::Table => row(&[
            &event.position.to_string(),
            &body.request,
            &body.number.to_string(),
            &body.at,
            &body.event,
            &body.facts.to_string(),
            body.hash.as_deref().unwrap_or_default(),
        ]),
    }
}

fn head_row(head: &Head, format: Format) -> Vec<u8> {
    let (request, hash) = (head.request.to_string(), head.hash.to_string());
    match format {
        Format::Lines => line(&json!({ "request": request, "events": head.events, "hash": hash })),
        Format::Table => row(&[&request, &head.events.to_string(), &hash]),
    }
}

fn line(value: &serde_json::Value) -> Vec<u8> {
    let mut bytes = value.to_string().into_bytes();
    bytes.push(b'\n');
    bytes
}

fn row(cells: &[&str]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    // Writing to memory does not fail.
    let _ = writer.write_record(cells.iter().map(|cell| harmless(cell).into_owned()));
    writer.into_inner().unwrap_or_default()
}

/// Spreadsheets run what begins like a formula: such a cell gets an apostrophe before it, as OWASP recommends.
fn harmless(cell: &str) -> std::borrow::Cow<'_, str> {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) { format!("'{cell}").into() } else { cell.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        let text = String::from_utf8(row(&["=1+1", "+1", "-1", "@x", "\tx", "plain", "a\"b,c\nd"])).unwrap();
        assert_eq!(text, "'=1+1,'+1,'-1,'@x,'\tx,plain,\"a\"\"b,c\nd\"\r\n");
    }
}
