//! What may be asked of a request. Every door and every worker speaks in these; there is no other way in.

use crate::assertion::Proof;
use crate::canonical::Digest;
use crate::event::{Actor, Attachment, ContentId, Decision, Door, NoticeKind};
use crate::id::{ActionName, EffectId, KeyId, PersonId, RequestId, Revision, StageId};
use jiff::Timestamp;

/// One thing asked of one request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Command {
    /// Make it. The payload has been accepted by the policy's fields and stands in the facts.
    Submit {
        /// The new request.
        id: RequestId,
        /// In whose name.
        requester: PersonId,
        /// By whom.
        by: Actor,
        /// The payload's content.
        payload: ContentId,
        /// The id that another system knows it by.
        external_id: Option<String>,
    },
    /// A person decides.
    Decide(Voicing),
    /// The requester changes the payload; the new one stands in the facts.
    Revise {
        /// By whom.
        by: Actor,
        /// The payload's content.
        payload: ContentId,
    },
    /// The requester takes it back.
    Withdraw {
        /// By whom.
        by: Actor,
    },
    /// Whoever speaks for the requester is about to run what was approved, by itself. It may do so only where this is
    /// recorded: one approval is one run.
    ClaimRun {
        /// By whom.
        by: Actor,
        /// The digest of the payload that it would run.
        payload: Digest,
    },
    /// Somebody says something.
    Comment {
        /// Who.
        by: Actor,
        /// What.
        comment: ContentId,
    },
    /// Somebody attaches a file.
    Attach {
        /// Who.
        by: Actor,
        /// The file.
        attachment: Attachment,
    },
    /// An operator asks further people, by hand.
    Reassign {
        /// The operator.
        by: Actor,
        /// Whom.
        to: Vec<PersonId>,
    },
    /// A deadline may have passed, or the directory changed; the facts say which.
    Wake,
    /// The model answered.
    Summarised {
        /// For which revision.
        revision: Revision,
        /// Which model.
        by: String,
        /// The summary's content.
        summary: ContentId,
    },
    /// The model did not, or its answer was refused.
    DeclineSummary {
        /// For which revision.
        revision: Revision,
        /// Why.
        reason: String,
    },
    /// A worker is about to run an action. It may do so only where an attempt began: bytes that are not the approved
    /// ones make the action a dead letter instead.
    StartExecution {
        /// Which.
        action: ActionName,
        /// Until when it holds the lease.
        lease_until: Timestamp,
        /// The salted digest of the bytes it is about to send.
        body: ContentId,
    },
    /// A worker reports how the attempt ended.
    FinishExecution {
        /// Which action.
        action: ActionName,
        /// The token of its start.
        token: u64,
        /// How it ended.
        report: Report,
    },
    /// An operator tries a dead letter again.
    RetryExecution {
        /// Which action.
        action: ActionName,
        /// Who.
        by: Actor,
    },
    /// An operator gives a dead letter up.
    AbandonExecution {
        /// Which action.
        action: ActionName,
        /// Who.
        by: Actor,
        /// Why.
        reason: Option<ContentId>,
    },
    /// A notice arrived, or failed for good.
    ReportNotice(NoticeReport),
    /// An operator tries a notice that failed for good again.
    RetryNotice {
        /// Which.
        effect: EffectId,
        /// Who.
        by: Actor,
    },
    /// An operator gives such a notice up.
    AbandonNotice {
        /// Which.
        effect: EffectId,
        /// Who.
        by: Actor,
        /// Why.
        reason: Option<ContentId>,
    },
}

/// How telling somebody ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NoticeReport {
    /// Which piece of work.
    pub effect: EffectId,
    /// About what.
    pub kind: NoticeKind,
    /// Whom.
    pub to: Option<PersonId>,
    /// In which stage, where it matters.
    pub stage: Option<StageId>,
    /// Which of the webhooks that take every event.
    pub hook: Option<String>,
    /// How many tries it took.
    pub attempts: u32,
    /// The road it took, or the last answer.
    pub result: Result<String, String>,
}

/// A person's decision as it comes in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Voicing {
    /// The human.
    pub person: PersonId,
    /// What they say.
    pub decision: Decision,
    /// The revision they saw.
    pub revision: Revision,
    /// Their words.
    pub comment: Option<ContentId>,
    /// The way it came in.
    pub door: Door,
    /// The key that relays it.
    pub relayed_by: Option<KeyId>,
    /// The one stage it may count for, where it came by a link that is bound to one (rule 25).
    pub stage: Option<StageId>,
    /// What their passkey signed, verified.
    pub proof: Option<Box<Proof>>,
}

/// How an attempt ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// In a word: `200`, `timeout`, `exit 1`.
    pub answer: String,
    /// The captured answer.
    pub output: Option<ContentId>,
    /// What follows.
    pub verdict: ReportVerdict,
}

/// What follows from an attempt's end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReportVerdict {
    /// The receiver took it.
    Succeeded,
    /// Try again then.
    RetryAt(Timestamp),
    /// The schedule is exhausted, or the receiver wants no more: a dead letter.
    GiveUp,
}
