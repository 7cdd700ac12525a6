//! A write's texts, made before the writer's thread sees it; and what the writer left of a request, so that its next
//! write to it need not look for it. The writer is the only one who writes: what it remembers is so.

use super::rows::people_text;
use crate::clock::millis;
use crate::log::{Append, RequestRow, StatusName};
use crate::{Fault, record};
use countersign_core::canonical::Digest;
use countersign_core::id::RequestId;
use std::collections::HashMap;

/// Requests that the writer remembers, in two generations; some hundred bytes each.
const KEPT_MAX: usize = 8_192;

/// What an append puts into columns as text or bytes.
#[derive(Default)]
pub(super) struct Written {
    pub(super) blobs: Vec<Vec<u8>>,
    pub(super) waiting: Option<String>,
    pub(super) card: String,
}

impl Written {
    pub(super) fn of(append: Option<&Append>) -> Result<Self, Fault> {
        let Some(append) = append else { return Ok(Self::default()) };
        let blobs = record::encode_all(append)?;
        Ok(Self { blobs, waiting: people_text(&append.row.waiting), card: append.row.card.text() })
    }
}

/// Who is asked of thousands takes more room to remember than time to look for, in bytes.
const TEXTS_MAX: usize = 2 << 10;

/// Of a request as the writer finds it, what the next write needs.
#[derive(Clone)]
pub(super) struct Before {
    pub(super) seq: i64,
    pub(super) version: u64,
    pub(super) hash: Digest,
    pub(super) status: StatusName,
    pub(super) dead_letter: bool,
    pub(super) waiting: Option<String>,
    pub(super) due: i64,
    pub(super) card: String,
}

impl Before {
    /// What stands there after a write.
    pub(super) fn after(seq: i64, version: u64, hash: Digest, row: &RequestRow, written: &Written) -> Self {
        let due = row.due.map_or(i64::MAX, millis);
        let (waiting, card) = (written.waiting.clone(), written.card.clone());
        Self { seq, version, hash, status: row.status, dead_letter: row.dead_letter, waiting, due, card }
    }

    /// Whether nobody's part can have changed.
    pub(super) fn same_parts(&self, row: &RequestRow, written: &Written) -> bool {
        self.status.is_final() == row.status.is_final() && self.card == written.card && self.waiting == written.waiting
    }
}

/// What the writer remembers of the requests it wrote to last.
#[derive(Default)]
pub(super) struct Left {
    young: HashMap<RequestId, Before>,
    old: HashMap<RequestId, Before>,
}

impl Left {
    /// Taken out: whoever writes puts back what stands there then.
    pub(super) fn take(&mut self, id: RequestId) -> Option<Before> {
        self.young.remove(&id).or_else(|| self.old.remove(&id))
    }

    pub(super) fn put(&mut self, id: RequestId, before: Before) {
        if before.card.len() + before.waiting.as_ref().map_or(0, String::len) > TEXTS_MAX {
            return;
        }
        if self.young.len() >= KEPT_MAX / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(id, before);
    }

    /// After anything that was undone.
    pub(super) fn forget_all(&mut self) {
        *self = Self::default();
    }
}
