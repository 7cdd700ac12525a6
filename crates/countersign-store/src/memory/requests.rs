//! Requests, their chains, their contents, idempotency keys and the log of refused attempts.

use crate::Fault;
use crate::clock::{millis, timestamp};
use crate::cursor::Cursor;
use crate::limits::{PAGE_MAX, REFUSED_MAX};
use crate::log::{Append, CommitError, Content, Counts, Due, Head, Idempotent, ListQuery, Loaded, Page, Positioned};
use crate::log::{RefusedAttempt, RequestRow, StatusName};
use crate::record::{chain, genesis};
use crate::share::{COUNTED_MAX, Part, Shares};
use crate::verify::Auditor;
use countersign_core::canonical::Digest;
use countersign_core::event::Event;
use countersign_core::id::{KeyId, PersonId, RequestId};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

#[derive(Default)]
pub(super) struct Requests {
    streams: BTreeMap<RequestId, Stream>,
    /// In the order of submission.
    order: Vec<RequestId>,
    /// Of every event in the order of commit: request and number.
    positions: Vec<(RequestId, usize)>,
    wakeups: BTreeSet<(i64, i64, RequestId)>,
    keys: BTreeMap<(KeyId, String), Idempotent>,
    refused: VecDeque<RefusedAttempt>,
}

struct Stream {
    place: i64,
    row: RequestRow,
    events: Vec<Kept>,
    contents: Vec<Content>,
}

struct Kept {
    at: Timestamp,
    event: Event,
    blob: Vec<u8>,
    hash: Digest,
}

impl Stream {
    fn head(&self, id: RequestId) -> Digest {
        self.events.last().map_or_else(|| genesis(id), |kept| kept.hash)
    }
}

impl Requests {
    pub(super) fn has(&self, id: RequestId) -> bool {
        self.streams.contains_key(&id)
    }

    pub(super) fn find(&self, scope: KeyId, key: &str) -> Option<&Idempotent> {
        self.keys.get(&(scope, key.to_owned()))
    }

    pub(super) fn check(&self, append: Option<&Append>) -> Result<(), CommitError> {
        let Some(append) = append else { return Ok(()) };
        let there = self.streams.get(&append.id).map_or(0, |stream| stream.events.len() as u64);
        if there != append.expected {
            return Err(CommitError::Conflict);
        }
        Ok(append.sound()?)
    }

    pub(super) fn check_known(&self, request: Option<RequestId>, coming: Option<RequestId>) -> Result<(), Fault> {
        match request {
            Some(id) if coming != Some(id) && !self.has(id) => Err(crate::log::unknown(id)),
            _ => Ok(()),
        }
    }

    /// Writes what [`Self::check`] let through; the new version and the last position.
    pub(super) fn append(&mut self, append: Append, blobs: Vec<Vec<u8>>) -> (u64, u64) {
        let Append { id, at, events, contents, row, .. } = append;
        let place = i64::try_from(self.order.len()).unwrap_or(i64::MAX).saturating_add(1);
        let stream = self.streams.entry(id).or_insert_with(|| {
            self.order.push(id);
            Stream { place, row: row.clone(), events: Vec::new(), contents: Vec::new() }
        });
        let before = self.positions.len();
        for (event, blob) in events.into_iter().zip(blobs) {
            let hash = chain(stream.head(id), &blob);
            self.positions.push((id, stream.events.len()));
            stream.events.push(Kept { at, event, blob, hash });
        }
        stream.contents.extend(contents);
        for (row, set) in [(&stream.row, false), (&row, true)] {
            let Some(wakeup) = row.next_wakeup.map(|due| (millis(due), stream.place, id)) else { continue };
            let _ = if set { self.wakeups.insert(wakeup) } else { self.wakeups.remove(&wakeup) };
        }
        stream.row = row;
        let position = if self.positions.len() > before { self.positions.len() } else { 0 };
        (stream.events.len() as u64, position as u64)
    }

    pub(super) fn remember(&mut self, made: Option<Idempotent>, refused: Option<RefusedAttempt>) {
        if let Some(made) = made {
            self.keys.insert((made.scope, made.key.clone()), made);
        }
        self.refused.extend(refused);
        while self.refused.len() > REFUSED_MAX {
            self.refused.pop_front();
        }
    }

    pub(super) fn load(&self, id: RequestId, now: Timestamp) -> Option<Loaded> {
        let stream = self.streams.get(&id)?;
        let events = stream.events.iter().map(|kept| (kept.at, kept.event.clone())).collect();
        Some(Loaded { events, contents: stream.contents.clone(), row: stream.row.clone(), now })
    }

    pub(super) fn due(&self, now: i64, limit: usize) -> Due {
        let later = (now.saturating_add(1), i64::MIN, RequestId::from_bytes([0; 16]));
        let overdue = self.wakeups.range(..later).take(limit).map(|(due, _, id)| (*id, timestamp(*due))).collect();
        let next = self.wakeups.range(later..).next().map(|(due, ..)| timestamp(*due));
        Due { overdue, next, now: timestamp(now) }
    }

    pub(super) fn list(&self, query: &ListQuery) -> Result<Page<RequestRow>, Fault> {
        let limit = query.limit.clamp(1, PAGE_MAX);
        let mut found = self.in_order(query)?;
        let more = found.len() > limit;
        found.truncate(limit);
        let next = if more { found.last().map(|(cursor, _)| cursor.text()) } else { None };
        Ok(Page { items: found.into_iter().map(|(_, row)| row.clone()).collect(), next })
    }

    fn in_order(&self, query: &ListQuery) -> Result<Vec<(Cursor, &RequestRow)>, Fault> {
        let cursor = query.cursor.as_deref();
        let admitted = self.streams.values().filter(|stream| query.admits(&stream.row));
        if query.approver.is_some() {
            let after = Cursor::urgent(cursor)?;
            let urgency = |stream: &Stream| (stream.row.due.map_or(i64::MAX, millis), stream.place);
            let mut found: Vec<_> = admitted.map(|stream| (urgency(stream), &stream.row)).filter(|(at, _)| *at > after).collect();
            found.sort_by_key(|(at, _)| *at);
            return Ok(found.into_iter().map(|((due, place), row)| (Cursor::Urgent(due, place), row)).collect());
        }
        let before = Cursor::newest(cursor)?;
        let mut found: Vec<_> = admitted.map(|stream| (stream.place, &stream.row)).filter(|(place, _)| *place < before).collect();
        found.sort_by_key(|(place, _)| std::cmp::Reverse(*place));
        Ok(found.into_iter().map(|(place, row)| (Cursor::Newest(place), row)).collect())
    }

    pub(super) fn shares(&self, person: &PersonId) -> Shares {
        let count = |wanted: &dyn Fn(&RequestRow) -> bool| self.streams.values().filter(|stream| wanted(&stream.row)).take(COUNTED_MAX).count();
        Shares {
            waiting: count(&|row| row.waiting.contains(person)),
            others: count(&|row| Part::of(row, person) == Some(Part::Others)),
            mine: count(&|row| row.requester == *person && !row.status.is_final()),
            done: count(&|row| Part::of(row, person) == Some(Part::Done)),
        }
    }

    pub(super) fn tail(&self, after: u64, limit: usize) -> Vec<Positioned> {
        let skip = usize::try_from(after).unwrap_or(usize::MAX);
        let places = self.positions.iter().enumerate().skip(skip).take(limit);
        places.filter_map(|(index, (request, number))| self.positioned(index, *request, *number)).collect()
    }

    fn positioned(&self, index: usize, request: RequestId, number: usize) -> Option<Positioned> {
        let kept = self.streams.get(&request)?.events.get(number)?;
        let (position, number) = (index as u64 + 1, number as u64 + 1);
        Some(Positioned { position, request, number, at: kept.at, event: kept.event.clone(), hash: kept.hash })
    }

    pub(super) fn heads(&self, after: Option<RequestId>, limit: usize) -> Vec<Head> {
        let from = after.map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded);
        let streams = self.streams.range((from, std::ops::Bound::Unbounded)).take(limit);
        streams.map(|(id, stream)| Head { request: *id, events: stream.events.len() as u64, hash: stream.head(*id) }).collect()
    }

    pub(super) fn refused(&self, limit: usize) -> Vec<RefusedAttempt> {
        self.refused.iter().rev().take(limit.min(REFUSED_MAX)).cloned().collect()
    }

    pub(super) fn counts(&self) -> Counts {
        let mut by_status: BTreeMap<StatusName, u64> = BTreeMap::new();
        for stream in self.streams.values() {
            *by_status.entry(stream.row.status).or_default() += 1;
        }
        let dead_letters = self.streams.values().filter(|stream| stream.row.dead_letter).count() as u64;
        let position = self.positions.len() as u64;
        Counts { requests: by_status.into_iter().collect(), dead_letters, position, ..Counts::default() }
    }

    pub(super) fn audit(&self, auditor: &mut Auditor) {
        for (id, stream) in self.order.iter().filter_map(|id| Some((id, self.streams.get(id)?))) {
            let mut open = auditor.request(*id);
            for (index, kept) in stream.events.iter().enumerate() {
                auditor.event(&mut open, index as u64 + 1, &kept.blob, &kept.hash.0);
            }
            for content in &stream.contents {
                auditor.content(&mut open, &content.id.0, Some((&content.salt, &content.bytes)));
            }
            auditor.close(&open, stream.events.len() as u64);
        }
    }

    #[cfg(test)]
    pub(super) fn alter_first_event(&mut self, id: RequestId) {
        self.streams.get_mut(&id).unwrap().events[0].blob[3] ^= 1;
    }
}
