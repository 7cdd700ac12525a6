//! The stable names of events.

use super::Event;

/// The names of all events, in the order of a request's life.
pub const NAMES: [&str; 28] = [
    "submitted",
    "ruled",
    "stage_opened",
    "reminded",
    "escalated",
    "decided",
    "voice_uncounted",
    "unroutable",
    "rerouted",
    "stage_closed",
    "returned",
    "revised",
    "commented",
    "attached",
    "settled",
    "summarised",
    "summary_declined",
    "notice_delivered",
    "notice_failed",
    "notice_retried",
    "notice_abandoned",
    "run_claimed",
    "execution_started",
    "execution_succeeded",
    "execution_failed",
    "execution_dead_lettered",
    "execution_retried",
    "execution_abandoned",
];

impl Event {
    /// The stable name, as the API and the stored form use it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Submitted { .. } => "submitted",
            Self::Ruled { .. } => "ruled",
            Self::StageOpened(_) => "stage_opened",
            Self::Reminded { .. } => "reminded",
            Self::Escalated(_) => "escalated",
            Self::Decided(_) => "decided",
            Self::VoiceUncounted { .. } => "voice_uncounted",
            Self::Unroutable { .. } => "unroutable",
            Self::Rerouted { .. } => "rerouted",
            Self::StageClosed { .. } => "stage_closed",
            Self::Returned { .. } => "returned",
            Self::Revised { .. } => "revised",
            Self::Settled { .. } => "settled",
            Self::Summarised { .. } => "summarised",
            Self::SummaryDeclined { .. } => "summary_declined",
            Self::NoticeDelivered { .. } => "notice_delivered",
            Self::NoticeFailed { .. } => "notice_failed",
            Self::NoticeRetried { .. } => "notice_retried",
            Self::NoticeAbandoned { .. } => "notice_abandoned",
            Self::ExecutionStarted { .. } => "execution_started",
            Self::ExecutionSucceeded(_) => "execution_succeeded",
            Self::ExecutionFailed { .. } => "execution_failed",
            Self::ExecutionDeadLettered(_) => "execution_dead_lettered",
            Self::ExecutionRetried { .. } => "execution_retried",
            Self::ExecutionAbandoned { .. } => "execution_abandoned",
            Self::RunClaimed { .. } => "run_claimed",
            Self::Commented { .. } => "commented",
            Self::Attached { .. } => "attached",
        }
    }
}
