//! The requests that were written a moment ago, as `load` would read them: most of a request's life happens within
//! seconds, and its file is written by this process alone, so what the writer wrote need not be read back.
//! The writer keeps it true, in the order of commits; a doubt empties it.

use crate::log::{Append, Loaded, RequestRow};
use countersign_core::id::RequestId;
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Requests whose contents are larger are always read: one large payload must not cost the memory of a thousand.
const BYTES_MAX: usize = 32 * 1_024;

/// Requests by id, in two generations: when the young one is full, the old one is let go.
pub(super) struct Recent {
    most: usize,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    young: HashMap<RequestId, Entry>,
    old: HashMap<RequestId, Entry>,
    tickets: u64,
}

enum Entry {
    /// Somebody reads it from the file, under this ticket; a write meanwhile takes the entry away.
    Reading(u64),
    Known(Box<Loaded>),
}

/// What a look came to.
pub(super) enum Found {
    /// It is here.
    Known(Box<Loaded>),
    /// It must be read, and may then be handed in under this ticket.
    Unknown(u64),
}

impl Recent {
    /// Keeps about this many, at least half of it; none with 0.
    pub(super) fn new(most: usize) -> Self {
        Self { most, held: Mutex::default() }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn look(&self, id: RequestId, now: impl FnOnce() -> Timestamp) -> Found {
        if self.most == 0 {
            return Found::Unknown(0);
        }
        let mut held = self.held();
        match held.take(id) {
            Some(Entry::Known(loaded)) => {
                let found = Box::new(Loaded { now: now(), ..(*loaded).clone() });
                held.put(id, Entry::Known(loaded), self.most);
                Found::Known(found)
            }
            _ => {
                held.tickets += 1;
                let ticket = held.tickets;
                held.put(id, Entry::Reading(ticket), self.most);
                Found::Unknown(ticket)
            }
        }
    }

    /// What a reader found; forgotten where it was written since the ticket was given out, or read by another.
    pub(super) fn read(&self, id: RequestId, ticket: u64, loaded: Option<&Loaded>) {
        if self.most == 0 {
            return;
        }
        let mut held = self.held();
        let mine = matches!(held.take(id), Some(Entry::Reading(given)) if given == ticket);
        if let Some(loaded) = loaded.filter(|loaded| mine && small(loaded)) {
            held.put(id, Entry::Known(Box::new(loaded.clone())), self.most);
        }
    }

    /// What the writer has on disk now. Told in the order of commits, before the caller is answered.
    pub(super) fn wrote(&self, append: Append) {
        if self.most == 0 {
            return;
        }
        let (id, mut held) = (append.id, self.held());
        let before = held.take(id);
        if let Some(loaded) = grown(before, append).filter(small) {
            held.put(id, Entry::Known(Box::new(loaded)), self.most);
        }
    }

    /// A write came to nothing that is known for sure.
    pub(super) fn forget_all(&self) {
        *self.held() = Held::default();
    }
}

fn grown(before: Option<Entry>, append: Append) -> Option<Loaded> {
    let mut loaded = match before {
        Some(Entry::Known(loaded)) if loaded.events.len() as u64 == append.expected => *loaded,
        None | Some(Entry::Reading(_)) if append.expected == 0 => {
            Loaded { events: Vec::new(), contents: Vec::new(), row: append.row.clone(), now: append.at }
        }
        _ => return None,
    };
    // Not more than it takes: thousands are held.
    loaded.events.reserve_exact(append.events.len());
    loaded.events.extend(append.events.into_iter().map(|event| (append.at, event)));
    loaded.contents.extend(append.contents);
    // What a request was submitted with stands as it was first written.
    let RequestRow { policy, requester, submitted_with, external_id, created_at, .. } = loaded.row;
    loaded.row = RequestRow { policy, requester, submitted_with, external_id, created_at, ..append.row };
    Some(loaded)
}

fn small(loaded: &Loaded) -> bool {
    loaded.contents.iter().map(|content| content.bytes.len()).sum::<usize>() <= BYTES_MAX
}

impl Held {
    fn take(&mut self, id: RequestId) -> Option<Entry> {
        self.young.remove(&id).or_else(|| self.old.remove(&id))
    }

    fn put(&mut self, id: RequestId, entry: Entry, most: usize) {
        if self.young.len() >= most.div_ceil(2) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(id, entry);
    }
}
