//! The stored form of events: versioned, compact JSON, hashed and kept as one verbatim blob. The form is
//! this crate's own; the core's types stay free to change. Golden files may be added, never edited.

use crate::Fault;
use countersign_core::canonical::Digest;
use countersign_core::event::{ContentId, Event};
use countersign_core::id::RequestId;
use form::EventForm;
use jiff::Timestamp;
use serde::de::{Error as _, SeqAccess, Visitor};
use sha2::{Digest as _, Sha256};
use std::fmt;
use stored::Stored;

mod form;
mod parts;
#[cfg(any(test, feature = "conformance"))]
pub mod samples;
mod stored;

/// The form that is written now. Older ones are upgraded when they are read; there are none yet.
const VERSION: u8 = 1;

/// The blob of an event: `[version, time, {name: fields}]`.
///
/// # Errors
/// When the event cannot be written as JSON, which no event of today can be.
pub fn encode(at: Timestamp, event: &Event) -> Result<Vec<u8>, Fault> {
    serde_json::to_vec(&(VERSION, at.form(), Written(event))).map_err(|error| Fault::Store(format!("could not write an event down: {error}")))
}

/// The blobs of all events of an append.
pub(crate) fn encode_all(append: &crate::Append) -> Result<Vec<Vec<u8>>, Fault> {
    append.events.iter().map(|event| encode(append.at, event)).collect()
}

/// Reads a blob of any version back.
///
/// # Errors
/// When it is not one of ours, with what is wrong in words.
pub fn decode(blob: &[u8]) -> Result<(Timestamp, Event), Fault> {
    let Read(at, event) = serde_json::from_slice(blob).map_err(damaged)?;
    Ok((at, event))
}

/// An event as it is read: its form is asked for before anything else is looked at.
struct Read(Timestamp, Event);

impl<'de> serde::Deserialize<'de> for Read {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_tuple(3, Parts)
    }
}

struct Parts;

impl<'de> Visitor<'de> for Parts {
    type Value = Read;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a form, a time and an event")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Read, A::Error> {
        let short = |length| A::Error::invalid_length(length, &self);
        let version: u8 = parts.next_element()?.ok_or_else(|| short(0))?;
        if version != VERSION {
            return Err(A::Error::custom(format!("an event of form {version}; this release reads form {VERSION}")));
        }
        let at: <Timestamp as Stored>::Form = parts.next_element()?.ok_or_else(|| short(1))?;
        let ReadEvent(event) = parts.next_element()?.ok_or_else(|| short(2))?;
        Ok(Read(Timestamp::read(at).map_err(A::Error::custom)?, event))
    }
}

struct ReadEvent(Event);

impl<'de> serde::Deserialize<'de> for ReadEvent {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        EventForm::deserialize(from).map(Self)
    }
}

fn damaged(what: impl ToString) -> Fault {
    Fault::Damaged { place: "an event".to_owned(), what: what.to_string() }
}

struct Written<'event>(&'event Event);

impl serde::Serialize for Written<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        EventForm::serialize(self.0, serializer)
    }
}

/// The hash before the first event of a request.
#[must_use]
pub fn genesis(request: RequestId) -> Digest {
    Digest::salted(b"countersign request", &request.bytes())
}

/// The hash that chains an event to the one before it.
#[must_use]
pub fn chain(previous: Digest, blob: &[u8]) -> Digest {
    Digest::salted(&previous.0, blob)
}

/// The hash that chains a version of a record to the one before it; `previous` is 32 zeroes for the first.
/// Lengths stand before texts, so that no two versions share their bytes.
#[must_use]
pub fn version_hash(previous: Digest, kind: &str, key: &str, version: u64, at_ms: i64, bytes: Option<&[u8]>) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update(previous.0);
    for text in [kind.as_bytes(), key.as_bytes()] {
        hasher.update((text.len() as u64).to_be_bytes());
        hasher.update(text);
    }
    hasher.update(version.to_be_bytes());
    hasher.update(at_ms.to_be_bytes());
    hasher.update([u8::from(bytes.is_some())]);
    hasher.update(bytes.unwrap_or_default());
    Digest(hasher.finalize().into())
}

/// The contents that an event names.
#[must_use]
pub fn contents_of(event: &Event) -> Vec<ContentId> {
    match event {
        Event::Submitted { payload, .. } | Event::Revised { payload, .. } => vec![*payload],
        Event::Decided(decided) => decided.comment.into_iter().chain(decided.assertion.iter().map(|assertion| assertion.statement)).collect(),
        Event::Settled { actions, .. } => actions.iter().filter_map(|action| action.body).collect(),
        Event::Summarised { summary, .. } => vec![*summary],
        Event::ExecutionSucceeded(attempt) | Event::ExecutionDeadLettered(attempt) | Event::ExecutionFailed { attempt, .. } => {
            attempt.output.into_iter().collect()
        }
        Event::ExecutionAbandoned { reason, .. } | Event::NoticeAbandoned { reason, .. } => reason.iter().copied().collect(),
        Event::Commented { comment, .. } => vec![*comment],
        Event::Attached { attachment, .. } => vec![attachment.about],
        Event::Ruled { .. }
        | Event::StageOpened(_)
        | Event::Reminded { .. }
        | Event::Escalated(_)
        | Event::VoiceUncounted { .. }
        | Event::Unroutable { .. }
        | Event::Rerouted { .. }
        | Event::StageClosed { .. }
        | Event::Returned { .. }
        | Event::SummaryDeclined { .. }
        | Event::NoticeDelivered { .. }
        | Event::NoticeFailed { .. }
        | Event::NoticeRetried { .. }
        | Event::RunClaimed { .. }
        | Event::ExecutionStarted { .. }
        | Event::ExecutionRetried { .. } => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
