//! A small world to try the law in: a policy, people, one request and its record.

use countersign_core::canonical::{Digest, canonical};
use countersign_core::command::{Command, Report, ReportVerdict, Voicing};
use countersign_core::event::{Actor, Decision, Door, Event};
use countersign_core::id::{GroupId, PersonId, RequestId, Revision};
use countersign_core::people::{Member, Person, Roster};
use countersign_core::policy::Policy;
use countersign_core::refusal::Refusal;
use countersign_core::request::{Decided, Facts, Request, decide, fold};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// One request among people.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) policy: Policy,
    pub(crate) roster: Roster,
    pub(crate) payload: Value,
    pub(crate) now: Timestamp,
    pub(crate) id: RequestId,
    pub(crate) request: Option<Request>,
    pub(crate) record: Vec<(Timestamp, Event)>,
    pub(crate) seed: [u8; 32],
}

/// A policy with the text field `what`, the owner zoe, and these rules.
pub(crate) fn policy(rules: &str) -> Policy {
    let source = format!("policy = \"trial\"\ntitle = \"{{{{ what }}}}\"\nowner = \"user:zoe\"\n[payload]\nwhat = \"text\"\n{rules}");
    Policy::load("trial.toml", &source, &|_| Err("no files here".into())).unwrap_or_else(|found| panic!("{source}\n{found:?}")).policy
}

/// One stage that asks the group `team`, with these further lines.
pub(crate) fn one_stage(lines: &str) -> Policy {
    policy(&format!(
        "[[rule]]\nname = \"r\"\n[[rule.stage]]\nname = \"review\"\napprovers = [\"group:team\"]\nexpire = {{ after = \"72h\" }}\n{lines}\n"
    ))
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let people: Vec<_> = self.roster.people.values().map(|it| (it.id.as_str(), it.manager.as_ref().map(PersonId::as_str))).collect();
        write!(f, "{}\n{people:?}\n{:?}", self.policy.source, self.roster.groups)
    }
}

/// `leo:mia` reports to mia.
pub(crate) fn roster(people: &str, groups: &[(&str, &str)]) -> Roster {
    let mut roster = Roster { version: 1, ..Roster::default() };
    for word in people.split_whitespace() {
        let (id, manager) = word.split_once(':').map_or((word, None), |(id, manager)| (id, Some(PersonId::from(manager))));
        let id = PersonId::from(id);
        let person = Person { id: id.clone(), name: id.to_string(), email: None, manager, limit: None, roles: Default::default(), active: true };
        roster.people.insert(id, person);
    }
    for (group, members) in groups {
        let members = members.split_whitespace().map(|id| Member::Person(PersonId::from(id))).collect();
        roster.groups.insert(GroupId::from(*group), members);
    }
    roster
}

impl World {
    pub(crate) fn new(policy: Policy, roster: Roster) -> Self {
        let now: Timestamp = "2026-01-05T09:00:00Z".parse().unwrap();
        let payload = json!({"what": "a thing"});
        Self { policy, roster, payload, now, id: RequestId::new(now, [7; 10]), request: None, record: Vec::new(), seed: [3; 32] }
    }

    /// The usual one: leo asks ana, bo and cy of the team under one stage with these further lines.
    pub(crate) fn asking(lines: &str) -> Self {
        let mut world = Self::new(one_stage(lines), roster("leo:mia mia ana bo cy eva zoe", &[("team", "ana bo cy leo"), ("leads", "eva leo")]));
        world.submit("leo").unwrap();
        world
    }

    pub(crate) fn facts(&self) -> Facts<'_> {
        Facts { now: self.now, roster: &self.roster, policy: &self.policy, payload: &self.payload, seed: self.seed }
    }

    /// Gives a command; keeps what became of the request, and holds that the record folds to it.
    pub(crate) fn give(&mut self, command: &Command) -> Result<Decided, Refusal> {
        let decided = decide(self.id, self.request.as_ref(), command, &self.facts())?;
        self.record.extend(decided.events.iter().map(|event| (self.now, event.clone())));
        assert_eq!(fold(self.id, &self.record).unwrap().as_ref(), Some(&decided.request), "fold(events) == decided.request");
        self.request = Some(decided.request.clone());
        Ok(decided)
    }

    pub(crate) fn request(&self) -> &Request {
        self.request.as_ref().unwrap()
    }

    pub(crate) fn later(&mut self, duration: SignedDuration) -> &mut Self {
        self.now = self.now.checked_add(duration).unwrap();
        self
    }

    pub(crate) fn hours(&mut self, hours: i64) -> &mut Self {
        self.later(SignedDuration::from_hours(hours))
    }

    pub(crate) fn submit(&mut self, requester: &str) -> Result<Decided, Refusal> {
        self.submit_by(requester, Actor::Person(PersonId::from(requester)))
    }

    pub(crate) fn submit_by(&mut self, requester: &str, by: Actor) -> Result<Decided, Refusal> {
        let payload = Digest::of(canonical(&self.payload).as_bytes());
        self.give(&Command::Submit { id: self.id, requester: PersonId::from(requester), by, payload, external_id: None })
    }

    pub(crate) fn decide(&mut self, person: &str, decision: Decision) -> Result<Decided, Refusal> {
        let revision = self.request().revision;
        self.decide_on(person, decision, revision)
    }

    pub(crate) fn decide_on(&mut self, person: &str, decision: Decision, revision: Revision) -> Result<Decided, Refusal> {
        let person = PersonId::from(person);
        let comment = (decision != Decision::Approve).then(|| Digest::of(b"because"));
        self.give(&Command::Decide(Voicing { person, decision, revision, comment, door: Door::Api, relayed_by: None, stage: None, proof: None }))
    }

    pub(crate) fn approve(&mut self, person: &str) -> Result<Decided, Refusal> {
        self.decide(person, Decision::Approve)
    }

    pub(crate) fn wake(&mut self) -> Decided {
        self.give(&Command::Wake).unwrap()
    }

    pub(crate) fn revise(&mut self, by: &str, what: &str) -> Result<Decided, Refusal> {
        let before = std::mem::replace(&mut self.payload, json!({"what": what}));
        let payload = Digest::of(canonical(&self.payload).as_bytes());
        let told = self.give(&Command::Revise { by: Actor::Person(PersonId::from(by)), payload });
        if told.is_err() {
            self.payload = before;
        }
        told
    }

    pub(crate) fn start(&mut self, action: &str) -> Result<Decided, Refusal> {
        let body = self.request().executions.iter().find(|execution| execution.action.as_str() == action).unwrap().body.unwrap();
        let lease_until = self.now.checked_add(SignedDuration::from_secs(60)).unwrap();
        self.give(&Command::StartExecution { action: action.into(), lease_until, body })
    }

    pub(crate) fn finish(&mut self, action: &str, token: u64, verdict: ReportVerdict) -> Result<Decided, Refusal> {
        self.give(&Command::FinishExecution { action: action.into(), token, report: Report { answer: "x".into(), output: None, verdict } })
    }

    pub(crate) fn leaves(&mut self, person: &str) -> &mut Self {
        self.roster.version += 1;
        self.roster.people.get_mut(&PersonId::from(person)).unwrap().active = false;
        self
    }
}
