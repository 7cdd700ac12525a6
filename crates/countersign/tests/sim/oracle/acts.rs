//! Rules 21 to 23: attempts, their tokens, bodies and keys, as recorded and as receivers saw them.

use super::Findings;
use super::model::{Act, Model};
use super::steps::Step;
use crate::laws::EDITIONS;
use crate::world::World;
use countersign_core::event::{AttemptEnded, Event};
use countersign_core::id::{ActionName, RequestId};
use countersign_core::policy::OutcomeName;
use countersign_store::Loaded;
use std::collections::BTreeMap;

/// Judges an event of the second machine, or of notices, and folds it in.
pub(crate) fn fold(step: &Step<'_>, model: &mut Model, event: &Event, findings: &mut Findings) {
    let settled = model.settled.is_some();
    match event {
        Event::ExecutionStarted { action, token, lease_until } => {
            findings.hold(21, settled, || format!("{}: an attempt before the outcome", step.id));
            let Some((act, first)) = of(model, action) else { return findings.fail(21, format!("{}: an unknown action", step.id)) };
            let free = act.running_until.is_none_or(|until| until <= step.at);
            let fresh = *token > act.token && free && first && !act.succeeded && !act.dead && !act.abandoned;
            findings
                .hold(21, fresh && lease_until.as_millisecond() > step.at, || format!("{}: attempt {token} of `{action}` after {act:?}", step.id));
            (act.token, act.running_until, act.begun) = (*token, Some(lease_until.as_millisecond()), step.at);
        }
        Event::ExecutionSucceeded(end) => ended(step, model, end, findings, |act| act.succeeded = true),
        Event::ExecutionFailed { attempt, retry_at } => {
            let begun = of(model, &attempt.action).map_or(step.at, |(act, _)| act.begun);
            findings.hold(22, retry_at.as_millisecond() > begun, || format!("{}: to be tried again in the past", step.id));
            ended(step, model, attempt, findings, |_| {});
        }
        Event::ExecutionDeadLettered(end) => ended(step, model, end, findings, |act| act.dead = true),
        Event::ExecutionRetried { action, .. } | Event::ExecutionAbandoned { action, .. } => {
            let abandoned = matches!(event, Event::ExecutionAbandoned { .. });
            // What comes after an abandoned action is given up with it.
            let followed = abandoned && model.acts.iter().take_while(|act| act.name != action.as_str()).any(|act| act.abandoned);
            let Some((act, _)) = of(model, action) else { return findings.fail(22, format!("{}: an unknown action", step.id)) };
            findings.hold(22, (act.dead || followed) && !act.abandoned, || format!("{}: `{action}` was no dead letter", step.id));
            (act.dead, act.abandoned) = (false, abandoned);
        }
        _ => {}
    }
}

/// The action, and whether those before it are done.
fn of<'a>(model: &'a mut Model, action: &ActionName) -> Option<(&'a mut Act, bool)> {
    let index = model.acts.iter().position(|act| act.name == action.as_str())?;
    let first = model.acts[..index].iter().all(|act| act.succeeded);
    model.acts.get_mut(index).map(|act| (act, first))
}

fn ended(step: &Step<'_>, model: &mut Model, end: &AttemptEnded, findings: &mut Findings, fold: impl FnOnce(&mut Act)) {
    let Some((act, _)) = of(model, &end.action) else { return findings.fail(21, format!("{}: an unknown action", step.id)) };
    let current = act.token == end.token && act.running_until.is_some() && !act.succeeded;
    findings.hold(21, current, || format!("{}: attempt {} of `{}` ended, {} was current", step.id, end.token, act.name, act.token));
    act.running_until = None;
    fold(act);
}

/// What receivers saw of actions, against the records; and that no action was left lying.
pub(crate) fn judge(world: &World, records: &[(RequestId, Loaded)], findings: &mut Findings) {
    let ledger = world.ledger();
    let mut bodies: BTreeMap<&str, &[u8]> = BTreeMap::new();
    for arrival in ledger.arrivals.iter().filter(|arrival| arrival.action) {
        let key = arrival.key.as_str();
        let same = *bodies.entry(key).or_insert(&arrival.body) == arrival.body.as_slice();
        findings.hold(21, same, || format!("{key}: two attempts with other bytes"));
        match planned(key, records) {
            Some((body, url, at)) => {
                findings.hold(21, body == arrival.body, || format!("{key}: other bytes than those that were stored"));
                findings.hold(21, url == arrival.url, || format!("{key}: sent to {}, pinned {url}", arrival.url));
                findings.hold(21, at <= arrival.at, || format!("{key}: sent before the outcome"));
            }
            None => findings.fail(21, format!("{key}: nothing recorded asks for this")),
        }
    }
    for (id, loaded) in records {
        outcome_of_actions(*id, loaded, findings);
    }
}

/// The stored bytes, the address and the moment of the outcome that a key stands for.
fn planned(key: &str, records: &[(RequestId, Loaded)]) -> Option<(Vec<u8>, String, jiff::Timestamp)> {
    let mut parts = key.splitn(3, ':');
    let (id, outcome, action) = (parts.next()?, parts.next()?, parts.next()?);
    let (_, loaded) = records.iter().find(|(request, _)| request.to_string() == id)?;
    let edition = EDITIONS.iter().find(|edition| edition.policy.version == loaded.row.policy_version)?;
    loaded.events.iter().find_map(|(at, event)| {
        let Event::Settled { outcome: how, actions, .. } = event else { return None };
        let body = actions.iter().find(|planned| planned.name.as_str() == action && how.as_str() == outcome)?.body?;
        let bytes = loaded.contents.iter().find(|content| content.id == body)?.bytes.clone();
        let all = if *how == OutcomeName::Approved { &edition.law.on_approved } else { &edition.law.on_rejected };
        let url = all.iter().find(|(name, _)| *name == action)?.1.clone();
        Some((bytes, url, *at))
    })
}

/// At the end each action has succeeded, or is a dead letter or abandoned, or waits for one that is.
fn outcome_of_actions(id: RequestId, loaded: &Loaded, findings: &mut Findings) {
    let mut state: BTreeMap<String, &str> = BTreeMap::new();
    let mut order = Vec::new();
    for (_, event) in &loaded.events {
        match event {
            Event::Settled { actions, .. } => order = actions.iter().map(|action| action.name.to_string()).collect(),
            Event::ExecutionSucceeded(end) => drop(state.insert(end.action.to_string(), "succeeded")),
            Event::ExecutionDeadLettered(end) => drop(state.insert(end.action.to_string(), "dead")),
            Event::ExecutionAbandoned { action, .. } => drop(state.insert(action.to_string(), "abandoned")),
            Event::ExecutionRetried { action, .. } => drop(state.insert(action.to_string(), "retried")),
            _ => {}
        }
    }
    let mut given_up = false;
    for name in order {
        let now = state.get(&name).copied().unwrap_or("never done");
        findings.hold(22, ["succeeded", "dead", "abandoned"].contains(&now), || format!("{id}: the action `{name}` was {now}"));
        findings.hold(22, !given_up || now == "abandoned", || format!("{id}: `{name}` was {now} after an action that was abandoned"));
        given_up |= now == "abandoned";
        if now != "succeeded" && !given_up {
            return;
        }
    }
}
