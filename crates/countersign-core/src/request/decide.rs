//! What follows from a command, here and now. All of the law is in this function and the modules below it;
//! there is no other place that asks "may they?" (rule 30).

use super::{Effect, Request, effects, evolve};
use crate::canonical::Digest;
use crate::command::Command;
use crate::event::{ContentId, Event};
use crate::id::RequestId;
use crate::people::Roster;
use crate::policy::Policy;
use crate::refusal::Refusal;
use jiff::Timestamp;
use serde_json::Value;

pub use life::ATTACHMENTS_MAX;
pub(super) use route::{ask, barred, counts, specs, standing};
pub(super) use settle::heard;
pub(super) use voice::{must_sign, to_sign};
pub use wake::Timer;
pub(super) use wake::{earliest, timers, undecided};

mod execute;
mod life;
mod notice;
mod passkey;
mod route;
mod settle;
mod submit;
mod voice;
mod wake;

/// Everything that a decision may look at besides the request itself.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The store's time.
    pub now: Timestamp,
    /// The directory now.
    pub roster: &'a Roster,
    /// The pinned version.
    pub policy: &'a Policy,
    /// The current payload; for a submission or a revision the new one, accepted by the policy's fields.
    pub payload: &'a Value,
    /// Randomness for salts; nothing else may depend on it.
    pub seed: [u8; 32],
}

/// What follows: events, the contents that they name, the effects that they ask for, and the request after.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decided {
    /// What happened; empty where the same was said before.
    pub events: Vec<Event>,
    /// Rendered bodies, sealed.
    pub contents: Vec<Sealed>,
    /// What the world owes us.
    pub effects: Vec<Effect>,
    /// The request after all of it.
    pub request: Request,
}

/// Content with the salt that its digest was taken with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sealed {
    /// `Digest::salted(salt, bytes)`.
    pub id: ContentId,
    /// The salt.
    pub salt: [u8; 16],
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// What follows from this command.
///
/// # Errors
/// A refusal, which changes nothing.
pub fn decide(id: RequestId, request: Option<&Request>, command: &Command, facts: &Facts<'_>) -> Result<Decided, Refusal> {
    let mut draft = Draft::new(id, request, facts);
    match command {
        Command::Submit { requester, by, payload, external_id, .. } => submit::submit(&mut draft, requester, by, *payload, external_id.as_deref()),
        Command::Decide(voicing) => voice::hear(&mut draft, voicing),
        Command::Revise { by, payload } => life::revise(&mut draft, by, *payload),
        Command::Withdraw { by } => life::withdraw(&mut draft, by),
        Command::ClaimRun { by, payload } => life::claim_run(&mut draft, by, *payload),
        Command::Comment { by, comment } => life::comment(&mut draft, by, *comment),
        Command::Attach { by, attachment } => life::attach(&mut draft, by, *attachment),
        Command::Reassign { by, to } => life::reassign(&mut draft, by, to),
        Command::Wake => wake::wake(&mut draft),
        Command::Summarised { revision, by, summary } => life::summarised(&mut draft, *revision, by, *summary),
        Command::DeclineSummary { revision, reason } => life::decline_summary(&mut draft, *revision, reason),
        Command::StartExecution { action, lease_until, body } => execute::start(&mut draft, action, *lease_until, *body),
        Command::FinishExecution { action, token, report } => execute::finish(&mut draft, action, *token, report),
        Command::RetryExecution { action, by } => execute::retry(&mut draft, action, by),
        Command::AbandonExecution { action, by, reason } => execute::abandon(&mut draft, action, by, *reason),
        Command::ReportNotice(report) => notice::report(&mut draft, report),
        Command::RetryNotice { effect, by } => notice::retry(&mut draft, *effect, by),
        Command::AbandonNotice { effect, by, reason } => notice::abandon(&mut draft, *effect, by, *reason),
    }?;
    draft.finish()
}

/// A request on its way: each event is folded in as it is recorded, so that the next step sees its result.
struct Draft<'a> {
    id: RequestId,
    start: Option<&'a Request>,
    request: Option<Request>,
    facts: &'a Facts<'a>,
    events: Vec<Event>,
    contents: Vec<Sealed>,
    effects: Vec<Effect>,
}

impl<'a> Draft<'a> {
    fn new(id: RequestId, start: Option<&'a Request>, facts: &'a Facts<'a>) -> Self {
        Self { id, start, request: start.cloned(), facts, events: Vec::new(), contents: Vec::new(), effects: Vec::new() }
    }

    fn request(&self) -> Result<&Request, Refusal> {
        self.request.as_ref().ok_or(Refusal::UnknownRequest)
    }

    /// The request, if it is still open.
    fn unsettled(&self) -> Result<&Request, Refusal> {
        let request = self.request()?;
        match &request.settled {
            None => Ok(request),
            Some(end) => Err(Refusal::AlreadySettled { outcome: end.outcome, at: end.at, by: request.deciders() }),
        }
    }

    /// Records an event, folds it in and collects what it owes. An event that the fold rejects is a fault of
    /// this module: it is caught in debug builds and leaves the request as it was in others, which the
    /// conditional commit then keeps harmless.
    fn record(&mut self, event: Event) {
        match evolve(self.id, self.request.take(), self.facts.now, &event) {
            Ok(request) => {
                self.effects.extend(effects(&request, &event, self.facts));
                self.request = Some(request);
                self.events.push(event);
            }
            Err(illegal) => {
                debug_assert!(false, "decide recorded what evolve rejects: {illegal}");
                self.request = self.folded_again();
            }
        }
    }

    /// The request as it was before an event that the fold rejected.
    fn folded_again(&self) -> Option<Request> {
        let fold = |request, event| evolve(self.id, request, self.facts.now, event).ok();
        self.events.iter().fold(self.start.cloned(), fold)
    }

    /// Seals bytes with a salt drawn from the seed.
    fn seal(&mut self, bytes: Vec<u8>) -> ContentId {
        let mut material = self.facts.seed.to_vec();
        material.extend(self.contents.len().to_be_bytes());
        let mut salt = [0_u8; 16];
        for (to, from) in salt.iter_mut().zip(Digest::of(&material).0) {
            *to = from;
        }
        let id = Digest::salted(&salt, &bytes);
        self.contents.push(Sealed { id, salt, bytes });
        id
    }

    fn finish(self) -> Result<Decided, Refusal> {
        let request = self.request.ok_or(Refusal::UnknownRequest)?;
        Ok(Decided { events: self.events, contents: self.contents, effects: self.effects, request })
    }
}
