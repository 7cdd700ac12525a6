//! Policies and dry runs on the wire: what a policy asks for, and which rule would hold and why.

use countersign_core::id::PersonId;
use countersign_core::policy::evaluate::RulingVerdict;
use countersign_core::policy::explain::{Explanation, RuleResult, RuleTrace, StagePreview, Traced, ValueTrace};
use countersign_core::policy::{Field, FieldType, OnExpiry, Policy, Verdict};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A policy in force.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct PolicyBody {
    /// As the file names it.
    pub name: String,
    /// `sha256:…`
    pub version: String,
    /// What callers must send.
    pub fields: Vec<FieldBody>,
    /// Read top to bottom; the first that holds gives the verdict.
    pub rules: Vec<RuleBody>,
    /// The file's text; in the answer about one policy only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// One member of a payload.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct FieldBody {
    /// Its key.
    pub name: String,
    /// text, integer, decimal, money, date, time, url, email, enum, bool, person, json, list or table.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it may be absent.
    pub optional: bool,
    /// Who sees it besides those in the request, in the policy's words; not there where all do who see the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible_to: Option<Vec<String>>,
    /// The values of an enum, the currencies of money.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

/// One rule.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct RuleBody {
    /// Shown in every explanation.
    pub name: String,
    /// The condition; absent where it holds always.
    pub when: Option<String>,
    /// allow, deny or ask.
    pub verdict: String,
    /// The names of the stages that would open.
    pub stages: Vec<String>,
}

/// A dry run: nothing is stored, nobody is told.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ExplanationBody {
    /// The policy's name.
    pub policy: String,
    /// The version that answered.
    pub policy_version: String,
    /// Rendered from the payload.
    pub title: String,
    /// allow, deny or ask.
    pub verdict: String,
    /// The rule that gives it.
    pub rule: String,
    /// Why no rule could be evaluated, where that is so: then the owner is asked.
    pub failure: Option<String>,
    /// low, medium or high.
    pub risk: String,
    /// Every rule, in the order of the file.
    pub rules: Vec<RuleTraceBody>,
    /// The stages that would open.
    pub stages: Vec<StagePreviewBody>,
}

/// What became of one rule.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct RuleTraceBody {
    /// The rule.
    pub name: String,
    /// Its condition; absent where it holds always.
    pub when: Option<String>,
    /// held, not_held, failed or not_reached.
    pub result: String,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// The parts of the condition with their values, outermost first.
    pub values: Vec<ValueBody>,
}

/// A part of a condition and what it came to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ValueBody {
    /// How deep it stands in the condition.
    pub depth: usize,
    /// As written.
    pub source: String,
    /// As evaluated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Why it has no value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// A stage as it would open.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct StagePreviewBody {
    /// The stage.
    pub name: String,
    /// Distinct people needed.
    pub quorum: u32,
    /// Who would be asked.
    pub approvers: Vec<String>,
    /// The next escalation or expiry, were it opened now.
    pub due: Option<String>,
    /// Its expiry, were it opened now.
    pub expires_at: Option<String>,
    /// What becomes of the request then: expire, reject or approve.
    pub on_expiry: String,
    /// `sign-in` where a confirm link is not enough, `passkey` where an approval must be signed; absent where neither.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub require: Option<String>,
}

/// What a stage requires of a decision, as the policy says it.
#[must_use]
pub fn requirement(passkey: bool, sign_in: bool) -> Option<&'static str> {
    match (passkey, sign_in) {
        (true, _) => Some("passkey"),
        (false, true) => Some("sign-in"),
        (false, false) => None,
    }
}

/// What becomes of a stage that expires, as the policy says it.
#[must_use]
pub fn expiry(on_expiry: OnExpiry) -> &'static str {
    match on_expiry {
        OnExpiry::Expire => "expire",
        OnExpiry::Reject => "reject",
        OnExpiry::Approve => "approve",
    }
}

/// A policy; its source only where one is asked for.
#[must_use]
pub fn policy(policy: &Policy, with_source: bool) -> PolicyBody {
    let rule = |rule: &countersign_core::policy::Rule| {
        let (verdict, stages) = match &rule.verdict {
            Verdict::Allow => ("allow", Vec::new()),
            Verdict::Deny => ("deny", Vec::new()),
            Verdict::Ask(stages) => ("ask", stages.iter().map(|stage| stage.name.clone()).collect()),
        };
        RuleBody { name: rule.name.clone(), when: rule.when.as_ref().map(|when| when.source().to_owned()), verdict: verdict.into(), stages }
    };
    PolicyBody {
        name: policy.name.to_string(),
        version: policy.version.to_string(),
        fields: policy.fields.iter().map(field).collect(),
        rules: policy.rules.iter().map(rule).collect(),
        source: with_source.then(|| policy.source.clone()),
    }
}

fn field(field: &Field) -> FieldBody {
    let values = match &field.kind {
        FieldType::Enum { values } => values.to_vec(),
        FieldType::Money { currencies, .. } => currencies.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    };
    let sights = field.visible_to.as_ref().map(|sights| sights.iter().map(ToString::to_string).collect());
    FieldBody { name: field.name.clone(), kind: field.kind.name().to_owned(), optional: field.optional, visible_to: sights, values }
}

/// A dry run in words.
#[must_use]
pub fn explanation(policy: &Policy, explained: &Explanation) -> ExplanationBody {
    let verdict = match explained.ruling.verdict {
        RulingVerdict::Allow => "allow",
        RulingVerdict::Deny => "deny",
        RulingVerdict::Ask => "ask",
    };
    ExplanationBody {
        policy: policy.name.to_string(),
        policy_version: policy.version.to_string(),
        title: explained.title.text.clone(),
        verdict: verdict.to_owned(),
        rule: explained.ruling.rule_name.clone(),
        failure: explained.ruling.failure.clone(),
        risk: explained.risk.as_str().to_owned(),
        rules: explained.rules.iter().map(traced).collect(),
        stages: explained.stages.iter().map(preview).collect(),
    }
}

fn traced(rule: &RuleTrace) -> RuleTraceBody {
    let (result, failure) = match &rule.result {
        RuleResult::Held => ("held", None),
        RuleResult::NotHeld => ("not_held", None),
        RuleResult::Failed(why) => ("failed", why.clone()),
        RuleResult::NotReached => ("not_reached", None),
    };
    let mut values = Vec::new();
    if let Some(whole) = &rule.values {
        flatten(whole, 0, &mut values);
    }
    RuleTraceBody { name: rule.name.clone(), when: rule.condition.clone(), result: result.to_owned(), failure, values }
}

fn flatten(part: &ValueTrace, depth: usize, into: &mut Vec<ValueBody>) {
    let (value, failure) = match &part.value {
        Traced::Value(value) => (Some(value.clone()), None),
        Traced::Failed(why) => (None, Some(why.clone())),
        // A dry run is of the caller's own payload: nothing of it is hidden.
        Traced::Hidden => (None, None),
    };
    into.push(ValueBody { depth, source: part.source.clone(), value, failure });
    for inner in &part.parts {
        flatten(inner, depth + 1, into);
    }
}

fn preview(stage: &StagePreview) -> StagePreviewBody {
    StagePreviewBody {
        name: stage.name.clone(),
        quorum: stage.quorum,
        approvers: stage.approvers.iter().map(PersonId::to_string).collect(),
        due: stage.due.and_then(|at| jiff::Timestamp::from_millisecond(at.as_millisecond()).ok()).map(|at| at.to_string()),
        expires_at: stage.expires.map(|at| at.to_string()),
        on_expiry: expiry(stage.on_expiry).to_owned(),
        require: requirement(stage.require_passkey, stage.require_sign_in).map(str::to_owned),
    }
}
