//! The conversation beside a request, as data: comments, files, and the words that came with decisions, in order.

use super::event::decision_word;
use crate::attachment::About;
use crate::engine::Seen;
use countersign_core::canonical::Digest;
use countersign_core::event::{Actor, Attachment, Event};
use countersign_core::id::RequestId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How the id of a file begins.
const ATTACHMENT_PREFIX: &str = "att_";

/// Something that somebody said.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct SaidBody {
    /// The number of its event in the request.
    pub number: u64,
    /// `comment`, `attachment` or `decision`.
    pub kind: String,
    /// RFC 3339, UTC.
    pub at: String,
    /// The person who said it, or for whom a key did.
    pub person: Option<String>,
    /// The key that said it for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The words; nothing where there were none, or where they were erased.
    pub text: Option<String>,
    /// approve, reject or request_changes, where the words came with a decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<String>,
    /// The file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachment: Option<AttachmentBody>,
}

/// A file beside a request.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct AttachmentBody {
    /// `att_…`
    pub id: String,
    /// What it is called; nothing where it was erased.
    pub name: Option<String>,
    /// Its type, as it was recognised.
    pub media_type: Option<String>,
    /// How long it is.
    pub bytes: u64,
    /// Where it is: always given as a file to save, never shown in place.
    pub url: String,
}

/// The conversation, oldest first.
#[must_use]
pub fn thread(seen: &Seen, events: &[(Timestamp, Event)]) -> Vec<SaidBody> {
    events.iter().zip(1_u64..).filter_map(|((at, event), number)| said(seen, number, *at, event)).collect()
}

fn said(seen: &Seen, number: u64, at: Timestamp, event: &Event) -> Option<SaidBody> {
    let (kind, by, text) = match event {
        Event::Commented { by, comment } => ("comment", by.clone(), Some(*comment)),
        Event::Attached { by, .. } => ("attachment", by.clone(), None),
        Event::Decided(decided) => ("decision", Actor::Person(decided.person.clone()), Some(decided.comment?)),
        _ => return None,
    };
    let (person, key) = match by {
        Actor::Person(person) => (Some(person.to_string()), None),
        Actor::Key { key, person } => (person.as_ref().map(ToString::to_string), Some(key.to_string())),
        Actor::Engine => (None, None),
    };
    let (decision, attachment) = match event {
        Event::Decided(decided) => (Some(decision_word(decided.decision).to_owned()), None),
        Event::Attached { attachment, .. } => (None, Some(attachment_body(seen, attachment))),
        _ => (None, None),
    };
    let text = text.and_then(|id| seen.text(&id));
    Some(SaidBody { number, kind: kind.to_owned(), at: at.to_string(), person, key, text, decision, attachment })
}

/// A file as the API describes it.
#[must_use]
pub fn attachment_body(seen: &Seen, attachment: &Attachment) -> AttachmentBody {
    let about = seen.content(&attachment.about).and_then(|bytes| serde_json::from_slice::<About>(bytes).ok());
    let (name, media_type) = about.map(|about| (about.name, about.media_type)).unzip();
    let id = attachment_id(&attachment.file);
    let url = attachment_url(seen.request.id, &id);
    AttachmentBody { id, name, media_type, bytes: attachment.bytes, url }
}

/// The id of a file.
#[must_use]
pub fn attachment_id(file: &Digest) -> String {
    format!("{ATTACHMENT_PREFIX}{}", file.hex())
}

/// The file of this id.
#[must_use]
pub fn attachment_of(id: &str) -> Option<Digest> {
    Digest::parse(&format!("sha256:{}", id.strip_prefix(ATTACHMENT_PREFIX)?))
}

fn attachment_url(request: RequestId, id: &str) -> String {
    format!("/v1/requests/{request}/attachments/{id}")
}
