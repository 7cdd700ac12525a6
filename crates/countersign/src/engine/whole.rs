//! A request with everything in it, for the engine and its workers: what is decided, rendered and executed. No door gets
//! one: what leaves the engine is [`Seen`], the request as one reader sees it, and [`Whole::shown_to`] is the only way
//! from the one to the other.

use super::caller::Caller;
use super::seen::Seen;
use countersign_core::canonical::Digest;
use countersign_core::event::{ContentId, Event};
use countersign_core::id::PersonId;
use countersign_core::people::Roster;
use countersign_core::policy::Policy;
use countersign_core::policy::sight::Viewer;
use countersign_core::request::view::StageView;
use countersign_core::request::{Facts, Request};
use countersign_core::stage::Stage;
use countersign_store::Content;
use jiff::Timestamp;
use serde_json::Value;
use std::sync::Arc;

/// A request with everything in it.
#[derive(Clone, Debug)]
pub struct Whole {
    /// The fold.
    pub request: Request,
    /// The pinned policy version.
    pub policy: Arc<Policy>,
    /// The directory at that moment.
    pub roster: Arc<Roster>,
    /// The moment.
    pub now: Timestamp,
    pub(super) payload: Value,
    pub(super) contents: Vec<Content>,
}

impl Whole {
    pub(super) fn of(request: Request, contents: Vec<Content>, policy: &Arc<Policy>, roster: &Arc<Roster>, payload: Value, now: Timestamp) -> Self {
        Self { request, policy: policy.clone(), roster: roster.clone(), payload, contents, now }
    }

    /// For asking the core; the seed is never drawn from here.
    pub(super) fn facts(&self) -> Facts<'_> {
        Facts { now: self.now, roster: &self.roster, policy: &self.policy, payload: &self.payload, seed: [0; 32] }
    }

    /// The request as this caller sees it.
    #[must_use]
    pub fn shown_to(self, caller: &Caller) -> Seen {
        let viewer = caller.viewer(&self.request);
        self.shown_as(viewer)
    }

    /// The request as somebody sees it who does not call.
    #[must_use]
    pub fn shown_as(self, viewer: Viewer<'_>) -> Seen {
        let veil = self.policy.veil(viewer, &self.roster);
        Seen::behind(veil, self)
    }

    /// The request as this person sees it, whom a notice goes to.
    #[must_use]
    pub fn shown_to_person(self, person: &PersonId) -> Seen {
        let viewer = self.request.viewer(person);
        self.shown_as(viewer)
    }

    /// The request with its record, as this caller sees them.
    #[must_use]
    pub fn shown_with(self, events: Vec<(Timestamp, Event)>, caller: &Caller) -> (Seen, Vec<(Timestamp, Event)>) {
        let mut seen = self.shown_to(caller);
        seen.hear(&events);
        let events = events.into_iter().map(|(at, event)| (at, seen.veil.over_event(event))).collect();
        (seen, events)
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
}
