//! Checking the record: every chain from its first event to its head, every content against its digest,
//! every version of every record. Adapters bring the rows; what is right is said here, once.

use crate::record::{chain, contents_of, decode, genesis, version_hash};
use countersign_core::canonical::Digest;
use countersign_core::event::{ContentId, Event};
use countersign_core::id::RequestId;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

/// Differences listed at most: where so much is wrong, a backup is what helps.
const PROBLEMS_MAX: usize = 100;

/// What was checked, and what differs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified {
    /// Requests read.
    pub requests: u64,
    /// Events read, each chained to the one before it.
    pub events: u64,
    /// Contents read.
    pub contents: u64,
    /// Contents of which only the id is left.
    pub erased: u64,
    /// Policy versions read.
    pub policies: u64,
    /// The digest over all heads, by order of submission: two copies with the same digest hold the same record.
    pub heads_digest: Digest,
    /// The first differences; empty when all is well.
    pub problems: Vec<Problem>,
}

/// One difference.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// Table and row.
    pub place: String,
    /// What is wrong there.
    pub what: String,
}

/// Takes rows in order and gathers what is wrong with them.
pub(crate) struct Auditor {
    found: Verified,
    heads: Sha256,
    /// Files that events name and no record has shown yet.
    files: BTreeMap<Digest, RequestId>,
}

/// One request while its rows are read.
pub(crate) struct Open {
    id: RequestId,
    events: u64,
    hash: Digest,
    /// What the hash would be, where it differs from what is stored.
    computed: Digest,
    named: BTreeSet<ContentId>,
    kept: BTreeSet<ContentId>,
}

/// One version of a record as it is stored.
pub(crate) struct Version<'row> {
    pub(crate) kind: &'row str,
    pub(crate) key: &'row str,
    pub(crate) version: u64,
    pub(crate) at_ms: i64,
    pub(crate) bytes: Option<&'row [u8]>,
    pub(crate) hash: Digest,
}

impl Auditor {
    pub(crate) fn new() -> Self {
        let found = Verified { requests: 0, events: 0, contents: 0, erased: 0, policies: 0, heads_digest: Digest([0; 32]), problems: Vec::new() };
        Self { found, heads: Sha256::new(), files: BTreeMap::new() }
    }

    pub(crate) fn problem(&mut self, place: impl Display, what: impl Display) {
        if self.found.problems.len() < PROBLEMS_MAX {
            self.found.problems.push(Problem { place: place.to_string(), what: what.to_string() });
        }
    }

    pub(crate) fn request(&mut self, id: RequestId) -> Open {
        let start = genesis(id);
        Open { id, events: 0, hash: start, computed: start, named: BTreeSet::new(), kept: BTreeSet::new() }
    }

    /// The next event. After a difference the chain goes on from both readings, so that one altered byte is one problem.
    pub(crate) fn event(&mut self, open: &mut Open, number: u64, blob: &[u8], hash: &[u8]) {
        open.events += 1;
        let place = || format!("events, request {}, number {number}", open.id);
        if number != open.events {
            self.problem(place(), format!("number {} was expected here", open.events));
            open.events = number;
        }
        let (expected, instead) = (chain(open.hash, blob), chain(open.computed, blob));
        if hash != expected.0 && hash != instead.0 {
            self.problem(place(), "the hash is not that of the event and the hash before it");
        }
        match decode(blob) {
            Ok((_, event)) => {
                open.named.extend(contents_of(&event));
                if let Event::Attached { attachment, .. } = event {
                    self.files.insert(attachment.file, open.id);
                }
            }
            Err(fault) => self.problem(place(), format!("the event does not read: {fault}")),
        }
        open.computed = expected;
        open.hash = <[u8; 32]>::try_from(hash).map_or(expected, Digest);
        self.found.events += 1;
    }

    /// A content; `None` for one that was erased and left its id.
    pub(crate) fn content(&mut self, open: &mut Open, id: &[u8], kept: Option<(&[u8], &[u8])>) {
        self.found.contents += 1;
        self.found.erased += u64::from(kept.is_none());
        let Ok(id) = <[u8; 32]>::try_from(id).map(Digest) else {
            self.problem(format!("contents, request {}", open.id), "an id that is no digest");
            return;
        };
        if kept.is_some_and(|(salt, bytes)| Digest::salted(salt, bytes) != id) {
            self.problem(format!("contents, request {}, content {id}", open.id), "the bytes are not those of the id");
        }
        open.kept.insert(id);
    }

    /// The end of a request: its row says how many events there are.
    pub(crate) fn close(&mut self, open: &Open, row_events: u64) {
        if row_events != open.events {
            self.problem(format!("requests, request {}", open.id), format!("the row counts {row_events} events, there are {}", open.events));
        }
        for missing in open.named.difference(&open.kept) {
            self.problem(format!("contents, request {}, content {missing}", open.id), "named by an event and not there");
        }
        self.heads.update(open.id.bytes());
        self.heads.update(open.events.to_be_bytes());
        self.heads.update(open.hash.0);
        self.found.requests += 1;
    }

    /// A version of a record; `previous` is what this gave for the version before it.
    pub(crate) fn version(&mut self, previous: Option<(u64, Digest)>, row: &Version<'_>) -> (u64, Digest) {
        let place = || format!("records, {} `{}`, version {}", row.kind, row.key, row.version);
        let (before, hash) = previous.unwrap_or((0, Digest([0; 32])));
        if row.version != before + 1 {
            self.problem(place(), format!("version {} was expected here", before + 1));
        }
        if version_hash(hash, row.kind, row.key, row.version, row.at_ms, row.bytes) != row.hash {
            self.problem(place(), "the hash is not that of the document and the version before it");
        }
        if let (true, Some(document)) = (row.kind == crate::Kind::Attachment.as_str(), row.bytes) {
            match file_of(document) {
                Some(file) if file.hex() == row.key => drop(self.files.remove(&file)),
                _ => self.problem(place(), "the file is not the one that its name stands for"),
            }
        }
        if row.kind == crate::Kind::PolicyVersion.as_str() {
            self.found.policies += 1;
        }
        (row.version, row.hash)
    }

    pub(crate) fn finish(mut self) -> Verified {
        for (file, request) in std::mem::take(&mut self.files) {
            self.problem(format!("records, attachment `{}`", file.hex()), format!("named by an event of request {request} and not there"));
        }
        self.found.heads_digest = Digest(self.heads.finalize().into());
        self.found
    }
}

/// The salt of an attachment stands before its bytes.
const SALT_BYTES: usize = 16;

/// The salted digest of an attachment's document.
fn file_of(document: &[u8]) -> Option<Digest> {
    let (salt, file) = document.split_at_checked(SALT_BYTES)?;
    Some(Digest::salted(salt, file))
}
