//! A notice as it is sent: rendered from what the engine sees now, under an id that never changes between
//! tries. Channels get these bytes and nothing else.

use crate::engine::Seen;
use crate::engine::owed::type_name;
use crate::wire;
use countersign_core::event::NoticeKind;
use countersign_core::id::StageId;
use serde_json::{Value, json};

/// The standard body; `confirm` is where its reader decides, instead of the request's page.
#[must_use]
pub fn body(seen: &Seen, kind: NoticeKind, person: Option<&str>, stage: Option<StageId>, public_url: &str, confirm: Option<&str>) -> Vec<u8> {
    let request = wire::request(seen, public_url);
    let summary = wire_text(&request.summary);
    let stage = stage.and_then(|id| request.stages.iter().find(|stage| stage.id == id.to_string()));
    let due = stage.and_then(|stage| stage.due.clone()).or_else(|| request.stages.iter().find_map(|stage| stage.due.clone()));
    let mut content = json!({
        "approval_id": request.id,
        "action_type": request.policy,
        "summary": summary,
        "created_at": request.created_at,
        "due": due,
        "url": confirm.unwrap_or(&request.url),
    });
    if let Some(fields) = content.as_object_mut() {
        put(fields, "person", person.map(Into::into));
        put(fields, "stage", stage.map(|stage| stage.name.clone().into()));
        put(fields, "outcome", (kind == NoticeKind::Settled).then(|| request.status.clone().into()));
        put(fields, "retryable", (kind == NoticeKind::Settled && request.status != "approved").then_some(Value::Bool(false)));
        put(fields, "reason", wire::outcome::objection(seen).map(Into::into));
        put(fields, "request", serde_json::to_value(&request).ok());
    }
    let whole = json!({ "type": type_name(kind), "timestamp": seen.now.to_string(), "data": content });
    serde_json::to_vec(&whole).unwrap_or_default()
}

/// The bare four fields, for receivers that expect just that.
#[must_use]
pub fn flat(seen: &Seen) -> Vec<u8> {
    let summary = wire_text(&wire::summary(seen));
    let whole = json!({
        "approval_id": seen.request.id.to_string(),
        "summary": summary,
        "action_type": seen.request.policy.as_str(),
        "created_at": seen.request.created_at.to_string(),
    });
    serde_json::to_vec(&whole).unwrap_or_default()
}

/// One line for a terminal.
#[must_use]
pub fn console_line(seen: &Seen, kind: NoticeKind, person: &str, public_url: &str) -> String {
    let what = type_name(kind).trim_start_matches("approval.").replace('_', " ");
    let url = wire::page_url(public_url, &seen.request.id.to_string());
    format!("to {person}: {what}: {} ({}) {url}", seen.title().text, wire::status_word(seen.status()))
}

fn wire_text(summary: &wire::SummaryBody) -> String {
    format!("SUMMARY: {}\nIMPACT: {}\nRISK: {}", summary.text, summary.impact, summary.risk)
}

fn put(fields: &mut serde_json::Map<String, Value>, name: &str, value: Option<Value>) {
    if let Some(value) = value {
        fields.insert(name.to_owned(), value);
    }
}
