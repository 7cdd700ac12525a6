//! The list: what waits for me, what I asked for.

use super::page::{self, Viewer};
use super::visitor::Visitor;
use super::when::{When, apart};
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
    viewer: Option<Viewer>,
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
    due: Option<(When, String)>,
}

/// Shows the list.
pub(super) async fn show(State(state): State<ApiState>, visitor: Visitor) -> Response {
    match lists(&state, &visitor).await {
        Ok((waiting, mine)) => page::render(StatusCode::OK, &HomePage { viewer: Some(visitor.viewer), waiting, mine }),
        Err(error) => page::problem(Some(visitor.viewer), &error.into(), None),
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
    let now = state.engine.clock().now();
    let due = |due| if due > now { format!("{} left", apart(now, due)) } else { "overdue".to_owned() };
    Row {
        id: row.id.to_string(),
        title: visible(&row.title).into_owned(),
        policy: row.policy.to_string(),
        requester: state.engine.shelf().people().name(&row.requester),
        status: status_word(row.status),
        risk: row.risk.clone(),
        due: row.due.map(|at| (visitor.zone.at(at), due(at))),
    }
}
