//! The closed list of deeds. A deed is a person or a thing, a verb, and what the verb needs.

use super::read::{Fault, Piece};
use super::values;
use crate::event::Decision;
use crate::id::{ActionName, GroupId, PersonId, Revision};
use crate::people::Roster;
use crate::policy::Policy;
use crate::policy::diagnostic::did_you_mean;
use serde_json::{Map, Value};

/// One thing done. Requests are named by their place among the submissions.
pub(super) enum Deed {
    Submits { person: PersonId, label: String, fields: Map<String, Value> },
    Decides { person: PersonId, request: usize, decision: Decision, revision: Option<Revision>, comment: Option<String>, passkey: bool },
    Revises { person: PersonId, request: usize, fields: Map<String, Value> },
    Withdraws { person: PersonId, request: usize },
    Comments { person: PersonId, request: usize, comment: String },
    Reassigns { person: PersonId, request: usize, to: Vec<PersonId> },
    Retries { person: PersonId, request: usize, action: ActionName },
    Abandons { person: PersonId, request: usize, action: ActionName },
    Leaves { person: PersonId },
    Returns { person: PersonId },
    Joins { person: PersonId, group: GroupId },
    LeavesGroup { person: PersonId, group: GroupId },
    Delegates,
    Strikes,
    Receives { request: Option<usize>, answer: Answer },
}

/// What the receiver of an action says.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// With this status.
    Status(u16),
    /// Not at all, this once.
    Silence,
    /// Not at all, until the schedule is exhausted.
    SilenceForGood,
}

/// What a deed may name.
pub(super) struct Known<'a> {
    pub(super) labels: &'a [String],
    pub(super) roster: &'a Roster,
    pub(super) policy: Option<&'a Policy>,
}

const VERBS: [&str; 14] = [
    "submits",
    "approves",
    "rejects",
    "asks changes of",
    "revises",
    "withdraws",
    "comments on",
    "reassigns",
    "retries",
    "abandons",
    "leaves",
    "returns",
    "joins",
    "delegates to",
];

/// Reads one deed.
pub(super) fn read(text: Piece<'_>, known: &Known<'_>) -> Result<Deed, Fault> {
    if text.text == "the clock strikes" {
        return Ok(Deed::Strikes);
    }
    if let Some(rest) = text.after("the receiver ") {
        return receiver(rest, known);
    }
    let (name, rest) = text.word();
    let (verb, rest) = rest.word();
    match verb.text.strip_suffix(':').unwrap_or(verb.text) {
        "submits" => submits(person(name, known)?, rest, known),
        "approves" => decides(person(name, known)?, Decision::Approve, rest, known),
        "rejects" => decides(person(name, known)?, Decision::Reject, rest, known),
        "asks" => {
            let rest = rest.after("changes").ok_or_else(|| unknown_verb(verb))?;
            decides(person(name, known)?, Decision::RequestChanges, rest.after("of").unwrap_or(rest), known)
        }
        "revises" => revises(person(name, known)?, rest, known),
        "withdraws" => Ok(Deed::Withdraws { person: person(name, known)?, request: label(rest, known)? }),
        "comments" => comments(person(name, known)?, rest, known),
        "reassigns" => reassigns(person(name, known)?, rest, known),
        "retries" | "abandons" => dead_letter(person(name, known)?, verb.text, rest, known),
        "leaves" if rest.text.is_empty() => Ok(Deed::Leaves { person: person(name, known)? }),
        "leaves" => Ok(Deed::LeavesGroup { person: person(name, known)?, group: group(rest, known)? }),
        "returns" => Ok(Deed::Returns { person: person(name, known)? }),
        "joins" => Ok(Deed::Joins { person: person(name, known)?, group: group(rest, known)? }),
        "delegates" => person(name, known).map(|_| Deed::Delegates),
        _ => Err(unknown_verb(verb)),
    }
}

fn unknown_verb(verb: Piece<'_>) -> Fault {
    let others = ["the clock strikes", "the receiver answers 200", "the receiver fails"];
    let message = format!("`{}` is no deed", verb.text);
    Fault::at(verb, message, did_you_mean(verb.text, VERBS.into_iter().chain(others)))
}

fn person(name: Piece<'_>, known: &Known<'_>) -> Result<PersonId, Fault> {
    let id = PersonId::from(name.text);
    if known.roster.people.contains_key(&id) {
        return Ok(id);
    }
    let suggestion = did_you_mean(name.text, known.roster.people.keys().map(PersonId::as_str));
    Err(Fault::at(name, format!("`{}` is nobody: people are introduced in a `people` line", name.text), suggestion))
}

fn group(name: Piece<'_>, known: &Known<'_>) -> Result<GroupId, Fault> {
    let id = GroupId::from(name.text);
    if known.roster.groups.contains_key(&id) {
        return Ok(id);
    }
    let suggestion = did_you_mean(name.text, known.roster.groups.keys().map(GroupId::as_str));
    Err(Fault::at(name, format!("`{}` is no group of the `people` lines", name.text), suggestion))
}

/// The request of this label; without one, the only one there is.
fn label(name: Piece<'_>, known: &Known<'_>) -> Result<usize, Fault> {
    if name.text.is_empty() {
        return match known.labels.len() {
            1 => Ok(0),
            0 => Err(Fault::at(name, "nothing has been submitted yet", None)),
            _ => Err(Fault::at(name, "several requests stand: expected the label of one", listed(known))),
        };
    }
    let found = known.labels.iter().position(|label| label == name.text);
    found.ok_or_else(|| {
        Fault::at(name, format!("no request is labelled `{}`", name.text), did_you_mean(name.text, known.labels.iter().map(String::as_str)))
    })
}

fn listed(known: &Known<'_>) -> Option<String> {
    did_you_mean("", known.labels.iter().map(String::as_str))
}

/// `B: field = value`, or the fields alone.
fn labelled<'a>(text: Piece<'a>) -> (Piece<'a>, Piece<'a>) {
    let (first, rest) = text.word();
    match first.text.strip_suffix(':') {
        Some(name) => (Piece { text: name, at: first.at }, rest),
        None => (Piece { text: "", at: text.at }, text),
    }
}

fn submits(person: PersonId, text: Piece<'_>, known: &Known<'_>) -> Result<Deed, Fault> {
    let (name, fields) = labelled(text);
    if known.labels.iter().any(|label| label == name.text) {
        let message =
            if name.text.is_empty() { "a second request needs a label".to_owned() } else { format!("a request is labelled `{}` already", name.text) };
        return Err(Fault::at(name, message, Some("leo submits B: amount = \"900 USD\"".to_owned())));
    }
    Ok(Deed::Submits { person, label: name.text.to_owned(), fields: values::assignments(fields, known.policy)? })
}

fn revises(person: PersonId, text: Piece<'_>, known: &Known<'_>) -> Result<Deed, Fault> {
    let (name, fields) = labelled(text);
    Ok(Deed::Revises { person, request: label(name, known)?, fields: values::assignments(fields, known.policy)? })
}

/// The rest of a line without the quoted words at its end.
fn quoted(text: Piece<'_>) -> Result<(Piece<'_>, Option<String>), Fault> {
    let Some(start) = text.text.find('"') else { return Ok((text, None)) };
    let (left, words) = text.text.split_at(start);
    let words = Piece { text: words, at: text.at + start };
    let read = serde_json::from_str::<String>(words.text).map_err(|_| Fault::at(words, "expected one quoted text at the end", None))?;
    Ok((Piece { text: left, at: text.at }.trim(), Some(read)))
}

fn decides(person: PersonId, decision: Decision, text: Piece<'_>, known: &Known<'_>) -> Result<Deed, Fault> {
    let (left, comment) = quoted(text)?;
    let (left, passkey) = signed(left);
    let (first, rest) = left.word();
    let (name, rest) = if first.text == "revision" { (Piece { text: "", at: first.at }, left) } else { (first, rest) };
    let revision = if rest.text.is_empty() {
        None
    } else {
        let number = rest.after("revision").and_then(|number| number.text.parse::<u32>().ok());
        let example = Some("mia approves B revision 1".to_owned());
        Some(Revision(number.ok_or_else(|| Fault::at(rest, format!("`{}` was not understood", rest.text), example))?))
    };
    Ok(Deed::Decides { person, request: label(name, known)?, decision, revision, comment, passkey })
}

/// Without `with a passkey` at the end, and whether it stood there.
fn signed(text: Piece<'_>) -> (Piece<'_>, bool) {
    match text.text.strip_suffix("with a passkey") {
        Some(left) => (Piece { text: left, at: text.at }.trim(), true),
        None => (text, false),
    }
}

fn comments(person: PersonId, text: Piece<'_>, known: &Known<'_>) -> Result<Deed, Fault> {
    let (left, comment) = quoted(text.after("on").unwrap_or(text))?;
    let comment = comment.ok_or_else(|| Fault::at(text, "a comment has words", Some("leo comments on B \"see the receipt\"".to_owned())))?;
    Ok(Deed::Comments { person, request: label(left, known)?, comment })
}

fn reassigns(operator: PersonId, text: Piece<'_>, known: &Known<'_>) -> Result<Deed, Fault> {
    let (first, rest) = text.word();
    let (name, to) = if first.text == "to" { (Piece { text: "", at: first.at }, rest) } else { (first, rest.after("to ").unwrap_or(rest)) };
    let to: Result<Vec<PersonId>, Fault> = to.split(',').into_iter().map(|each| person(each, known)).collect();
    Ok(Deed::Reassigns { person: operator, request: label(name, known)?, to: to? })
}

fn dead_letter(person: PersonId, verb: &str, text: Piece<'_>, known: &Known<'_>) -> Result<Deed, Fault> {
    let (left, _) = quoted(text)?;
    let (action, rest) = left.word();
    let request = label(rest.after("of").unwrap_or(rest), known)?;
    let action = ActionName::from(action.text);
    Ok(if verb == "retries" { Deed::Retries { person, request, action } } else { Deed::Abandons { person, request, action } })
}

fn receiver(text: Piece<'_>, known: &Known<'_>) -> Result<Deed, Fault> {
    let (request, said) = match text.after("of ") {
        Some(rest) => {
            let (name, said) = rest.word();
            (Some(label(name, known)?), said)
        }
        None => (None, text),
    };
    let answer = match (said.text, said.after("answers ").map(|status| status.text.parse::<u16>())) {
        ("fails", _) => Answer::Silence,
        ("fails for good", _) => Answer::SilenceForGood,
        (_, Some(Ok(status))) if (100..600).contains(&status) => Answer::Status(status),
        _ => {
            let forms = "`answers 200`, `answers 503`, `fails`, `fails for good`".to_owned();
            return Err(Fault::at(said, format!("a receiver does not `{}`", said.text), Some(forms)));
        }
    };
    Ok(Deed::Receives { request, answer })
}
