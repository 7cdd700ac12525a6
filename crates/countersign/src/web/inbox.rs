//! The inbox: what waits for me, most urgent first; what waits for others; what I asked for; what is done. Search,
//! filters and place live in the address.

use super::frame::{Frame, Place, Watch};
use super::page;
use super::visitor::Visitor;
use crate::api::ApiState;
use crate::api::problem::Problem;
use crate::engine::EngineError;
use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use countersign_core::id::PolicyName;
use countersign_store::cursor::is_cursor;
use countersign_store::{COUNTED_MAX, ListQuery, Part, Shares, StatusName};
use http::StatusCode;
use row::{Row, row};
use serde::Deserialize;
use url::form_urlencoded::Serializer;

pub mod bulk;
pub mod row;

/// As many rows are on a page.
const ROWS_MAX: usize = 50;

/// Which list, and what of it.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    group: String,
    #[serde(default)]
    q: String,
    #[serde(default)]
    policy: String,
    #[serde(default)]
    cursor: String,
}

/// A list of the inbox.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Group {
    Waiting,
    Others,
    Mine,
    Done,
    All,
}

impl Group {
    const ALL: [Self; 5] = [Self::Waiting, Self::Others, Self::Mine, Self::Done, Self::All];

    fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Others => "others",
            Self::Mine => "mine",
            Self::Done => "done",
            Self::All => "all",
        }
    }
}

#[derive(Template)]
#[template(path = "inbox.html")]
struct InboxPage {
    frame: Frame,
    group: &'static str,
    tabs: Vec<Tab>,
    q: String,
    policies: Vec<(String, bool)>,
    rows: Vec<Row>,
    /// Whether rows can be marked for a decision on several.
    marks: bool,
    filtered: bool,
    first: Option<String>,
    next: Option<String>,
    clear: String,
}

/// A group with how many there are, and its address.
struct Tab {
    word: &'static str,
    count: Option<usize>,
    many: bool,
    address: String,
    here: bool,
}

/// Shows the inbox.
pub(super) async fn show(State(state): State<ApiState>, visitor: Visitor, query: Result<Query<Wanted>, QueryRejection>) -> Response {
    let frame = Frame::of(&visitor, Place::Inbox).watching(Watch::Inbox);
    let wanted = query.map(|Query(wanted)| wanted).unwrap_or_default();
    match listed(&state, &visitor, frame.clone(), wanted).await {
        Ok(page) => page::render(StatusCode::OK, &page),
        Err(error) => page::problem(frame, &Problem::from(error), Some(page::Back::inbox())),
    }
}

async fn listed(state: &ApiState, visitor: &Visitor, frame: Frame, wanted: Wanted) -> Result<InboxPage, EngineError> {
    let reads_all = visitor.caller.reads_all(&state.engine.shelf().people().roster);
    let group = Group::ALL.into_iter().find(|group| group.word() == wanted.group && (reads_all || *group != Group::All)).unwrap_or(Group::Waiting);
    let query = query(visitor, group, &wanted);
    let (page, shares) = tokio::try_join!(state.engine.list(&visitor.caller, query), state.engine.shares(&visitor.caller))?;
    let people = state.engine.shelf().people();
    let here = Wanted { group: group.word().into(), cursor: String::new(), ..wanted.clone() };
    Ok(InboxPage {
        group: group.word(),
        tabs: tabs(shares, group, reads_all),
        policies: state.engine.shelf().policies().iter().map(|policy| (policy.name.to_string(), policy.name.as_str() == wanted.policy)).collect(),
        rows: page.items.iter().map(|item| row(&people, &frame, item)).collect(),
        marks: group == Group::Waiting,
        filtered: !(wanted.q.trim().is_empty() && wanted.policy.is_empty()),
        first: (!wanted.cursor.is_empty()).then(|| address(&here)),
        next: page.next.map(|cursor| address(&Wanted { cursor, ..here.clone() })),
        clear: address(&Wanted { group: here.group.clone(), ..Wanted::default() }),
        q: wanted.q,
        frame,
    })
}

fn query(visitor: &Visitor, group: Group, wanted: &Wanted) -> ListQuery {
    let me = visitor.person.clone();
    let cursor = Some(wanted.cursor.clone()).filter(|cursor| is_cursor(cursor, group == Group::Waiting));
    let text = Some(wanted.q.trim().to_owned()).filter(|text| !text.is_empty());
    let policy = Some(wanted.policy.as_str()).filter(|name| !name.is_empty()).map(PolicyName::from);
    // They look for what they see: sums with their own separators.
    let or_text = text.as_ref().map(|text| visitor.words.sought(text)).filter(|sought| text.as_ref() != Some(sought));
    let query = ListQuery { limit: ROWS_MAX, cursor, text, or_text, policy, ..ListQuery::default() };
    match group {
        Group::Waiting => ListQuery { approver: Some(me), ..query },
        Group::Others => ListQuery { part: Some((me, Part::Others)), ..query },
        Group::Done => ListQuery { part: Some((me, Part::Done)), ..query },
        Group::Mine => {
            let open = StatusName::ALL.into_iter().filter(|status| !status.is_final()).collect();
            ListQuery { requester: Some(me), status: open, ..query }
        }
        Group::All => query,
    }
}

fn tabs(shares: Shares, here: Group, reads_all: bool) -> Vec<Tab> {
    let shown = Group::ALL.into_iter().filter(|group| reads_all || *group != Group::All);
    let tab = |group: Group| {
        let count = match group {
            Group::Waiting => Some(shares.waiting),
            Group::Others => Some(shares.others),
            Group::Mine => Some(shares.mine),
            Group::Done => Some(shares.done),
            Group::All => None,
        };
        let address = address(&Wanted { group: group.word().into(), ..Wanted::default() });
        Tab { word: group.word(), count, many: count.is_some_and(|count| count >= COUNTED_MAX), address, here: group == here }
    };
    shown.map(tab).collect()
}

fn address(wanted: &Wanted) -> String {
    let mut parameters = Serializer::new(String::new());
    for (name, value) in [("group", &wanted.group), ("q", &wanted.q), ("policy", &wanted.policy), ("cursor", &wanted.cursor)] {
        let usual = name == "group" && value == Group::Waiting.word();
        if !value.is_empty() && !usual {
            parameters.append_pair(name, value);
        }
    }
    let query = parameters.finish();
    if query.is_empty() { "/".into() } else { format!("/?{query}") }
}
