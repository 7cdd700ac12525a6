//! Why a request stands where it stands: who blocks it, since when, what would unblock it, and what happens
//! at the next wake-up.

use super::outcome::{objection, outcome};
use crate::engine::Seen;
use countersign_core::execution::ExecutionState;
use countersign_core::id::PersonId;
use countersign_core::request::view::{Status, Timer};
use countersign_core::stage::Stage;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The answer to "why does it not move?".
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct WhyBody {
    /// The status.
    pub status: String,
    /// One sentence.
    pub sentence: String,
    /// Who may decide now and has not.
    pub waiting_for: Vec<String>,
    /// Since when they are asked.
    pub since: Option<String>,
    /// What would move it.
    pub unblocked_by: String,
    /// What happens next by itself.
    pub next: Option<NextBody>,
    /// Everybody asked in an open stage who may not decide, with the reason.
    pub excluded: Vec<ExcludedBody>,
}

/// What happens at the next wake-up.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct NextBody {
    /// When.
    pub at: String,
    /// `remind`, `escalate` or `expire`.
    pub what: String,
    /// In words.
    pub sentence: String,
}

/// Somebody who may not decide.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ExcludedBody {
    /// Who.
    pub person: String,
    /// Why.
    pub reason: String,
}

/// Why this request stands where it stands.
#[must_use]
pub fn why(seen: &Seen) -> WhyBody {
    let waiting: Vec<String> = seen.waiting().iter().map(ToString::to_string).collect();
    let (sentence, unblocked_by) = words(seen, &waiting);
    WhyBody {
        status: super::status_word(seen.status()).to_owned(),
        sentence,
        since: seen.request.open_stages().map(|stage| stage.opened_at).min().map(|at| at.to_string()),
        unblocked_by,
        next: next(seen),
        excluded: excluded(seen),
        waiting_for: waiting,
    }
}

fn words(seen: &Seen, waiting: &[String]) -> (String, String) {
    match seen.request.status() {
        Status::Settled(_) => (ended(seen), owed(seen).unwrap_or_else(|| "nothing: an outcome is final".into())),
        Status::Returned => {
            let by = seen.request.returned_by.as_ref().map_or_else(String::new, ToString::to_string);
            let words = objection(seen).map(|text| format!(": {text}")).unwrap_or_default();
            (format!("{by} asked for changes{words}"), format!("a new revision from {}", seen.request.requester))
        }
        Status::Unroutable => (
            "nobody is left to ask: fewer people may decide than the quorum needs".into(),
            "people in the directory, or an operator who reassigns it".into(),
        ),
        Status::Pending => {
            let stages: Vec<String> = seen.request.open_stages().map(|stage| progress(seen, stage)).collect();
            (format!("it waits for {}: {}", waiting.join(", "), stages.join("; ")), format!("a decision of {}", waiting.join(" or ")))
        }
    }
}

/// How it ended, by whom, why, and what of its actions did not come about.
fn ended(seen: &Seen) -> String {
    let Some(end) = outcome(seen) else { return String::new() };
    let by = if end.decided_by.is_empty() { String::new() } else { format!(" by {}", end.decided_by.join(", ")) };
    let reason = end.reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    let undone = seen.request.executions.iter().filter_map(|execution| match execution.state {
        ExecutionState::Failed => Some(format!("; `{}` failed for good ({})", execution.action, execution.answer.as_deref().unwrap_or("no answer"))),
        ExecutionState::Abandoned => Some(format!("; `{}` was abandoned", execution.action)),
        _ => None,
    });
    format!("it was {}{by}{reason}{}", end.outcome, undone.collect::<String>())
}

/// Who must do what for the actions that failed, and which wait for them.
fn owed(seen: &Seen) -> Option<String> {
    let mut after = seen.request.executions.iter().skip_while(|execution| execution.state != ExecutionState::Failed);
    let failed = after.next()?;
    let what = if failed.body.is_some() { "retries or abandons" } else { "abandons" };
    let waiting: Vec<String> = after.map(|execution| format!("`{}`", execution.action)).collect();
    let waiting = if waiting.is_empty() { String::new() } else { format!("; {} waits for it", waiting.join(", ")) };
    Some(format!("an operator who {what} `{}`{waiting}", failed.action))
}

fn progress(seen: &Seen, stage: &Stage) -> String {
    let view = seen.stage(stage);
    format!("{} has {} of {}", view.name, view.filled, view.quorum)
}

fn next(seen: &Seen) -> Option<NextBody> {
    let (at, timer) = seen.next_timer()?;
    let (what, sentence) = match timer {
        Timer::Remind(nth) => ("remind", format!("those who have not decided are asked again (reminder {nth})")),
        Timer::Escalate(level) => ("escalate", escalation(level, &seen.next_asks())),
        Timer::Expire => ("expire", "the stage gives up".to_owned()),
    };
    Some(NextBody { at: at.to_string(), what: what.into(), sentence })
}

/// Whom a level asks, as its selectors name them today.
fn escalation(level: usize, people: &[PersonId]) -> String {
    let names: Vec<&str> = people.iter().map(PersonId::as_str).collect();
    let level = level + 1;
    if names.is_empty() {
        format!("level {level} asks nobody: whom it names may not decide")
    } else {
        format!("level {level} asks {}", names.join(", "))
    }
}

fn excluded(seen: &Seen) -> Vec<ExcludedBody> {
    let may = seen.waiting();
    let reason = |person: &PersonId, stage: &Stage| {
        if seen.request.excludes(person) {
            "nobody decides their own request"
        } else if !seen.roster.is_active(person) {
            "has left"
        } else if stage.voice(person).is_some() {
            "has decided"
        } else {
            "is no longer selected, was replaced, or has a voice in another stage"
        }
    };
    let asked = seen.request.open_stages().flat_map(|stage| stage.everybody_asked().into_iter().map(move |person| (person, stage)));
    let out = asked.filter(|(person, _)| !may.contains(person));
    let mut list: Vec<ExcludedBody> =
        out.map(|(person, stage)| ExcludedBody { person: person.to_string(), reason: reason(&person, stage).into() }).collect();
    let requester = &seen.request.requester;
    if seen.request.settled.is_none() && !list.iter().any(|entry| entry.person == requester.as_str()) {
        list.push(ExcludedBody { person: requester.to_string(), reason: "nobody decides their own request".into() });
    }
    list
}
