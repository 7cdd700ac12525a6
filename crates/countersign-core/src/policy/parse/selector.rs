//! Reads selectors: `user:ana`, `group:finance`, `manager of requester`, `field:owner`.

use super::condition;
use super::reader::{Item, Place, Reader, Table};
use crate::id::{GroupId, PersonId};
use crate::policy::Selector;
use crate::policy::diagnostic::did_you_mean;
use crate::policy::expression::{Condition, Scope, Wanted};
use crate::policy::field::FieldType;

/// A list names this many selectors at most.
const SELECTORS_MAX: usize = 50;
const FORMS: [&str; 6] = ["user:ana", "group:finance", "manager of requester", "managers of requester", "field:owner", "requester"];

/// Where a list of selectors stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Among approvers: never the requester.
    Asked,
    /// Among those told.
    Told,
}

/// The list under a key, with the `until` beside it.
pub(super) fn list(reader: &mut Reader<'_>, table: &Table<'_>, key: &str, scope: &Scope<'_>, standing: Standing) -> Vec<Selector> {
    let until = until(reader, table, scope);
    let Some(item) = reader.find(table, key) else { return Vec::new() };
    let texts = reader.texts(item, SELECTORS_MAX);
    if texts.is_empty() && item.get_ref().is_array() {
        reader.error(&Place::of(item), "empty_list", format!("`{key}` names nobody"), Some(format!("{key} = [\"group:finance\"]")));
    }
    let selectors: Vec<Selector> =
        texts.into_iter().filter_map(|(text, place)| selector(reader, &text, &place, scope, standing, until.as_ref())).collect();
    if until.is_some() && !selectors.iter().any(|selector| matches!(selector, Selector::ManagersOfRequester { .. })) {
        let message = "`until` says where the chain of managers ends: expected `managers of requester` beside it";
        reader.error(&Place::of(item), "until", message, None);
    }
    selectors
}

fn until(reader: &mut Reader<'_>, table: &Table<'_>, scope: &Scope<'_>) -> Option<Condition> {
    let (source, place) = reader.text(table, "until")?;
    let scope = Scope { approver: true, request: false, ..*scope };
    condition::compile(reader, &source, &place, &scope, Wanted::Bool)
}

fn selector(
    reader: &mut Reader<'_>,
    text: &str,
    place: &Place,
    scope: &Scope<'_>,
    standing: Standing,
    until: Option<&Condition>,
) -> Option<Selector> {
    match text.split_once(':') {
        Some(("user", id)) if is_id(id) => return Some(Selector::Person(PersonId::new(id))),
        Some(("group", id)) if is_id(id) => return Some(Selector::Group(GroupId::new(id))),
        Some(("field", name)) => return field(reader, name, place, scope),
        _ => {}
    }
    match text {
        "manager of requester" => Some(Selector::ManagerOfRequester),
        "managers of requester" => Some(Selector::ManagersOfRequester { until: until.cloned() }),
        "requester" if standing == Standing::Told => Some(Selector::Requester),
        "requester" => {
            let message = "the requester never decides their own request: `requester` is for notices only";
            reader.error(place, "requester_asked", message, Some("`manager of requester`".to_owned()));
            None
        }
        _ => {
            reader.error(place, "unknown_selector", format!("`{text}` names nobody"), did_you_mean(text, FORMS));
            None
        }
    }
}

fn field(reader: &mut Reader<'_>, name: &str, place: &Place, scope: &Scope<'_>) -> Option<Selector> {
    let people = || scope.fields.iter().filter(|field| field.kind == FieldType::Person);
    if people().any(|field| field.name == name && field.visible_to.is_some()) {
        let message = format!("whom `{name}` names would be seen by all who see the request, and `visible_to` keeps it from some");
        reader.error(place, "veiled_selector", message, Some(format!("leave `visible_to` out of `{name}`")));
        return None;
    }
    if people().any(|field| field.name == name) {
        return Some(Selector::Field(name.to_owned()));
    }
    let suggestion = did_you_mean(name, people().map(|field| field.name.as_str()));
    reader.error(place, "unknown_selector", format!("`{name}` is no field of type `person`"), suggestion);
    None
}

/// The owner: users and groups only, since it is asked when nothing else can be evaluated.
pub(super) fn owners(reader: &mut Reader<'_>, item: &Item<'_>) -> Vec<Selector> {
    let texts = one_or_more(reader, item);
    if texts.is_empty() {
        reader.error(&Place::of(item), "empty_list", "the policy has no owner", Some("owner = \"group:finance\"".to_owned()));
    }
    named(reader, texts, "owner")
}

/// Who else may see the requests: users and groups, or nobody.
pub(super) fn readers(reader: &mut Reader<'_>, item: &Item<'_>) -> Vec<Selector> {
    let texts = one_or_more(reader, item);
    named(reader, texts, "reader")
}

pub(super) fn one_or_more(reader: &mut Reader<'_>, item: &Item<'_>) -> Vec<(String, Place)> {
    if item.get_ref().is_str() { reader.as_text(item).into_iter().collect() } else { reader.texts(item, SELECTORS_MAX) }
}

fn named(reader: &mut Reader<'_>, texts: Vec<(String, Place)>, what: &str) -> Vec<Selector> {
    let mut owners = Vec::new();
    for (text, place) in texts {
        match text.split_once(':') {
            Some(("user", id)) if is_id(id) => owners.push(Selector::Person(PersonId::new(id))),
            Some(("group", id)) if is_id(id) => owners.push(Selector::Group(GroupId::new(id))),
            _ => {
                let suggestion = Some(format!("{what} = \"group:finance\"").replace("reader ", "readers "));
                reader.error(&place, "unknown_selector", format!("`{text}` is no {what}: expected `user:…` or `group:…`"), suggestion);
            }
        }
    }
    owners
}

pub(super) fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= 200 && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}
