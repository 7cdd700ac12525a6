//! The forms of the values inside events. Renaming a core type changes nothing here; a new variant in the
//! core does not compile until it has a stored name.

use super::stored::{self, Stored};
use countersign_core::event::{Actor, Cause, Decision, Door, EscalationCause, NoticeKind, PlannedAction, RuledVerdict, StageResult};
use countersign_core::id::{ActionName, KeyId, PersonId};
use countersign_core::policy::{LevelMode, OutcomeName, RuleRef};
use serde::{Deserialize, Serialize};

macro_rules! plain {
    ($form:ident of $name:ident, $path:literal: $($variant:ident),*) => {
        #[derive(Serialize, Deserialize)]
        #[serde(remote = $path, rename_all = "snake_case")]
        pub(super) enum $form {
            $($variant,)*
        }
    };
}

plain!(DecisionForm of Decision, "Decision": Approve, Reject, RequestChanges);
plain!(DoorForm of Door, "Door": Web, Api, Cli, Relay);
plain!(StageResultForm of StageResult, "StageResult": Approved, Rejected, Expired, Voided);
plain!(OutcomeForm of OutcomeName, "OutcomeName": Approved, Rejected, Expired, Withdrawn);
plain!(ModeForm of LevelMode, "LevelMode": Add, Replace);
plain!(VerdictForm of RuledVerdict, "RuledVerdict": Allow, Deny, Ask);
plain!(NoticeForm of NoticeKind, "NoticeKind": Requested, Reminded, Escalated, Settled, Returned, Lapsed, Unroutable, DeadLettered);

#[derive(Serialize, Deserialize)]
#[serde(remote = "RuleRef", rename_all = "snake_case")]
pub(super) enum RuleForm {
    Rule(usize),
    FailedClosed,
}

#[derive(Serialize, Deserialize)]
pub(super) enum ActorForm {
    #[serde(rename = "p")]
    Person(String),
    #[serde(rename = "k")]
    Key(String, String),
    #[serde(rename = "e")]
    Engine,
}

impl Stored for Actor {
    type Form = ActorForm;
    fn form(&self) -> ActorForm {
        match self {
            Self::Person(person) => ActorForm::Person(person.form()),
            Self::Key { key, person } => ActorForm::Key(key.form(), person.form()),
            Self::Engine => ActorForm::Engine,
        }
    }
    fn read(form: ActorForm) -> Result<Self, String> {
        Ok(match form {
            ActorForm::Person(person) => Self::Person(PersonId::read(person)?),
            ActorForm::Key(key, person) => Self::Key { key: KeyId::read(key)?, person: PersonId::read(person)? },
            ActorForm::Engine => Self::Engine,
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "EscalationCause", rename_all = "snake_case")]
pub(super) enum EscalationCauseForm {
    Due {
        #[serde(rename = "late")]
        late_ms: i64,
    },
    TooFewEligible,
    Operator(#[serde(with = "stored")] PersonId),
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Cause", rename_all = "snake_case")]
pub(super) enum CauseForm {
    Rule,
    Decisions,
    Expiry {
        #[serde(rename = "late")]
        late_ms: i64,
    },
    Withdrawn(#[serde(with = "stored")] Actor),
}

/// Name, body where there is one, length.
impl Stored for PlannedAction {
    type Form = (String, Option<String>, u64);
    fn form(&self) -> Self::Form {
        (self.name.form(), self.body.form(), self.bytes)
    }
    fn read((name, body, bytes): Self::Form) -> Result<Self, String> {
        Ok(Self { name: ActionName::read(name)?, body: Stored::read(body)?, bytes })
    }
}
