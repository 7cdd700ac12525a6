//! The exact bytes that an action sends: rendered once, when the outcome is committed.

use super::ActionSpec;
use crate::canonical::{Digest, canonical};
use crate::id::{PersonId, PolicyName, RequestId, Revision};
use jiff::Timestamp;
use serde_json::{Value, json};

/// All that a body may tell.
#[derive(Clone, Debug)]
pub struct ActionFacts<'a> {
    /// The request's id, as shown.
    pub request: RequestId,
    /// Its policy.
    pub policy: &'a PolicyName,
    /// The version it is pinned to.
    pub policy_version: Digest,
    /// The rule it stood under.
    pub rule: &'a str,
    /// Who asked.
    pub requester: &'a PersonId,
    /// The rendered title.
    pub title: &'a str,
    /// The revision that was decided.
    pub revision: Revision,
    /// What was decided.
    pub payload: &'a Value,
    /// Its digest.
    pub payload_digest: Digest,
    /// `approved`, `rejected`, `expired` or `withdrawn`.
    pub outcome: &'a str,
    /// When it was submitted.
    pub created_at: Timestamp,
    /// When it was settled.
    pub settled_at: Timestamp,
    /// Who decided what, in order: `("mia", "approve")`.
    pub decided_by: Vec<(PersonId, String)>,
}

/// The body of an action: its template rendered, or the default where it has none.
///
/// # Errors
/// When the template fails.
pub fn action_body(spec: &ActionSpec, facts: &ActionFacts<'_>) -> Result<Vec<u8>, String> {
    if let Some(template) = &spec.body {
        return template.render(&template_values(spec, facts)).map(String::into_bytes);
    }
    let body = json!({
        "type": "action",
        "timestamp": facts.settled_at.to_string(),
        "data": {
            "request": request_json(facts),
            "outcome": facts.outcome,
            "action": spec.name.as_str(),
        },
    });
    Ok(canonical(&body).into_bytes())
}

/// The payload's fields, and under `request` all else: names of fields cannot collide with it.
fn template_values(spec: &ActionSpec, facts: &ActionFacts<'_>) -> Value {
    let mut request = request_json(facts);
    let decided_by: Vec<Value> = facts.decided_by.iter().map(|(person, decision)| json!({"person": person.as_str(), "decision": decision})).collect();
    if let Some(request) = request.as_object_mut() {
        request.insert("outcome".to_owned(), json!(facts.outcome));
        request.insert("action".to_owned(), json!(spec.name.as_str()));
        request.insert("decided_by".to_owned(), json!(decided_by));
    }
    let mut values = facts.payload.clone();
    if let Some(values) = values.as_object_mut() {
        values.insert("request".to_owned(), request);
    }
    values
}

fn request_json(facts: &ActionFacts<'_>) -> Value {
    json!({
        "id": facts.request.to_string(),
        "policy": facts.policy.as_str(),
        "policy_version": facts.policy_version.to_string(),
        "rule": facts.rule,
        "requester": facts.requester.as_str(),
        "title": facts.title,
        "revision": facts.revision.0,
        "payload": facts.payload,
        "payload_digest": facts.payload_digest.to_string(),
        "created_at": facts.created_at.to_string(),
        "settled_at": facts.settled_at.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ActionName;
    use crate::policy::field::{Field, FieldType};
    use crate::policy::{Target, Template};

    fn body(template: Option<&str>, payload: &Value) -> Result<String, String> {
        let fields = ["amount", "merchant"].map(|name| Field { name: name.to_owned(), kind: FieldType::Json, optional: false, visible_to: None });
        let spec = ActionSpec {
            name: ActionName::new("pay"),
            target: Target::Command { argv: vec!["pay".to_owned()], env: Default::default() },
            body: template.map(|source| Template::body(source, &fields).unwrap()),
        };
        let (policy, leo, at) = (PolicyName::new("expense"), PersonId::new("leo"), "2026-11-23T09:00:00Z".parse().unwrap());
        let facts = ActionFacts {
            request: RequestId::from_bytes([1; 16]),
            policy: &policy,
            policy_version: Digest::of(b"p"),
            rule: "two signatures",
            requester: &leo,
            title: "ACME",
            revision: Revision::FIRST,
            payload,
            payload_digest: crate::canonical::digest_of(payload),
            outcome: "approved",
            created_at: at,
            settled_at: at,
            decided_by: vec![(PersonId::new("mia"), "approve".to_owned())],
        };
        action_body(&spec, &facts).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn the_default_body_is_canonical_and_says_what_was_approved() {
        let payload = json!({"merchant": "ACME", "amount": "5 USD"});
        let value: Value = serde_json::from_str(&body(None, &payload).unwrap()).unwrap();
        assert_eq!(body(None, &payload).unwrap(), canonical(&value));
        assert_eq!(value.pointer("/data/request/payload"), Some(&payload));
        assert_eq!(value.pointer("/data/outcome"), Some(&json!("approved")));
        assert_eq!(value.pointer("/data/action"), Some(&json!("pay")));
        assert_eq!(value.pointer("/data/request/id"), Some(&json!("req_01010101010101010101010101010101")));
    }

    #[test]
    fn a_template_makes_the_body_and_quotes_what_it_is_told_to() {
        let payload = json!({"merchant": "A\"B", "amount": "5 USD"});
        let template = "{\"to\": {{ merchant | json }}, \"by\": {{ request.decided_by[0].person | json }}, \"for\": {{ request.outcome | json }}}";
        assert_eq!(body(Some(template), &payload).unwrap(), r#"{"to": "A\"B", "by": "mia", "for": "approved"}"#);
    }

    #[test]
    fn a_template_that_fails_sends_nothing() {
        assert!(body(Some("{{ amount }}"), &json!({"merchant": "x"})).is_err());
    }
}
