//! The forms of events, with the short names they have in the record. These names are stored: never
//! rename one. A field that came later needs a default.

use super::parts::{
    CauseForm, DecisionForm, DoorForm, EscalationCauseForm, ModeForm, NoticeForm, OutcomeForm, RuleForm, StageResultForm, VerdictForm,
};
use super::stored;
use countersign_core::assertion::Assertion;
use countersign_core::canonical::Digest;
use countersign_core::event::{
    Actor, Attachment, AttemptEnded, Cause, ContentId, Decided, Decision, Door, Escalated, EscalationCause, Event, NoticeKind, PlannedAction,
    RuledVerdict, StageOpened, StageResult,
};
use countersign_core::id::{ActionName, EffectId, KeyId, PersonId, PolicyName, Revision, StageId};
use countersign_core::policy::{LevelMode, OutcomeName, RuleRef};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(remote = "Event", rename_all = "snake_case")]
pub(super) enum EventForm {
    Submitted {
        #[serde(rename = "p", with = "stored")]
        policy: PolicyName,
        #[serde(rename = "d", with = "stored")]
        version: Digest,
        #[serde(rename = "r", with = "stored")]
        requester: PersonId,
        #[serde(rename = "b", with = "stored")]
        by: Actor,
        #[serde(rename = "c", with = "stored")]
        payload: ContentId,
        #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
        external_id: Option<String>,
    },
    Ruled {
        #[serde(rename = "n", with = "stored")]
        revision: Revision,
        #[serde(rename = "r", with = "RuleForm")]
        rule: RuleRef,
        #[serde(rename = "v", with = "VerdictForm")]
        verdict: RuledVerdict,
        #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
        failure: Option<String>,
    },
    StageOpened(#[serde(with = "StageOpenedForm")] StageOpened),
    Reminded {
        #[serde(rename = "s", with = "stored")]
        stage: StageId,
        #[serde(rename = "n")]
        nth: u32,
        #[serde(rename = "l")]
        late_ms: i64,
        #[serde(rename = "to", with = "stored")]
        to: Vec<PersonId>,
    },
    Escalated(#[serde(with = "EscalatedForm")] Escalated),
    Decided(#[serde(with = "DecidedForm")] Decided),
    VoiceUncounted {
        #[serde(rename = "s", with = "stored")]
        stage: StageId,
        #[serde(rename = "p", with = "stored")]
        person: PersonId,
    },
    Unroutable {
        #[serde(rename = "s", with = "stored")]
        stage: StageId,
        #[serde(rename = "h")]
        eligible: u32,
        #[serde(rename = "n")]
        needed: u32,
    },
    Rerouted {
        #[serde(rename = "s", with = "stored")]
        stage: StageId,
        #[serde(rename = "a", with = "stored")]
        asked: Vec<Vec<PersonId>>,
        #[serde(rename = "e", with = "stored")]
        escalated: Vec<Vec<PersonId>>,
        #[serde(rename = "d")]
        directory: u64,
    },
    StageClosed {
        #[serde(rename = "s", with = "stored")]
        stage: StageId,
        #[serde(rename = "r", with = "StageResultForm")]
        result: StageResult,
    },
    Returned {
        #[serde(rename = "b", with = "stored")]
        by: PersonId,
    },
    Revised {
        #[serde(rename = "n", with = "stored")]
        revision: Revision,
        #[serde(rename = "b", with = "stored")]
        by: Actor,
        #[serde(rename = "c", with = "stored")]
        payload: ContentId,
        #[serde(rename = "l", with = "stored", default, skip_serializing_if = "Vec::is_empty")]
        lapsed: Vec<PersonId>,
    },
    Settled {
        #[serde(rename = "o", with = "OutcomeForm")]
        outcome: OutcomeName,
        #[serde(rename = "w", with = "CauseForm")]
        cause: Cause,
        #[serde(rename = "a", with = "stored", default, skip_serializing_if = "Vec::is_empty")]
        actions: Vec<PlannedAction>,
    },
    Summarised {
        #[serde(rename = "n", with = "stored")]
        revision: Revision,
        #[serde(rename = "b")]
        by: String,
        #[serde(rename = "c", with = "stored")]
        summary: ContentId,
    },
    SummaryDeclined {
        #[serde(rename = "n", with = "stored")]
        revision: Revision,
        #[serde(rename = "w")]
        reason: String,
    },
    NoticeDelivered {
        #[serde(rename = "e", with = "stored")]
        effect: EffectId,
        #[serde(rename = "k", with = "NoticeForm")]
        kind: NoticeKind,
        #[serde(rename = "to", with = "stored", default, skip_serializing_if = "Option::is_none")]
        to: Option<PersonId>,
        #[serde(rename = "c")]
        channel: String,
        #[serde(rename = "t")]
        attempts: u32,
    },
    NoticeFailed {
        #[serde(rename = "e", with = "stored")]
        effect: EffectId,
        #[serde(rename = "k", with = "NoticeForm")]
        kind: NoticeKind,
        #[serde(rename = "to", with = "stored", default, skip_serializing_if = "Option::is_none")]
        to: Option<PersonId>,
        #[serde(rename = "s", with = "stored", default, skip_serializing_if = "Option::is_none")]
        stage: Option<StageId>,
        #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
        hook: Option<String>,
        #[serde(rename = "w")]
        answer: String,
        #[serde(rename = "t")]
        attempts: u32,
    },
    NoticeRetried {
        #[serde(rename = "e", with = "stored")]
        effect: EffectId,
        #[serde(rename = "b", with = "stored")]
        by: Actor,
    },
    NoticeAbandoned {
        #[serde(rename = "e", with = "stored")]
        effect: EffectId,
        #[serde(rename = "b", with = "stored")]
        by: Actor,
        #[serde(rename = "c", with = "stored", default, skip_serializing_if = "Option::is_none")]
        reason: Option<ContentId>,
    },
    ExecutionStarted {
        #[serde(rename = "a", with = "stored")]
        action: ActionName,
        #[serde(rename = "t")]
        token: u64,
        #[serde(rename = "u", with = "stored")]
        lease_until: Timestamp,
    },
    ExecutionSucceeded(#[serde(with = "AttemptForm")] AttemptEnded),
    ExecutionFailed {
        #[serde(rename = "t", with = "AttemptForm")]
        attempt: AttemptEnded,
        #[serde(rename = "u", with = "stored")]
        retry_at: Timestamp,
    },
    ExecutionDeadLettered(#[serde(with = "AttemptForm")] AttemptEnded),
    ExecutionRetried {
        #[serde(rename = "a", with = "stored")]
        action: ActionName,
        #[serde(rename = "b", with = "stored")]
        by: Actor,
    },
    ExecutionAbandoned {
        #[serde(rename = "a", with = "stored")]
        action: ActionName,
        #[serde(rename = "b", with = "stored")]
        by: Actor,
        #[serde(rename = "c", with = "stored", default, skip_serializing_if = "Option::is_none")]
        reason: Option<ContentId>,
    },
    RunClaimed {
        #[serde(rename = "b", with = "stored")]
        by: Actor,
        #[serde(rename = "c", with = "stored")]
        payload: ContentId,
    },
    Commented {
        #[serde(rename = "b", with = "stored")]
        by: Actor,
        #[serde(rename = "c", with = "stored")]
        comment: ContentId,
    },
    Attached {
        #[serde(rename = "b", with = "stored")]
        by: Actor,
        #[serde(rename = "a", with = "AttachmentForm")]
        attachment: Attachment,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Attachment")]
struct AttachmentForm {
    #[serde(rename = "f", with = "stored")]
    file: Digest,
    #[serde(rename = "c", with = "stored")]
    about: ContentId,
    #[serde(rename = "n")]
    bytes: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "StageOpened")]
struct StageOpenedForm {
    #[serde(rename = "s", with = "stored")]
    stage: StageId,
    #[serde(rename = "i")]
    spec: usize,
    #[serde(rename = "a", with = "stored")]
    asked: Vec<Vec<PersonId>>,
    #[serde(rename = "d")]
    directory: u64,
    #[serde(rename = "u", with = "stored")]
    expires_at: Timestamp,
    #[serde(rename = "k", default, skip_serializing_if = "std::ops::Not::not")]
    require_passkey: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Escalated")]
struct EscalatedForm {
    #[serde(rename = "s", with = "stored")]
    stage: StageId,
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    level: Option<usize>,
    #[serde(rename = "m", with = "ModeForm")]
    mode: LevelMode,
    #[serde(rename = "to", with = "stored")]
    to: Vec<PersonId>,
    #[serde(rename = "w", with = "EscalationCauseForm")]
    cause: EscalationCause,
    #[serde(rename = "d")]
    directory: u64,
    #[serde(rename = "u", with = "stored", default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Decided")]
struct DecidedForm {
    #[serde(rename = "p", with = "stored")]
    person: PersonId,
    #[serde(rename = "f", with = "stored", default, skip_serializing_if = "Option::is_none")]
    acting_for: Option<PersonId>,
    #[serde(rename = "v", with = "DecisionForm")]
    decision: Decision,
    #[serde(rename = "n", with = "stored")]
    revision: Revision,
    #[serde(rename = "s", with = "stored")]
    stages: Vec<StageId>,
    #[serde(rename = "c", with = "stored", default, skip_serializing_if = "Option::is_none")]
    comment: Option<ContentId>,
    #[serde(rename = "o", with = "DoorForm")]
    door: Door,
    #[serde(rename = "k", with = "stored", default, skip_serializing_if = "Option::is_none")]
    relayed_by: Option<KeyId>,
    #[serde(rename = "a", with = "stored", default, skip_serializing_if = "Option::is_none")]
    assertion: Option<Box<Assertion>>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "AttemptEnded")]
struct AttemptForm {
    #[serde(rename = "a", with = "stored")]
    action: ActionName,
    #[serde(rename = "t")]
    token: u64,
    #[serde(rename = "w")]
    answer: String,
    #[serde(rename = "c", with = "stored", default, skip_serializing_if = "Option::is_none")]
    output: Option<ContentId>,
}
