//! Versioned documents.

use crate::clock::timestamp;
use crate::log::CommitError;
use crate::record::version_hash;
use crate::records::{Kind, Put, PutError, Record};
use crate::verify::{Auditor, Version};
use countersign_core::canonical::Digest;
use std::collections::BTreeMap;

#[derive(Default)]
pub(super) struct Documents(BTreeMap<(Kind, String), Vec<Kept>>);

struct Kept {
    at_ms: i64,
    bytes: Option<Vec<u8>>,
    hash: Digest,
}

impl Documents {
    fn versions(&self, kind: Kind, key: &str) -> &[Kept] {
        self.0.get(&(kind, key.to_owned())).map_or(&[], Vec::as_slice)
    }

    /// The version that is current: 0 where there is none, or where it was removed.
    fn current(&self, kind: Kind, key: &str) -> u64 {
        let versions = self.versions(kind, key);
        versions.last().filter(|kept| kept.bytes.is_some()).map_or(0, |_| versions.len() as u64)
    }

    pub(super) fn check(&self, expect: &[(Kind, String, u64)]) -> Result<(), CommitError> {
        let all = expect.iter().all(|(kind, key, version)| self.current(*kind, key) == *version);
        if all { Ok(()) } else { Err(CommitError::Conflict) }
    }

    /// Whether all of these may be written: none twice, each on the version it expects.
    pub(super) fn check_puts(&self, puts: &[Put]) -> Result<(), CommitError> {
        let once = |index: usize, put: &Put| puts.iter().skip(index + 1).all(|other| (other.kind, &other.key) != (put.kind, &put.key));
        let stands = |put: &Put| self.current(put.kind, &put.key) == put.expected && (put.expected > 0 || put.bytes.is_some());
        if puts.iter().enumerate().all(|(index, put)| once(index, put) && stands(put)) { Ok(()) } else { Err(CommitError::Conflict) }
    }

    pub(super) fn put(&mut self, put: Put, now: i64) -> Result<u64, PutError> {
        let current = self.current(put.kind, &put.key);
        if current != put.expected || (current == 0 && put.bytes.is_none()) {
            return Err(PutError::Conflict);
        }
        let versions = self.0.entry((put.kind, put.key.clone())).or_default();
        let previous = versions.last().map_or(Digest([0; 32]), |kept| kept.hash);
        let version = versions.len() as u64 + 1;
        let hash = version_hash(previous, put.kind.as_str(), &put.key, version, now, put.bytes.as_deref());
        versions.push(Kept { at_ms: now, bytes: put.bytes, hash });
        Ok(version)
    }

    pub(super) fn get(&self, kind: Kind, key: &str) -> Option<Record> {
        self.current(kind, key).checked_sub(1)?;
        self.history(kind, key).pop()
    }

    pub(super) fn list(&self, kind: Kind, after: Option<&str>, limit: usize) -> Vec<Record> {
        let of_kind = self.0.keys().filter(|(each, _)| *each == kind).map(|(_, key)| key);
        let later = of_kind.filter(|key| after.is_none_or(|after| key.as_str() > after));
        later.filter_map(|key| self.get(kind, key)).take(limit).collect()
    }

    pub(super) fn history(&self, kind: Kind, key: &str) -> Vec<Record> {
        let numbered = self.versions(kind, key).iter().zip(1_u64..);
        let record =
            |(kept, version): (&Kept, u64)| Some(Record { key: key.to_owned(), version, at: timestamp(kept.at_ms), bytes: kept.bytes.clone()? });
        numbered.filter_map(record).collect()
    }

    pub(super) fn audit(&self, auditor: &mut Auditor) {
        for ((kind, key), versions) in &self.0 {
            let mut previous = None;
            for (kept, version) in versions.iter().zip(1_u64..) {
                let bytes = kept.bytes.as_deref();
                let row = Version { kind: kind.as_str(), key, version, at_ms: kept.at_ms, bytes, hash: kept.hash };
                previous = Some(auditor.version(previous, &row));
            }
        }
    }
}
