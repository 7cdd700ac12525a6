//! A dead letter on the wire: an action or a notice that failed for good, with where to put it right.

use super::page_url;
use crate::engine::Seen;
use countersign_core::execution::{Execution, ExecutionState};
use countersign_core::notice::{FailedNotice, NoticeState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One thing that failed for good. `POST` to `path` with `/retry` or `/abandon` behind it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct DeadLetterBody {
    /// `action` or `notice`.
    pub kind: String,
    /// The request.
    pub request: String,
    /// Its title.
    pub title: String,
    /// The action's name, or the notice's id.
    pub name: String,
    /// Of a notice: for example `approval.requested`.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub notice_type: Option<String>,
    /// Of a notice: whom it should reach; absent for a webhook that takes every event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// How many tries it took.
    pub attempts: u64,
    /// What the last one was answered.
    pub answer: Option<String>,
    /// When it failed for good: RFC 3339, UTC.
    pub failed_at: String,
    /// Where it is retried or abandoned.
    pub path: String,
    /// The request's page.
    pub url: String,
}

/// What of this request failed for good and waits for an operator: actions, then notices.
#[must_use]
pub fn dead_letters(seen: &Seen, public_url: &str) -> Vec<DeadLetterBody> {
    let actions = seen.request.executions.iter().filter(|execution| execution.state == ExecutionState::Failed);
    let notices = seen.request.notices.iter().filter(|notice| notice.state == NoticeState::Failed);
    let base = of(seen, public_url);
    actions.map(|execution| action(&base, execution)).chain(notices.map(|failed| notice(&base, failed))).collect()
}

/// What both kinds share.
fn of(seen: &Seen, public_url: &str) -> DeadLetterBody {
    let request = seen.request.id.to_string();
    DeadLetterBody {
        kind: String::new(),
        title: seen.title().text,
        name: String::new(),
        notice_type: None,
        to: None,
        attempts: 0,
        answer: None,
        failed_at: String::new(),
        path: format!("/v1/requests/{request}"),
        url: page_url(public_url, &request),
        request,
    }
}

fn action(base: &DeadLetterBody, execution: &Execution) -> DeadLetterBody {
    let name = execution.action.to_string();
    DeadLetterBody {
        kind: "action".into(),
        path: format!("{}/executions/{name}", base.path),
        name,
        attempts: execution.attempts,
        answer: execution.answer.clone(),
        failed_at: execution.changed_at.to_string(),
        ..base.clone()
    }
}

fn notice(base: &DeadLetterBody, failed: &FailedNotice) -> DeadLetterBody {
    let name = failed.id.to_string();
    DeadLetterBody {
        kind: "notice".into(),
        path: format!("{}/notices/{name}", base.path),
        name,
        notice_type: Some(crate::engine::owed::type_name(failed.kind).to_owned()),
        to: failed.to.as_ref().map(ToString::to_string),
        attempts: failed.attempts.into(),
        answer: Some(failed.answer.clone()),
        failed_at: failed.changed_at.to_string(),
        ..base.clone()
    }
}
