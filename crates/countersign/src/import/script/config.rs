//! Reads `workflow_config.json`. Every copy of the script keeps its approvers in a place of its own, so
//! several are understood: under `approvers`, `approval_rules`, `action_types` and the like, or on top.

use super::names::quoted;
use crate::import::Literal;
use crate::import::fault::{Column, ImportFault};

/// Where approvers are kept, by action type.
const SECTIONS: [&str; 9] =
    ["approvers", "approval_rules", "action_types", "actions", "rules", "types", "workflows", "approval_matrix", "approver_config"];
/// What an approver's id is called.
const ID_NAMES: [&str; 8] = ["id", "approver_id", "user_id", "user", "username", "email", "role", "name"];
const WEBHOOK_NAMES: [&str; 5] = ["webhook", "webhook_url", "url", "callback_url", "endpoint"];
const NESTED_NAMES: [&str; 6] = ["approver", "required_approver", "approvers", "levels", "tiers", "thresholds"];
/// Sections that speak of the script's other connections, whatever addresses they hold.
const OTHER_SECTIONS: [&str; 8] = ["ollama", "llm", "summary", "model", "slack", "email", "smtp", "notifications"];
const THRESHOLD_NAMES: [&str; 9] = [
    "threshold",
    "amount",
    "limit",
    "max_amount",
    "min_amount",
    "auto_approve_below",
    "auto_approve_under",
    "auto_approve_limit",
    "amount_threshold",
];
/// The longest timeout whose sevenfold policies still take, in minutes (ten years).
const MINUTES_MAX: u64 = 10 * 366 * 24 * 60 / 7;

/// What the configuration says.
#[derive(Default, Debug)]
pub(super) struct ScriptConfig {
    pub(super) timeout: Option<Timeout>,
    /// In the order of the file.
    pub(super) types: Vec<TypeConfig>,
    /// Asked for types that the file does not name.
    pub(super) fallback: Vec<Approver>,
    pub(super) notes: Vec<String>,
}

/// How long the script waited.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Timeout {
    pub(super) minutes: u64,
}

/// What it says of one action type.
#[derive(Debug)]
pub(super) struct TypeConfig {
    pub(super) name: String,
    pub(super) approvers: Vec<Approver>,
    pub(super) timeout: Option<Timeout>,
}

/// Whom the script asks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Approver {
    /// As the script writes it; `None` where it knows only the webhook.
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) email: Option<String>,
    pub(super) webhook: Option<String>,
    /// `threshold = 1000`, for a comment.
    pub(super) threshold: Option<String>,
}

/// Reads the configuration.
pub(super) fn read(file: &str, text: &str) -> Result<ScriptConfig, Vec<ImportFault>> {
    let whole = Literal::parse(text.trim_start_matches('\u{feff}')).map_err(|fault| {
        let message = format!("is no JSON: {}", fault.message);
        vec![ImportFault::at_line(file, fault.line, message).in_column(Column::Number(fault.column))]
    })?;
    let Some(members) = whole.members() else {
        return Err(vec![ImportFault::of_file(file, format!("is {}: expected an object such as {{\"approvers\": {{…}}}}", whole.kind()))]);
    };
    let mut config = ScriptConfig { timeout: timeout(file, &whole)?, ..ScriptConfig::default() };
    for (name, entries) in members {
        match name.as_str() {
            "default_approver" | "default" | "fallback_approver" => config.fallback = resolved(approvers(entries), members),
            name if SECTIONS.contains(&name) => section(file, &mut config, entries, members)?,
            name if OTHER_SECTIONS.contains(&name) => {}
            name if !approvers(entries).is_empty() && entries.members().is_some() => add(file, &mut config, name, entries, members)?,
            _ => {}
        }
    }
    unused(&mut config, &whole);
    Ok(config)
}

fn section(file: &str, config: &mut ScriptConfig, entries: &Literal, whole: &[(String, Literal)]) -> Result<(), Vec<ImportFault>> {
    if let Literal::List(entries) = entries {
        for entry in entries {
            if let Some(name) = entry.any(&["type", "action_type", "action"]).and_then(Literal::word) {
                add(file, config, name, entry, whole)?;
            }
        }
    }
    for (name, entry) in entries.members().unwrap_or_default() {
        if matches!(name.as_str(), "default" | "*") {
            config.fallback = resolved(approvers(entry), whole);
        } else if !refers(whole, name) {
            add(file, config, name, entry, whole)?;
        }
    }
    Ok(())
}

fn add(file: &str, config: &mut ScriptConfig, name: &str, entry: &Literal, whole: &[(String, Literal)]) -> Result<(), Vec<ImportFault>> {
    let approvers = resolved(approvers(entry), whole);
    let timeout = timeout(file, entry)?;
    match config.types.iter_mut().find(|known| known.name == name) {
        Some(known) => {
            known.timeout = known.timeout.or(timeout);
            known.approvers.extend(approvers);
        }
        None => config.types.push(TypeConfig { name: name.to_owned(), approvers, timeout }),
    }
    Ok(())
}

/// Whether an entry of this name is a person whom another entry names as approver, not an action type.
fn refers(whole: &[(String, Literal)], name: &str) -> bool {
    let entries = whole.iter().filter(|(section, _)| SECTIONS.contains(&section.as_str()));
    let mut entries = entries.flat_map(|(_, entries)| match entries {
        Literal::List(listed) => listed.iter().collect::<Vec<_>>(),
        _ => entries.members().unwrap_or_default().iter().map(|(_, entry)| entry).collect(),
    });
    entries.any(|entry| NESTED_NAMES.iter().any(|nested| names(entry.get(nested), name)))
}

fn names(entry: Option<&Literal>, name: &str) -> bool {
    match entry {
        Some(Literal::List(listed)) => listed.iter().any(|entry| entry.word() == Some(name)),
        Some(entry) => entry.word() == Some(name),
        None => false,
    }
}

/// Approvers named by id alone, with what the file says of them elsewhere.
fn resolved(approvers: Vec<Approver>, whole: &[(String, Literal)]) -> Vec<Approver> {
    let known = |id: &str| whole.iter().filter_map(|(_, section)| section.get(id)).find(|entry| entry.any(&WEBHOOK_NAMES).is_some());
    let filled = approvers.into_iter().map(|approver| match approver.id.as_deref().and_then(known) {
        Some(entry) if approver.webhook.is_none() => {
            Approver { webhook: word(entry, &WEBHOOK_NAMES), email: approver.email.or(word(entry, &["email"])), ..approver }
        }
        _ => approver,
    });
    filled.collect()
}

/// Everybody that an entry names.
pub(super) fn approvers(entry: &Literal) -> Vec<Approver> {
    let nobody = Approver { id: None, name: None, email: None, webhook: None, threshold: None };
    match entry {
        Literal::Text(text) if is_address(text) => vec![Approver { webhook: Some(text.clone()), ..nobody }],
        Literal::Text(_) | Literal::Number(_) => entry.word().map(|id| Approver { id: Some(id.to_owned()), ..nobody }).into_iter().collect(),
        Literal::List(listed) => listed.iter().flat_map(approvers).collect(),
        Literal::Object(_) => object(entry),
        Literal::Null | Literal::Bool(_) => Vec::new(),
    }
}

fn object(entry: &Literal) -> Vec<Approver> {
    let (webhook, threshold) = (word(entry, &WEBHOOK_NAMES), threshold(entry));
    if let Some(nested) = entry.any(&NESTED_NAMES) {
        let inner = approvers(nested).into_iter();
        let inner: Vec<Approver> = inner
            .map(|a| Approver { webhook: a.webhook.or_else(|| webhook.clone()), threshold: a.threshold.or_else(|| threshold.clone()), ..a })
            .collect();
        if !inner.is_empty() {
            return inner;
        }
    }
    let id = word(entry, &ID_NAMES);
    if id.is_none() && webhook.is_none() {
        return Vec::new();
    }
    let name = word(entry, &["name", "full_name", "display_name"]);
    let email = word(entry, &["email"]).or_else(|| id.clone().filter(|id| id.contains('@')));
    vec![Approver { id, name, email, webhook, threshold }]
}

fn threshold(entry: &Literal) -> Option<String> {
    let found = THRESHOLD_NAMES.iter().find_map(|name| entry.get(name).and_then(Literal::word).map(|value| (name, value)));
    found.map(|(name, value)| format!("{name} = {}", crate::import::shortened(value)))
}

fn word(entry: &Literal, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| entry.get(name).and_then(Literal::word)).map(str::to_owned)
}

/// Whether a text is a web address.
pub(super) fn is_address(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://")
}

fn timeout(file: &str, entry: &Literal) -> Result<Option<Timeout>, Vec<ImportFault>> {
    let Some(written) = entry.get("timeout_hours") else { return Ok(None) };
    let hours = written.word().filter(|text| crate::import::is_decimal(text)).and_then(|text| text.parse::<rust_decimal::Decimal>().ok());
    let minutes = hours.and_then(|hours| hours.checked_mul(60.into())).and_then(|minutes| u64::try_from(minutes.ceil()).ok());
    match minutes.filter(|minutes| (1..=MINUTES_MAX).contains(minutes)) {
        Some(minutes) => Ok(Some(Timeout { minutes })),
        None => {
            let message =
                format!("`timeout_hours` is {}: expected hours above zero, at most {}", written.word().unwrap_or(written.kind()), MINUTES_MAX / 60);
            Err(vec![ImportFault::of_file(file, message)])
        }
    }
}

fn unused(config: &mut ScriptConfig, whole: &Literal) {
    if let Some(model) = whole.get("summary_model").and_then(Literal::word) {
        config.notes.push(format!("the script summarised with {}: set `summary.model` in countersign.toml to keep it", quoted(model)));
    }
    let empty = config.types.iter().filter(|of_type| of_type.approvers.is_empty());
    let notes: Vec<String> = empty.map(|of_type| format!("the configuration names nobody to ask for {}", quoted(&of_type.name))).collect();
    config.notes.extend(notes);
}
