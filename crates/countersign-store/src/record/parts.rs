//! The forms of the values inside events. Renaming a core type changes nothing here; a new variant in the
//! core does not compile until it has a stored name.

use super::stored::{self, Stored};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_core::assertion::{Assertion, Signed};
use countersign_core::canonical::Digest;
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
plain!(DoorForm of Door, "Door": Web, Api, Cli, Relay, Link);
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
    Key(String, Option<String>),
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
            ActorForm::Key(key, person) => Self::Key { key: KeyId::read(key)?, person: Option::read(person)? },
            ActorForm::Engine => Self::Engine,
        })
    }
}

/// A passkey's signature: every part as it came, in base64.
#[derive(Serialize, Deserialize)]
pub(super) struct AssertionForm {
    #[serde(rename = "i")]
    credential: String,
    #[serde(rename = "k")]
    public_key: String,
    #[serde(rename = "d")]
    authenticator_data: String,
    #[serde(rename = "j")]
    client_data: String,
    #[serde(rename = "s")]
    signature: String,
    #[serde(rename = "h")]
    challenge: String,
    #[serde(rename = "c")]
    statement: String,
}

impl Stored for Box<Assertion> {
    type Form = AssertionForm;
    fn form(&self) -> AssertionForm {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let signed = &self.signed;
        AssertionForm {
            credential: text(&signed.credential),
            public_key: text(&signed.public_key),
            authenticator_data: text(&signed.authenticator_data),
            client_data: text(&signed.client_data),
            signature: text(&signed.signature),
            challenge: signed.challenge.form(),
            statement: self.statement.form(),
        }
    }
    fn read(form: AssertionForm) -> Result<Self, String> {
        let bytes = |text: String| URL_SAFE_NO_PAD.decode(&text).map_err(|error| format!("`{text}` is not base64: {error}"));
        let signed = Signed {
            credential: bytes(form.credential)?,
            public_key: bytes(form.public_key)?,
            authenticator_data: bytes(form.authenticator_data)?,
            client_data: bytes(form.client_data)?,
            signature: bytes(form.signature)?,
            challenge: Digest::read(form.challenge)?,
        };
        Ok(Self::new(Assertion { signed, statement: Digest::read(form.statement)? }))
    }
}

/// Who reassigned by hand: a person as the bare id, as the record always had it; anybody else as an actor.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum OperatorForm {
    Person(String),
    Other(ActorForm),
}

mod operator {
    use super::{Actor, OperatorForm, PersonId, Stored};
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(actor: &Actor, to: S) -> Result<S::Ok, S::Error> {
        let form = match actor {
            Actor::Person(person) => OperatorForm::Person(person.form()),
            other => OperatorForm::Other(other.form()),
        };
        form.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Actor, D::Error> {
        match OperatorForm::deserialize(from)? {
            OperatorForm::Person(person) => PersonId::read(person).map(Actor::Person),
            OperatorForm::Other(form) => Actor::read(form),
        }
        .map_err(D::Error::custom)
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
    Operator(#[serde(with = "operator")] Actor),
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
