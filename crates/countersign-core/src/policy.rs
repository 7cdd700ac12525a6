//! What a policy says once it is read: payload fields, rules, stages, actions. Reading and checking it,
//! choosing a rule and explaining the choice live in the modules below; deciding a request does not.

use crate::canonical::Digest;
use crate::id::{ActionName, GroupId, PersonId, PolicyName};
use jiff::SignedDuration;
use std::collections::BTreeMap;

pub use expression::Condition;
pub use field::{Field, FieldType};
pub use template::Template;

pub mod check;
pub mod diagnostic;
pub mod evaluate;
pub mod explain;
pub mod expression;
pub mod field;
pub mod parse;
pub mod pattern;
pub mod payload;
pub mod render;
pub mod schema;
pub mod select;
pub mod sight;
pub mod template;

/// One version of one policy file. The version is the digest of everything that decides: the file's
/// bytes and those of the rate table it names.
#[derive(Clone, Debug)]
pub struct Policy {
    /// As the file names it.
    pub name: PolicyName,
    /// The digest that requests are pinned to.
    pub version: Digest,
    /// Renders a request's title from its payload.
    pub title: Template,
    /// Told of trouble, and asked when a rule cannot be evaluated.
    pub owner: Vec<Selector>,
    /// Who else may see its requests.
    pub readers: Vec<Selector>,
    /// What callers must send, in the order of the file.
    pub fields: Vec<Field>,
    /// Read top to bottom; the last holds always.
    pub rules: Vec<Rule>,
    /// What follows from each outcome.
    pub on: BTreeMap<OutcomeName, Consequences>,
    /// Gives the plain summary's risk; `medium` without it.
    pub risk: Option<Condition>,
    /// Further words that discard a model's summary (rule 24).
    pub forbidden_words: Vec<String>,
    /// Exchange rates, when the policy names a table.
    pub rates: Option<crate::money::Rates>,
    /// The file's text, kept for explanation and for the record.
    pub source: String,
}

/// How a request can end, as policies write it after `on.`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum OutcomeName {
    /// Everybody needed said yes, or a rule allowed it.
    Approved,
    /// Enough said no, or a rule denied it.
    Rejected,
    /// Nobody decided in time.
    Expired,
    /// The requester took it back.
    Withdrawn,
}

/// One line of the policy.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Shown in every explanation.
    pub name: String,
    /// `None` holds always.
    pub when: Option<Condition>,
    /// What follows when it holds.
    pub verdict: Verdict,
}

/// A rule's answer.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// Approved without people.
    Allow,
    /// Rejected without people.
    Deny,
    /// People must agree, stage after stage.
    Ask(Vec<StageSpec>),
}

/// One round of asking, as the policy writes it.
#[derive(Clone, Debug)]
pub struct StageSpec {
    /// Unique within its rule.
    pub name: String,
    /// Places to be filled by distinct people. `approvers` with a `quorum` is one seat with that count.
    pub seats: Vec<Seat>,
    /// The index of the stage beside which this one runs; `None` waits for all before it.
    pub with: Option<usize>,
    /// How many rejections reject; at least 1.
    pub reject_quorum: u16,
    /// Whether one who has already approved an earlier stage may count here too.
    pub repeat_allowed: bool,
    /// Ask again this often, those who have not decided.
    pub remind_every: Option<SignedDuration>,
    /// Ask others, level after level, in order of `after`.
    pub escalate: Vec<Level>,
    /// Give up this long after opening.
    pub expire_after: SignedDuration,
    /// What giving up means.
    pub on_expiry: OnExpiry,
    /// Whether an approval must be signed with a passkey.
    pub require_passkey: bool,
    /// Whether who decides must have signed in: a confirm link is not enough.
    pub require_sign_in: bool,
}

/// A place in a stage, or several alike.
#[derive(Clone, Debug)]
pub struct Seat {
    /// Who may fill it.
    pub from: Vec<Selector>,
    /// How many distinct people it needs; at least 1.
    pub count: u16,
}

/// One level of escalation.
#[derive(Clone, Debug)]
pub struct Level {
    /// Counted from the stage's opening.
    pub after: SignedDuration,
    /// Whom it asks.
    pub to: Vec<Selector>,
    /// Whether those asked before stay asked.
    pub mode: LevelMode,
    /// A deadline of its own, counted from the moment the level was due.
    pub expire_after: Option<SignedDuration>,
}

/// Whether a level adds people or replaces them. Voices already in stand either way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LevelMode {
    /// Those asked before may still decide.
    Add,
    /// Only the newly asked may decide from now on.
    Replace,
}

/// What a stage's expiry does to the request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OnExpiry {
    /// The outcome is `expired`.
    Expire,
    /// The outcome is `rejected`.
    Reject,
    /// The stage counts as approved: refused at load where two or more voices are needed.
    Approve,
}

/// Names people indirectly; resolved against the roster of the moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Selector {
    /// `user:ana`
    Person(PersonId),
    /// `group:finance`
    Group(GroupId),
    /// `manager of requester`
    ManagerOfRequester,
    /// `managers of requester`: the chain, up to the first for whom `until` holds.
    ManagersOfRequester {
        /// A condition over `approver` and the payload.
        until: Option<Condition>,
    },
    /// `field:owner`: the person whom the payload names there.
    Field(String),
    /// `requester`: in notices only, never in a stage.
    Requester,
}

/// What follows from one outcome.
#[derive(Clone, Debug, Default)]
pub struct Consequences {
    /// Run in order, the next after success.
    pub actions: Vec<ActionSpec>,
    /// Told besides the requester.
    pub notify: Vec<Selector>,
}

/// One action, as the policy writes it.
#[derive(Clone, Debug)]
pub struct ActionSpec {
    /// Unique within its outcome.
    pub name: ActionName,
    /// Where and how it runs.
    pub target: Target,
    /// The body to send; the documented default where absent.
    pub body: Option<Template>,
}

/// Where an action goes. Values of headers and environment may be `env:NAME` or `file:PATH`: resolved
/// when it runs, never stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target {
    /// A signed POST.
    Http {
        /// Absolute, http or https.
        url: String,
        /// Sent with each attempt.
        headers: BTreeMap<String, String>,
        /// Signs the body (Standard Webhooks), as `env:NAME` or `file:PATH`.
        secret: Option<String>,
    },
    /// A local program; never through a shell.
    Command {
        /// Program and arguments.
        argv: Vec<String>,
        /// The whole environment but for what the product adds.
        env: BTreeMap<String, String>,
    },
}

/// Which line of a policy a request stands under.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RuleRef {
    /// The rule at this index.
    Rule(usize),
    /// No rule could be evaluated: the owner is asked, with the largest quorum of the file.
    FailedClosed,
}

impl Policy {
    /// The consequences of an outcome; none where the policy names none.
    #[must_use]
    pub fn consequences(&self, outcome: OutcomeName) -> &Consequences {
        static NONE: Consequences = Consequences { actions: Vec::new(), notify: Vec::new() };
        self.on.get(&outcome).unwrap_or(&NONE)
    }
}
