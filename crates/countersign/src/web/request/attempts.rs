//! What was carried out after the outcome: each action with every attempt and what the receiver answered.

use crate::engine::Seen;
use crate::summary::visible::visible;
use crate::web::words::{When, Words};
use countersign_core::event::Event;
use countersign_core::id::ActionName;
use countersign_core::policy::sight::REDACTED;
use jiff::Timestamp;

/// One action.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Action {
    /// As the policy names it.
    pub name: String,
    /// waiting, running, succeeded, failed or abandoned.
    pub status: &'static str,
    /// How many attempts began.
    pub count: u64,
    /// What happened, in order.
    pub attempts: Vec<Attempt>,
}

/// One moment of an attempt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attempt {
    /// When.
    pub at: When,
    /// The attempt's number, and what became of it.
    pub nth: u64,
    /// In words.
    pub words: String,
}

/// All actions, in order.
#[must_use]
pub fn actions(seen: &Seen, events: &[(Timestamp, Event)], words: &Words) -> Vec<Action> {
    let action = |execution: &countersign_core::execution::Execution| Action {
        name: execution.action.to_string(),
        status: execution.status(),
        count: execution.attempts,
        attempts: events.iter().filter_map(|(at, event)| attempt(*at, event, &execution.action, words)).collect(),
    };
    seen.request.executions.iter().map(action).collect()
}

/// The end of an attempt at this action: what began and has not ended is told by the action's status.
fn attempt(at: Timestamp, event: &Event, wanted: &ActionName, words: &Words) -> Option<Attempt> {
    let (end, phrase) = match event {
        Event::ExecutionSucceeded(end) => (end, words.say("attempt-answer")),
        Event::ExecutionFailed { attempt, retry_at } => (attempt, words.say("attempt-again").arg("when", words.relative(*retry_at).words)),
        Event::ExecutionDeadLettered(end) => (end, words.say("attempt-dead")),
        _ => return None,
    };
    let words_said = phrase.arg("answer", answer(&end.answer, words)).to_string();
    (end.action == *wanted).then(|| Attempt { at: words.time(at), nth: end.token, words: words_said })
}

fn answer(answer: &str, words: &Words) -> String {
    if answer == REDACTED { words.say("fact-redacted").to_string() } else { visible(answer).into_owned() }
}
