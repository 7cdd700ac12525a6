//! Word of changes for an open page: `GET /live` is a stream that says which requests changed, to those whom it
//! concerns, and nothing else. The page then asks for itself again; what it may show is decided there.

use super::visitor::Visitor;
use crate::api::problem::Problem;
use crate::api::{ApiState, permit};
use crate::engine::EngineError;
use crate::engine::open_pages::{Interest, News, OpenPage};
use axum::extract::{FromRequestParts, Query, State};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use countersign_core::event::Door;
use countersign_core::id::RequestId;
use futures_util::{Stream, stream};
use http::request::Parts;
use serde::Deserialize;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;

/// A silent stream says that it is alive this often, and the session is looked at again.
const HEARTBEAT: Duration = Duration::from_secs(20);
/// After word of a change, the next waits this long: a busy moment is one piece of news.
const PAUSE: Duration = Duration::from_millis(100);

/// What the page wants to hear of: what concerns the person who looks, unless it says otherwise.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Wanted {
    request: Option<String>,
    all: Option<String>,
}

/// The session's secret, to see later whether it still holds.
pub(super) struct Secret(String);

impl FromRequestParts<ApiState> for Secret {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Infallible> {
        Ok(Self(permit::session_secret(parts, state).unwrap_or_default()))
    }
}

/// The stream.
pub(super) async fn listen(State(state): State<ApiState>, visitor: Visitor, Secret(secret): Secret, Query(wanted): Query<Wanted>) -> Response {
    let interest = match interest(&state, &visitor, wanted).await {
        Ok(interest) => interest,
        Err(problem) => return problem.into_response(),
    };
    let Ok(room) = state.open_pages.clone().try_acquire_owned() else {
        return Problem::new("too_many_streams", "too many pages are open; this one is not kept up to date").into_response();
    };
    let page = state.engine.open_pages().open(interest);
    Sse::new(told(Listener { state, page, secret, begun: false, told: false, _room: room })).into_response()
}

async fn interest(state: &ApiState, visitor: &Visitor, wanted: Wanted) -> Result<Interest, Problem> {
    if let Some(id) = wanted.request {
        let unknown = || Problem::new("unknown_request", "there is no such request, or you may not see it");
        let id = RequestId::parse(&id).map_err(|_| unknown())?;
        state.engine.see(&visitor.caller, id).await?;
        return Ok(Interest::Request(id));
    }
    if wanted.all.is_some() {
        let reads = visitor.caller.reads_all(&state.engine.shelf().people().roster);
        return if reads { Ok(Interest::All) } else { Err(EngineError::Forbidden("only those who read every request hear of every change").into()) };
    }
    Ok(Interest::Person(visitor.person.clone()))
}

struct Listener {
    state: ApiState,
    page: OpenPage,
    secret: String,
    begun: bool,
    /// Whether it was told something just now.
    told: bool,
    _room: OwnedSemaphorePermit,
}

/// Ends when the server stops or the session ends; the page then comes back and finds out.
fn told(listener: Listener) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(listener, |mut listener| async move {
        if !std::mem::replace(&mut listener.begun, true) {
            return Some((Ok(Event::default().event("open").data("")), listener));
        }
        if std::mem::take(&mut listener.told) {
            tokio::time::sleep(PAUSE).await;
        }
        tokio::select! {
            () = listener.state.stop.cancelled() => None,
            news = listener.page.news() => {
                listener.told = true;
                Some((Ok(event(&news)), listener))
            }
            () = tokio::time::sleep(HEARTBEAT) => {
                let session = listener.state.engine.caller_of_session(&listener.secret, Door::Web).await;
                matches!(session, Ok(Some(_))).then(|| (Ok(Event::default().comment("")), listener))
            }
        }
    })
}

fn event(news: &News) -> Event {
    let ids = match news {
        News::Requests(ids) => ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        News::Much => "*".to_owned(),
    };
    Event::default().event("changed").data(ids)
}
