//! The record: of one request, of all of them as pages, and of all of them as a live stream.

use super::ApiState;
use super::parameters::{Named, NoParameters, Parameters, invalid, limit};
use super::permit::Permit;
use super::problem::{Problem, ProblemBody};
use crate::engine::Caller;
use crate::engine::query::Told;
use crate::wire::event::{EventBody, streamed, told};
use axum::Json;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use countersign_core::id::RequestId;
use futures_util::{Stream, StreamExt, stream};
use http::HeaderMap;
use http::header::ACCEPT;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, broadcast};
use utoipa::{IntoParams, ToSchema};

/// A silent stream says that it is alive this often.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// The safety net, should word of a change be missed (another node made it).
const POLL_EVERY: Duration = Duration::from_secs(1);
/// Events read for a stream at once.
const BATCH: usize = 200;

/// A page of events.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct EventPage {
    /// In order.
    pub items: Vec<EventBody>,
    /// Ask with `?after=` this for the next page; null at the end. To go on later, ask after the last item's `cursor`.
    pub next: Option<String>,
}

/// The events of one request, all of them.
#[utoipa::path(get, path = "/v1/requests/{id}/events", tag = "events", params(("id" = String, Path)),
    responses((status = 200, body = EventPage), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn of_request(
    State(state): State<ApiState>,
    Permit(caller): Permit,
    Named(id): Named,
    _: Parameters<NoParameters>,
) -> Result<Json<EventPage>, Problem> {
    let (seen, events) = state.engine.see_with_events(&caller, id).await?;
    let items = events.iter().zip(1_u64..).map(|((at, event), number)| told(&seen, number, *at, event)).collect();
    Ok(Json(EventPage { items, next: None }))
}

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct EventFilter {
    /// The cursor after which to begin; from the first event without it.
    after: Option<String>,
    /// 1 to 200; 50 unless it says otherwise.
    limit: Option<usize>,
}

/// Events of all requests, in order. With `Accept: text/event-stream` a live stream that `Last-Event-ID` resumes.
#[utoipa::path(get, path = "/v1/events", tag = "events",
    params(EventFilter, ("Last-Event-ID" = Option<String>, Header, description = "the cursor that a stream goes on after")),
    responses((status = 200, content((EventPage = "application/json"), (String = "text/event-stream"))),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn of_all(
    State(state): State<ApiState>,
    Permit(caller): Permit,
    Parameters(filter): Parameters<EventFilter>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let text = |name: http::HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let live = text(ACCEPT).contains("text/event-stream");
    let last = Some(text(http::HeaderName::from_static("last-event-id"))).filter(|last| live && !last.is_empty());
    let after = last.or(filter.after).map_or(Ok(0), |cursor| cursor.parse().map_err(|_| invalid("`after` is the cursor of an event")))?;
    if live {
        return stream_after(state, caller, after).await;
    }
    let limit = limit(filter.limit)?;
    let events = state.engine.events_after(&caller, after, limit).await?;
    let next = (events.len() == limit).then(|| events.last().map(|told| told.event.position.to_string())).flatten();
    Ok(Json(EventPage { items: events.iter().map(|told| streamed(&told.event, told.rule.as_deref())).collect(), next }).into_response())
}

async fn stream_after(state: ApiState, caller: Caller, after: u64) -> Result<Response, Problem> {
    let room = state.streams.clone().try_acquire_owned();
    let room = room.map_err(|_| Problem::new("too_many_streams", "too many streams are open; read pages instead"))?;
    // Listen first, then look: what is committed in between is read anyway.
    let changes = state.engine.changes();
    let first = state.engine.events_after(&caller, after, BATCH).await?;
    let tail = Tail { state, caller, after, changes, read: first.into(), _room: room };
    let events = follow(tail).map(|event| Ok::<_, Infallible>(sse(&event)));
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT)).into_response())
}

fn sse(Told { event, rule }: &Told) -> Event {
    let body = streamed(event, rule.as_deref());
    let json = serde_json::to_string(&body).unwrap_or_default();
    Event::default().id(event.position.to_string()).event(body.event).data(json)
}

/// A live stream's place.
struct Tail {
    state: ApiState,
    caller: Caller,
    after: u64,
    changes: broadcast::Receiver<RequestId>,
    read: VecDeque<Told>,
    _room: OwnedSemaphorePermit,
}

/// Events as they come; ends when the server stops, the caller may no longer read, or the store fails: the reader
/// comes back with the last cursor it saw.
fn follow(tail: Tail) -> impl Stream<Item = Told> {
    stream::unfold(tail, |mut tail| async move {
        loop {
            if let Some(told) = tail.read.pop_front() {
                tail.after = told.event.position;
                return Some((told, tail));
            }
            tail.read = tail.state.engine.events_after(&tail.caller, tail.after, BATCH).await.ok()?.into();
            if tail.read.is_empty() {
                tokio::select! {
                    () = tail.state.stop.cancelled() => return None,
                    _ = tail.changes.recv() => {}
                    () = tokio::time::sleep(POLL_EVERY) => {}
                }
            }
        }
    })
}
