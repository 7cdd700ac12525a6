//! Searching the record: events by person, request, kind and time, the newest first, a page at a time. For those
//! who read every request, and nobody else.

use super::{Caller, Engine, EngineError};
use countersign_core::canonical::Digest;
use countersign_core::event::{Actor, Cause, EscalationCause, Event};
use countersign_core::id::{PersonId, RequestId};
use countersign_store::{Fault, Positioned};
use jiff::Timestamp;

/// Events read at once.
const CHUNK: u64 = 2_000;
/// One page looks at this many events at most; whoever wants older ones goes on from there.
const LOOKED_AT_MAX: u64 = 20_000;

/// What is searched for. Empty fields do not narrow.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct EventSearch {
    /// Events that name this person.
    pub person: Option<PersonId>,
    /// Events of this request.
    pub request: Option<RequestId>,
    /// Events of this name.
    pub kind: Option<String>,
    /// Not before.
    pub from: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
}

/// An event as the search finds it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FoundEvent {
    /// Of which request.
    pub request: RequestId,
    /// Its number in the request, from 1.
    pub number: u64,
    /// Its place among all events; `None` where one request was read by itself.
    pub position: Option<u64>,
    /// When it was committed.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
    /// The hash that chains it, where it was read from the stream.
    pub hash: Option<Digest>,
}

/// A page of them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FoundEvents {
    /// The newest first.
    pub items: Vec<FoundEvent>,
    /// Ask with this for older ones; `None` at the end of the record.
    pub next: Option<u64>,
}

impl EventSearch {
    fn admits(&self, event: &Event, at: Timestamp) -> bool {
        self.kind.as_ref().is_none_or(|kind| kind == event.name())
            && self.from.is_none_or(|from| at >= from)
            && self.until.is_none_or(|until| at < until)
            && self.person.as_ref().is_none_or(|person| people_of(event).contains(&person))
    }
}

impl Engine {
    /// A page of events, the newest first, before a place that an earlier page gave.
    ///
    /// # Errors
    /// When the caller does not read everything, or the store fails.
    pub async fn search_events(&self, caller: &Caller, search: &EventSearch, before: Option<u64>, limit: usize) -> Result<FoundEvents, EngineError> {
        self.must_read_all(caller)?;
        match search.request {
            Some(id) => self.as_seen(caller, self.search_request(id, search, before, limit).await?).await,
            None => self.as_seen(caller, self.search_stream(search, before, limit).await?).await,
        }
    }

    /// Events in order after a position, narrowed, with the position to go on from; `None` at the end. For export.
    ///
    /// # Errors
    /// As [`Engine::search_events`].
    pub async fn export_events(&self, caller: &Caller, search: &EventSearch, after: u64) -> Result<(Vec<Positioned>, Option<u64>), EngineError> {
        self.must_read_all(caller)?;
        let after = match search.from {
            Some(from) if after == 0 => self.first_since(from).await?.saturating_sub(1),
            _ => after,
        };
        let chunk = self.log().tail(after, usize::try_from(CHUNK).unwrap_or(usize::MAX)).await?;
        let over = chunk.last().is_none_or(|last| search.until.is_some_and(|until| last.at >= until));
        let next = if over { None } else { chunk.last().map(|last| last.position) };
        let wanted = |one: &Positioned| search.request.is_none_or(|id| id == one.request) && search.admits(&one.event, one.at);
        let mut found = Vec::new();
        for one in chunk.into_iter().filter(wanted) {
            found.push(Positioned { event: self.veiled(caller, one.request, one.event).await?, ..one });
        }
        Ok((found, next))
    }

    async fn as_seen(&self, caller: &Caller, mut found: FoundEvents) -> Result<FoundEvents, EngineError> {
        for one in &mut found.items {
            one.event = self.veiled(caller, one.request, one.event.clone()).await?;
        }
        Ok(found)
    }

    fn must_read_all(&self, caller: &Caller) -> Result<(), EngineError> {
        let reads = caller.reads_all(&self.shelf().people().roster);
        if reads { Ok(()) } else { Err(EngineError::Forbidden("only those who read every request may search the record")) }
    }

    async fn search_request(&self, id: RequestId, search: &EventSearch, before: Option<u64>, limit: usize) -> Result<FoundEvents, Fault> {
        let Some(loaded) = self.log().load(id).await? else { return Ok(FoundEvents::default()) };
        let numbered = (1_u64..).zip(loaded.events);
        let found = |(number, (at, event))| FoundEvent { request: id, number, position: None, at, event, hash: None };
        let fits = |one: &FoundEvent| before.is_none_or(|before| one.number < before) && search.admits(&one.event, one.at);
        let mut items: Vec<FoundEvent> = numbered.map(found).filter(fits).collect();
        items.reverse();
        let more = items.len() > limit;
        items.truncate(limit);
        Ok(FoundEvents { next: items.last().filter(|_| more).map(|last| last.number), items })
    }

    async fn search_stream(&self, search: &EventSearch, before: Option<u64>, limit: usize) -> Result<FoundEvents, Fault> {
        let last = self.log().counts().await?.position;
        let mut end = match (before, search.until) {
            (Some(before), _) => before,
            (None, Some(until)) => self.first_since(until).await?,
            (None, None) => last.saturating_add(1),
        };
        let floor = end.saturating_sub(LOOKED_AT_MAX);
        let mut items = Vec::new();
        while end > floor.max(1) {
            let after = end.saturating_sub(CHUNK + 1);
            let chunk = self.log().tail(after, usize::try_from(CHUNK).unwrap_or(usize::MAX)).await?;
            for one in chunk.into_iter().rev().filter(|one| one.position < end) {
                if search.from.is_some_and(|from| one.at < from) {
                    return Ok(FoundEvents { items, next: None });
                }
                if search.admits(&one.event, one.at) {
                    if items.len() == limit {
                        let next = items.last().and_then(|last: &FoundEvent| last.position);
                        return Ok(FoundEvents { items, next });
                    }
                    items.push(found(one));
                }
            }
            end = after.saturating_add(1);
        }
        Ok(FoundEvents { items, next: (end > 1).then_some(end) })
    }

    /// The position of the first event at or after a moment: positions and times rise together.
    async fn first_since(&self, moment: Timestamp) -> Result<u64, Fault> {
        let (mut low, mut high) = (0, self.log().counts().await?.position);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.log().tail(middle, 1).await?.first() {
                Some(event) if event.at < moment => low = event.position.max(middle + 1),
                _ => high = middle,
            }
        }
        Ok(low.saturating_add(1))
    }
}

fn found(one: Positioned) -> FoundEvent {
    FoundEvent { request: one.request, number: one.number, position: Some(one.position), at: one.at, event: one.event, hash: Some(one.hash) }
}

/// Everybody whom an event names.
#[must_use]
pub fn people_of(event: &Event) -> Vec<&PersonId> {
    match event {
        Event::Submitted { requester, by, .. } => by.human().into_iter().chain([requester]).collect(),
        Event::StageOpened(opened) => opened.asked.iter().flatten().collect(),
        Event::Reminded { to, .. } => to.iter().collect(),
        Event::Escalated(escalated) => {
            let operator = if let EscalationCause::Operator(by) = &escalated.cause { by.human() } else { None };
            escalated.to.iter().chain(operator).collect()
        }
        Event::Decided(decided) => decided.acting_for.iter().chain([&decided.person]).collect(),
        Event::VoiceUncounted { person, .. } => vec![person],
        Event::Rerouted { asked, escalated, .. } => asked.iter().chain(escalated).flatten().collect(),
        Event::Returned { by } => vec![by],
        Event::Revised { by, lapsed, .. } => lapsed.iter().chain(by.human()).collect(),
        Event::Settled { cause: Cause::Withdrawn(by), .. } => by.human().into_iter().collect(),
        Event::NoticeDelivered { to, .. } | Event::NoticeFailed { to, .. } => to.iter().collect(),
        other => by_hand(other).and_then(Actor::human).into_iter().collect(),
    }
}

fn by_hand(event: &Event) -> Option<&Actor> {
    match event {
        Event::ExecutionRetried { by, .. } | Event::ExecutionAbandoned { by, .. } | Event::Commented { by, .. } => Some(by),
        Event::NoticeRetried { by, .. } | Event::NoticeAbandoned { by, .. } => Some(by),
        Event::RunClaimed { by, .. } | Event::Attached { by, .. } => Some(by),
        _ => None,
    }
}
