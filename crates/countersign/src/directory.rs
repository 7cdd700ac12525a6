//! The directory as files give it: who there is, whom they report to, which roads lead to them. Turns a
//! text into people and findings; putting them in force is done elsewhere.

use crate::engine::shelf::{People, Route};
use countersign_core::policy::diagnostic::Diagnostic;

mod entries;
mod file;
mod whole;

/// A directory that can be put in force.
#[derive(Clone, Debug)]
pub struct Directory {
    /// Everybody. The version is given when it is put in force.
    pub people: People,
    /// What somebody should look at nevertheless.
    pub warnings: Vec<Diagnostic>,
}

/// Reads a directory file.
///
/// # Errors
/// Everything that is wrong with it, in the order of the file.
pub fn parse(file_name: &str, source: &str) -> Result<Directory, Vec<Diagnostic>> {
    file::parse(file_name, source)
}

impl Directory {
    /// The secrets that it names, with whose they are.
    #[must_use]
    pub fn secrets(&self) -> Vec<(String, String)> {
        let routes = self.people.routes.iter().flat_map(|(person, routes)| routes.iter().map(move |route| (person, route)));
        let named = routes.filter_map(|(person, route)| match route {
            Route::Webhook { secret, .. } => secret.clone().map(|secret| (person.to_string(), secret)),
            Route::Console => None,
        });
        named.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_core::id::{GroupId, PersonId};

    const GOOD: &str = r#"
[[person]]
id = "leo"
name = "Leo Park"
email = "leo@example.com"
manager = "mia"
webhook = { url = "http://127.0.0.1:9000/leo", secret = "env:LEO" }
limit = "5000 USD"
time_zone = "Europe/Berlin"

[[person]]
id = "mia"
name = "Mia"
roles = ["operator", "admin"]
active = false

[[group]]
id = "finance"
members = ["mia", "group:all"]

[[group]]
id = "all"
members = ["leo"]
"#;

    fn wrong(source: &str) -> Vec<String> {
        let found = parse("directory.toml", source).unwrap_err();
        found.iter().map(|one| format!("{}:{} {} [{}]", one.line, one.column, one.message, one.suggestion.clone().unwrap_or_default())).collect()
    }

    #[test]
    fn people_groups_and_roads_are_read() {
        let read = parse("directory.toml", GOOD).unwrap();
        assert!(read.warnings.is_empty(), "{:?}", read.warnings);
        let roster = &read.people.roster;
        assert_eq!(roster.members(&GroupId::from("finance")).len(), 1, "mia is not active");
        assert_eq!(roster.person(&PersonId::from("leo")).unwrap().limit.unwrap().to_string(), "5000 USD");
        assert_eq!(read.people.routes(&PersonId::from("leo")).len(), 1);
        assert_eq!(read.secrets(), [("leo".to_owned(), "env:LEO".to_owned())]);
        assert_eq!(read.people.zones[&PersonId::from("leo")], "Europe/Berlin");
    }

    #[test]
    fn every_fault_has_its_place() {
        let cases = [
            ("[[person]]\nid='a'\nname='A'\nmanger='b'", "4:1 unknown key `manger` in [[person]] [did you mean `manager`?]"),
            ("[[person]]\nname='A'", "1:1 `id` is missing [id = \"leo\"]"),
            ("[[person]]\nid='a b'\nname='A'", "2:4 `a b` is no id"),
            ("[[person]]\nid='any'\nname='A'", "2:4 `any` is taken"),
            ("[[person]]\nid='a'\nname='A'\n[[person]]\nid='a'\nname='B'", "5:4 there are two people with the id `a`"),
            ("[[person]]\nid='a'\nname='A'\nmanager='bo'\n[[person]]\nid='bob'\nname='B'", "4:9 there is no person `bo` [did you mean `bob`?]"),
            ("[[person]]\nid='a'\nname='A'\nmanager='a'", "4:9 `a` would be their own manager"),
            ("[[person]]\nid='a'\nname='A'\nemail='nope'", "4:7 `nope` is no email address"),
            ("[[person]]\nid='a'\nname='A'\nlimit='5 EURO'", "4:7 "),
            ("[[person]]\nid='a'\nname='A'\ntime_zone='Europe/Berlim'", "4:11 `Europe/Berlim` is no time zone"),
            ("[[person]]\nid='a'\nname='A'\nroles=['oprator']", "4:8 `oprator` is no role [did you mean `operator`?]"),
            ("[[person]]\nid='a'\nname='A'\nchannels=['webhook']", "4:11 there is no `webhook"),
            ("[[person]]\nid='a'\nname='A'\nwebhook={url='ftp://x'}", "4:14 expected an http or https URL"),
            ("[[person]]\nid='a'\nname='A'\nwebhook={url='http://x/', secret='whsec_x'}", "4:34 a secret is named"),
            ("[[person]]\nid='a'\nname='A'\nemail='x@y.z'\n[[person]]\nid='b'\nname='B'\nemail='X@y.z'", "8:7 `X@y.z` is already the address of `a`"),
            ("[[person]]\nid='a'\nname='A'\nsubjects=['corp']", "4:11 `corp` is no sign-in"),
            (
                "[[person]]\nid='a'\nname='A'\nsubjects=['c:1']\n[[person]]\nid='b'\nname='B'\nsubjects=['c:1']",
                "8:11 `c:1` is already a sign-in of `a`",
            ),
            ("[[group]]\nid='g'\nmembers=['nobody']", "3:10 there is no person `nobody`"),
            ("[[group]]\nid='g'\nmembers=['group:h']", "3:10 there is no group `h`"),
            ("[[group]]\nid='g'\nmembers=['group:g']", "3:10 the group `g` contains itself"),
            ("[person]\nid='a'", "1:1 expected `[[person]]`, with two brackets"),
            ("people = 1", "1:1 unknown key `people` in the directory"),
            ("[[person]]\nid=", "2:4 "),
        ];
        for (source, expected) in cases {
            let found = wrong(source);
            assert!(found.iter().any(|one| one.starts_with(expected)), "{source}\nexpected {expected}\nfound {found:#?}");
        }
    }

    #[test]
    fn circles_of_managers_are_a_warning() {
        let read = parse("d", "[[person]]\nid='a'\nname='A'\nmanager='b'\n[[person]]\nid='b'\nname='B'\nmanager='a'\n").unwrap();
        assert!(read.warnings[0].message.contains("report to each other in a circle"), "{:?}", read.warnings);
    }
}
