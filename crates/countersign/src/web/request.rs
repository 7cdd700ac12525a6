//! The page of one request: what will happen if you say yes, the summary, who asks and why you, the stages, what
//! happens next, the record. Opening it never decides.

use super::facts::{Fact, Shape, facts, sum};
use super::frame::{Frame, Place, Watch};
use super::page::{self, Back};
use super::stages::{StageLine, name, stages};
use super::timeline::{Entry, timeline};
use super::visitor::Visitor;
use super::words::When;
use crate::api::ApiState;
use crate::api::parameters::Named;
use crate::engine::Seen;
use crate::summary::visible::visible;
use crate::wire::{self, ExecutionBody, SummaryBody, why::WhyBody};
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use countersign_core::event::{Decision, Event};
use countersign_core::policy::evaluate::Evaluation;
use countersign_core::policy::explain::{RuleResult, RuleTrace};
use http::StatusCode;
use jiff::Timestamp;

/// What a person typed into a form that was not taken: shown again, with the reason.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Typed {
    /// The words.
    pub comment: String,
    /// Why the form was not taken.
    pub error: Option<String>,
}

#[derive(Template)]
#[template(path = "request.html")]
struct RequestPage {
    frame: Frame,
    id: String,
    title: String,
    policy: String,
    requester: String,
    status: &'static str,
    revision: u32,
    digest: String,
    created: When,
    settled: Option<When>,
    facts: Vec<Fact>,
    summary: SummaryBody,
    rule: String,
    rules: Vec<RuleLine>,
    stages: Vec<StageLine>,
    why: WhyBody,
    next: Option<(When, String)>,
    waiting: String,
    executions: Vec<ExecutionBody>,
    entries: Vec<Entry>,
    form: Option<Form>,
    typed: Typed,
}

/// One rule of the policy and what became of it.
struct RuleLine {
    name: String,
    when: String,
    result: String,
    held: bool,
}

/// The buttons.
struct Form {
    approve: String,
    said: Option<&'static str>,
}

/// Shows the request.
pub(super) async fn show(State(state): State<ApiState>, visitor: Visitor, named: Result<Named, crate::api::problem::Problem>) -> Response {
    match named {
        Ok(Named(id)) => shown(&state, &visitor, id, Typed::default()).await,
        Err(problem) => page::problem(Frame::of(&visitor, Place::Inbox), &problem, Some(Back::inbox())),
    }
}

/// The page, with what was typed.
pub(super) async fn shown(state: &ApiState, visitor: &Visitor, id: countersign_core::id::RequestId, typed: Typed) -> Response {
    match state.engine.see_with_events(&visitor.caller, id).await {
        Ok((seen, events)) => {
            let status = if typed.error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
            page::render(status, &page_of(visitor, &seen, &events, typed))
        }
        Err(error) => page::problem(Frame::of(visitor, Place::Inbox), &error.into(), Some(Back::inbox())),
    }
}

fn page_of(visitor: &Visitor, seen: &Seen, events: &[(Timestamp, Event)], typed: Typed) -> RequestPage {
    let request = wire::request(seen, "");
    let why = wire::why::why(seen);
    let next = seen.request.next_timer(&seen.facts()).map(|(at, _)| visitor.words.time(at));
    let waiting: Vec<String> = seen.waiting().iter().map(|person| name(seen, person)).collect();
    RequestPage {
        frame: Frame::of(visitor, Place::Inbox).watching(Watch::Request(request.id.clone())),
        id: request.id,
        title: visible(&request.title).into_owned(),
        policy: request.policy,
        requester: name(seen, &seen.request.requester),
        status: wire::status_word(seen.status()),
        revision: request.revision,
        digest: request.payload_digest,
        created: visitor.words.time(seen.request.created_at),
        settled: seen.request.settled.as_ref().map(|end| visitor.words.time(end.at)),
        facts: facts(&seen.policy, &seen.payload),
        summary: shown_summary(request.summary),
        rule: request.rule,
        rules: rules(seen),
        stages: stages(seen, &visitor.words),
        next: next.zip(why.next.as_ref().map(|next| next.sentence.clone())),
        why,
        waiting: waiting.join(", "),
        executions: request.executions,
        entries: timeline(seen, events, &visitor.words),
        form: form(visitor, seen),
        typed,
    }
}

fn shown_summary(summary: SummaryBody) -> SummaryBody {
    SummaryBody { text: visible(&summary.text).into_owned(), impact: visible(&summary.impact).into_owned(), ..summary }
}

fn rules(seen: &Seen) -> Vec<RuleLine> {
    let evaluation = Evaluation {
        payload: &seen.payload,
        requester: &seen.request.requester,
        roster: &seen.roster,
        now: seen.request.created_at,
        created_at: seen.request.created_at,
        revision: seen.request.revision,
    };
    seen.policy.explain(&evaluation).rules.iter().map(rule_line).collect()
}

fn rule_line(rule: &RuleTrace) -> RuleLine {
    let result = match &rule.result {
        RuleResult::Held => "applies".to_owned(),
        RuleResult::NotHeld => "does not apply".to_owned(),
        RuleResult::Failed(why) => format!("could not be evaluated: {why}"),
        RuleResult::NotReached => "was not reached".to_owned(),
    };
    let when = rule.condition.clone().unwrap_or_else(|| "always".into());
    RuleLine { name: rule.name.clone(), when, result, held: rule.result == RuleResult::Held }
}

/// The buttons, for somebody whom an open stage asks: also for one who has decided and may still change it.
fn form(visitor: &Visitor, seen: &Seen) -> Option<Form> {
    let me = &visitor.person;
    if seen.request.excludes(me) || seen.request.settled.is_some() || seen.request.returned_by.is_some() {
        return None;
    }
    let mut open = seen.request.open_stages().filter(|stage| seen.stage(stage).approvers.contains(me));
    let stage = open.next()?;
    let said = stage.voice(me).map(|voice| match voice.decision {
        Decision::Approve => "approved",
        Decision::Reject => "rejected",
        Decision::RequestChanges => "asked for changes",
    });
    let approve = sum(&seen.policy, &seen.payload).map_or_else(|| "Approve".to_owned(), |sum| format!("Approve {sum}"));
    Some(Form { approve, said })
}
