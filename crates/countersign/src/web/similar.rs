//! Earlier requests like this one and what became of them, for `similar.html`.

use super::visitor::Visitor;
use super::words::When;
use crate::api::ApiState;
use crate::engine::Seen;
use crate::engine::similar::Alike;
use crate::summary::visible::visible;
use crate::wire::status_word;

/// One of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Similar {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Who asked.
    pub requester: String,
    /// Where it stands.
    pub status: &'static str,
    /// When it ended, or when it was asked.
    pub at: When,
    /// The key of the words that say how it is alike.
    pub why: &'static str,
}

/// The earlier requests that the visitor may see. A page without them is better than none: a failure is logged.
pub async fn similar(state: &ApiState, visitor: &Visitor, seen: &Seen) -> Vec<Similar> {
    match state.engine.similar(&visitor.caller, seen).await {
        Ok(alike) => alike.iter().map(|one| line(state, visitor, one)).collect(),
        Err(error) => {
            tracing::error!(request.id = %seen.request.id, error = %error, "similar requests could not be found");
            Vec::new()
        }
    }
}

fn line(state: &ApiState, visitor: &Visitor, alike: &Alike) -> Similar {
    let row = &alike.row;
    let why = match (alike.same_requester, alike.same_subject) {
        (true, true) => "similar-both",
        (true, false) => "similar-requester",
        (false, _) => "similar-subject",
    };
    Similar {
        id: row.id.to_string(),
        title: visitor.words.row_title(row),
        requester: visible(&state.engine.shelf().people().name(&row.requester)).into_owned(),
        status: status_word(row.status),
        at: visitor.words.relative(row.settled_at.unwrap_or(row.created_at)),
        why,
    }
}
