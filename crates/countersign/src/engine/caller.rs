//! Who calls, and what they may do: the one permission module. Every verb of the engine takes a `Caller`.

use super::{EngineError, Whole};
use countersign_core::event::{Actor, Door};
use countersign_core::id::{KeyId, PersonId};
use countersign_core::people::{Role, Roster};
use countersign_core::policy::select::Asking;
use countersign_core::policy::sight::Viewer;
use countersign_core::request::Request;
use countersign_core::stage::Stage;
use std::collections::BTreeSet;

/// What a key may do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Scope {
    /// Submit, revise, withdraw, comment, in the name of those it acts for.
    Submit,
    /// Read what it submitted, and what those asked for whom it acts for.
    Read,
    /// Read everything.
    ReadAll,
    /// Relay a person's decision from another system; never together with submit.
    DecideOnBehalf,
    /// Dead letters, retries, reassigning.
    Operate,
    /// Keys.
    Admin,
}

impl Scope {
    /// All of them, as the command line names them.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::Submit, "submit"),
        (Self::Read, "read"),
        (Self::ReadAll, "read:all"),
        (Self::DecideOnBehalf, "decide:on-behalf"),
        (Self::Operate, "operate"),
        (Self::Admin, "admin"),
    ];

    /// The word on the command line and the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(scope, _)| *scope == self).map_or("", |(_, name)| name)
    }

    /// The scope of this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, name)| *name == word).map(|(scope, _)| *scope)
    }
}

/// For whom a key may submit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ActsFor {
    /// Nobody: it does not submit.
    Nobody,
    /// This person.
    One(PersonId),
    /// Anybody.
    Anybody,
}

impl ActsFor {
    /// Whether it may speak for this person.
    #[must_use]
    pub fn includes(&self, person: &PersonId) -> bool {
        match self {
            Self::Nobody => false,
            Self::One(one) => one == person,
            Self::Anybody => true,
        }
    }
}

/// Who calls.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Caller {
    /// A person, signed in as themselves.
    Person {
        /// Who.
        id: PersonId,
        /// Through which door.
        door: Door,
    },
    /// A machine with a key.
    Key {
        /// Which.
        id: KeyId,
        /// What it may do.
        scopes: BTreeSet<Scope>,
        /// For whom it submits.
        acts_for: ActsFor,
    },
}

impl Caller {
    /// A short id for logs.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Person { id, .. } => id.to_string(),
            Self::Key { id, .. } => id.to_string(),
        }
    }

    /// The actor of a submission or revision for this requester, if the caller may speak for them (rule 2).
    ///
    /// # Errors
    /// When it may not.
    pub fn submits_for(&self, requester: &PersonId) -> Result<Actor, EngineError> {
        match self {
            Self::Person { id, .. } if id == requester => Ok(Actor::Person(id.clone())),
            Self::Person { .. } => Err(EngineError::Forbidden("a person submits in their own name only")),
            Self::Key { id, scopes, acts_for } => {
                if !scopes.contains(&Scope::Submit) {
                    return Err(EngineError::Forbidden("this key has no scope `submit`"));
                }
                if !acts_for.includes(requester) {
                    return Err(EngineError::Forbidden("this key does not act for that requester"));
                }
                Ok(Actor::Key { key: *id, person: Some(requester.clone()) })
            }
        }
    }

    /// Whether it may repair: operators, and keys with `operate`.
    ///
    /// # Errors
    /// When it may not.
    pub fn operates(&self, roster: &Roster) -> Result<(), EngineError> {
        let may = match self {
            Self::Person { id, .. } => has_role(roster, id, &[Role::Operator, Role::Admin]),
            Self::Key { scopes, .. } => scopes.contains(&Scope::Operate),
        };
        if may { Ok(()) } else { Err(EngineError::Forbidden("only an operator, or a key with scope `operate`, may do this")) }
    }

    /// Whether it may create and revoke keys.
    ///
    /// # Errors
    /// When it may not.
    pub fn administers(&self, roster: &Roster) -> Result<(), EngineError> {
        let may = match self {
            Self::Person { id, .. } => has_role(roster, id, &[Role::Admin]),
            Self::Key { scopes, .. } => scopes.contains(&Scope::Admin),
        };
        if may { Ok(()) } else { Err(EngineError::Forbidden("only an admin, or a key with scope `admin`, may do this")) }
    }

    /// Whether it reads every request: auditors, operators, admins, keys with `read:all` or `operate`.
    #[must_use]
    pub fn reads_all(&self, roster: &Roster) -> bool {
        match self {
            Self::Person { id, .. } => has_role(roster, id, &[Role::Operator, Role::Auditor, Role::Admin]),
            Self::Key { scopes, .. } => scopes.contains(&Scope::ReadAll) || scopes.contains(&Scope::Operate),
        }
    }

    /// Whether it may add to the conversation about a request that it sees: not those who only read.
    ///
    /// # Errors
    /// When it may not.
    pub fn comments(&self, whole: &Whole) -> Result<(), EngineError> {
        match self {
            Self::Person { id, .. } => {
                let part = involves(&whole.request, id) || owns(whole, id) || has_role(&whole.roster, id, &[Role::Operator, Role::Admin]);
                if part { Ok(()) } else { Err(EngineError::Forbidden("an auditor reads all and changes nothing")) }
            }
            Self::Key { scopes, .. } if scopes.contains(&Scope::Submit) || scopes.contains(&Scope::Operate) => Ok(()),
            Self::Key { .. } => Err(EngineError::Forbidden("this key reads; to comment, a key needs scope `submit` or `operate`")),
        }
    }

    /// Whether it may see this request; if not, the request does not exist for it.
    #[must_use]
    pub fn sees(&self, whole: &Whole) -> bool {
        if self.reads_all(&whole.roster) {
            return true;
        }
        match self {
            Self::Person { id, .. } => whole.roster.is_active(id) && (involves(&whole.request, id) || owns(whole, id)),
            Self::Key { id, scopes, acts_for } => {
                // A relay is given ids by the system that shows requests to people; it lists nothing.
                if scopes.contains(&Scope::DecideOnBehalf) {
                    return true;
                }
                let made = matches!(&whole.request.submitted_by, Actor::Key { key, .. } if key == id);
                scopes.contains(&Scope::Read) && (made || acts_for.includes(&whole.request.requester))
            }
        }
    }

    /// As whom it looks at a request that it sees: a policy may keep fields from those who are not in it. A key is in
    /// it where it submitted it, or acts for its requester and nobody else.
    #[must_use]
    pub fn viewer<'a>(&'a self, request: &Request) -> Viewer<'a> {
        match self {
            Self::Person { id, .. } => request.viewer(id),
            Self::Key { id, acts_for, .. } => {
                let made = matches!(&request.submitted_by, Actor::Key { key, .. } if key == id);
                let acts = matches!(acts_for, ActsFor::One(person) if *person == request.requester);
                if made || acts { Viewer::Party } else { Viewer::Outside }
            }
        }
    }

    /// Whether the request exists for it when it acts on it: what it may see, and for a key that submits also what
    /// belongs to those it acts for, which it may revise and withdraw without reading it.
    #[must_use]
    pub fn reaches(&self, whole: &Whole) -> bool {
        let acts = |scopes: &BTreeSet<Scope>, acts_for: &ActsFor| scopes.contains(&Scope::Submit) && acts_for.includes(&whole.request.requester);
        self.sees(whole) || matches!(self, Self::Key { scopes, acts_for, .. } if acts(scopes, acts_for))
    }
}

/// Whether this person has anything to do with the request: asked for it, or asked to decide it.
fn involves(request: &Request, person: &PersonId) -> bool {
    let asked = |stage: &Stage| stage.everybody_asked().contains(person) || stage.voices.iter().any(|voice| &voice.person == person);
    request.excludes(person) || request.stages.iter().any(asked)
}

/// Whether the policy names this person as its owner or among its readers.
fn owns(whole: &Whole, person: &PersonId) -> bool {
    let asking = Asking { requester: &whole.request.requester, payload: &whole.payload, roster: &whole.roster, now: whole.now };
    [&whole.policy.owner, &whole.policy.readers].iter().any(|named| whole.policy.resolve(named, &asking).contains(person))
}

fn has_role(roster: &Roster, id: &PersonId, roles: &[Role]) -> bool {
    roster.person(id).is_some_and(|person| person.active && roles.iter().any(|role| person.roles.contains(role)))
}
