//! A notice that failed for good: a dead letter until an operator tries it again or gives it up (rule 22). Notices
//! that arrive leave their event and nothing else.

use crate::event::NoticeKind;
use crate::id::{EffectId, PersonId, StageId};
use jiff::Timestamp;

/// One notice that failed for good at least once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FailedNotice {
    /// Which: also the id that its receiver knows it by, the same for every try.
    pub id: EffectId,
    /// About what.
    pub kind: NoticeKind,
    /// Whom; `None` for a webhook that takes every event.
    pub to: Option<PersonId>,
    /// In which stage, where it matters.
    pub stage: Option<StageId>,
    /// Which of the webhooks that take every event.
    pub hook: Option<String>,
    /// Where it stands.
    pub state: NoticeState,
    /// How many tries it took.
    pub attempts: u32,
    /// What the last one was answered.
    pub answer: String,
    /// When it last changed.
    pub changed_at: Timestamp,
}

/// Where such a notice stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoticeState {
    /// A dead letter.
    Failed,
    /// An operator has it tried again.
    Waiting,
    /// It arrived after all.
    Delivered,
    /// Given up by an operator.
    Abandoned,
}

impl FailedNotice {
    /// The word on the wire.
    #[must_use]
    pub fn status(&self) -> &'static str {
        match self.state {
            NoticeState::Failed => "failed",
            NoticeState::Waiting => "waiting",
            NoticeState::Delivered => "delivered",
            NoticeState::Abandoned => "abandoned",
        }
    }
}
