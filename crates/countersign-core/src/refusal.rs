//! A rule says no. Each refusal has a stable code, one sentence that says why and what is true now, and
//! what can be done; a refused command changes nothing (rule 29).

use crate::id::{ActionName, EffectId, PersonId, Revision};
use crate::policy::OutcomeName;
use crate::request::RunClaim;
use jiff::Timestamp;

/// Why a command was refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// Rule 2.
    OwnRequest,
    /// Rule 1.
    NotAnApprover,
    /// Rule 3: this person's voice already fills a seat in another stage.
    VoiceAlreadyCounted,
    /// Rule 11.
    AlreadySettled {
        /// How it ended.
        outcome: OutcomeName,
        /// When.
        at: Timestamp,
        /// Whose decisions it was.
        by: Vec<PersonId>,
    },
    /// Rule 11: the stage that asked this person has ended.
    StageClosed,
    /// The request waits for a new revision.
    Returned,
    /// Rule 7.
    StaleRevision {
        /// What the maker saw.
        seen: Revision,
        /// What stands now.
        current: Revision,
    },
    /// Rule 12: a rejection, or a wish for changes, reaches the requester with its reason.
    CommentRequired,
    /// Rule 16: the expiry has passed, swept or not.
    TooLate {
        /// When it passed.
        expired_at: Timestamp,
    },
    /// Rule 8: only the requester, or a key that acts for them.
    NotTheRequester,
    /// The person is unknown or has left.
    UnknownPerson(PersonId),
    /// No such action follows from this outcome.
    UnknownAction(ActionName),
    /// Only a dead letter is retried or given up by hand.
    NotADeadLetter(ActionName),
    /// No notice of this id failed on this request.
    UnknownNotice(EffectId),
    /// The same of a notice.
    NoticeNotDead(EffectId),
    /// The action is running, or done, or waits for the one before it.
    NotRunnable(ActionName),
    /// Rule 21: the body could not be rendered, so that there is nothing that was approved to send.
    NoBody(ActionName),
    /// Rule 21: another attempt has begun since.
    LeaseLost {
        /// The token that came.
        token: u64,
        /// The token that is current.
        current: u64,
    },
    /// It has no approval, so that there is nothing to run.
    NotApproved,
    /// What was approved is something else than what would be run.
    NotWhatWasApproved,
    /// The one run of it was given out before.
    AlreadyRun(RunClaim),
    /// Nobody among those named may decide this request.
    NobodyToAsk,
    /// There is no such request.
    UnknownRequest,
    /// There is one already.
    AlreadySubmitted,
    /// The stage asks its people to sign in, and this came by a link.
    SignInRequired,
    /// A request has no room for more attachments.
    TooManyAttachments {
        /// How many it may have.
        max: usize,
    },
    /// The stage asks for a passkey, and none signed this.
    PasskeyRequired,
    /// The passkey signed something else, or this signature was used before.
    PasskeyMismatch {
        /// It was used before.
        used: bool,
    },
}

impl Refusal {
    /// The stable code; each has a page under `docs/errors/`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::OwnRequest => "own_request",
            Self::NotAnApprover => "not_an_approver",
            Self::VoiceAlreadyCounted => "voice_already_counted",
            Self::AlreadySettled { .. } => "already_settled",
            Self::StageClosed => "stage_closed",
            Self::Returned => "returned",
            Self::StaleRevision { .. } => "stale_revision",
            Self::CommentRequired => "comment_required",
            Self::TooLate { .. } => "too_late",
            Self::NotTheRequester => "not_the_requester",
            Self::UnknownPerson(_) => "unknown_person",
            Self::UnknownAction(_) => "unknown_action",
            Self::NotADeadLetter(_) | Self::NoticeNotDead(_) => "not_a_dead_letter",
            Self::UnknownNotice(_) => "unknown_notice",
            Self::NotRunnable(_) | Self::NoBody(_) => "not_runnable",
            Self::LeaseLost { .. } => "lease_lost",
            Self::NotApproved | Self::NotWhatWasApproved => "not_approved",
            Self::AlreadyRun(_) => "already_run",
            Self::NobodyToAsk => "nobody_to_ask",
            Self::UnknownRequest => "unknown_request",
            Self::AlreadySubmitted => "already_submitted",
            Self::SignInRequired => "sign_in_required",
            Self::TooManyAttachments { .. } => "too_many_attachments",
            Self::PasskeyRequired => "passkey_required",
            Self::PasskeyMismatch { .. } => "passkey_mismatch",
        }
    }

    /// One sentence: why, what is true now, what can be done.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::OwnRequest => "nobody decides their own request, or chooses who does; somebody else whom the stage asks must".into(),
            Self::NotAnApprover => "you are not asked to decide this request; `why` shows who is".into(),
            Self::VoiceAlreadyCounted => {
                "your approval already counts in another stage of this request, and one person is one voice; somebody else must fill this stage"
                    .into()
            }
            Self::AlreadySettled { outcome, at, by } => settled(*outcome, *at, by),
            Self::StageClosed => "the stage that asked you has ended; the request goes on without a further voice of yours".into(),
            Self::Returned => "changes were asked for, so nobody can decide until the requester sends a new revision".into(),
            Self::StaleRevision { seen, current } if seen > current => {
                format!("there is no revision {seen}; the request stands at revision {current}; look at it again")
            }
            Self::StaleRevision { seen, current } => {
                format!("you saw revision {seen}, but the request was changed and stands at revision {current}; look at it again")
            }
            Self::CommentRequired => {
                "say why: the requester is told the reason of a rejection or of a wish for changes; nothing was decided yet".into()
            }
            Self::TooLate { expired_at } => format!("the time to decide ended at {expired_at}; the request can be submitted again"),
            Self::NotTheRequester => "only the requester, or a key that acts for them, may do this".into(),
            Self::UnknownPerson(person) => format!("`{person}` is nobody in the directory, or has left"),
            Self::UnknownAction(action) => format!("no action `{action}` follows from this outcome"),
            Self::NotADeadLetter(action) => {
                format!("`{action}` is not a dead letter: only an action that was given up can be retried or abandoned by hand")
            }
            Self::UnknownNotice(id) => format!("no notice `{id}` of this request failed for good; its `failed_notices` are those that did"),
            Self::NoticeNotDead(id) => {
                format!("`{id}` is not a dead letter: it arrived since, is being tried again, or was given up already")
            }
            Self::NotRunnable(action) => format!("`{action}` cannot start now: it is running or done, or waits for the action before it"),
            Self::NoBody(action) => {
                format!("`{action}` has no body: it could not be rendered from what was approved, so nothing can be sent; it can only be abandoned")
            }
            Self::LeaseLost { token, current } => format!("attempt {token} lost its lease; attempt {current} is the current one"),
            Self::NotApproved => "the request is not approved: there is nothing to run; nothing was changed".into(),
            Self::NotWhatWasApproved => "what was approved is not what would be run; nothing was changed".into(),
            Self::AlreadyRun(claim) => {
                format!("this run was claimed at {} by {}: one approval is one run; nothing was changed", claim.at, claim.by.name())
            }
            Self::NobodyToAsk => "none of the people named may decide this request: they are unknown, have left, or asked for it themselves".into(),
            Self::UnknownRequest => "there is no such request, or you may not see it".into(),
            Self::AlreadySubmitted => "this request exists already".into(),
            Self::SignInRequired => "this stage asks its people to sign in first; decide on the request's page".into(),
            Self::TooManyAttachments { max } => format!("the request has {max} attachments, and no more fit; nothing was kept"),
            Self::PasskeyRequired => {
                "an approval in this stage must be signed with a passkey, on the request's page in a browser; nothing was decided".into()
            }
            Self::PasskeyMismatch { used: false } => {
                "your passkey signed something else than what stands here now; nothing was decided, look at the request again and sign anew".into()
            }
            Self::PasskeyMismatch { used: true } => "this signature was used before, and each counts once; nothing was decided, sign anew".into(),
        }
    }
}

fn settled(outcome: OutcomeName, at: Timestamp, by: &[PersonId]) -> String {
    let names: Vec<&str> = by.iter().map(PersonId::as_str).collect();
    let who = if names.is_empty() { String::new() } else { format!(" by {}", names.join(", ")) };
    format!("the request was {}{who} at {at}; an outcome is final, so submit a new one if it is still wanted", outcome.as_str())
}

impl OutcomeName {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
        }
    }
}
