//! What others need to know of a request without deciding anything: its status, who is waited for, what
//! happens next and when.

use super::Request;
use super::decide::Facts;
use super::decide::{ask, barred, earliest, heard, must_sign, specs, standing, timers, to_sign, undecided};
use crate::assertion::Statement;
use crate::command::Voicing;
use crate::event::{Decision, Door};
use crate::id::PersonId;
use crate::policy::{OutcomeName, StageSpec};
use crate::refusal::Refusal;
use crate::stage::{Stage, Standing, places, seats_filled};
use jiff::Timestamp;
use std::collections::BTreeSet;

pub use super::decide::Timer;

/// Where a request stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// Somebody is asked.
    Pending,
    /// Waits for a new revision.
    Returned,
    /// Nobody left to ask.
    Unroutable,
    /// Ended.
    Settled(OutcomeName),
}

/// One stage as people see it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StageView {
    /// As the policy names it.
    pub name: String,
    /// Distinct people needed.
    pub quorum: usize,
    /// Who may decide now, with those who have.
    pub approvers: Vec<PersonId>,
    /// How many of them the approvals that count make up: two voices for one seat are one.
    pub filled: usize,
    /// Whose approval counts.
    pub approved_by: Vec<PersonId>,
    /// Whose rejection counts.
    pub rejected_by: Vec<PersonId>,
    /// The next escalation or expiry, while open.
    pub due: Option<Timestamp>,
    /// Levels that fired.
    pub escalations_fired: usize,
    /// Whether an approval must be signed with a passkey.
    pub require_passkey: bool,
}

impl Request {
    /// Where it stands.
    #[must_use]
    pub fn status(&self) -> Status {
        if let Some(end) = &self.settled {
            return Status::Settled(end.outcome);
        }
        if self.returned_by.is_some() {
            return Status::Returned;
        }
        if self.open_stages().any(|stage| stage.unroutable) { Status::Unroutable } else { Status::Pending }
    }

    /// Who may decide now and has not.
    #[must_use]
    pub fn waiting(&self, facts: &Facts<'_>) -> BTreeSet<PersonId> {
        if self.settled.is_some() || self.returned_by.is_some() {
            return BTreeSet::new();
        }
        let of = |stage: &Stage| standing(self, stage, facts, true).into_keys().filter(|person| stage.voice(person).is_none()).collect::<Vec<_>>();
        self.open_stages().flat_map(of).collect()
    }

    /// When it must be looked at again (rule 14).
    #[must_use]
    pub fn next_wakeup(&self, facts: &Facts<'_>) -> Option<Timestamp> {
        earliest(self, facts).map(|(due, ..)| due)
    }

    /// The next timer and what it will do.
    #[must_use]
    pub fn next_timer(&self, facts: &Facts<'_>) -> Option<(Timestamp, Timer)> {
        earliest(self, facts).map(|(due, _, timer)| (due, timer))
    }

    /// Whom the next timer would ask, were it now: a reminder those who have not decided, an escalation those whom its
    /// level names.
    #[must_use]
    pub fn next_asks(&self, facts: &Facts<'_>) -> Vec<PersonId> {
        let specs = specs(self, facts);
        let next = earliest(self, facts).and_then(|(_, id, timer)| Some((timer, self.stage(id)?)));
        let Some((timer, stage, spec)) = next.and_then(|(timer, stage)| Some((timer, stage, specs.get(stage.spec)?))) else { return Vec::new() };
        match timer {
            Timer::Remind(_) => undecided(self, stage, facts),
            Timer::Escalate(level) => {
                let step = spec.escalate.get(level);
                step.map(|step| ask(&step.to, self, facts, &barred(self, spec, Some(stage.id)))).unwrap_or_default()
            }
            Timer::Expire => Vec::new(),
        }
    }

    /// The next escalation or expiry over all open stages.
    #[must_use]
    pub fn due(&self, facts: &Facts<'_>) -> Option<Timestamp> {
        let specs = specs(self, facts);
        self.open_stages().filter_map(|stage| self.due_of(stage, specs.get(stage.spec)?, facts.now)).min()
    }

    /// How many distinct people this stage needs.
    #[must_use]
    pub fn needed(&self, stage: &Stage, facts: &Facts<'_>) -> usize {
        specs(self, facts).get(stage.spec).map_or(0, |spec| places(&super::decide::counts(spec)))
    }

    /// A stage of the current revision as people see it.
    #[must_use]
    pub fn stage_view(&self, stage: &Stage, facts: &Facts<'_>) -> StageView {
        let specs = specs(self, facts);
        let spec = specs.get(stage.spec);
        let mut approvers: BTreeSet<PersonId> = if stage.closed.is_none() {
            standing(self, stage, facts, true).into_keys().collect()
        } else {
            stage.everybody_asked().into_iter().collect()
        };
        approvers.extend(stage.voices.iter().map(|voice| voice.person.clone()));
        StageView {
            name: spec.map_or_else(String::new, |spec| spec.name.clone()),
            quorum: self.needed(stage, facts),
            filled: self.places_filled(stage, facts),
            approvers: approvers.into_iter().collect(),
            approved_by: stage.said(Decision::Approve).cloned().collect(),
            rejected_by: stage.said(Decision::Reject).cloned().collect(),
            due: spec.filter(|_| stage.closed.is_none()).and_then(|spec| self.due_of(stage, spec, facts.now)),
            escalations_fired: stage.escalations.iter().filter(|escalation| escalation.level.is_some()).count(),
            require_passkey: stage.require_passkey,
        }
    }

    /// What this person's passkey must sign for this decision on this revision, as the request stands now.
    ///
    /// # Errors
    /// Why they may not decide at all.
    pub fn statement(
        &self,
        person: &PersonId,
        decision: Decision,
        revision: crate::id::Revision,
        facts: &Facts<'_>,
        nonce: [u8; 32],
    ) -> Result<Statement, Refusal> {
        if let Some(end) = &self.settled {
            return Err(Refusal::AlreadySettled { outcome: end.outcome, at: end.at, by: self.deciders() });
        }
        if self.returned_by.is_some() {
            return Err(Refusal::Returned);
        }
        to_sign(self, &unsigned(person, decision, revision), facts, nonce)
    }

    /// Whether an approval of this person, given now, must be signed with a passkey.
    #[must_use]
    pub fn asks_for_passkey(&self, person: &PersonId, facts: &Facts<'_>) -> bool {
        self.settled.is_none() && must_sign(self, &unsigned(person, Decision::Approve, self.revision), facts)
    }

    /// How many places of this stage the approvals that count can fill, each person one: a matching, not a sum (rule 3).
    /// What a closed stage had is not undone by who left since.
    #[must_use]
    pub fn places_filled(&self, stage: &Stage, facts: &Facts<'_>) -> usize {
        let counts = specs(self, facts).get(stage.spec).map(super::decide::counts).unwrap_or_default();
        let standing = if stage.closed.is_none() { heard(self, stage, facts) } else { on_record(stage) };
        seats_filled(&standing, &counts)
    }

    /// Those whose approval counts in this stage and may fill a seat.
    #[must_use]
    pub fn heard(&self, stage: &Stage, facts: &Facts<'_>) -> Vec<PersonId> {
        heard(self, stage, facts).into_keys().collect()
    }

    /// The next escalation or expiry of a stage; while the request is returned, nobody is asked further.
    fn due_of(&self, stage: &Stage, spec: &StageSpec, now: Timestamp) -> Option<Timestamp> {
        let fires = |timer: &Timer| matches!(timer, Timer::Expire) || (self.returned_by.is_none() && matches!(timer, Timer::Escalate(_)));
        timers(stage, spec, now).into_iter().filter(|(_, timer)| fires(timer)).map(|(due, _)| due).min()
    }
}

fn unsigned(person: &PersonId, decision: Decision, revision: crate::id::Revision) -> Voicing {
    Voicing { person: person.clone(), decision, revision, comment: None, door: Door::Web, relayed_by: None, stage: None, proof: None }
}

/// The approvals of a stage with the seats that their makers were asked for, as its record says.
fn on_record(stage: &Stage) -> Standing {
    let seats = |person: &PersonId| -> BTreeSet<usize> {
        let added = stage.escalations.iter().any(|escalation| escalation.to.contains(person));
        stage.asked.iter().enumerate().filter(|(_, asked)| added || asked.contains(person)).map(|(seat, _)| seat).collect()
    };
    stage.said(Decision::Approve).map(|person| (person.clone(), seats(person))).collect()
}
