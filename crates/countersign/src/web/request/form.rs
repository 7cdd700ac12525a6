//! Beside the facts: the buttons, for somebody whom an open stage asks; for everybody else, why there are none.

use crate::engine::Seen;
use crate::web::facts::sum;
use crate::web::visitor::Visitor;
use crate::wire::status_word;
use countersign_core::event::Decision;

/// What stands beside the facts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Aside {
    /// The buttons.
    pub form: Option<Form>,
    /// Why there are none.
    pub why: Option<String>,
    /// Whether the person who looks asked for it and may take it back.
    pub withdrawable: bool,
}

/// The buttons.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Form {
    /// On the button that approves.
    pub approve: String,
    /// What they said before, while they may change their mind.
    pub said: Option<String>,
}

/// What stands beside the facts for this person.
#[must_use]
pub fn aside(visitor: &Visitor, seen: &Seen) -> Aside {
    let form = form(visitor, seen);
    let why = form.is_none().then(|| why(visitor, seen));
    let withdrawable = seen.request.settled.is_none() && seen.request.requester == visitor.person;
    Aside { form, why, withdrawable }
}

/// For somebody whom an open stage asks: also for one who has decided and may still change it.
fn form(visitor: &Visitor, seen: &Seen) -> Option<Form> {
    let (me, words) = (&visitor.person, &visitor.words);
    if seen.request.excludes(me) || seen.request.settled.is_some() || seen.request.returned_by.is_some() {
        return None;
    }
    let mut open = seen.request.open_stages().filter(|stage| seen.stage(stage).approvers.contains(me));
    let stage = open.next()?;
    let said = stage.voice(me).map(|voice| match voice.decision {
        Decision::Approve => words.say("decide-said-approve"),
        Decision::Reject => words.say("decide-said-reject"),
        Decision::RequestChanges => words.say("decide-said-request-changes"),
    });
    let sum = sum(seen, words);
    let approve = sum.map_or_else(|| words.say("decide-approve"), |sum| words.say("decide-approve-sum").arg("sum", sum));
    Some(Form { approve: approve.to_string(), said: said.map(|said| said.to_string()) })
}

fn why(visitor: &Visitor, seen: &Seen) -> String {
    let (me, words) = (&visitor.person, &visitor.words);
    let spoke = seen.request.stages.iter().any(|stage| stage.voice(me).is_some());
    let phrase = if seen.request.settled.is_some() {
        words.say("decide-over").arg("status", words.one("status", status_word(seen.status())))
    } else if seen.request.excludes(me) {
        words.say("decide-not-own")
    } else if seen.request.returned_by.is_some() {
        words.say("decide-returned")
    } else if spoke {
        words.say("decide-not-again")
    } else {
        words.say("decide-not-asked")
    };
    phrase.to_string()
}
