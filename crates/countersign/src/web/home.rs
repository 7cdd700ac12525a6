//! The list: what waits for me, what I asked for.

use super::frame::{Frame, Place, Watch};
use super::page;
use super::visitor::Visitor;
use super::words::When;
use crate::api::ApiState;
use crate::engine::EngineError;
use crate::summary::visible::visible;
use crate::wire::status_word;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use countersign_store::{ListQuery, RequestRow};
use http::StatusCode;

/// As many rows per part are shown.
const ROWS_MAX: usize = 50;

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    frame: Frame,
    waiting: Vec<Row>,
    mine: Vec<Row>,
}

/// One request in the list.
struct Row {
    id: String,
    title: String,
    policy: String,
    requester: String,
    status: &'static str,
    risk: String,
    due: Option<When>,
}

/// Shows the list.
pub(super) async fn show(State(state): State<ApiState>, visitor: Visitor) -> Response {
    let frame = Frame::of(&visitor, Place::Inbox).watching(Watch::Inbox);
    match lists(&state, &visitor).await {
        Ok((waiting, mine)) => page::render(StatusCode::OK, &HomePage { frame, waiting, mine }),
        Err(error) => page::problem(frame, &error.into(), None),
    }
}

async fn lists(state: &ApiState, visitor: &Visitor) -> Result<(Vec<Row>, Vec<Row>), EngineError> {
    let me = Some(visitor.person.clone());
    let waiting = ListQuery { approver: me.clone(), limit: ROWS_MAX, ..ListQuery::default() };
    let mine = ListQuery { requester: me, limit: ROWS_MAX, ..ListQuery::default() };
    let waiting = state.engine.list(&visitor.caller, waiting).await?.items;
    let mine = state.engine.list(&visitor.caller, mine).await?.items;
    let row = |row: &RequestRow| line(state, visitor, row);
    Ok((waiting.iter().map(row).collect(), mine.iter().map(row).collect()))
}

fn line(state: &ApiState, visitor: &Visitor, row: &RequestRow) -> Row {
    Row {
        id: row.id.to_string(),
        title: visible(&row.title).into_owned(),
        policy: row.policy.to_string(),
        requester: state.engine.shelf().people().name(&row.requester),
        status: status_word(row.status),
        risk: row.risk.clone(),
        due: row.due.map(|at| visitor.words.left(at)),
    }
}
