//! A request is what its events say it is. Nothing here waits, reads a clock, or can fail for want of a
//! network. The parts: `decide` says what follows from a command, `evolve` folds an event, `effects`
//! says what the world owes us because of it.

use crate::canonical::Digest;
use crate::event::{Actor, Attachment, Cause, ContentId, Decision};
use crate::execution::{Execution, ExecutionState};
use crate::id::{EffectId, PersonId, PolicyName, RequestId, Revision, StageId};
use crate::notice::{FailedNotice, NoticeState};
use crate::policy::sight::Viewer;
use crate::policy::{OutcomeName, RuleRef};
use crate::stage::Stage;
use jiff::Timestamp;
use std::collections::BTreeSet;

pub use decide::{ATTACHMENTS_MAX, Decided, Facts, decide};
pub use effects::{Effect, effects};
pub use evolve::{IllegalEvent, evolve, fold};

mod decide;
mod effects;
mod evolve;
pub mod view;

/// One proposed action under control, from submission to outcome.
///
/// Invariants, kept by `evolve` alone: `settled` is set once and never cleared; voices stand only on the
/// current revision; a stage number is never used twice; executions exist only after an outcome.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// Which.
    pub id: RequestId,
    /// Under which policy.
    pub policy: PolicyName,
    /// The version pinned at submission (rule 9).
    pub version: Digest,
    /// In whose name; never an approver (rule 2).
    pub requester: PersonId,
    /// Who submitted it.
    pub submitted_by: Actor,
    /// The id that another system knows it by.
    pub external_id: Option<String>,
    /// The current state of the payload.
    pub revision: Revision,
    /// Its content.
    pub payload: ContentId,
    /// The line of the policy that holds for this revision.
    pub rule: RuleRef,
    /// When it was submitted.
    pub created_at: Timestamp,
    /// All openings of this revision's stages, in order.
    pub stages: Vec<Stage>,
    /// How many openings there were over all revisions.
    pub stages_opened: u32,
    /// Everybody whom it ever asked, over all revisions.
    pub ever_asked: BTreeSet<PersonId>,
    /// Who asked for changes, while it waits for a new revision.
    pub returned_by: Option<PersonId>,
    /// What the model did for this revision.
    pub summary: SummaryState,
    /// The end.
    pub settled: Option<Settlement>,
    /// The challenges that passkeys signed, over all revisions: each counts once.
    pub asserted: Vec<Digest>,
    /// What follows from the end, in order.
    pub executions: Vec<Execution>,
    /// Who took the one run of it, if anybody did.
    pub run: Option<RunClaim>,
    /// The notices that failed for good, in order, whatever became of them since.
    pub notices: Vec<FailedNotice>,
    /// The files beside it, over all revisions.
    pub attachments: Vec<Attachment>,
    /// How many events made it what it is.
    pub events: u64,
}

/// Where the model's summary of the current revision stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SummaryState {
    /// Not answered yet: the plain one is shown.
    Open,
    /// It wrote this.
    Written {
        /// Which model.
        by: String,
        /// The words.
        content: ContentId,
    },
    /// It did not: the plain one stands.
    Declined,
}

/// The run of an approved request by a machine itself, as it was given out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RunClaim {
    /// To whom.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

/// How a request ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settlement {
    /// The outcome.
    pub outcome: OutcomeName,
    /// Why.
    pub cause: Cause,
    /// When.
    pub at: Timestamp,
}

impl Request {
    /// The opening of this number, if it belongs to the current revision.
    #[must_use]
    pub fn stage(&self, id: StageId) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.id == id)
    }

    /// Stages that still take decisions or wait for people.
    pub fn open_stages(&self) -> impl Iterator<Item = &Stage> {
        self.stages.iter().filter(|stage| stage.closed.is_none())
    }

    /// The notice of this id, if it ever failed for good.
    #[must_use]
    pub fn notice(&self, id: EffectId) -> Option<&FailedNotice> {
        self.notices.iter().find(|notice| notice.id == id)
    }

    /// Whether an action or a notice of it is a dead letter.
    #[must_use]
    pub fn has_dead_letter(&self) -> bool {
        let actions = self.executions.iter().any(|execution| execution.state == ExecutionState::Failed);
        actions || self.notices.iter().any(|notice| notice.state == NoticeState::Failed)
    }

    /// Whether this person may never decide: the requester, and whoever submitted it in a name (rule 2).
    #[must_use]
    pub fn excludes(&self, person: &PersonId) -> bool {
        &self.requester == person || self.submitted_by.human() == Some(person)
    }

    /// As whom this person looks at it: whoever asked for it or was ever asked sees all of it.
    #[must_use]
    pub fn viewer<'a>(&self, person: &'a PersonId) -> Viewer<'a> {
        if self.excludes(person) || self.ever_asked.contains(person) { Viewer::Party } else { Viewer::Person(person) }
    }

    /// Those who made the outcome what it is: the approvers of an approval, the rejecters of a rejection, whoever
    /// withdrew; nobody where a clock or a rule did.
    #[must_use]
    pub fn deciders(&self) -> Vec<PersonId> {
        self.settled.as_ref().map(|end| self.deciders_of(end.outcome, &end.cause)).unwrap_or_default()
    }

    /// The same for an outcome that is about to be recorded.
    #[must_use]
    pub fn deciders_of(&self, outcome: OutcomeName, cause: &Cause) -> Vec<PersonId> {
        match (outcome, cause) {
            (_, Cause::Withdrawn(by)) => by.human().cloned().into_iter().collect(),
            (OutcomeName::Approved, _) => self.who_said(Decision::Approve),
            (OutcomeName::Rejected, Cause::Decisions) => self.who_said(Decision::Reject),
            _ => Vec::new(),
        }
    }

    fn who_said(&self, wanted: Decision) -> Vec<PersonId> {
        let mut people: Vec<PersonId> = Vec::new();
        for person in self.stages.iter().flat_map(|stage| stage.said(wanted)) {
            if !people.contains(person) {
                people.push(person.clone());
            }
        }
        people
    }
}
