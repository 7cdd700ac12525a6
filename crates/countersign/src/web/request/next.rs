//! What happens next: whom it waits for, and what the next deadline does.

use crate::engine::Seen;
use crate::web::stages::name;
use crate::web::words::{Phrase, When, Words};
use countersign_core::id::PersonId;
use countersign_core::policy::{LevelMode, OnExpiry, StageSpec};
use countersign_core::request::view::{Status, Timer};
use std::collections::BTreeSet;

/// What happens next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Next {
    /// Whom it waits for, or what would move it.
    pub waits: String,
    /// When the next timer fires, how far away that is, and what it does.
    pub timer: Option<(When, When, String)>,
}

/// What happens next.
#[must_use]
pub fn next(seen: &Seen, words: &Words) -> Next {
    let timer = seen.next_timer();
    Next {
        waits: waits(seen, words).to_string(),
        timer: timer.map(|(at, timer)| (words.time(at), words.relative(at), does(seen, timer, words).to_string())),
    }
}

fn waits(seen: &Seen, words: &Words) -> Phrase {
    match seen.request.status() {
        Status::Settled(_) => words.say("request-final"),
        Status::Returned => {
            let by = seen.request.returned_by.as_ref().map(|by| name(seen, by)).unwrap_or_default();
            words.say("request-moved-by-revision").arg("by", by).arg("name", name(seen, &seen.request.requester))
        }
        Status::Unroutable => words.say("request-moved-by-people"),
        Status::Pending => words.say("request-waits").arg("names", names(seen, &seen.waiting())),
    }
}

fn does(seen: &Seen, timer: Timer, words: &Words) -> Phrase {
    let specs = seen.policy.stages(&seen.request.rule);
    let stage = seen.request.open_stages().min_by_key(|stage| seen.stage(stage).due);
    let spec = stage.and_then(|stage| specs.get(stage.spec));
    match timer {
        Timer::Remind(_) => words.say("next-remind"),
        Timer::Escalate(level) => escalates(seen, spec, level, words),
        Timer::Expire => match spec.map(|spec| spec.on_expiry) {
            Some(OnExpiry::Reject) => words.say("next-expire-reject"),
            Some(OnExpiry::Approve) => words.say("next-expire-approve"),
            _ => words.say("next-expire"),
        },
    }
}

fn escalates(seen: &Seen, spec: Option<&StageSpec>, level: usize, words: &Words) -> Phrase {
    let level = spec.and_then(|spec| spec.escalate.get(level));
    let mut people = level.map(|level| seen.resolve(&level.to)).unwrap_or_default();
    people.retain(|person| !seen.request.excludes(person));
    if people.is_empty() {
        return words.say("next-escalate-nobody");
    }
    let replaces = level.is_some_and(|level| level.mode == LevelMode::Replace);
    let phrase = if replaces { words.say("next-escalate-replace") } else { words.say("next-escalate") };
    phrase.arg("names", names(seen, &people))
}

fn names(seen: &Seen, people: &BTreeSet<PersonId>) -> String {
    people.iter().map(|person| name(seen, person)).collect::<Vec<_>>().join(", ")
}
