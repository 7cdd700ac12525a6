//! Writes the people that the script knew, and their receivers. The script posted four bare members to
//! each receiver; a flat `[[webhook]]` goes on doing so. The person's own webhook is written down for the
//! day when the receiver reads signed messages, but is no channel yet, or everything would come twice.

use super::config::Approver;
use super::infer::{is_email, is_url};
use super::names::{Names, person_id, person_name, quoted, variable};
use std::fmt::Write as _;

/// Everybody the two files name, in the order they were met.
#[derive(Default)]
pub(super) struct People {
    ids: Names,
    people: Vec<Person>,
    groups: Vec<String>,
    notes: Vec<String>,
}

struct Person {
    id: String,
    name: String,
    email: Option<String>,
    webhook: Option<String>,
}

impl People {
    /// Enters an approver or a requester; answers the id. What is known already stays.
    pub(super) fn add(&mut self, known: &Approver, action_type: &str) -> String {
        let written = known.id.clone().unwrap_or_else(|| format!("{action_type}-approver"));
        let original = written.strip_prefix("user:").unwrap_or(&written);
        let id = self.same_human(original, known.email.as_deref()).unwrap_or_else(|| self.ids.give(original, &person_id(original)));
        let is_new = !self.people.iter().any(|person| person.id == id);
        if is_new {
            if id != original {
                self.notes.push(format!("{} is {} in the directory", quoted(original), quoted(&id)));
            }
            let name = person_name(known.name.as_deref().unwrap_or(original), &id);
            self.people.push(Person { id: id.clone(), name, email: None, webhook: None });
        }
        let (webhook, email) = (self.webhook(known, &id), self.email(known, &id));
        if let Some(person) = self.people.iter_mut().find(|person| person.id == id) {
            if let (Some(old), Some(new)) = (&person.webhook, &webhook)
                && old != new
            {
                self.notes.push(format!("{} has two receivers: {} is kept, {} is not", quoted(&id), quoted(old), quoted(new)));
            }
            person.webhook = person.webhook.take().or(webhook);
            person.email = person.email.take().or(email);
        }
        id
    }

    /// One human is one person: an id that is the address of somebody known means them.
    fn same_human(&self, original: &str, email: Option<&str>) -> Option<String> {
        let alike = |one: &str, other: &str| one.contains('@') && one.to_lowercase() == other.to_lowercase();
        let means = |person: &&Person| {
            let by_id = person.email.as_deref().is_some_and(|known| alike(known, original));
            by_id || email.is_some_and(|email| alike(email, &person.id))
        };
        self.people.iter().find(means).map(|person| person.id.clone())
    }

    fn email(&mut self, known: &Approver, id: &str) -> Option<String> {
        let email = known.email.clone()?;
        let other = self
            .people
            .iter()
            .find(|person| person.id != id && person.email.as_ref().is_some_and(|known| known.to_lowercase() == email.to_lowercase()));
        match other {
            None if is_email(&email) => return Some(email),
            None => self.notes.push(format!("{} has no address that mail could reach, {}: it is left out", quoted(id), quoted(&email))),
            Some(other) => {
                self.notes.push(format!("{} and {} share an address; only the second has it in the directory", quoted(id), quoted(&other.id)))
            }
        }
        None
    }

    fn webhook(&mut self, known: &Approver, id: &str) -> Option<String> {
        let written = known.webhook.clone()?;
        if is_url(&written) {
            return Some(written);
        }
        // The address may hold a password: it is not repeated.
        self.notes.push(format!("the receiver of {} is no http or https address without credentials: it is left out", quoted(id)));
        None
    }

    /// Enters whom escalations ask.
    pub(super) fn add_selector(&mut self, selector: &str) {
        match selector.split_once(':') {
            Some(("group", id)) => self.groups.push(id.to_owned()),
            Some((_, id)) => {
                self.add(&Approver { id: Some(id.to_owned()), name: None, email: None, webhook: None, threshold: None }, "");
            }
            None => {}
        }
    }

    /// The text of `directory.toml`.
    pub(super) fn directory(&self) -> String {
        let mut text = "# The people of the script. Add names, managers and addresses as you know them.\n".to_owned();
        for person in &self.people {
            let _ = write!(text, "\n[[person]]\nid   = {}\nname = {}\n", quoted(&person.id), quoted(&person.name));
            if let Some(email) = &person.email {
                let _ = writeln!(text, "email = {}", quoted(email));
            }
            if let Some(webhook) = &person.webhook {
                let secret = quoted(&format!("env:{}", variable(&person.id)));
                let _ = write!(
                    text,
                    "channels = []     # told by the flat [[webhook]] of countersign.toml; for signed messages instead: channels = [\"webhook\"],\n\
                     {:18}# and secret = {secret} below, with that name in `secrets.allow`\n\
                     webhook = {{ url = {} }}\n",
                    "",
                    quoted(webhook)
                );
            }
        }
        for group in &self.groups {
            let _ = write!(
                text,
                "\n[[group]]\nid      = {}\nmembers = []     # those who are asked when the script's timeout has passed\n",
                quoted(group)
            );
        }
        text
    }

    /// What to add to `countersign.toml`.
    pub(super) fn webhooks(&self) -> String {
        let receivers = self.receivers();
        if receivers.is_empty() {
            return String::new();
        }
        let mut text = "# Add to countersign.toml. Each receiver goes on getting what the script sent: the bare approval_id, summary,\n\
                        # action_type and created_at of every new request, unsigned.\n"
            .to_owned();
        if receivers.iter().any(|(url, _)| is_private(url)) {
            text.push_str("# Some are on private networks: name those in `webhooks.allow_networks`, for example [\"127.0.0.0/8\"].\n");
        }
        for (url, people) in receivers {
            let people: Vec<String> = people.into_iter().map(quoted).collect();
            let _ = write!(text, "\n# The receiver of {}.\n[[webhook]]\nurl    = {}\n", people.join(", "), quoted(url));
            text.push_str("events = [\"approval.requested\"]\nformat = \"flat\"\n");
        }
        text
    }

    fn receivers(&self) -> Vec<(&str, Vec<&str>)> {
        let mut receivers: Vec<(&str, Vec<&str>)> = Vec::new();
        for person in &self.people {
            let Some(url) = person.webhook.as_deref() else { continue };
            match receivers.iter_mut().find(|(known, _)| *known == url) {
                Some((_, people)) => people.push(&person.id),
                None => receivers.push((url, vec![&person.id])),
            }
        }
        receivers
    }

    /// What somebody should know about them.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = self.notes.clone();
        let mut told = std::collections::BTreeSet::new();
        notes.retain(|note| told.insert(note.clone()));
        let receivers = self.receivers();
        if receivers.len() > 1 {
            let count = receivers.len();
            notes.push(format!("each of the {count} flat webhooks gets the new requests of every policy: leave out those that must not see all"));
        }
        notes.extend(self.groups.iter().map(|group| format!("group {} has no members yet: add them to directory.toml", quoted(group))));
        notes
    }
}

/// Whether a receiver's address is plainly one of a private network; names that only resolve there are not known here.
fn is_private(url: &str) -> bool {
    let parsed = url::Url::parse(url).ok();
    match parsed.as_ref().and_then(url::Url::host) {
        Some(url::Host::Domain(name)) => name == "localhost" || !name.contains('.'),
        Some(url::Host::Ipv4(address)) => address.is_loopback() || address.is_private() || address.is_link_local(),
        Some(url::Host::Ipv6(address)) => address.is_loopback() || address.is_unique_local(),
        None => false,
    }
}
