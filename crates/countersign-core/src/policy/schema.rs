//! The JSON Schema of policy files, for editors: what the reader takes, so that a mistake shows while
//! it is typed. The reader checks more (conditions, deadlines, reachability) and has the last word.

use super::expression::SOURCE_MAX;
use super::field::{ELEMENTS_MAX, INTEGER_MAX, TEXT_MAX, TYPE_NAMES};
use super::parse::options;
use serde_json::{Map, Value, json};

/// The schema (JSON Schema 2020-12).
#[must_use]
pub fn json_schema() -> Value {
    let mut schema = object(
        "A policy of Countersign",
        &["policy", "title", "owner", "payload", "rule"],
        &[
            ("policy", text("Its name: small letters, digits, `-` or `_`")),
            ("title", text("The title of a request, with the payload's fields: `{{ merchant }}, {{ amount }}`")),
            ("readers", json!({"description": "Who else may see its requests", "oneOf": [selector(), list(&selector())]})),
            ("owner", json!({"description": "Asked when a rule cannot be evaluated", "oneOf": [selector(), some(&selector())]})),
            ("rates", text("A file with exchange rates, beside this one")),
            ("risk", condition("Gives \"low\", \"medium\" or \"high\"")),
            ("forbidden_words", list(&text("A word that discards a model's summary"))),
            ("payload", json!({"type": "object", "description": "What callers must send", "additionalProperties": {"$ref": "#/$defs/field"}})),
            ("rule", json!({"type": "array", "minItems": 1, "maxItems": 100, "items": {"$ref": "#/$defs/rule"}})),
            ("on", outcomes()),
        ],
    );
    if let Some(members) = schema.as_object_mut() {
        members.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
        members.insert("$defs".to_owned(), json!({"field": field(), "rule": rule(), "stage": stage(), "action": action()}));
    }
    schema
}

/// The short form, or one long form for each type with the options that the reader takes for it.
fn field() -> Value {
    let long = TYPE_NAMES.iter().map(|name| {
        let options = options(name).iter().map(|key| (*key, if *key == "type" { json!({ "const": name }) } else { option(name, key) }));
        let needed = match *name {
            "money" => vec!["type", "currencies"],
            "enum" => vec!["type", "values"],
            "list" => vec!["type", "of"],
            "table" => vec!["type", "columns"],
            _ => vec!["type"],
        };
        object(&format!("A field of type {name}"), &needed, &options.collect::<Vec<_>>())
    });
    let short: Vec<&&str> = TYPE_NAMES.iter().filter(|name| !["money", "enum", "list", "table"].contains(name)).collect();
    json!({ "oneOf": std::iter::once(json!({ "enum": short })).chain(long).collect::<Vec<_>>() })
}

fn option(kind: &str, key: &str) -> Value {
    let whole = json!({ "type": "integer", "minimum": -INTEGER_MAX, "maximum": INTEGER_MAX });
    match (kind, key) {
        (_, "optional") => json!({ "type": "boolean" }),
        (_, "visible_to") => json!({ "description": "Who sees it besides those in the request", "oneOf": [sight(), some(&sight())] }),
        ("integer", _) => whole,
        ("list" | "table", "max") => json!({ "description": "The most elements", "type": "integer", "minimum": 1, "maximum": ELEMENTS_MAX }),
        ("decimal" | "money", "min" | "max") => text("A decimal, or a sum of money, in quotes"),
        (_, "min_length") => json!({ "type": "integer", "minimum": 0, "maximum": TEXT_MAX }),
        (_, "max_length") => json!({ "type": "integer", "minimum": 1, "maximum": TEXT_MAX }),
        (_, "pattern") => text("A regular expression that the whole text must match"),
        (_, "currencies") => some(&text("A currency of ISO 4217")),
        (_, "values") => some(&text("A value of the enum")),
        (_, "of") => json!({ "description": "What a list holds", "$ref": "#/$defs/field" }),
        _ => json!({ "type": "object", "additionalProperties": { "$ref": "#/$defs/field" } }),
    }
}

fn rule() -> Value {
    object(
        "A rule: the first that holds decides",
        &["name"],
        &[
            ("name", text("Shown in every explanation")),
            ("when", condition("Holds always where absent; the last rule must")),
            ("verdict", json!({"enum": ["allow", "deny", "ask"], "default": "ask"})),
            ("stage", json!({"type": "array", "minItems": 1, "maxItems": 20, "items": {"$ref": "#/$defs/stage"}})),
        ],
    )
}

fn stage() -> Value {
    let seat = object("A seat", &["from"], &[("from", some(&selector())), ("count", count()), ("until", condition("Ends the chain of managers"))]);
    object(
        "A round of asking",
        &["name", "expire"],
        &[
            ("name", text("Unique within the rule")),
            ("approvers", some(&selector())),
            ("until", condition("Ends the chain of managers at the first for whom it holds")),
            ("quorum", count()),
            ("seats", some(&seat)),
            ("with", text("The stage above beside which this one runs")),
            ("reject_quorum", count()),
            ("repeat", json!({"enum": ["once", "allowed"], "default": "once"})),
            ("remind", object("Asks again", &["every"], &[("every", duration())])),
            ("escalate", list(&level())),
            ("expire", object("Gives up", &["after"], &[("after", duration())])),
            ("on_expiry", json!({"enum": ["expire", "reject", "approve"], "default": "expire"})),
            (
                "require",
                json!({"description": "What a decision needs: that its maker signed in, or that a passkey signed it", "enum": ["sign-in", "passkey"]}),
            ),
        ],
    )
}

fn level() -> Value {
    let expire = json!({"oneOf": [duration(), object("Gives up", &["after"], &[("after", duration())])]});
    object(
        "A level of escalation",
        &["after", "to"],
        &[
            ("after", duration()),
            ("to", some(&selector())),
            ("mode", json!({"enum": ["add", "replace"], "default": "add"})),
            ("expire", expire),
            ("until", condition("Ends the chain of managers")),
        ],
    )
}

fn outcomes() -> Value {
    let one = json!({"$ref": "#/$defs/action"});
    let entries = json!({"oneOf": [one, {"type": "array", "maxItems": 20, "items": one}]});
    let members: Vec<(&str, Value)> = super::parse::OUTCOMES.map(|(name, _)| (name, entries.clone())).to_vec();
    object("What follows from outcomes", &[], &members)
}

fn action() -> Value {
    let texts = json!({"type": "object", "additionalProperties": {"type": "string"}});
    let http = object("A signed POST", &["url"], &[("url", text("http or https")), ("headers", texts.clone()), ("secret", reference())]);
    let command = object("A local program", &["argv"], &[("argv", some(&text("An argument"))), ("env", texts)]);
    object(
        "An action, or those who are told",
        &[],
        &[
            ("name", text("Unique within the outcome")),
            ("http", http),
            ("command", command),
            ("body", text("A template; quote values with `| json`")),
            ("notify", some(&selector())),
        ],
    )
}

fn object(description: &str, required: &[&str], members: &[(&str, Value)]) -> Value {
    let properties: Map<String, Value> = members.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    json!({"type": "object", "description": description, "required": required, "properties": properties, "additionalProperties": false})
}

fn text(description: &str) -> Value {
    json!({"type": "string", "description": description})
}

fn list(of: &Value) -> Value {
    json!({"type": "array", "items": of})
}

fn some(of: &Value) -> Value {
    json!({"type": "array", "items": of, "minItems": 1})
}

fn condition(description: &str) -> Value {
    json!({"type": "string", "maxLength": SOURCE_MAX, "description": format!("CEL. {description}")})
}

fn duration() -> Value {
    json!({"type": "string", "pattern": "^[0-9]+[smhd]$", "description": "Time that has passed: 90m, 8h, 3d"})
}

fn count() -> Value {
    json!({"type": "integer", "minimum": 1, "maximum": 100, "default": 1})
}

fn reference() -> Value {
    json!({"type": "string", "pattern": "^(env|file):.+$", "description": "Where the secret is: env:NAME or file:PATH"})
}

fn selector() -> Value {
    let pattern = "^(user:\\S+|group:\\S+|field:\\S+|manager of requester|managers of requester|requester)$";
    json!({"type": "string", "pattern": pattern, "description": "user:ana, group:finance, manager of requester, managers of requester, field:owner"})
}

fn sight() -> Value {
    let pattern = "^(user:\\S+|group:\\S+|role:(auditor|operator|admin)|owner|readers|approvers|requester)$";
    json!({"type": "string", "pattern": pattern, "description": "user:ana, group:finance, role:auditor, owner, readers, approvers, requester"})
}

#[cfg(test)]
pub(super) mod tests;
