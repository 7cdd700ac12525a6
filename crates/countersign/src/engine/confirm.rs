//! Confirm links, as mail and chat carry them: each is made for one person, one request, one stage and one revision,
//! works once, and dies with any of them (rule 25). Only a hash of its secret is kept. Whoever holds a link acts as
//! its person, so the engine makes them for notices and for this machine's own door, and for no key.

use super::deed::{Bound, Verdict};
use super::handle::Handled;
use super::keys::{hash, read};
use super::{Caller, Engine, EngineError, Seen, Whole};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_core::canonical::Digest;
use countersign_core::command::{Command, Voicing};
use countersign_core::event::{Decision, Door};
use countersign_core::id::{PersonId, RequestId, Revision, StageId};
use countersign_core::refusal::Refusal;
use countersign_core::request::decide;
use countersign_store::{Fault, Kind, Put};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// No link outlives this, however long its stage is open.
const LINK_LASTS: SignedDuration = SignedDuration::from_hours(24 * 30);
/// A secret is this long at most; what is longer was never one.
const SECRET_MAX: usize = 64;

/// A link as it is kept: never its secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    person: String,
    request: String,
    stage: u32,
    revision: u32,
    created_at: Timestamp,
    expires_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    used: Option<KeptUse>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct KeptUse {
    at: Timestamp,
    decision: String,
}

/// What a link leads to.
#[derive(Clone, Debug)]
pub struct Confirm {
    /// Who is asked.
    pub person: PersonId,
    /// In which opening of a stage.
    pub stage: StageId,
    /// On which revision.
    pub revision: Revision,
    /// The request as its person sees it; nothing where they may not see it any more.
    pub seen: Option<Seen>,
    /// Whether it can still be used, asked of the law itself.
    pub standing: Standing,
}

/// Whether a link can still be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Standing {
    /// It waits for a decision.
    Open,
    /// It was used, then and for this.
    Used(Timestamp, Decision),
    /// It is too old.
    Late(Timestamp),
    /// The law would refuse, and why.
    Refused(Refusal),
}

impl Engine {
    /// A link's secret for this person and request, for the stage that asks them now.
    ///
    /// # Errors
    /// When nobody of this name is asked now, or the store fails.
    pub async fn create_confirm_link(&self, person: &PersonId, id: RequestId) -> Result<String, EngineError> {
        let whole = self.look(id).await?.ok_or(Refusal::UnknownRequest)?;
        if !whole.roster.is_active(person) {
            return Err(Refusal::UnknownPerson(person.clone()).into());
        }
        let asks = |stage: &&countersign_core::stage::Stage| whole.stage(stage).approvers.contains(person);
        let stage = whole.request.open_stages().find(asks).map(|stage| stage.id);
        let stage = stage.ok_or_else(|| would(&whole, person, None, whole.request.revision).err().unwrap_or(Refusal::NotAnApprover))?;
        self.link_for(&whole, person, stage).await
    }

    /// A link's secret for a notice about this stage, if the person could use it.
    pub(crate) async fn confirm_link_for_notice(&self, whole: &Whole, person: &PersonId, stage: StageId) -> Result<Option<String>, EngineError> {
        if would(whole, person, Some(stage), whole.request.revision).is_err() {
            return Ok(None);
        }
        self.link_for(whole, person, stage).await.map(Some)
    }

    async fn link_for(&self, whole: &Whole, person: &PersonId, stage: StageId) -> Result<String, EngineError> {
        would(whole, person, Some(stage), whole.request.revision)?;
        let secret = URL_SAFE_NO_PAD.encode(self.draw::<32>());
        let kept = Kept {
            person: person.to_string(),
            request: whole.request.id.to_string(),
            stage: stage.0,
            revision: whole.request.revision.0,
            created_at: whole.now,
            expires_at: whole.now.saturating_add(LINK_LASTS).unwrap_or(whole.now),
            used: None,
        };
        self.write(Kind::ConfirmLink, &hash(&secret), 0, Some(&kept)).await?;
        Ok(secret)
    }

    /// Where a link leads and whether it can still be used. Changes nothing, however often it is asked.
    ///
    /// # Errors
    /// When the store fails; `None` for a link that was never made.
    pub async fn look_through_link(&self, secret: &str) -> Result<Option<Confirm>, EngineError> {
        let Some((kept, request, _)) = self.kept_link(secret).await? else { return Ok(None) };
        let person = PersonId::new(kept.person);
        let caller = Caller::Person { id: person.clone(), door: Door::Link };
        let whole = self.look(request).await?.filter(|whole| caller.sees(whole));
        let (stage, revision) = (StageId(kept.stage), Revision(kept.revision));
        let used = kept.used.and_then(|used| Some((used.at, decision_of(&used.decision)?)));
        let standing = match (used, &whole) {
            (Some((at, decision)), _) => Standing::Used(at, decision),
            (None, None) => Standing::Refused(Refusal::UnknownRequest),
            (None, Some(whole)) => match would(whole, &person, Some(stage), revision) {
                Err(refusal) => Standing::Refused(refusal),
                Ok(()) if kept.expires_at <= whole.now => Standing::Late(kept.expires_at),
                Ok(()) => Standing::Open,
            },
        };
        let seen = whole.map(|whole| whole.shown_to(&caller));
        Ok(Some(Confirm { person, stage, revision, seen, standing }))
    }

    /// The link's person decides by it: through the one door, on the link's revision, in its stage, once. The link
    /// is used up in the same commit as the decision.
    ///
    /// # Errors
    /// Every refusal of the law; [`EngineError::LinkSpent`] for a link that is unknown, late or used.
    pub async fn decide_by_link(&self, secret: &str, decision: Decision, comment: Option<String>) -> Result<Handled, EngineError> {
        let Some((kept, request, version)) = self.kept_link(secret).await? else { return Err(EngineError::LinkSpent) };
        let now = self.store_now().await?;
        if kept.used.is_some() || kept.expires_at <= now {
            return Err(EngineError::LinkSpent);
        }
        let (person, stage, revision) = (PersonId::new(kept.person.clone()), StageId(kept.stage), Revision(kept.revision));
        let used = Kept { used: Some(KeptUse { at: now, decision: word(decision).to_owned() }), ..kept };
        let bytes = serde_json::to_vec(&used).map_err(|error| Fault::Store(error.to_string()))?;
        let spends = Put { kind: Kind::ConfirmLink, key: hash(secret), expected: version, bytes: Some(bytes) };
        let caller = Caller::Person { id: person, door: Door::Link };
        let verdict = Verdict { decision, revision, comment, person: None };
        let handled = self.decide_within(&caller, request, verdict, None, Some(Bound { stage, spends })).await?;
        if handled.events.is_empty() {
            // They had said the same before, so nothing was committed: the link is used up all the same.
            match self.write(Kind::ConfirmLink, &hash(secret), version, Some(&used)).await {
                Ok(()) | Err(EngineError::Busy) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(handled)
    }

    async fn kept_link(&self, secret: &str) -> Result<Option<(Kept, RequestId, u64)>, EngineError> {
        if secret.len() > SECRET_MAX {
            return Ok(None);
        }
        let Some(record) = self.records().get(Kind::ConfirmLink, &hash(secret)).await? else { return Ok(None) };
        let kept: Kept = read(&record)?;
        let damaged = |_| Fault::Damaged { place: "a confirm link".into(), what: "it names no request".into() };
        let request = RequestId::parse(&kept.request).map_err(damaged)?;
        Ok(Some((kept, request, record.version)))
    }
}

/// What the law would say to this person's yes and to their no by a link, now: a dry run that touches nothing. Both
/// are asked, for a word that was said before is never refused.
fn would(whole: &Whole, person: &PersonId, stage: Option<StageId>, revision: Revision) -> Result<(), Refusal> {
    // A no is given with its reason; the page asks for one.
    for (decision, comment) in [(Decision::Approve, None), (Decision::Reject, Some(Digest::of(b"a reason")))] {
        let voicing = Voicing { person: person.clone(), decision, revision, comment, door: Door::Link, relayed_by: None, proof: None, stage };
        decide(whole.request.id, Some(&whole.request), &Command::Decide(voicing), &whole.facts())?;
    }
    Ok(())
}

fn word(decision: Decision) -> &'static str {
    crate::wire::event::decision_word(decision)
}

fn decision_of(word: &str) -> Option<Decision> {
    crate::wire::event::decision_of(word)
}
