//! The stages as people read them: who agreed, who is asked, who may not and why.

use super::when::{When, Zone, apart};
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
    pub status: &'static str,
    /// For the style sheet.
    pub class: &'static str,
    /// `1 of 2 have agreed`
    pub progress: String,
    /// Everybody in it.
    pub people: Vec<PersonLine>,
    /// The next escalation or expiry and how far away it is, while open.
    pub due: Option<(When, String)>,
}

/// Somebody in a stage.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PersonLine {
    /// Their name.
    pub name: String,
    /// `said yes`, `is asked` …
    pub state: String,
    /// For the style sheet.
    pub class: &'static str,
}

/// All openings of this revision's stages.
#[must_use]
pub fn stages(seen: &Seen, zone: &Zone) -> Vec<StageLine> {
    seen.request.stages.iter().map(|stage| line(seen, stage, zone)).collect()
}

fn line(seen: &Seen, stage: &Stage, zone: &Zone) -> StageLine {
    let view = seen.stage(stage);
    let (status, class) = match stage.closed.map(|(result, _)| result) {
        None if stage.unroutable => ("nobody left to ask", "bad"),
        None => ("open", "open"),
        Some(StageResult::Approved) => ("approved", "good"),
        Some(StageResult::Rejected) => ("rejected", "bad"),
        Some(StageResult::Expired) => ("expired", "bad"),
        Some(StageResult::Voided) => ("ended without a result", "quiet"),
    };
    let mut everybody = view.approvers.clone();
    everybody.extend(stage.everybody_asked().into_iter().filter(|person| !view.approvers.contains(person)));
    let waiting = seen.waiting();
    StageLine {
        name: view.name,
        status,
        class,
        progress: format!("{} of {} have agreed", view.filled, view.quorum),
        people: everybody.iter().map(|person| person_line(seen, stage, person, waiting.contains(person))).collect(),
        due: view.due.map(|due| (zone.at(due), distance(seen, due))),
    }
}

fn distance(seen: &Seen, due: jiff::Timestamp) -> String {
    let apart = apart(seen.now, due);
    if due > seen.now { format!("in {apart}") } else { format!("{apart} ago") }
}

fn person_line(seen: &Seen, stage: &Stage, person: &PersonId, waiting: bool) -> PersonLine {
    let (state, class) = match stage.voice(person).map(|voice| voice.decision) {
        Some(Decision::Approve) => ("said yes", "good"),
        Some(Decision::Reject) => ("said no", "bad"),
        Some(Decision::RequestChanges) => ("asked for changes", "bad"),
        None if stage.voices.iter().any(|voice| &voice.person == person) => ("said something that no longer counts", "quiet"),
        None if seen.request.excludes(person) => ("may not: nobody decides their own request", "quiet"),
        None if !seen.roster.is_active(person) => ("has left", "quiet"),
        None if stage.closed.is_some() => ("was asked", "quiet"),
        None if waiting => ("is asked", "open"),
        None => ("may no longer decide here", "quiet"),
    };
    PersonLine { name: name(seen, person), state: state.to_owned(), class }
}

/// A person's name as others see it.
#[must_use]
pub fn name(seen: &Seen, person: &PersonId) -> String {
    seen.roster.person(person).map_or_else(|| person.to_string(), |person| person.name.clone())
}
