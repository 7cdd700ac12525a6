//! A request as one reader sees it: the fold with its policy, people and contents at one moment, behind the veil that
//! the policy draws for that reader. Pages, the API, notices and the terminal all draw from this and nothing else; the
//! payload that was submitted cannot be reached through it.

use super::row::{risk_of, status_name};
use super::whole::Whole;
use countersign_core::canonical::{Digest, digest_of};
use countersign_core::event::{ContentId, Event};
use countersign_core::id::PersonId;
use countersign_core::people::Roster;
use countersign_core::policy::evaluate::Evaluation;
use countersign_core::policy::explain::RuleTrace;
use countersign_core::policy::select::Asking;
use countersign_core::policy::sight::Veil;
use countersign_core::policy::template::Title;
use countersign_core::policy::{Policy, Selector};
use countersign_core::request::view::{StageView, Timer};
use countersign_core::request::{Facts, Request, SummaryState};
use countersign_core::stage::Stage;
use countersign_store::{Content, StatusName};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A request with what is needed to show it to one reader.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The fold.
    pub request: Request,
    /// The pinned policy version.
    pub policy: Arc<Policy>,
    /// The directory at that moment.
    pub roster: Arc<Roster>,
    /// The current payload as this reader sees it: a field that is kept back is a mark.
    pub payload: Value,
    /// What is kept back.
    pub veil: Veil,
    /// The moment.
    pub now: Timestamp,
    /// For asking the core, never for showing; `None` where it is the same.
    whole: Option<Value>,
    contents: Vec<Content>,
    /// What people said: the only contents that are shown from behind a veil. The others are, or are made of, payloads.
    said: BTreeSet<ContentId>,
}

impl Seen {
    pub(super) fn behind(veil: Veil, whole: Whole) -> Self {
        let Whole { mut request, policy, roster, now, payload, contents } = whole;
        if veil.is_empty() {
            return Self { request, policy, roster, payload, veil, now, whole: None, contents, said: BTreeSet::new() };
        }
        veil.over_request(&mut request);
        let voices = request.stages.iter().flat_map(|stage| &stage.voices).filter_map(|voice| voice.comment);
        let said = voices.chain(request.attachments.iter().map(|attachment| attachment.about)).collect();
        Self { payload: veil.over(&payload), request, policy, roster, veil, now, whole: Some(payload), contents, said }
    }

    fn submitted(&self) -> &Value {
        self.whole.as_ref().unwrap_or(&self.payload)
    }

    /// What else was said, as the record tells.
    pub(super) fn hear(&mut self, events: &[(Timestamp, Event)]) {
        self.said.extend(events.iter().filter_map(|(_, event)| words_of(event)));
    }

    /// For asking the core; the seed is never drawn from here.
    pub(super) fn facts(&self) -> Facts<'_> {
        Facts { now: self.now, roster: &self.roster, policy: &self.policy, payload: self.submitted(), seed: [0; 32] }
    }

    /// The status word.
    #[must_use]
    pub fn status(&self) -> StatusName {
        status_name(self.request.status())
    }

    /// Rendered from the payload; what some may not see is no part of a title.
    #[must_use]
    pub fn title(&self) -> Title {
        self.policy.title(&self.payload)
    }

    /// The digest of the payload's canonical bytes. Nothing behind a veil: whoever knows the other fields could try
    /// values until the digest fits.
    #[must_use]
    pub fn payload_digest(&self) -> Option<Digest> {
        self.veil.is_empty().then(|| digest_of(&self.payload))
    }

    /// The payload that this event brought, as this reader sees it.
    #[must_use]
    pub fn proposed(&self, event: &Event) -> Option<Value> {
        let (Event::Submitted { payload, .. } | Event::Revised { payload, .. }) = event else { return None };
        let content = self.contents.iter().find(|content| content.id == *payload)?;
        Some(self.veil.over(&serde_json::from_slice(&content.bytes).ok()?))
    }

    /// The risk that the plain summary states.
    #[must_use]
    pub fn plain_risk(&self) -> &'static str {
        risk_of(&self.request, &self.facts())
    }

    /// Every rule of the policy and what became of it, with the values that this reader sees.
    #[must_use]
    pub fn rules(&self) -> Vec<RuleTrace> {
        let at = self.request.created_at;
        let evaluation = Evaluation {
            payload: self.submitted(),
            requester: &self.request.requester,
            roster: &self.roster,
            now: at,
            created_at: at,
            revision: self.request.revision,
        };
        self.policy.rule_traces(&evaluation, &self.veil)
    }

    /// Who may decide now and has not.
    #[must_use]
    pub fn waiting(&self) -> BTreeSet<PersonId> {
        self.request.waiting(&self.facts())
    }

    /// Whom the selectors name now; the requester may be among them.
    #[must_use]
    pub fn resolve(&self, selectors: &[Selector]) -> BTreeSet<PersonId> {
        let asking = Asking { requester: &self.request.requester, payload: self.submitted(), roster: &self.roster, now: self.now };
        self.policy.resolve(selectors, &asking)
    }

    /// What happens next by itself, and when.
    #[must_use]
    pub fn next_timer(&self) -> Option<(Timestamp, Timer)> {
        self.request.next_timer(&self.facts())
    }

    /// Whom the next escalation would ask.
    #[must_use]
    pub fn next_asks(&self) -> Vec<PersonId> {
        self.request.next_asks(&self.facts())
    }

    /// Whether this person's approval must be signed.
    #[must_use]
    pub fn asks_for_passkey(&self, person: &PersonId) -> bool {
        self.request.asks_for_passkey(person, &self.facts())
    }

    /// A stage in words.
    #[must_use]
    pub fn stage(&self, stage: &Stage) -> StageView {
        self.request.stage_view(stage, &self.facts())
    }

    /// The bytes behind a digest, unless they were erased or could tell what is kept back.
    #[must_use]
    pub fn content(&self, id: &ContentId) -> Option<&[u8]> {
        let shown = self.veil.is_empty() || self.said.contains(id);
        self.contents.iter().find(|content| shown && &content.id == id).map(|content| content.bytes.as_slice())
    }

    /// The text behind a digest.
    #[must_use]
    pub fn text(&self, id: &ContentId) -> Option<String> {
        self.content(id).map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    /// The model's summary of the current revision as it was kept: JSON with `text`, `impact`, `risk`. Nothing behind a
    /// veil: the model read all of the payload.
    #[must_use]
    pub fn model_summary(&self) -> Option<(String, Value)> {
        match &self.request.summary {
            SummaryState::Written { by, content } => Some((by.clone(), serde_json::from_slice(self.content(content)?).ok()?)),
            _ => None,
        }
    }
}

/// What somebody said with this event.
fn words_of(event: &Event) -> Option<ContentId> {
    match event {
        Event::Decided(decided) => decided.comment,
        Event::Commented { comment, .. } => Some(*comment),
        Event::ExecutionAbandoned { reason, .. } | Event::NoticeAbandoned { reason, .. } => *reason,
        Event::Attached { attachment, .. } => Some(attachment.about),
        _ => None,
    }
}
