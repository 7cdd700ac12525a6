//! The three timers of a stage: remind, escalate, expire; and the look at the directory that comes with
//! every wake-up. Overdue timers fire in order of due time and say how late they were (rules 14-16).

use super::route::{check_route, decidable, escalate, specs, standing};
use super::settle::{check_voices, settle};
use super::{Draft, Facts};
use crate::event::{Cause, Decision, EscalationCause, Event, StageResult};
use crate::id::{PersonId, StageId};
use crate::policy::{OnExpiry, OutcomeName, StageSpec};
use crate::refusal::Refusal;
use crate::request::Request;
use crate::stage::Stage;
use jiff::{SignedDuration, Timestamp};

/// One timer of one stage.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Timer {
    /// Ask again: the nth time.
    Remind(u32),
    /// Ask others: this level.
    Escalate(usize),
    /// Give up.
    Expire,
}

/// Fires all that is due, then looks whether people can still be found.
pub(super) fn wake(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    if draft.request()?.settled.is_some() {
        return Ok(());
    }
    while let Some((due, stage, timer)) = earliest(draft.request()?, draft.facts).filter(|(due, ..)| *due <= draft.facts.now) {
        fire(draft, stage, timer, due)?;
    }
    let request = draft.request()?;
    if request.settled.is_some() || request.returned_by.is_some() {
        return Ok(());
    }
    let open: Vec<StageId> = request.open_stages().map(|stage| stage.id).collect();
    for stage in open {
        check_route(draft, stage)?;
    }
    Ok(())
}

/// Before a deed of a person: whatever is due has happened first, swept or not. An expiry that ends the request
/// refuses the deed; one by which the request goes on, beside or after that stage, does not.
pub(super) fn fire_before_deed(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    let now = draft.facts.now;
    while let Some((due, stage, timer)) = earliest(draft.request()?, draft.facts).filter(|(due, ..)| *due <= now) {
        fire(draft, stage, timer, due)?;
        if timer == Timer::Expire && draft.request()?.settled.is_some() {
            return Err(Refusal::TooLate { expired_at: due });
        }
    }
    Ok(())
}

fn fire(draft: &mut Draft<'_>, id: StageId, timer: Timer, due: Timestamp) -> Result<(), Refusal> {
    let late_ms = i64::try_from(draft.facts.now.duration_since(due).as_millis()).unwrap_or(i64::MAX);
    let specs = specs(draft.request()?, draft.facts);
    let request = draft.request()?;
    let Some((stage, spec)) = request.stage(id).and_then(|stage| specs.get(stage.spec).map(|spec| (stage, spec))) else {
        return Ok(());
    };
    match timer {
        Timer::Remind(nth) => {
            let to = undecided(request, stage, draft.facts);
            draft.record(Event::Reminded { stage: id, nth, late_ms, to });
            Ok(())
        }
        Timer::Escalate(level) => escalate(draft, id, level, spec, EscalationCause::Due { late_ms }, due),
        Timer::Expire => expire(draft, id, spec, late_ms),
    }
}

pub(in crate::request) fn undecided(request: &Request, stage: &Stage, facts: &Facts<'_>) -> Vec<PersonId> {
    standing(request, stage, facts, true).into_keys().filter(|person| stage.voice(person).is_none()).collect()
}

fn expire(draft: &mut Draft<'_>, stage: StageId, spec: &StageSpec, late_ms: i64) -> Result<(), Refusal> {
    let request = draft.request()?;
    let somebody_could = request.returned_by.is_none() && request.stage(stage).is_some_and(|it| decidable(request, it, spec, draft.facts));
    if spec.on_expiry == OnExpiry::Approve && standing_rejection(draft, stage)? {
        draft.record(Event::StageClosed { stage, result: StageResult::Rejected });
        return settle(draft, OutcomeName::Rejected, Cause::Decisions);
    }
    match spec.on_expiry {
        OnExpiry::Approve if somebody_could => {
            draft.record(Event::StageClosed { stage, result: StageResult::Approved });
            super::route::open_stages(draft, Cause::Expiry { late_ms })
        }
        OnExpiry::Reject => {
            draft.record(Event::StageClosed { stage, result: StageResult::Rejected });
            settle(draft, OutcomeName::Rejected, Cause::Expiry { late_ms })
        }
        OnExpiry::Expire | OnExpiry::Approve => {
            draft.record(Event::StageClosed { stage, result: StageResult::Expired });
            settle(draft, OutcomeName::Expired, Cause::Expiry { late_ms })
        }
    }
}

/// Whether somebody has said no here and may still: rejection is weighed before the approval that silence gives
/// (rule 12), one being enough where nobody said yes.
fn standing_rejection(draft: &mut Draft<'_>, stage: StageId) -> Result<bool, Refusal> {
    check_voices(draft, stage, Decision::Reject)?;
    Ok(draft.request()?.stage(stage).is_some_and(|stage| stage.said(Decision::Reject).next().is_some()))
}

/// The timer that is due first, over all open stages; a returned request has only its expiry.
pub(in crate::request) fn earliest(request: &Request, facts: &Facts<'_>) -> Option<(Timestamp, StageId, Timer)> {
    if request.settled.is_some() {
        return None;
    }
    let specs = specs(request, facts);
    let returned = request.returned_by.is_some();
    let of = |stage: &Stage| {
        let spec = specs.get(stage.spec)?;
        timers(stage, spec, facts.now).into_iter().filter(|(_, timer)| !returned || *timer == Timer::Expire).min()
    };
    request.open_stages().filter_map(|stage| of(stage).map(|(due, timer)| (due, stage.id, timer))).min_by_key(|(due, id, timer)| (*due, *timer, *id))
}

/// A stage's pending timers with their due times. A reminder that was overslept gives way to the latest one.
pub(in crate::request) fn timers(stage: &Stage, spec: &StageSpec, now: Timestamp) -> Vec<(Timestamp, Timer)> {
    let mut timers = vec![(stage.expires_at, Timer::Expire)];
    let levels = spec.escalate.iter().enumerate().filter(|(level, _)| !stage.fired(*level));
    timers.extend(levels.map(|(level, step)| (after(stage.opened_at, step.after), Timer::Escalate(level))));
    if let Some(every) = spec.remind_every.filter(|every| every.is_positive()) {
        let elapsed = now.min(stage.expires_at).duration_since(stage.opened_at);
        let passed = u32::try_from(elapsed.as_millis().checked_div(every.as_millis()).unwrap_or(0)).unwrap_or(0);
        let nth = passed.max(stage.reminders.saturating_add(1));
        let due = after(stage.opened_at, every.saturating_mul(i32::try_from(nth).unwrap_or(i32::MAX)));
        if due < stage.expires_at {
            timers.push((due, Timer::Remind(nth)));
        }
    }
    timers
}

fn after(at: Timestamp, duration: SignedDuration) -> Timestamp {
    at.saturating_add(duration).unwrap_or(Timestamp::MAX)
}
