//! A request as somebody sees it: the fold with its policy, people and contents at one moment. Pages, the
//! API, notices and the terminal all draw from this and nothing else.

use super::row::{risk_of, status_name};
use countersign_core::canonical::{Digest, digest_of};
use countersign_core::event::ContentId;
use countersign_core::id::PersonId;
use countersign_core::people::Roster;
use countersign_core::policy::Policy;
use countersign_core::request::view::StageView;
use countersign_core::request::{Facts, Request, SummaryState};
use countersign_core::stage::Stage;
use countersign_store::{Content, StatusName};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A request with what is needed to show it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The fold.
    pub request: Request,
    /// The pinned policy version.
    pub policy: Arc<Policy>,
    /// The directory at that moment.
    pub roster: Arc<Roster>,
    /// The current payload.
    pub payload: Value,
    /// Comments, summaries and captured answers by their digests.
    pub contents: Vec<Content>,
    /// The moment.
    pub now: Timestamp,
}

impl Seen {
    pub(super) fn of(request: Request, contents: Vec<Content>, policy: &Arc<Policy>, roster: &Arc<Roster>, payload: Value, now: Timestamp) -> Self {
        Self { request, policy: policy.clone(), roster: roster.clone(), payload, contents, now }
    }

    /// For asking the core; the seed is never drawn from here.
    #[must_use]
    pub fn facts(&self) -> Facts<'_> {
        Facts { now: self.now, roster: &self.roster, policy: &self.policy, payload: &self.payload, seed: [0; 32] }
    }

    /// The status word.
    #[must_use]
    pub fn status(&self) -> StatusName {
        status_name(self.request.status())
    }

    /// Rendered from the payload.
    #[must_use]
    pub fn title(&self) -> String {
        self.policy.title(&self.payload)
    }

    /// The digest of the payload's canonical bytes.
    #[must_use]
    pub fn payload_digest(&self) -> Digest {
        digest_of(&self.payload)
    }

    /// The risk that the plain summary states.
    #[must_use]
    pub fn plain_risk(&self) -> &'static str {
        risk_of(&self.request, &self.facts())
    }

    /// Who may decide now and has not.
    #[must_use]
    pub fn waiting(&self) -> BTreeSet<PersonId> {
        self.request.waiting(&self.facts())
    }

    /// A stage in words.
    #[must_use]
    pub fn stage(&self, stage: &Stage) -> StageView {
        self.request.stage_view(stage, &self.facts())
    }

    /// The bytes behind a digest, unless they were erased.
    #[must_use]
    pub fn content(&self, id: &ContentId) -> Option<&[u8]> {
        self.contents.iter().find(|content| &content.id == id).map(|content| content.bytes.as_slice())
    }

    /// The salted digest of a content as it is now, for comparison with the one on record.
    #[must_use]
    pub fn digest_now(&self, id: &ContentId) -> Option<ContentId> {
        self.contents.iter().find(|content| &content.id == id).map(|content| Digest::salted(&content.salt, &content.bytes))
    }

    /// The text behind a digest.
    #[must_use]
    pub fn text(&self, id: &ContentId) -> Option<String> {
        self.content(id).map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    /// The model's summary of the current revision as it was kept: JSON with `text`, `impact`, `risk`.
    #[must_use]
    pub fn model_summary(&self) -> Option<(String, Value)> {
        match &self.request.summary {
            SummaryState::Written { by, content } => Some((by.clone(), serde_json::from_slice(self.content(content)?).ok()?)),
            _ => None,
        }
    }

    /// Whether this person has anything to do with the request: asked for it, or asked to decide it.
    #[must_use]
    pub fn involves(&self, person: &PersonId) -> bool {
        let asked = |stage: &Stage| stage.everybody_asked().contains(person) || stage.voices.iter().any(|voice| &voice.person == person);
        self.request.excludes(person) || self.request.stages.iter().any(asked)
    }
}
