//! The stages as people read them: who agreed, who is asked, who may not and why.

use super::words::{Phrase, When, Words};
use crate::engine::Seen;
use countersign_core::event::{Decision, StageResult};
use countersign_core::id::PersonId;
use countersign_core::stage::Stage;

/// One stage.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StageLine {
    /// As the policy names it.
    pub name: String,
    /// Open, approved, rejected, expired, or started again.
    pub status: String,
    /// For the style sheet.
    pub class: &'static str,
    /// How many have agreed, of how many that are needed.
    pub voices: (usize, usize),
    /// Everybody in it.
    pub people: Vec<PersonLine>,
    /// The next escalation or expiry and how far away it is, while open.
    pub due: Option<(When, When)>,
}

/// Somebody in a stage.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PersonLine {
    /// Their name.
    pub name: String,
    /// The first letters of their names.
    pub initials: String,
    /// `said yes`, `is asked` …
    pub state: String,
    /// For the style sheet.
    pub class: &'static str,
    /// When they said it.
    pub at: Option<When>,
}

/// All openings of this revision's stages.
#[must_use]
pub fn stages(seen: &Seen, words: &Words) -> Vec<StageLine> {
    seen.request.stages.iter().map(|stage| line(seen, stage, words)).collect()
}

fn line(seen: &Seen, stage: &Stage, words: &Words) -> StageLine {
    let view = seen.stage(stage);
    let (status, class) = match stage.closed.map(|(result, _)| result) {
        None if stage.unroutable => (words.say("stage-nobody"), "bad"),
        None => (words.say("stage-open"), "pending"),
        Some(StageResult::Approved) => (words.say("stage-approved"), "good"),
        Some(StageResult::Rejected) => (words.say("stage-rejected"), "bad"),
        Some(StageResult::Expired) => (words.say("stage-expired"), "bad"),
        Some(StageResult::Voided) => (words.say("stage-voided"), "quiet"),
    };
    let mut everybody = view.approvers.clone();
    everybody.extend(stage.everybody_asked().into_iter().filter(|person| !view.approvers.contains(person)));
    everybody.sort_by_key(|person| stage.voice(person).map_or(jiff::Timestamp::MAX, |voice| voice.at));
    let waiting = seen.waiting();
    StageLine {
        name: view.name,
        status: status.to_string(),
        class,
        voices: (view.filled, view.quorum),
        people: everybody.iter().map(|person| person_line(seen, stage, person, waiting.contains(person), words)).collect(),
        due: view.due.map(|due| (words.time(due), words.relative(due))),
    }
}

fn person_line(seen: &Seen, stage: &Stage, person: &PersonId, waiting: bool, words: &Words) -> PersonLine {
    let voice = stage.voice(person);
    let (state, class) = state(seen, stage, person, waiting, words);
    let name = name(seen, person);
    PersonLine { initials: initials(&name), name, state: state.to_string(), class, at: voice.map(|voice| words.relative(voice.at)) }
}

fn state(seen: &Seen, stage: &Stage, person: &PersonId, waiting: bool, words: &Words) -> (Phrase, &'static str) {
    match stage.voice(person).map(|voice| voice.decision) {
        Some(Decision::Approve) => (words.say("person-yes"), "good"),
        Some(Decision::Reject) => (words.say("person-no"), "bad"),
        Some(Decision::RequestChanges) => (words.say("person-changes"), "bad"),
        None if stage.voices.iter().any(|voice| &voice.person == person) => (words.say("person-lapsed"), "quiet"),
        None if seen.request.excludes(person) => (words.say("person-own"), "quiet"),
        None if !seen.roster.is_active(person) => (words.say("person-left"), "quiet"),
        None if stage.closed.is_some() => (words.say("person-was-asked"), "quiet"),
        None if waiting => (words.say("person-asked"), "open"),
        None => (words.say("person-not-now"), "quiet"),
    }
}

/// A person's name as others see it.
#[must_use]
pub fn name(seen: &Seen, person: &PersonId) -> String {
    seen.roster.person(person).map_or_else(|| person.to_string(), |person| person.name.clone())
}

/// `MC` for Mia Chen.
#[must_use]
pub fn initials(name: &str) -> String {
    let mut first = name.split_whitespace().filter_map(|word| word.chars().next());
    let begin = first.next();
    begin.into_iter().chain(first.next_back()).flat_map(char::to_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_those_of_the_first_and_the_last_name() {
        assert_eq!([initials("Mia Chen"), initials("Émile de la Tour"), initials("ada"), initials("")], ["MC", "ÉT", "A", ""]);
    }
}
