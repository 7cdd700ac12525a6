//! What of the record could tell a hidden value: reasons in words, made where a condition, a template or a check of the
//! model's words stumbled over it. Everything else in an event is a name, a time or a salted digest.

use super::{REDACTED, Veil};
use crate::event::Event;
use crate::request::Request;

/// Whether this event holds words that may be made of the payload.
#[must_use]
pub fn may_tell(event: &Event) -> bool {
    match event {
        Event::Ruled { failure, .. } => failure.is_some(),
        Event::SummaryDeclined { .. } => true,
        Event::ExecutionDeadLettered(end) => never_sent(end.token),
        _ => false,
    }
}

/// A body that could not be rendered ends its action before any attempt; what attempts are answered is words of ours.
fn never_sent(attempts: u64) -> bool {
    attempts == 0
}

impl Veil {
    /// The event behind the veil.
    #[must_use]
    pub fn over_event(&self, event: Event) -> Event {
        if self.is_empty() { event } else { without_words(event) }
    }

    /// The request behind the veil.
    pub fn over_request(&self, request: &mut Request) {
        if self.is_empty() {
            return;
        }
        for execution in request.executions.iter_mut().filter(|execution| never_sent(execution.attempts)) {
            execution.answer = execution.answer.take().map(|_| REDACTED.to_owned());
        }
    }
}

/// The event without such words, where nobody can say what they tell.
#[must_use]
pub fn without_words(mut event: Event) -> Event {
    match &mut event {
        Event::Ruled { failure, .. } => *failure = failure.take().map(|_| REDACTED.to_owned()),
        Event::SummaryDeclined { reason, .. } => REDACTED.clone_into(reason),
        Event::ExecutionDeadLettered(end) if never_sent(end.token) => REDACTED.clone_into(&mut end.answer),
        _ => {}
    }
    event
}
