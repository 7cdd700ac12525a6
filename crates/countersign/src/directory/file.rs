//! `directory.toml`: `[[person]]` and `[[group]]`, read entry by entry.

use super::Directory;
use super::entries::{GroupEntry, PersonEntry, group, person};
use super::whole;
use crate::placed::{self, Placed};
use countersign_core::policy::diagnostic::Diagnostic;

pub(super) fn parse(file_name: &str, source: &str) -> Result<Directory, Vec<Diagnostic>> {
    let root = placed::root(file_name, source).map_err(|finding| vec![*finding])?;
    let mut placed = Placed::new(file_name, source);
    placed.keys(root.get_ref(), "the directory", &["person", "group"]);
    let mut people: Vec<PersonEntry> = Vec::new();
    for (table, span) in placed.tables(root.get_ref(), "person") {
        people.extend(person(&mut placed, table, &span));
    }
    let mut groups: Vec<GroupEntry> = Vec::new();
    for (table, span) in placed.tables(root.get_ref(), "group") {
        groups.extend(group(&mut placed, table, &span));
    }
    whole::check(&mut placed, &people, &groups);
    let (wrong, warnings) = placed.findings();
    if wrong.is_empty() { Ok(Directory { people: whole::people(people, groups), warnings }) } else { Err(wrong) }
}
