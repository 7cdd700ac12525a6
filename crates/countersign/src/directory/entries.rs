//! One person, one group, as the file writes them.

use crate::engine::shelf::Route;
use crate::outbound::secret::SecretRef;
use crate::placed::{self, Placed, Span, Table};
use countersign_core::id::{GroupId, PersonId};
use countersign_core::money::Money;
use countersign_core::people::{Member, Person, Role};
use countersign_core::policy::diagnostic::did_you_mean;
use std::collections::BTreeSet;

const PERSON_KEYS: [&str; 13] =
    ["id", "name", "email", "manager", "channels", "webhook", "roles", "limit", "time_zone", "language", "active", "other_names", "subjects"];
const ROLES: [(&str, Role); 3] = [("operator", Role::Operator), ("auditor", Role::Auditor), ("admin", Role::Admin)];
/// Roads that this version has, and those that it will have.
const CHANNELS: [&str; 3] = ["inbox", "webhook", "email"];
/// Ids that mean something else: `--acts-for any`, the engine as an actor.
const TAKEN: [&str; 2] = ["any", "engine"];
const ID_CHARS_MAX: usize = 100;
const NAME_CHARS_MAX: usize = 200;

/// A person with the places of what must fit the rest of the file.
pub(super) struct PersonEntry {
    pub(super) person: Person,
    pub(super) routes: Vec<Route>,
    pub(super) zone: Option<String>,
    pub(super) language: Option<String>,
    pub(super) id_at: Span,
    pub(super) manager_at: Option<Span>,
    /// The email and the other names, by which the same human must not stand twice.
    pub(super) names: Vec<(String, Span)>,
    /// Sign-ins at identity providers.
    pub(super) subjects: Vec<(String, Span)>,
}

/// A group with the places of its members.
pub(super) struct GroupEntry {
    pub(super) id: GroupId,
    pub(super) id_at: Span,
    pub(super) members: Vec<(Member, Span)>,
}

pub(super) fn person(placed: &mut Placed<'_>, table: &Table<'_>, span: &Span) -> Option<PersonEntry> {
    placed.keys(table, "[[person]]", &PERSON_KEYS);
    let id = id(placed, table, span, "id = \"leo\"");
    let name = name(placed, table, span);
    let email = email(placed, table);
    let manager = placed.text(table, "manager");
    let limit = limit(placed, table);
    let zone = zone(placed, table);
    let language = placed.text(table, "language").map(|(tag, _)| tag);
    let roles = roles(placed, table);
    let routes = routes(placed, table);
    let active = placed.flag(table, "active", true);
    let mut names = placed.texts(table, "other_names").unwrap_or_default();
    names.extend(email.clone());
    let subjects = subjects(placed, table);
    let (id, id_at) = id?;
    let person = Person {
        id: PersonId::new(id),
        name: name?,
        email: email.map(|(email, _)| email),
        manager: manager.as_ref().map(|(manager, _)| PersonId::new(manager.clone())),
        limit,
        roles,
        active,
    };
    Some(PersonEntry { person, routes, zone, language, id_at, manager_at: manager.map(|(_, at)| at), names, subjects })
}

pub(super) fn group(placed: &mut Placed<'_>, table: &Table<'_>, span: &Span) -> Option<GroupEntry> {
    placed.keys(table, "[[group]]", &["id", "members", "name"]);
    placed.text(table, "name");
    let id = id(placed, table, span, "id = \"finance\"");
    let members = placed.texts(table, "members");
    if placed::find(table, "members").is_none() {
        placed.error(span, "missing_key", "`members` is missing", Some("members = [\"ana\", \"group:treasury\"]".into()));
    }
    let member = |(text, at): (String, Span)| match text.strip_prefix("group:") {
        Some(group) => (Member::Group(GroupId::from(group)), at),
        None => (Member::Person(PersonId::from(text.strip_prefix("user:").unwrap_or(&text))), at),
    };
    let members = members.unwrap_or_default().into_iter().map(member).collect();
    let (id, id_at) = id?;
    Some(GroupEntry { id: GroupId::new(id), id_at, members })
}

fn id(placed: &mut Placed<'_>, table: &Table<'_>, span: &Span, example: &str) -> Option<(String, Span)> {
    let (id, at) = placed.required(table, "id", span, example)?;
    let plain = |char: char| char.is_alphanumeric() || "._-@+".contains(char);
    if id.is_empty() || id.chars().count() > ID_CHARS_MAX || !id.chars().all(plain) {
        placed.error(&at, "bad_id", format!("`{id}` is no id: expected letters, digits and `.` `_` `-` `@` `+`, without spaces"), None);
        return None;
    }
    if TAKEN.contains(&id.as_str()) {
        placed.error(&at, "bad_id", format!("`{id}` is taken: it means something else in keys and records"), None);
        return None;
    }
    Some((id, at))
}

fn name(placed: &mut Placed<'_>, table: &Table<'_>, span: &Span) -> Option<String> {
    let (name, at) = placed.required(table, "name", span, "name = \"Leo Park\"")?;
    let good = !name.trim().is_empty() && name.chars().count() <= NAME_CHARS_MAX && !name.chars().any(char::is_control);
    if !good {
        placed.error(&at, "bad_name", "a name is one line, not empty and not too long", None);
    }
    good.then_some(name)
}

fn email(placed: &mut Placed<'_>, table: &Table<'_>) -> Option<(String, Span)> {
    let (email, at) = placed.text(table, "email")?;
    let sound = |(local, host): (&str, &str)| !local.is_empty() && host.contains('.') && !host.starts_with('.') && !host.ends_with('.');
    let good = email.split_once('@').is_some_and(sound)
        && !email.chars().any(|char| char.is_whitespace() || char.is_control())
        && email.matches('@').count() == 1;
    if !good {
        placed.error(&at, "bad_email", format!("`{email}` is no email address"), None);
    }
    good.then_some((email, at))
}

fn limit(placed: &mut Placed<'_>, table: &Table<'_>) -> Option<Money> {
    let (text, at) = placed.text(table, "limit")?;
    match Money::parse(&text) {
        Ok(limit) if limit.amount.is_sign_negative() && !limit.amount.is_zero() => {
            placed.error(&at, "bad_limit", "a limit is not below zero", Some("limit = \"5000 USD\"".into()));
            None
        }
        Ok(limit) => Some(limit),
        Err(error) => {
            placed.error(&at, "bad_limit", error.to_string(), Some("limit = \"5000 USD\"".into()));
            None
        }
    }
}

fn zone(placed: &mut Placed<'_>, table: &Table<'_>) -> Option<String> {
    let (text, at) = placed.text(table, "time_zone")?;
    if jiff::tz::TimeZone::get(&text).is_ok() {
        return Some(text);
    }
    placed.error(&at, "bad_zone", format!("`{text}` is no time zone"), Some("use a name of the IANA database, like `Europe/Berlin`".into()));
    None
}

fn roles(placed: &mut Placed<'_>, table: &Table<'_>) -> BTreeSet<Role> {
    let mut roles = BTreeSet::new();
    for (word, at) in placed.texts(table, "roles").unwrap_or_default() {
        match ROLES.iter().find(|(name, _)| *name == word) {
            Some((_, role)) => {
                roles.insert(*role);
            }
            None => placed.error(&at, "unknown_role", format!("`{word}` is no role"), did_you_mean(&word, ROLES.iter().map(|(name, _)| *name))),
        }
    }
    roles
}

/// Sign-ins at identity providers: `<provider>:<subject>`.
fn subjects(placed: &mut Placed<'_>, table: &Table<'_>) -> Vec<(String, Span)> {
    let mut subjects = placed.texts(table, "subjects").unwrap_or_default();
    subjects.retain(|(text, at)| {
        let good = text.split_once(':').is_some_and(|(provider, subject)| !provider.is_empty() && !subject.trim().is_empty());
        if !good {
            let example = Some("subjects = [\"corp:248289761001\"]".into());
            placed.error(at, "bad_subject", format!("`{text}` is no sign-in: expected `<provider>:<subject>`"), example);
        }
        good
    });
    subjects
}

/// The roads of a person, preferred first. The inbox shows everything in any case.
fn routes(placed: &mut Placed<'_>, table: &Table<'_>) -> Vec<Route> {
    let webhook = webhook(placed, table);
    let Some(channels) = placed.texts(table, "channels") else { return webhook.into_iter().collect() };
    let mut routes = Vec::new();
    for (channel, at) in channels {
        match (channel.as_str(), &webhook) {
            ("inbox", _) => {}
            ("webhook", Some(route)) => routes.push(route.clone()),
            ("webhook", None) if placed::find(table, "webhook").is_some() => {}
            ("webhook", None) => placed.error(&at, "missing_key", "there is no `webhook = { url = … }` for this channel", None),
            ("email", _) => {
                placed.warning(&at, "not_yet", "mail is not sent yet: notices go to the next channel, and the inbox shows everything", None)
            }
            (other, _) => placed.error(&at, "unknown_channel", format!("`{other}` is no channel"), did_you_mean(other, CHANNELS)),
        }
    }
    routes
}

fn webhook(placed: &mut Placed<'_>, table: &Table<'_>) -> Option<Route> {
    let item = placed::find(table, "webhook")?;
    let table = placed.as_table(item, "`{ url = …, secret = … }`")?;
    placed.keys(table, "webhook", &["url", "secret"]);
    let (url, at) = placed.required(table, "url", &item.span(), "url = \"https://…\"")?;
    let good = url::Url::parse(&url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some());
    if !good {
        placed.error(&at, "bad_url", "expected an http or https URL", None);
    }
    let secret = placed.text(table, "secret");
    if let Some((_, at)) = secret.as_ref().filter(|(text, _)| text.parse::<SecretRef>().is_err()) {
        placed.error(at, "inline_secret", "a secret is named `env:NAME` or `file:PATH`, never written here", None);
    }
    good.then(|| Route::Webhook { url, secret: secret.map(|(text, _)| text) })
}
