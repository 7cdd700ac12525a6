//! Takes away what has ended: sessions, sign-in links, questions to passkeys, and confirm links a year after they were
//! good for anything. A page at a time, so that no sweep holds anybody up however much there is.

use super::keys::read;
use super::sessions::SessionRecord;
use super::{Engine, EngineError};
use countersign_store::{Fault, Kind, Put, PutError, Record};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

/// What ends by itself, in the order in which it is looked at.
const KINDS: [Kind; 4] = [Kind::LoginLink, Kind::Session, Kind::Ceremony, Kind::ConfirmLink];
/// Records looked at in one step.
const PAGE: usize = 200;
/// Removed side by side, so that they share commits.
const AT_ONCE: usize = 16;
/// A used or late confirm link shows what became of its request (rule 25) for this long after its end.
const OUTCOME_SHOWN: SignedDuration = SignedDuration::from_hours(24 * 365);

/// How far a sweep has come.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SweepPlace {
    kind: usize,
    after: Option<String>,
}

/// What one step did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Swept {
    /// Records that had ended and are gone.
    pub removed: usize,
    /// Whether everything has been looked at once.
    pub through: bool,
}

/// The part of a record that says when it ends.
#[derive(Deserialize)]
struct Ends {
    expires_at: Timestamp,
}

impl Engine {
    /// Looks at the next few records and takes those away that have ended.
    ///
    /// # Errors
    /// When the store fails, or a record cannot be read.
    pub async fn sweep_step(&self, place: &mut SweepPlace) -> Result<Swept, EngineError> {
        let Some(kind) = KINDS.get(place.kind).copied() else {
            *place = SweepPlace::default();
            return Ok(Swept { removed: 0, through: true });
        };
        let page = self.records().list_kind(kind, place.after.as_deref(), PAGE).await?;
        let next = match page.last() {
            Some(last) if page.len() == PAGE => SweepPlace { kind: place.kind, after: Some(last.key.clone()) },
            _ => SweepPlace { kind: place.kind + 1, after: None },
        };
        let ended = page.into_iter().filter(|record| self.has_ended(kind, record));
        let removals = stream::iter(ended).map(|record| self.sweep_away(kind, record)).buffer_unordered(AT_ONCE);
        let removed = removals.try_fold(0, |sum, gone| std::future::ready(Ok(sum + usize::from(gone)))).await?;
        let through = next.kind >= KINDS.len();
        *place = if through { SweepPlace::default() } else { next };
        Ok(Swept { removed, through })
    }

    /// Whether it is of no use any more; what cannot be read stays, for somebody to look at.
    fn has_ended(&self, kind: Kind, record: &Record) -> bool {
        let now = self.clock().now();
        let kept = if kind == Kind::ConfirmLink { OUTCOME_SHOWN } else { SignedDuration::ZERO };
        let ended = match kind {
            Kind::Session => read::<SessionRecord>(record).map(|session| !session.lasts(now, &self.settings().sessions)),
            _ => read::<Ends>(record).map(|ends| ends.expires_at.saturating_add(kept).is_ok_and(|end| end <= now)),
        };
        ended.unwrap_or_else(|fault| {
            tracing::warn!(kind = kind.as_str(), error = %fault, "a record that may have ended could not be read; it stays");
            false
        })
    }

    /// Takes it away unless it changed meanwhile: then it is looked at again next time.
    async fn sweep_away(&self, kind: Kind, record: Record) -> Result<bool, Fault> {
        match self.records().put(Put { kind, key: record.key, expected: record.version, bytes: None }).await {
            Ok(_) => Ok(true),
            Err(PutError::Conflict) => Ok(false),
            Err(PutError::Fault(fault)) => Err(fault),
        }
    }
}
