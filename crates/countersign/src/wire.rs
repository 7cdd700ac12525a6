//! The shapes on the wire: requests, stages, executions, events. What the API answers, what notices carry
//! and what the terminal reads. Imports no rule; it only says what the engine saw.

use crate::engine::Seen;
use countersign_core::execution::Execution;
use countersign_core::notice::FailedNotice;
use countersign_core::policy::evaluate::Risk;
use countersign_core::request::SummaryState;
use countersign_core::stage::Stage;
use countersign_store::{RequestRow, StatusName};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

pub mod assertion;
pub mod changed;
pub mod dead_letter;
pub mod event;
pub mod explain;
pub mod outcome;
pub mod thread;
pub mod why;

/// A request as everybody who may see it sees it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct RequestBody {
    /// `req_…`
    pub id: String,
    /// The policy's name.
    pub policy: String,
    /// The version it is pinned to, `sha256:…`.
    pub policy_version: String,
    /// The rule that holds for this revision.
    pub rule: String,
    /// In whose name.
    pub requester: String,
    /// Rendered from the payload.
    pub title: String,
    /// The current revision, from 1.
    pub revision: u32,
    /// What is proposed. A field that the policy keeps from the reader (`visible_to`) is `{"redacted": true}`, whatever it
    /// holds and whether or not it is there.
    pub payload: Value,
    /// The fields that are kept from the reader; not there where none is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redacted: Vec<String>,
    /// SHA-256 over the payload's RFC 8785 bytes; null where a field is kept from the reader, who could guess it by this.
    pub payload_digest: Option<String>,
    /// pending, returned, unroutable, held, approved, rejected, expired or withdrawn.
    pub status: String,
    /// How it ended, by whom and why; not there while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<outcome::OutcomeBody>,
    /// The plain summary, or the model's once it is there and nothing is kept from the reader.
    pub summary: SummaryBody,
    /// The openings of this revision's stages, in order.
    pub stages: Vec<StageBody>,
    /// What follows from the outcome; empty until then.
    pub executions: Vec<ExecutionBody>,
    /// Notices that failed for good, whatever became of them since.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed_notices: Vec<FailedNoticeBody>,
    /// The id that another system knows it by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// RFC 3339, UTC; null while it is open.
    pub settled_at: Option<String>,
    /// Its page.
    pub url: String,
}

/// The words for the approver. Advice, never input to a rule.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct SummaryBody {
    /// What is asked.
    pub text: String,
    /// What would follow.
    pub impact: String,
    /// low, medium or high.
    pub risk: String,
    /// `plain`, or the model's name.
    pub by: String,
}

/// One opening of a stage.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct StageBody {
    /// `stg_…`, unique within the request.
    pub id: String,
    /// As the policy names it.
    pub name: String,
    /// open, approved, rejected, expired or voided.
    pub status: String,
    /// Distinct people needed.
    pub quorum: usize,
    /// How many of them the approvals that count make up: two voices for one seat are one.
    #[serde(default)]
    pub filled: usize,
    /// Who may decide, with those who have.
    pub approvers: Vec<String>,
    /// Whose approval counts.
    pub approved_by: Vec<String>,
    /// Whose rejection counts.
    pub rejected_by: Vec<String>,
    /// The next escalation or expiry, while open.
    pub due: Option<String>,
    /// When it gives up.
    pub expires_at: String,
    /// Levels of escalation that fired.
    pub escalations_fired: usize,
    /// `passkey` where an approval must be signed with one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub require: Option<String>,
}

/// One action of the outcome.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ExecutionBody {
    /// As the policy names it.
    pub action: String,
    /// waiting, running, succeeded, failed or abandoned.
    pub status: String,
    /// Attempts begun.
    pub attempts: u64,
    /// What the last attempt answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
}

/// A notice that failed for good at least once.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct FailedNoticeBody {
    /// `eff_…`: name it to retry or abandon it.
    pub id: String,
    /// For example `approval.requested`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whom it should reach; null for a webhook that takes every event.
    pub to: Option<String>,
    /// failed, waiting (tried again), delivered or abandoned.
    pub status: String,
    /// How many tries it took.
    pub attempts: u32,
    /// What the last one was answered.
    pub answer: String,
}

/// A request as lists show it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct RequestLine {
    /// `req_…`
    pub id: String,
    /// The policy's name.
    pub policy: String,
    /// In whose name.
    pub requester: String,
    /// Rendered from the payload.
    pub title: String,
    /// As in [`RequestBody`].
    pub status: String,
    /// low, medium or high.
    pub risk: String,
    /// The current revision.
    pub revision: u32,
    /// Who may decide now.
    pub waiting_for: Vec<String>,
    /// The next escalation or expiry.
    pub due: Option<String>,
    /// The id that another system knows it by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// RFC 3339, UTC; null while it is open.
    pub settled_at: Option<String>,
    /// Its page.
    pub url: String,
}

/// The whole request.
#[must_use]
pub fn request(seen: &Seen, public_url: &str) -> RequestBody {
    let request = &seen.request;
    RequestBody {
        id: request.id.to_string(),
        policy: request.policy.to_string(),
        policy_version: request.version.to_string(),
        rule: seen.policy.rule_name(&request.rule).to_owned(),
        requester: request.requester.to_string(),
        title: seen.title().text,
        revision: request.revision.0,
        payload: seen.payload.clone(),
        redacted: seen.veil.names().map(str::to_owned).collect(),
        payload_digest: seen.payload_digest().map(|digest| digest.to_string()),
        status: status_word(seen.status()).to_owned(),
        outcome: outcome::outcome(seen),
        summary: summary(seen),
        stages: request.stages.iter().map(|item| stage(seen, item)).collect(),
        executions: request.executions.iter().map(execution).collect(),
        failed_notices: request.notices.iter().map(failed_notice).collect(),
        external_id: request.external_id.clone(),
        created_at: request.created_at.to_string(),
        settled_at: request.settled.as_ref().map(|end| end.at.to_string()),
        url: page_url(public_url, &request.id.to_string()),
    }
}

fn execution(execution: &Execution) -> ExecutionBody {
    ExecutionBody {
        action: execution.action.to_string(),
        status: execution.status().to_owned(),
        attempts: execution.attempts,
        answer: execution.answer.clone(),
    }
}

fn failed_notice(notice: &FailedNotice) -> FailedNoticeBody {
    FailedNoticeBody {
        id: notice.id.to_string(),
        kind: crate::engine::owed::type_name(notice.kind).to_owned(),
        to: notice.to.as_ref().map(ToString::to_string),
        status: notice.status().to_owned(),
        attempts: notice.attempts,
        answer: notice.answer.clone(),
    }
}

/// A row of a list.
#[must_use]
pub fn line(row: &RequestRow, public_url: &str) -> RequestLine {
    RequestLine {
        id: row.id.to_string(),
        policy: row.policy.to_string(),
        requester: row.requester.to_string(),
        title: row.title.clone(),
        status: status_word(row.status).to_owned(),
        risk: row.risk.clone(),
        revision: row.revision.0,
        waiting_for: row.waiting.iter().map(ToString::to_string).collect(),
        due: row.due.map(|at| at.to_string()),
        external_id: row.external_id.clone(),
        created_at: row.created_at.to_string(),
        settled_at: row.settled_at.map(|at| at.to_string()),
        url: page_url(public_url, &row.id.to_string()),
    }
}

/// The page of a request.
#[must_use]
pub fn page_url(public_url: &str, id: &str) -> String {
    format!("{}/requests/{id}", public_url.trim_end_matches('/'))
}

/// Where a confirm link leads.
#[must_use]
pub fn confirm_url(public_url: &str, secret: &str) -> String {
    format!("{}/c/{secret}", public_url.trim_end_matches('/'))
}

/// The summary that stands: the model's where it was accepted and the reader sees all that the model read, else the plain
/// one, of what the reader sees.
#[must_use]
pub fn summary(seen: &Seen) -> SummaryBody {
    if let Some((by, written)) = seen.model_summary() {
        let part = |name: &str| written.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        return SummaryBody { text: part("text"), impact: part("impact"), risk: part("risk"), by };
    }
    let plain = crate::engine::plain_seen(seen);
    SummaryBody { text: plain.text, impact: plain.impact, risk: plain.risk.to_string(), by: "plain".into() }
}

/// One stage.
#[must_use]
pub fn stage(seen: &Seen, stage: &Stage) -> StageBody {
    use countersign_core::event::StageResult;
    let view = seen.stage(stage);
    let words = |people: &[countersign_core::id::PersonId]| people.iter().map(ToString::to_string).collect();
    let status = match stage.closed.map(|(result, _)| result) {
        None => "open",
        Some(StageResult::Approved) => "approved",
        Some(StageResult::Rejected) => "rejected",
        Some(StageResult::Expired) => "expired",
        Some(StageResult::Voided) => "voided",
    };
    StageBody {
        id: stage.id.to_string(),
        name: view.name,
        status: status.into(),
        quorum: view.quorum,
        filled: view.filled,
        approvers: words(&view.approvers),
        approved_by: words(&view.approved_by),
        rejected_by: words(&view.rejected_by),
        due: view.due.map(|at| at.to_string()),
        expires_at: stage.expires_at.to_string(),
        escalations_fired: view.escalations_fired,
        require: view.require_passkey.then(|| "passkey".to_owned()),
    }
}

/// The status as one word.
#[must_use]
pub fn status_word(status: StatusName) -> &'static str {
    STATUS_WORDS.iter().find(|(name, _)| *name == status).map_or("", |(_, word)| word)
}

/// The status of this word.
#[must_use]
pub fn status_of(word: &str) -> Option<StatusName> {
    STATUS_WORDS.iter().find(|(_, known)| *known == word).map(|(name, _)| *name)
}

/// Every status with its word.
pub const STATUS_WORDS: [(StatusName, &str); 8] = [
    (StatusName::Pending, "pending"),
    (StatusName::Returned, "returned"),
    (StatusName::Unroutable, "unroutable"),
    (StatusName::Held, "held"),
    (StatusName::Approved, "approved"),
    (StatusName::Rejected, "rejected"),
    (StatusName::Expired, "expired"),
    (StatusName::Withdrawn, "withdrawn"),
];

/// Whether the model may still answer for this revision.
#[must_use]
pub fn summary_open(seen: &Seen) -> bool {
    seen.request.summary == SummaryState::Open
}

/// The risk of this word; `medium` for an unknown one.
#[must_use]
pub fn risk_of(word: &str) -> Risk {
    match word {
        "low" => Risk::Low,
        "high" => Risk::High,
        _ => Risk::Medium,
    }
}
