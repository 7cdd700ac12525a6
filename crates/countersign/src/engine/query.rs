//! Reading: one request, lists, the inbox, events, why. Each looks through the caller's eyes.

use super::caller::{ActsFor, Scope};
use super::handle::{folded, payload_of};
use super::{Caller, Engine, EngineError, Seen, Whole};
use countersign_core::canonical::Digest;
use countersign_core::event::Event;
use countersign_core::id::PersonId;
use countersign_core::id::RequestId;
use countersign_core::policy::Policy;
use countersign_core::policy::sight::record::{may_tell, without_words};
use countersign_core::refusal::Refusal;
use countersign_store::{Fault, ListQuery, Page, Positioned, RequestRow, Shares};
use jiff::Timestamp;
use std::collections::BTreeMap;

impl Engine {
    /// The store's time: the one clock by which everything that lasts is judged.
    pub(crate) async fn store_now(&self) -> Result<Timestamp, Fault> {
        Ok(self.log().due(0).await?.now)
    }

    /// The request as it stands, for the eyes of the engine and its workers.
    pub(crate) async fn look(&self, id: RequestId) -> Result<Option<Whole>, Fault> {
        Ok(self.look_with_events(id).await?.map(|(whole, _)| whole))
    }

    /// The request with its record.
    pub(crate) async fn look_with_events(&self, id: RequestId) -> Result<Option<(Whole, Vec<(Timestamp, Event)>)>, Fault> {
        let Some(loaded) = self.log().load(id).await? else { return Ok(None) };
        let request = folded(id, &loaded)?;
        let policy = self.shelf().version(&request.version, self.records()).await?;
        let payload = payload_of(&request, &loaded.contents)?;
        let roster = self.shelf().people().roster.clone();
        Ok(Some((Whole::of(request, loaded.contents, &policy, &roster, payload, loaded.now), loaded.events)))
    }

    /// The request through the caller's eyes.
    ///
    /// # Errors
    /// `unknown_request` for what does not exist and for what the caller may not see alike.
    pub async fn see(&self, caller: &Caller, id: RequestId) -> Result<Seen, EngineError> {
        Ok(self.see_with_events(caller, id).await?.0)
    }

    /// The request with its record, through the caller's eyes.
    ///
    /// # Errors
    /// As [`Engine::see`].
    pub async fn see_with_events(&self, caller: &Caller, id: RequestId) -> Result<(Seen, Vec<(Timestamp, Event)>), EngineError> {
        let found = self.look_with_events(id).await?.filter(|(whole, _)| caller.sees(whole));
        let (whole, events) = found.ok_or(EngineError::Refused(Refusal::UnknownRequest))?;
        Ok(whole.shown_with(events, caller))
    }

    /// A page of requests, narrowed to what the caller may see.
    ///
    /// # Errors
    /// When the caller asks for what it may not read, or the store fails.
    pub async fn list(&self, caller: &Caller, mut query: ListQuery) -> Result<Page<RequestRow>, EngineError> {
        if !caller.reads_all(&self.shelf().people().roster) {
            match caller {
                Caller::Key { scopes, .. } if !scopes.contains(&Scope::Read) => return Err(EngineError::Forbidden("this key has no scope `read`")),
                // What it acts for one person holds all that it submitted.
                Caller::Key { acts_for: ActsFor::One(person), .. } if query.requester.as_ref().is_none_or(|asked| asked == person) => {
                    query.requester = Some(person.clone());
                }
                Caller::Key { id, .. } => query.key = Some(*id),
                Caller::Person { id, .. } if own(&query, id) => {}
                Caller::Person { id, .. } if query.approver.is_none() && query.requester.is_none() && query.part.is_none() => {
                    query.requester = Some(id.clone())
                }
                Caller::Person { .. } => return Err(EngineError::Forbidden("you may list what waits for you and what you asked for")),
            }
        }
        Ok(self.log().list(&query).await?)
    }

    /// How much there is in each of a person's own lists.
    ///
    /// # Errors
    /// When the caller is no person, or the store fails.
    pub async fn shares(&self, caller: &Caller) -> Result<Shares, EngineError> {
        match caller {
            Caller::Person { id, .. } => Ok(self.log().shares(id).await?),
            Caller::Key { .. } => Err(EngineError::Forbidden("a key has no lists of its own")),
        }
    }

    /// Events of all requests after a position, for those who read everything.
    ///
    /// # Errors
    /// When the caller does not, or the store fails.
    pub async fn events_after(&self, caller: &Caller, after: u64, limit: usize) -> Result<Vec<Told>, EngineError> {
        if !caller.reads_all(&self.shelf().people().roster) {
            return Err(EngineError::Forbidden("only those who read every request may read all events"));
        }
        let mut told = Vec::new();
        let mut versions = BTreeMap::new();
        for event in self.log().tail(after, limit).await? {
            if let Event::Submitted { version, .. } = &event.event {
                versions.insert(event.request, *version);
            }
            let rule = self.rule_name(&event, &mut versions).await?;
            let told_event = self.veiled(caller, event.request, event.event).await?;
            told.push(Told { event: Positioned { event: told_event, ..event }, rule });
        }
        Ok(told)
    }

    /// The event as the caller sees it. Few events hold words that may be made of a payload; for those their request is
    /// looked at, and where that cannot be, the words are kept back.
    pub(super) async fn veiled(&self, caller: &Caller, request: RequestId, event: Event) -> Result<Event, Fault> {
        if !may_tell(&event) {
            return Ok(event);
        }
        match self.look(request).await {
            Ok(Some(whole)) => Ok(whole.shown_to(caller).veil.over_event(event)),
            Ok(None) | Err(Fault::Damaged { .. }) => Ok(without_words(event)),
            Err(fault) => Err(fault),
        }
    }

    /// The name of the rule that an event speaks of: its policy version is that of the request's submission, which
    /// mostly stands just before it.
    async fn rule_name(&self, event: &Positioned, versions: &mut BTreeMap<RequestId, Digest>) -> Result<Option<String>, Fault> {
        if !matches!(event.event, Event::Ruled { .. }) {
            return Ok(None);
        }
        let known = versions.get(&event.request).copied();
        let version = match known {
            Some(version) => Some(version),
            None => self.log().load(event.request).await?.map(|loaded| loaded.row.policy_version),
        };
        let Some(version) = version else { return Ok(None) };
        versions.insert(event.request, version);
        let policy = self.shelf().version(&version, self.records()).await?;
        Ok(rule_of(&policy, &event.event).map(str::to_owned))
    }
}

/// Whether the list is of this person's own requests.
fn own(query: &ListQuery, person: &PersonId) -> bool {
    let mut people = [&query.approver, &query.requester].into_iter().flatten().chain(query.part.as_ref().map(|(person, _)| person));
    people.any(|other| other == person)
}

/// An event of the stream of all, as it is told.
#[derive(Clone, Debug)]
pub struct Told {
    /// The event.
    pub event: Positioned,
    /// The name of the rule that it speaks of, if it speaks of one.
    pub rule: Option<String>,
}

/// The name of the rule that an event under this policy speaks of.
#[must_use]
pub fn rule_of<'a>(policy: &'a Policy, event: &Event) -> Option<&'a str> {
    if let Event::Ruled { rule, .. } = event { Some(policy.rule_name(rule)) } else { None }
}
