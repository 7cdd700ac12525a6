//! What happened. A request is the fold of its events; nothing else is the truth about it. Events hold no
//! personal text: payloads, comments and summaries stand apart and are named by salted digests.

use crate::assertion::Assertion;
use crate::canonical::Digest;
use crate::id::{ActionName, EffectId, KeyId, PersonId, PolicyName, Revision, StageId};
use crate::policy::{LevelMode, OutcomeName, RuleRef};
use jiff::Timestamp;

mod name;

pub use name::NAMES;

/// The salted digest of content that stands apart from the event (payload, comment, summary, body).
pub type ContentId = Digest;

/// Who acted.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Actor {
    /// A person, signed in as themselves.
    Person(PersonId),
    /// A machine with a key.
    Key {
        /// Which key.
        key: KeyId,
        /// The human it acts for; `None` for a key that acts for nobody, as those of operators do.
        person: Option<PersonId>,
    },
    /// The engine itself: a timer, a worker.
    Engine,
}

impl Actor {
    /// The human behind the act, if any.
    #[must_use]
    pub fn human(&self) -> Option<&PersonId> {
        match self {
            Self::Person(person) => Some(person),
            Self::Key { person, .. } => person.as_ref(),
            Self::Engine => None,
        }
    }

    /// Who it is, in a word: the person's id, the key's, or the engine.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Person(person) => person.to_string(),
            Self::Key { key, .. } => key.to_string(),
            Self::Engine => "the engine".to_owned(),
        }
    }
}

/// Through which door a decision came in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Door {
    /// The pages.
    Web,
    /// The HTTP API with a person's session.
    Api,
    /// A terminal signed in as the person.
    Cli,
    /// Another system, by a key with `decide:on-behalf`.
    Relay,
    /// A confirm link, as mail and chat carry it.
    Link,
}

/// What a person said of a revision.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Decision {
    /// Yes.
    Approve,
    /// No.
    Reject,
    /// Not like this: back to the requester.
    RequestChanges,
}

impl Decision {
    /// The word for it on the wire and in what is signed.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::RequestChanges => "request_changes",
        }
    }
}

/// A person's decision as it was taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decided {
    /// The human who acted.
    pub person: PersonId,
    /// In whose seat, where not their own.
    pub acting_for: Option<PersonId>,
    /// What they said.
    pub decision: Decision,
    /// The revision they saw.
    pub revision: Revision,
    /// The stages it counts for.
    pub stages: Vec<StageId>,
    /// Their words.
    pub comment: Option<ContentId>,
    /// The way it came in.
    pub door: Door,
    /// The key that relayed it.
    pub relayed_by: Option<KeyId>,
    /// What their passkey signed.
    pub assertion: Option<Box<Assertion>>,
}

/// A stage as it opened: whom it asks was resolved then, from this version of the directory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StageOpened {
    /// This opening.
    pub stage: StageId,
    /// The index among the rule's stages.
    pub spec: usize,
    /// For each seat of the stage, who is asked; the requester is never among them.
    pub asked: Vec<Vec<PersonId>>,
    /// The directory's version that the selectors were resolved against.
    pub directory: u64,
    /// When it gives up.
    pub expires_at: Timestamp,
    /// Whether an approval must be signed with a passkey.
    pub require_passkey: bool,
}

/// Others were asked too, or instead.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Escalated {
    /// Which opening.
    pub stage: StageId,
    /// The level, counted from 0; `None` where an operator reassigned by hand.
    pub level: Option<usize>,
    /// Added or replaced.
    pub mode: LevelMode,
    /// Whom it asks; the requester is never among them.
    pub to: Vec<PersonId>,
    /// Why it fired.
    pub cause: EscalationCause,
    /// The directory's version that `to` was resolved against.
    pub directory: u64,
    /// A new deadline, where the level brings one.
    pub expires_at: Option<Timestamp>,
}

/// Why a level fired.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EscalationCause {
    /// Its time came; it fired this many milliseconds late.
    Due {
        /// Milliseconds between due and fired.
        late_ms: i64,
    },
    /// Fewer people could decide than the quorum needs (rule 6).
    TooFewEligible,
    /// An operator, or a key that operates, asked these people.
    Operator(Actor),
}

/// How a stage ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StageResult {
    /// Its quorum is full.
    Approved,
    /// Enough said no.
    Rejected,
    /// Its time ran out.
    Expired,
    /// The request moved on without it: returned, revised, withdrawn, rejected beside it.
    Voided,
}

/// What settled a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Cause {
    /// A rule allowed or denied it.
    Rule,
    /// The decisions of people.
    Decisions,
    /// A stage's clock; this many milliseconds after it was due.
    Expiry {
        /// Milliseconds between due and fired.
        late_ms: i64,
    },
    /// The requester, or a key that acts for them.
    Withdrawn(Actor),
}

/// One try at running an action, as it ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AttemptEnded {
    /// Which action.
    pub action: ActionName,
    /// The fencing token of the attempt.
    pub token: u64,
    /// In a word: `200`, `timeout`, `exit 1`.
    pub answer: String,
    /// Content with the captured answer, up to a bound.
    pub output: Option<ContentId>,
}

/// What a notice is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum NoticeKind {
    /// You are asked.
    Requested,
    /// You were asked and have not decided.
    Reminded,
    /// Others are asked now; or you are, because others did not decide.
    Escalated,
    /// How it ended.
    Settled,
    /// An approver asked for changes.
    Returned,
    /// Your decision lapsed: there is a new revision.
    Lapsed,
    /// Nobody can decide it.
    Unroutable,
    /// An action or a notice failed for good.
    DeadLettered,
}

/// One recorded fact.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// A request was made.
    Submitted {
        /// Under which policy.
        policy: PolicyName,
        /// Pinned for its whole life.
        version: Digest,
        /// In whose name.
        requester: PersonId,
        /// By whom.
        by: Actor,
        /// The payload.
        payload: ContentId,
        /// The id that another system knows it by.
        external_id: Option<String>,
    },
    /// The policy was read for a revision.
    Ruled {
        /// Which revision.
        revision: Revision,
        /// Which line.
        rule: RuleRef,
        /// What it said.
        verdict: RuledVerdict,
        /// Why no rule could be evaluated, where it failed closed.
        failure: Option<String>,
    },
    /// A stage opened.
    StageOpened(StageOpened),
    /// Those who have not decided were asked again.
    Reminded {
        /// Which opening.
        stage: StageId,
        /// The how-manieth reminder was due, from 1; those overslept are counted, not sent.
        nth: u32,
        /// Milliseconds between due and fired.
        late_ms: i64,
        /// Who was asked again.
        to: Vec<PersonId>,
    },
    /// Others were asked.
    Escalated(Escalated),
    /// A person decided.
    Decided(Decided),
    /// A voice no longer counts: its maker left, lost the group or became excluded (rule 1).
    VoiceUncounted {
        /// In which stage.
        stage: StageId,
        /// Whose.
        person: PersonId,
    },
    /// Nobody is left to ask.
    Unroutable {
        /// Which opening.
        stage: StageId,
        /// How many could decide.
        eligible: u32,
        /// How many are needed.
        needed: u32,
    },
    /// People were found again after the directory changed.
    Rerouted {
        /// Which opening.
        stage: StageId,
        /// For each seat, who is asked now.
        asked: Vec<Vec<PersonId>>,
        /// For each escalation that fired, in order, whom it asks now.
        escalated: Vec<Vec<PersonId>>,
        /// The directory's version.
        directory: u64,
    },
    /// A stage ended.
    StageClosed {
        /// Which opening.
        stage: StageId,
        /// How.
        result: StageResult,
    },
    /// An approver asked for changes; the request waits for a new revision.
    Returned {
        /// Who.
        by: PersonId,
    },
    /// The payload changed; every decision so far is void.
    Revised {
        /// The new revision.
        revision: Revision,
        /// By whom.
        by: Actor,
        /// The new payload.
        payload: ContentId,
        /// Whose voices lapsed.
        lapsed: Vec<PersonId>,
    },
    /// It ended, for good.
    Settled {
        /// How.
        outcome: OutcomeName,
        /// Why.
        cause: Cause,
        /// The actions that follow, each with the bytes that every attempt sends.
        actions: Vec<PlannedAction>,
    },
    /// The model's words, or word that there are none.
    Summarised {
        /// Of which revision.
        revision: Revision,
        /// Which model wrote it.
        by: String,
        /// The summary.
        summary: ContentId,
    },
    /// No summary came from the model; the plain one stands.
    SummaryDeclined {
        /// Of which revision.
        revision: Revision,
        /// Why: absent, too slow, refused by the check.
        reason: String,
    },
    /// Somebody was told.
    NoticeDelivered {
        /// Which piece of work.
        effect: EffectId,
        /// About what.
        kind: NoticeKind,
        /// Whom; `None` for a webhook that takes every event.
        to: Option<PersonId>,
        /// By which road.
        channel: String,
        /// How many tries it took.
        attempts: u32,
    },
    /// Telling failed for good: a dead letter, to be retried or abandoned by an operator.
    NoticeFailed {
        /// Which piece of work.
        effect: EffectId,
        /// About what.
        kind: NoticeKind,
        /// Whom.
        to: Option<PersonId>,
        /// In which stage, where it matters.
        stage: Option<StageId>,
        /// Which of the webhooks that take every event.
        hook: Option<String>,
        /// The last answer.
        answer: String,
        /// How many tries it took.
        attempts: u32,
    },
    /// An operator wants it tried again, under the same id.
    NoticeRetried {
        /// Which piece of work.
        effect: EffectId,
        /// Who.
        by: Actor,
    },
    /// An operator gave it up.
    NoticeAbandoned {
        /// Which piece of work.
        effect: EffectId,
        /// Who.
        by: Actor,
        /// Why.
        reason: Option<ContentId>,
    },
    /// An attempt began: from here the action may have had its effect.
    ExecutionStarted {
        /// Which action.
        action: ActionName,
        /// The fencing token: the number of the attempt.
        token: u64,
        /// Until when no other worker may start.
        lease_until: Timestamp,
    },
    /// The receiver took it.
    ExecutionSucceeded(AttemptEnded),
    /// The receiver did not take it; tried again then.
    ExecutionFailed {
        /// The attempt.
        attempt: AttemptEnded,
        /// The next try.
        retry_at: Timestamp,
    },
    /// Given up by the engine: a dead letter, to be retried or abandoned by an operator.
    ExecutionDeadLettered(AttemptEnded),
    /// An operator wants it tried again.
    ExecutionRetried {
        /// Which action.
        action: ActionName,
        /// Who.
        by: Actor,
    },
    /// An operator gave it up.
    ExecutionAbandoned {
        /// Which action.
        action: ActionName,
        /// Who.
        by: Actor,
        /// Why.
        reason: Option<ContentId>,
    },
    /// The one run of an approved request was given out: whoever claimed it runs a program of its own.
    RunClaimed {
        /// To whom.
        by: Actor,
        /// The payload that was approved, and is what runs.
        payload: ContentId,
    },
    /// Somebody said something.
    Commented {
        /// Who.
        by: Actor,
        /// What.
        comment: ContentId,
    },
    /// Somebody attached a file.
    Attached {
        /// Who.
        by: Actor,
        /// The file.
        attachment: Attachment,
    },
}

/// A file beside a request. Its bytes stand apart, and so do its name and type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Attachment {
    /// The salted digest of the file: its name in the store.
    pub file: Digest,
    /// Its name and type.
    pub about: ContentId,
    /// How long it is.
    pub bytes: u64,
}

/// What a rule said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RuledVerdict {
    /// Approved without people.
    Allow,
    /// Rejected without people.
    Deny,
    /// People must agree.
    Ask,
}

/// An action as it was rendered when the outcome was committed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlannedAction {
    /// Which.
    pub name: ActionName,
    /// The content that holds the body; none where it could not be rendered: then it never runs.
    pub body: Option<ContentId>,
    /// How long it is.
    pub bytes: u64,
}
