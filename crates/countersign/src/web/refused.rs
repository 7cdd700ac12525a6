//! Why nothing was decided, in the reader's language: what is true now, by whom and since when.

use super::frame::Frame;
use super::page;
use super::words::Phrase;
use crate::api::problem::Problem;
use crate::engine::EngineError;
use crate::engine::shelf::People;
use countersign_core::refusal::Refusal;

/// The sentence for an error: the refusal's own, with names and times as the reader knows them.
pub(super) fn sentence(frame: &Frame, people: &People, error: &EngineError) -> String {
    match error {
        EngineError::Refused(refusal) => phrase(frame, people, refusal).map(|phrase| phrase.to_string()),
        _ => None,
    }
    .unwrap_or_else(|| page::detail(frame, &Problem::from(error.clone())))
}

/// For those refusals that say what is true now; the others have one sentence each in the catalogue.
fn phrase(frame: &Frame, people: &People, refusal: &Refusal) -> Option<Phrase> {
    match refusal {
        Refusal::AlreadySettled { outcome, at, by } => {
            let names: Vec<String> = by.iter().map(|person| people.name(person)).collect();
            let phrase = if names.is_empty() { frame.say("refused-settled") } else { frame.say("refused-settled-by").arg("names", names.join(", ")) };
            Some(phrase.arg("status", frame.one("status", outcome.as_str())).arg("when", frame.time(*at).words))
        }
        Refusal::StaleRevision { seen, current } => Some(frame.say("refused-stale").arg("seen", seen.0).arg("current", current.0)),
        Refusal::TooLate { expired_at } => Some(frame.say("refused-late").arg("when", frame.time(*expired_at).words)),
        _ => None,
    }
}
