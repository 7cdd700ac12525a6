//! Reads what follows from outcomes: `[[on.approved]]` with an action each, and those who are told.

use super::OUTCOMES;
use super::reader::{Item, Place, Reader, Table};
use super::selector::{self, Standing};
use crate::id::ActionName;
use crate::policy::expression::Scope;
use crate::policy::payload::is_url;
use crate::policy::template::Template;
use crate::policy::{ActionSpec, Consequences, OutcomeName, Target};
use std::collections::BTreeMap;

const ACTIONS_MAX: usize = 20;
const ARGUMENTS_MAX: usize = 100;
/// Headers that the engine itself sets.
const OWN_HEADERS: [&str; 9] = [
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "content-length",
    "content-type",
    "host",
    "connection",
    "transfer-encoding",
    "idempotency-key",
];
/// A name that holds one of these holds a secret.
const SECRET_WORDS: [&str; 8] = ["authorization", "cookie", "token", "secret", "password", "api-key", "apikey", "api_key"];

pub(super) fn outcomes(reader: &mut Reader<'_>, table: &Table<'_>, scope: &Scope<'_>) -> BTreeMap<OutcomeName, Consequences> {
    let mut on = BTreeMap::new();
    let Some(table) = reader.find(table, "on").and_then(|item| reader.table(item, "outcomes such as `[[on.approved]]`")) else { return on };
    reader.keys(table, "`on`", &OUTCOMES.map(|(name, _)| name));
    for (name, outcome) in OUTCOMES {
        if let Some(item) = reader.find(table, name) {
            on.insert(outcome, consequences(reader, item, scope));
        }
    }
    on
}

fn consequences(reader: &mut Reader<'_>, item: &Item<'_>, scope: &Scope<'_>) -> Consequences {
    let mut read = Consequences::default();
    let entries = if item.get_ref().is_table() { std::slice::from_ref(item) } else { reader.array(item, ACTIONS_MAX, "actions under `[[on.…]]`") };
    for item in entries {
        let Some(table) = reader.table(item, "an action, or `notify = […]`") else { continue };
        reader.keys(table, "an action", &["name", "http", "command", "body", "notify"]);
        read.notify.extend(selector::list(reader, table, "notify", scope, Standing::Told));
        let only_notice = table.len() == 1 && reader.find(table, "notify").is_some();
        if only_notice {
            continue;
        }
        if let Some(action) = action(reader, table, &Place::of(item), scope, &read.actions) {
            read.actions.push(action);
        }
    }
    read
}

fn action(reader: &mut Reader<'_>, table: &Table<'_>, place: &Place, scope: &Scope<'_>, earlier: &[ActionSpec]) -> Option<ActionSpec> {
    let (name, name_place) = reader.required_text(table, "name", place, "name = \"pay\"")?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if name.is_empty() || name.len() > 64 || !name.bytes().all(fits) {
        let message = format!("`{name}` is no name of an action: expected up to 64 letters, digits, `-` or `_`");
        reader.error(&name_place, "invalid_name", message, None);
    }
    if earlier.iter().any(|action| action.name.as_str() == name) {
        reader.error(&name_place, "duplicate_name", format!("two actions of this outcome are named `{name}`"), None);
    }
    let target = match (reader.find(table, "http"), reader.find(table, "command")) {
        (Some(item), None) => http(reader, item),
        (None, Some(item)) => command(reader, item),
        _ => {
            reader.error(place, "action_target", format!("the action `{name}` needs exactly one of `http` and `command`"), None);
            None
        }
    };
    let body = body(reader, table, scope);
    Some(ActionSpec { name: ActionName::new(name), target: target?, body })
}

fn body(reader: &mut Reader<'_>, table: &Table<'_>, scope: &Scope<'_>) -> Option<Template> {
    let (source, place) = reader.text(table, "body")?;
    let read = Template::body(&source, scope.fields);
    let template = read.map_err(|(message, suggestion)| reader.error(&place, "template", message, suggestion)).ok()?;
    super::hole(reader, &place, &template, scope);
    Some(template)
}

fn http(reader: &mut Reader<'_>, item: &Item<'_>) -> Option<Target> {
    let table = reader.table(item, "`{ url = \"https://…\" }`")?;
    reader.keys(table, "`http`", &["url", "headers", "secret"]);
    let (url, place) = reader.required_text(table, "url", &Place::of(item), "http = { url = \"https://erp.example/payments\" }")?;
    if !is_url(&url) {
        let message = format!("`{url}` is no address: expected an absolute http or https address without credentials");
        reader.error(&place, "invalid_url", message, None);
    }
    let headers = named_texts(reader, table, "headers");
    for (name, _, place) in &headers {
        let token = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
        if name.is_empty() || !token {
            reader.error(place, "invalid_header", format!("`{name}` is no name of a header"), None);
        } else if OWN_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
            reader.error(place, "invalid_header", format!("the header `{name}` is set by the engine itself"), None);
        }
    }
    let secret = reader.text(table, "secret");
    if let Some((secret, place)) = secret.as_ref().filter(|(secret, _)| !is_reference(secret)) {
        let _ = secret;
        literal_secret(reader, place, "secret");
    }
    let headers = headers.into_iter().map(|(name, value, _)| (name, value)).collect();
    Some(Target::Http { url, headers, secret: secret.map(|(secret, _)| secret) })
}

fn command(reader: &mut Reader<'_>, item: &Item<'_>) -> Option<Target> {
    let table = reader.table(item, "`{ argv = [\"/usr/bin/deploy\"] }`")?;
    reader.keys(table, "`command`", &["argv", "env"]);
    let argv = reader.find(table, "argv").map_or_else(Vec::new, |item| reader.texts(item, ARGUMENTS_MAX));
    if argv.first().is_none_or(|(program, _)| program.is_empty()) {
        let suggestion = Some("command = { argv = [\"/usr/bin/deploy\", \"now\"] }".to_owned());
        reader.error(&Place::of(item), "missing_key", "the command has no program: expected `argv`", suggestion);
    }
    let env = named_texts(reader, table, "env").into_iter().map(|(name, value, _)| (name, value)).collect();
    Some(Target::Command { argv: argv.into_iter().map(|(argument, _)| argument).collect(), env })
}

/// A table of texts in which secrets must be references.
fn named_texts(reader: &mut Reader<'_>, table: &Table<'_>, key: &str) -> Vec<(String, String, Place)> {
    let Some(table) = reader.find(table, key).and_then(|item| reader.table(item, "a table of quoted texts")) else { return Vec::new() };
    let mut read = Vec::new();
    for (name, item) in table {
        let Some((value, place)) = reader.as_text(item) else { continue };
        let lower = name.get_ref().to_ascii_lowercase();
        let secret = SECRET_WORDS.iter().any(|word| lower.contains(word)) || looks_secret(&value);
        if secret && !is_reference(&value) {
            literal_secret(reader, &place, name.get_ref());
        }
        if value.chars().any(char::is_control) {
            reader.error(&place, "invalid_header", format!("the value of `{}` holds a control character", name.get_ref()), None);
        }
        read.push((name.get_ref().to_string(), value, Place(name.span())));
    }
    read
}

fn looks_secret(value: &str) -> bool {
    ["Bearer ", "Basic ", "bearer ", "basic ", "whsec_", "sk_", "csk_"].iter().any(|prefix| value.starts_with(prefix))
}

fn is_reference(value: &str) -> bool {
    let named = |rest: &str| !rest.is_empty() && !rest.chars().any(char::is_control);
    value.strip_prefix("env:").or_else(|| value.strip_prefix("file:")).is_some_and(named)
}

fn literal_secret(reader: &mut Reader<'_>, place: &Place, name: &str) {
    let message = format!("`{name}` is a secret and stands here for all to read: expected `env:NAME` or `file:PATH`");
    let variable: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
    reader.error(place, "literal_secret", message, Some(format!("\"env:{variable}\"")));
}
