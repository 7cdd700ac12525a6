//! Each event against the request as it was before it.

use super::Findings;
use super::model::{Act, Model, Opening, Raised, fill, ruling};
use crate::crew::{Crew, P};
use crate::law::{Law, Says, Silence};
use crate::laws::EDITIONS;
use crate::ledger::CommitNote;
use crate::world::World;
use countersign_core::canonical::Digest;
use countersign_core::event::{
    Cause, ContentId, Decided, Decision, Door, Escalated, EscalationCause, Event, PlannedAction, RuledVerdict, StageOpened, StageResult,
};
use countersign_core::id::{RequestId, Revision, StageId};
use countersign_core::policy::{LevelMode, OutcomeName, RuleRef};
use countersign_store::Content;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// One event in its place.
pub(crate) struct Step<'a> {
    pub(crate) world: &'a World,
    pub(crate) id: RequestId,
    pub(crate) at: i64,
    pub(crate) note: &'a CommitNote,
    /// The directory in force when it was committed.
    pub(crate) crews: &'a [Arc<Crew>],
    pub(crate) batch: &'a [(Timestamp, Event)],
    pub(crate) index: usize,
    pub(crate) contents: &'a [Content],
}

impl Step<'_> {
    fn any(&self, holds: impl Fn(&Crew) -> bool) -> bool {
        self.crews.iter().any(|crew| holds(crew))
    }

    fn crew(&self, version: u64) -> Option<Arc<Crew>> {
        self.crews.iter().find(|crew| crew.version == version).cloned()
    }

    fn before(&self) -> Option<&Event> {
        self.index.checked_sub(1).and_then(|index| self.batch.get(index)).map(|(_, event)| event)
    }

    fn after(&self) -> Option<&Event> {
        self.batch.get(self.index + 1).map(|(_, event)| event)
    }

    pub(crate) fn content(&self, id: &ContentId) -> Option<&[u8]> {
        let content = self.contents.iter().find(|content| content.id == *id)?;
        (Digest::salted(&content.salt, &content.bytes) == *id).then_some(&content.bytes)
    }

    fn payload(&self, id: &ContentId) -> Value {
        self.content(id).and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or(Value::Null)
    }
}

/// Judges the event and folds it in.
pub(crate) fn take(step: &Step<'_>, model: &mut Option<Model>, event: &Event, findings: &mut Findings) {
    let id = step.id;
    let Some(model) = model else {
        *model = submitted(step, event, findings);
        return;
    };
    let about_people = matches!(
        event,
        Event::Ruled { .. }
            | Event::StageOpened(_)
            | Event::Reminded { .. }
            | Event::Escalated(_)
            | Event::Decided(_)
            | Event::VoiceUncounted { .. }
            | Event::Unroutable { .. }
            | Event::Rerouted { .. }
            | Event::StageClosed { .. }
            | Event::Returned { .. }
            | Event::Revised { .. }
            | Event::Settled { .. }
    );
    if about_people {
        findings.hold(11, model.settled.is_none(), || format!("{id}: `{}` after the outcome", event.name()));
    }
    match event {
        Event::Ruled { revision, rule, verdict, failure } => ruled(step, model, *revision, rule, *verdict, failure.is_some(), findings),
        Event::StageOpened(opened) => stage_opened(step, model, opened, findings),
        Event::Reminded { stage, nth, late_ms, to } => reminded(step, model, *stage, i64::from(*nth), *late_ms, to, findings),
        Event::Escalated(escalated) => escalate(step, model, escalated, findings),
        Event::Decided(decided) => hear(step, model, decided, findings),
        Event::VoiceUncounted { stage, person } => uncounted(step, model, *stage, person, findings),
        Event::Unroutable { stage, .. } => unroutable(step, model, *stage, findings),
        Event::Rerouted { stage, asked, escalated, directory } => rerouted(step, model, *stage, asked, escalated, *directory, findings),
        Event::StageClosed { stage, result } => closed(step, model, *stage, *result, findings),
        Event::Returned { by } => {
            let asked =
                matches!(step.before(), Some(Event::Decided(decided)) if decided.decision == Decision::RequestChanges && decided.person == *by);
            findings.hold(12, asked, || format!("{id}: returned without a wish for changes"));
            model.returned = true;
        }
        Event::Revised { revision, by, payload, lapsed } => {
            let person = Model::human(by);
            findings.hold(8, person.as_ref() == Some(&model.requester), || format!("{id}: revised by {by:?}"));
            let voices: BTreeSet<P> = model
                .openings
                .iter()
                .flat_map(|opening| opening.voices.iter().filter(|(_, (_, counts))| *counts).map(|(person, _)| person.clone()))
                .collect();
            findings.hold(8, revision.0 == model.revision + 1 && lapsed.iter().cloned().collect::<BTreeSet<_>>() == voices, || {
                format!("{id}: revision {revision} lapsed {lapsed:?}, not {voices:?}")
            });
            findings.hold(8, matches!(step.after(), Some(Event::Ruled { .. })), || format!("{id}: a new revision that no rule was read for"));
            (model.revision, model.payload, model.returned) = (revision.0, step.payload(payload), false);
            model.openings.clear();
        }
        Event::Settled { outcome, cause, actions } => settled(step, model, *outcome, cause, actions, findings),
        _ => super::acts::fold(step, model, event, findings),
    }
    super::signatures::judge(step, model, event, findings);
}

fn submitted(step: &Step<'_>, event: &Event, findings: &mut Findings) -> Option<Model> {
    let Event::Submitted { policy, version, requester, by, payload, .. } = event else {
        findings.fail(27, format!("{}: begins with `{}`", step.id, event.name()));
        return None;
    };
    let index = EDITIONS.iter().position(|edition| edition.policy.version == *version && edition.law.policy == policy.as_str());
    let in_force = step.world.ledger().editions.iter().any(|(edition, _)| Some(*edition) == index);
    findings.hold(9, in_force, || format!("{}: submitted under a version that nobody put in force", step.id));
    let law: &'static Law = &EDITIONS[index?].law;
    let submitter = Model::human(by)?;
    findings.hold(2, submitter == *requester, || format!("{}: {submitter} submitted for {requester}", step.id));
    let (requester, payload) = (requester.clone(), step.payload(payload));
    Some(Model {
        id: step.id,
        law,
        requester,
        submitter,
        revision: 1,
        payload,
        rule: None,
        openings: Vec::new(),
        opened: 0,
        returned: false,
        settled: None,
        acts: Vec::new(),
        signatures: Default::default(),
    })
}

fn ruled(step: &Step<'_>, model: &mut Model, revision: Revision, rule: &RuleRef, verdict: RuledVerdict, failed: bool, findings: &mut Findings) {
    let own = ruling(model.law, &model.payload);
    let theirs = if let RuleRef::Rule(index) = rule { Some(*index) } else { None };
    model.rule = own;
    let says = match model.says() {
        Some(Says::Allow) => RuledVerdict::Allow,
        Some(Says::Deny) => RuledVerdict::Deny,
        _ => RuledVerdict::Ask,
    };
    let right = own == theirs && says == verdict && failed == own.is_none() && revision.0 == model.revision;
    findings.hold(9, right, || format!("{}: revision {revision} stands under {rule:?}, not {own:?} of edition {}", step.id, model.law.edition));
}

fn stage_opened(step: &Step<'_>, model: &mut Model, opened: &StageOpened, findings: &mut Findings) {
    let (id, laws) = (step.id, model.stages());
    let Some(law) = laws.get(opened.spec).cloned() else { return findings.fail(8, format!("{id}: opened a stage that the rule has not")) };
    let twice = model.openings.iter().any(|opening| opening.spec == opened.spec);
    let turn = match law.with {
        Some(beside) => model.openings.iter().any(|opening| opening.spec == beside),
        None => (0..opened.spec)
            .all(|earlier| model.openings.iter().any(|opening| opening.spec == earlier && opening.closed == Some(StageResult::Approved))),
    };
    findings.hold(8, turn && !twice && opened.stage.0 == model.opened + 1, || format!("{id}: stage {} opened out of turn", opened.stage));
    model.opened = opened.stage.0;
    findings.hold(2, !opened.asked.iter().flatten().any(|person| model.excluded(person)), || format!("{id}: asks the requester"));
    if let Some(crew) = step.crew(opened.directory) {
        let own: Vec<BTreeSet<P>> = law.seats.iter().map(|seat| model.askable(&seat.from, &crew, opened.stage, law.repeat)).collect();
        let theirs: Vec<BTreeSet<P>> = opened.asked.iter().map(|asked| asked.iter().cloned().collect()).collect();
        findings.hold(1, own == theirs, || format!("{id}: stage {} asks {theirs:?}, by the policy {own:?}", opened.stage));
    } else {
        findings.fail(1, format!("{id}: stage {} was opened under directory {} that was not in force", opened.stage, opened.directory));
    }
    let expires = opened.expires_at.as_millisecond();
    findings
        .hold(9, expires == step.at + law.expire, || format!("{id}: stage {} expires at another time than the pinned version says", opened.stage));
    let (spec, asked) = (opened.spec, opened.asked.clone());
    model.openings.push(Opening {
        id: opened.stage,
        spec,
        law,
        opened: step.at,
        expires,
        asked,
        raised: Vec::new(),
        reminders: 0,
        voices: Default::default(),
        unroutable: false,
        closed: None,
    });
}

/// The opening that an event speaks of, if it is open.
fn open(step: &Step<'_>, model: &Model, stage: StageId, rule: u32, findings: &mut Findings) -> Option<Opening> {
    let found = model.openings.iter().find(|opening| opening.id == stage && opening.closed.is_none()).cloned();
    findings.hold(rule, found.is_some(), || format!("{}: an event for stage {stage}, which is not open", step.id));
    found
}

/// Rules 14 and 15: never early, and as late as it says.
fn due(step: &Step<'_>, what: &str, due: i64, late_ms: i64, findings: &mut Findings) {
    findings.hold(14, step.at >= due && step.at - due == late_ms, || {
        format!("{}: {what} was due at {due}, fired at {}, says {late_ms} ms late", step.id, step.at)
    });
    let earlier = step.batch[..step.index].iter().rev().find_map(|(_, event)| late_of(event));
    findings.hold(14, earlier.is_none_or(|earlier| late_ms <= earlier), || format!("{}: timers fired out of order", step.id));
}

fn late_of(event: &Event) -> Option<i64> {
    match event {
        Event::Reminded { late_ms, .. } => Some(*late_ms),
        Event::Escalated(Escalated { cause: EscalationCause::Due { late_ms }, .. }) => Some(*late_ms),
        _ => None,
    }
}

fn reminded(step: &Step<'_>, model: &mut Model, stage: StageId, nth: i64, late_ms: i64, to: &[P], findings: &mut Findings) {
    let Some(opening) = open(step, model, stage, 15, findings) else { return };
    let every = opening.law.remind.unwrap_or(i64::MAX / 1000);
    findings.hold(15, nth > opening.reminders && !model.returned, || format!("{}: reminder {nth} after {}", step.id, opening.reminders));
    due(step, "a reminder", opening.opened + every * nth, late_ms, findings);
    let to: BTreeSet<P> = to.iter().cloned().collect();
    let right =
        step.any(|crew| model.standing(&opening, crew, true).into_keys().filter(|person| !opening.spoke(person)).collect::<BTreeSet<_>>() == to);
    findings.hold(15, right, || format!("{}: reminded {to:?}", step.id));
    model.opening(stage).unwrap().reminders = nth;
}

fn escalate(step: &Step<'_>, model: &mut Model, escalated: &Escalated, findings: &mut Findings) {
    let id = step.id;
    let Some(opening) = open(step, model, escalated.stage, 15, findings) else { return };
    findings.hold(2, !escalated.to.iter().any(|person| model.excluded(person)), || format!("{id}: escalated to the requester"));
    let mut expires = opening.expires;
    if let Some(level) = escalated.level {
        findings.hold(15, !opening.fired(level), || format!("{id}: level {level} fired twice in stage {}", opening.id));
        let Some(law) = opening.law.escalate.get(level) else { return findings.fail(18, format!("{id}: a level that the policy has not")) };
        let mode = if law.replace { LevelMode::Replace } else { LevelMode::Add };
        findings.hold(18, mode == escalated.mode, || format!("{id}: level {level} in the wrong mode"));
        let fired_at = opening.opened + law.after;
        let counted_from = match &escalated.cause {
            EscalationCause::Due { late_ms } => {
                due(step, "an escalation", fired_at, *late_ms, findings);
                fired_at
            }
            _ => {
                let short = step.any(|crew| !fill(&model.reach(&opening, crew), &opening.law.counts()));
                findings.hold(6, short, || format!("{id}: escalated at once though enough can decide"));
                step.at
            }
        };
        if let Some(own) = law.expire {
            expires = counted_from + own;
            findings.hold(18, escalated.expires_at.map(|at| at.as_millisecond()) == Some(expires), || format!("{id}: the deadline of level {level}"));
        }
        let right = step
            .crew(escalated.directory)
            .is_some_and(|crew| model.askable(&law.to, &crew, opening.id, opening.law.repeat) == escalated.to.iter().cloned().collect());
        findings.hold(18, right, || format!("{id}: level {level} asks {:?}", escalated.to));
    } else {
        let active = step.any(|crew| escalated.to.iter().all(|person| crew.active.contains(person)));
        let by_hand = matches!(&escalated.cause, EscalationCause::Operator(by) if Model::human(by).is_some());
        findings.hold(18, active && by_hand, || format!("{id}: asked by hand: {:?}", escalated.to));
    }
    let raised = Raised { level: escalated.level, replace: escalated.mode == LevelMode::Replace, to: escalated.to.clone() };
    let opening = model.opening(escalated.stage).unwrap();
    opening.raised.push(raised);
    (opening.expires, opening.unroutable) = (expires, false);
}

fn hear(step: &Step<'_>, model: &mut Model, decided: &Decided, findings: &mut Findings) {
    let (id, person) = (step.id, &decided.person);
    findings.hold(2, !model.excluded(person), || format!("{id}: {person} decides their own request"));
    findings
        .hold(7, decided.revision.0 == model.revision, || format!("{id}: decided on revision {}, which is not {}", decided.revision, model.revision));
    findings.hold(5, (decided.door == Door::Relay) == decided.relayed_by.is_some(), || format!("{id}: the relay is not named"));
    findings.hold(11, !model.returned && !decided.stages.is_empty(), || format!("{id}: decided while nobody could"));
    let mut news = false;
    for stage in &decided.stages {
        let Some(opening) = open(step, model, *stage, 11, findings) else { continue };
        let in_time = step.at < opening.expires && step.note.taken_at.as_millisecond() < opening.expires;
        findings.hold(16, in_time, || {
            format!("{id}: {person} decided at {}, taken at {}, after the deadline {}", step.at, step.note.taken_at, opening.expires)
        });
        let may = step.any(|crew| match decided.decision {
            Decision::Approve => model.standing(&opening, crew, true).contains_key(person),
            _ => model.objecting(&opening, crew, true).contains(person),
        });
        findings.hold(1, may, || format!("{id}: {person} may not decide stage {stage}"));
        news |= opening.voices.get(person) != Some(&(decided.decision, true));
        let others = model.openings.iter().filter(|other| other.id != *stage && !opening.law.repeat && decided.decision == Decision::Approve);
        let twice = others.clone().any(|other| other.said(Decision::Approve).contains(person) || decided.stages.contains(&other.id));
        findings.hold(3, !twice, || format!("{id}: {person} counts in two stages"));
    }
    findings.hold(10, news, || format!("{id}: {person} said the same again and it was recorded"));
    if decided.decision == Decision::RequestChanges {
        findings.hold(12, matches!(step.after(), Some(Event::Returned { .. })), || format!("{id}: changes were asked for and it was not returned"));
    }
    for stage in &decided.stages {
        if let Some(opening) = model.opening(*stage) {
            opening.voices.insert(person.clone(), (decided.decision, true));
        }
    }
}

fn uncounted(step: &Step<'_>, model: &mut Model, stage: StageId, person: &P, findings: &mut Findings) {
    let Some(opening) = open(step, model, stage, 1, findings) else { return };
    let objects = opening.said(Decision::Reject).contains(person);
    let fallen = step.any(|crew| match objects {
        true => !model.objecting(&opening, crew, false).contains(person),
        false => !model.standing(&opening, crew, false).contains_key(person),
    });
    findings.hold(1, fallen && opening.spoke(person), || format!("{}: the voice of {person} was taken away", step.id));
    if let Some(voice) = model.opening(stage).and_then(|opening| opening.voices.get_mut(person)) {
        voice.1 = false;
    }
}

fn unroutable(step: &Step<'_>, model: &mut Model, stage: StageId, findings: &mut Findings) {
    let Some(opening) = open(step, model, stage, 6, findings) else { return };
    // Nor can they when the policy is asked anew whom it names.
    let short = |crew: &Crew| !fill(&model.reach(&opening, crew), &opening.law.counts());
    let short = step.any(|crew| short(crew) && !fill(&model.reach(&model.asked_anew(&opening, crew), crew), &opening.law.counts()));
    let fired = (0..opening.law.escalate.len()).all(|level| opening.fired(level));
    findings.hold(6, short && fired && !opening.unroutable, || format!("{}: stage {stage} called unroutable", step.id));
    model.opening(stage).unwrap().unroutable = true;
}

fn rerouted(step: &Step<'_>, model: &mut Model, stage: StageId, asked: &[Vec<P>], raised: &[Vec<P>], directory: u64, findings: &mut Findings) {
    let Some(mut opening) = open(step, model, stage, 6, findings) else { return };
    let right = step.crew(directory).is_some_and(|crew| {
        let own = opening.law.seats.iter().map(|seat| model.askable(&seat.from, &crew, stage, opening.law.repeat));
        own.eq(asked.iter().map(|asked| asked.iter().cloned().collect::<BTreeSet<P>>()))
    });
    let short = step.any(|crew| !fill(&model.reach(&opening, crew), &opening.law.counts()));
    findings.hold(6, right && (opening.unroutable || short), || format!("{}: stage {stage} was given to {asked:?}", step.id));
    opening.asked = asked.to_vec();
    for (fired, to) in opening.raised.iter_mut().zip(raised) {
        fired.to.clone_from(to);
    }
    opening.unroutable = false;
    *model.opening(stage).unwrap() = opening;
}

fn closed(step: &Step<'_>, model: &mut Model, stage: StageId, result: StageResult, findings: &mut Findings) {
    let id = step.id;
    let Some(opening) = open(step, model, stage, 11, findings) else { return };
    let (expired, silence) = (step.at >= opening.expires, opening.law.silence);
    // Who has left since the last look at the directory is missed here for the first time.
    let manned = |crew: &Crew| fill(&model.reach(&opening, crew), &opening.law.counts());
    match result {
        StageResult::Approved if expired => {
            let heard = silence == Silence::Approves && !model.returned && !opening.unroutable && step.any(manned);
            findings.hold(14, heard && opening.said(Decision::Reject).is_empty(), || format!("{id}: silence approved stage {stage}"));
        }
        StageResult::Approved => {
            let full = step.any(|crew| fill(&model.heard(&opening, crew), &opening.law.counts()));
            findings.hold(1, full, || format!("{id}: stage {stage} closed as approved by {:?}", opening.said(Decision::Approve)));
            findings.saw(3);
        }
        StageResult::Rejected if expired => {
            // Rejection weighs before the approval that silence would give.
            let said = silence == Silence::Approves && !opening.said(Decision::Reject).is_empty();
            findings.hold(14, silence == Silence::Rejects || said, || format!("{id}: silence rejected stage {stage}"));
        }
        StageResult::Rejected => {
            let enough = step.any(|crew| rejected(model, &opening, crew));
            findings.hold(12, enough, || format!("{id}: stage {stage} closed as rejected by {:?}", opening.said(Decision::Reject)));
        }
        StageResult::Expired => {
            // Silence approves nothing where nobody could have spoken (rule 6).
            let deaf = model.returned || opening.unroutable || step.any(|crew| !manned(crew));
            let right = expired && (silence == Silence::Expires || (silence == Silence::Approves && deaf));
            findings.hold(14, right, || format!("{id}: stage {stage} expired at {}, due {}", step.at, opening.expires));
        }
        StageResult::Voided => findings.saw(15),
    }
    model.opening(stage).unwrap().closed = Some(result);
}

/// Enough rejections, or the quorum out of reach because of them, whoever may still be asked.
fn rejected(model: &Model, opening: &Opening, crew: &Crew) -> bool {
    let ever = model.objecting(opening, crew, false);
    let no = opening.said(Decision::Reject);
    if no.iter().filter(|person| ever.contains(*person)).count() >= opening.law.reject_quorum {
        return true;
    }
    let mut reach = model.reach(opening, crew);
    for (_, law) in opening.law.escalate.iter().enumerate().filter(|(level, _)| !opening.fired(*level)) {
        for person in model.askable(&law.to, crew, opening.id, opening.law.repeat) {
            reach.entry(person).or_default().extend(0..opening.law.seats.len());
        }
    }
    reach.retain(|person, _| !no.contains(person));
    !no.is_empty() && !fill(&reach, &opening.law.counts())
}

fn settled(step: &Step<'_>, model: &mut Model, outcome: OutcomeName, cause: &Cause, actions: &[PlannedAction], findings: &mut Findings) {
    let id = step.id;
    let stages = model.stages();
    let all = stages.len() == model.openings.len() && model.openings.iter().all(|opening| opening.closed == Some(StageResult::Approved));
    let silent = model.openings.iter().any(|opening| step.at >= opening.expires && opening.law.silence == Silence::Approves);
    match (outcome, cause) {
        (OutcomeName::Approved, Cause::Rule) => findings.hold(9, matches!(model.says(), Some(Says::Allow)), || format!("{id}: no rule allowed it")),
        (OutcomeName::Approved, Cause::Decisions) => {
            findings.hold(1, all && !stages.is_empty() && !silent, || format!("{id}: approved by decisions, but its stages are not"));
            findings.hold(3, distinct(model), || format!("{id}: one person counted in two stages"));
        }
        (OutcomeName::Approved, Cause::Expiry { late_ms }) => {
            findings.hold(14, all && silent, || format!("{id}: silence approved it"));
            expiry(step, model, *late_ms, findings);
        }
        (OutcomeName::Rejected, Cause::Rule) => findings.hold(9, matches!(model.says(), Some(Says::Deny)), || format!("{id}: no rule denied it")),
        (OutcomeName::Rejected, Cause::Decisions) => {
            let rejected =
                model.openings.iter().any(|opening| opening.closed == Some(StageResult::Rejected) && !opening.said(Decision::Reject).is_empty());
            findings.hold(12, rejected, || format!("{id}: rejected by nobody"));
        }
        (OutcomeName::Rejected | OutcomeName::Expired, Cause::Expiry { late_ms }) => {
            let wanted = if outcome == OutcomeName::Rejected { StageResult::Rejected } else { StageResult::Expired };
            findings
                .hold(14, model.openings.iter().any(|opening| opening.closed == Some(wanted)), || format!("{id}: {outcome:?} though no stage was"));
            expiry(step, model, *late_ms, findings);
        }
        (OutcomeName::Withdrawn, Cause::Withdrawn(by)) => {
            findings.hold(8, Model::human(by).as_ref() == Some(&model.requester), || format!("{id}: withdrawn by {by:?}"))
        }
        other => findings.fail(27, format!("{id}: settled {other:?}")),
    }
    findings.hold(11, model.openings.iter().all(|opening| opening.closed.is_some()), || format!("{id}: settled with an open stage"));
    model.settled = Some((outcome, step.at));
    plan(step, model, outcome, actions, findings);
}

fn expiry(step: &Step<'_>, model: &Model, late_ms: i64, findings: &mut Findings) {
    let first = model
        .openings
        .iter()
        .filter(|opening| opening.closed != Some(StageResult::Approved) || opening.law.silence == Silence::Approves)
        .map(|opening| opening.expires)
        .min();
    due(step, "an expiry", first.unwrap_or(i64::MAX), late_ms, findings);
}

/// Over all stages that may not share voices: distinct people for all seats.
fn distinct(model: &Model) -> bool {
    let mut seen = BTreeSet::new();
    let strict = model.openings.iter().filter(|opening| !opening.law.repeat && !(opening.law.silence == Silence::Approves));
    strict.flat_map(|opening| opening.said(Decision::Approve)).all(|person| seen.insert(person))
}

fn plan(step: &Step<'_>, model: &mut Model, outcome: OutcomeName, actions: &[PlannedAction], findings: &mut Findings) {
    let wanted = match outcome {
        OutcomeName::Approved => &model.law.on_approved,
        OutcomeName::Rejected => &model.law.on_rejected,
        _ => &Vec::new(),
    };
    let same = wanted.iter().map(|(name, _)| *name).eq(actions.iter().map(|action| action.name.as_str()));
    findings.hold(21, same, || format!("{}: the actions of {outcome:?} are {actions:?}", step.id));
    for action in actions {
        let body = action.body.and_then(|id| step.content(&id)).unwrap_or_default().to_vec();
        let told: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        let payload = &told["data"]["request"]["payload"];
        findings.hold(21, *payload == model.payload, || {
            format!("{}: the body of `{}` carries {payload}, approved was {}", step.id, action.name, model.payload)
        });
        model.acts.push(Act { name: action.name.to_string(), ..Act::default() });
    }
}
