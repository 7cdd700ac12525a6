//! The engine's own form of work in the outbox, and the lane that each piece travels in: rows for one
//! endpoint are limited together, so that a slow receiver delays only itself.

use super::shelf::People;
use countersign_core::event::{Event, NoticeKind};
use countersign_core::notice::FailedNotice;
use countersign_core::policy::{OutcomeName, Policy, Target};
use countersign_core::request::{Decided, Effect};
use serde::{Deserialize, Serialize};

/// A webhook that takes every event of some kinds.
#[derive(Clone, Debug)]
pub struct Hook {
    /// Stable: the digest of its URL.
    pub id: String,
    /// Its lane.
    pub lane: String,
    /// Where.
    pub url: String,
    /// Signs the body.
    pub secret: Option<String>,
    /// Patterns like `approval.*`.
    pub events: Vec<String>,
    /// Of these policies only; of all where it is empty.
    pub policies: Vec<String>,
    /// The bare four fields at the top level, for receivers that expect just that.
    pub flat: bool,
}

/// One piece of work, as the outbox stores it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Owed {
    /// Ask the model.
    Summarise {
        /// For this revision.
        revision: u32,
    },
    /// Tell a person.
    Notify {
        /// About what.
        #[serde(with = "kind_name")]
        kind: NoticeKind,
        /// Whom.
        to: String,
        /// In which stage.
        stage: Option<u32>,
    },
    /// Tell a webhook that takes every event.
    Publish {
        /// Which hook.
        hook: String,
        /// About what.
        #[serde(with = "kind_name")]
        kind: NoticeKind,
    },
    /// Run an action.
    Execute {
        /// Which.
        action: String,
    },
}

impl Owed {
    pub(super) fn of(effect: &Effect) -> Self {
        match effect {
            Effect::Summarise { revision } => Self::Summarise { revision: revision.0 },
            Effect::Notify { kind, to, stage, .. } => Self::Notify { kind: *kind, to: to.to_string(), stage: stage.map(|id| id.0) },
            Effect::Execute { action } => Self::Execute { action: action.to_string() },
            Effect::Retell { notice } => match &notice.to {
                Some(to) => Self::Notify { kind: notice.kind, to: to.to_string(), stage: notice.stage.map(|id| id.0) },
                None => Self::Publish { hook: notice.hook.clone().unwrap_or_default(), kind: notice.kind },
            },
            Effect::Release => Self::Summarise { revision: 0 },
        }
    }

    /// As stored.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// As read back.
    ///
    /// # Errors
    /// When it is none of ours.
    pub fn decode(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }
}

/// Scheme, host and port of a URL: what a lane is named after.
#[must_use]
pub fn lane_of_url(url: &str) -> String {
    url::Url::parse(url).map_or_else(|_| "invalid".into(), |url| url.origin().ascii_serialization())
}

pub(super) fn lane(effect: &Effect, people: &People, hooks: &[Hook], policy: &Policy) -> String {
    match effect {
        Effect::Summarise { .. } | Effect::Release => "summary".into(),
        Effect::Notify { to, .. } | Effect::Retell { notice: FailedNotice { to: Some(to), .. } } => {
            people.routes(to).first().map_or_else(|| "inbox".into(), |route| route.lane())
        }
        Effect::Retell { notice } => {
            hooks.iter().find(|hook| Some(&hook.id) == notice.hook.as_ref()).map_or_else(|| "hook".into(), |hook| hook.lane.clone())
        }
        Effect::Execute { action } => {
            let all = policy.on.values().flat_map(|consequences| &consequences.actions);
            match all.filter(|spec| &spec.name == action).map(|spec| &spec.target).next() {
                Some(Target::Http { url, .. }) => lane_of_url(url),
                _ => "command".into(),
            }
        }
    }
}

/// What the all-events webhooks are owed for a decision: each kind of notice once per hook.
pub(super) fn published<'a>(hooks: &'a [Hook], decided: &Decided) -> Vec<(&'a Hook, NoticeKind)> {
    if hooks.is_empty() {
        return Vec::new();
    }
    let policy = decided.request.policy.as_str();
    let kinds = decided.events.iter().filter_map(|event| public_kind(event, decided));
    let pairs = kinds.flat_map(|kind| hooks.iter().filter(move |hook| hook.takes(kind, policy)).map(move |hook| (hook, kind)));
    pairs.collect()
}

fn public_kind(event: &Event, decided: &Decided) -> Option<NoticeKind> {
    match event {
        Event::StageOpened(opened) => {
            let first = decided.request.stages.first().is_some_and(|stage| stage.id == opened.stage);
            first.then_some(NoticeKind::Requested)
        }
        Event::Reminded { .. } => Some(NoticeKind::Reminded),
        Event::Escalated(_) => Some(NoticeKind::Escalated),
        Event::Settled { .. } => Some(NoticeKind::Settled),
        Event::Returned { .. } => Some(NoticeKind::Returned),
        Event::Revised { lapsed, .. } if !lapsed.is_empty() => Some(NoticeKind::Lapsed),
        Event::Unroutable { .. } => Some(NoticeKind::Unroutable),
        Event::ExecutionDeadLettered(_) => Some(NoticeKind::DeadLettered),
        _ => None,
    }
}

impl Hook {
    /// Whether it wants events of this kind. A flat receiver expects new requests and nothing else.
    fn takes(&self, kind: NoticeKind, policy: &str) -> bool {
        let wanted = self.events.iter().any(|pattern| matches(pattern, type_name(kind)));
        let here = self.policies.is_empty() || self.policies.iter().any(|name| name == policy);
        wanted && here && (!self.flat || kind == NoticeKind::Requested)
    }
}

/// Whether a pattern, a name or a stem with `*` at its end, means this `type`.
fn matches(pattern: &str, name: &str) -> bool {
    pattern == name || pattern.strip_suffix('*').is_some_and(|stem| name.starts_with(stem))
}

/// Whether a pattern means anything that is ever sent.
#[must_use]
pub fn means_something(pattern: &str) -> bool {
    KINDS.into_iter().any(|kind| matches(pattern, type_name(kind)))
}

const KINDS: [NoticeKind; 8] = [
    NoticeKind::Requested,
    NoticeKind::Reminded,
    NoticeKind::Escalated,
    NoticeKind::Settled,
    NoticeKind::Returned,
    NoticeKind::Lapsed,
    NoticeKind::Unroutable,
    NoticeKind::DeadLettered,
];

/// Every `type` that is sent.
#[must_use]
pub fn type_names() -> [&'static str; 8] {
    KINDS.map(type_name)
}

/// The `type` of a notice on the wire.
#[must_use]
pub fn type_name(kind: NoticeKind) -> &'static str {
    match kind {
        NoticeKind::Requested => "approval.requested",
        NoticeKind::Reminded => "approval.reminded",
        NoticeKind::Escalated => "approval.escalated",
        NoticeKind::Settled => "approval.settled",
        NoticeKind::Returned => "approval.returned",
        NoticeKind::Lapsed => "approval.lapsed",
        NoticeKind::Unroutable => "approval.unroutable",
        NoticeKind::DeadLettered => "approval.dead_lettered",
    }
}

/// The kind of this `type`.
#[must_use]
pub fn kind_of(name: &str) -> Option<NoticeKind> {
    KINDS.into_iter().find(|kind| type_name(*kind) == name)
}

/// The name of the outcome, where lists need a static word.
#[must_use]
pub fn outcome_of(name: &str) -> Option<OutcomeName> {
    [OutcomeName::Approved, OutcomeName::Rejected, OutcomeName::Expired, OutcomeName::Withdrawn].into_iter().find(|outcome| outcome.as_str() == name)
}

mod kind_name {
    use super::{NoticeKind, kind_of, type_name};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's `with` passes references")]
    pub(super) fn serialize<S: Serializer>(kind: &NoticeKind, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(type_name(*kind))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<NoticeKind, D::Error> {
        let name = String::deserialize(from)?;
        kind_of(&name).ok_or_else(|| D::Error::custom("no kind of notice"))
    }
}
