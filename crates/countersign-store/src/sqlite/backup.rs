//! A copy of the file while it runs, checked before anybody is told that there is one.

use super::open::connect_reader;
use super::rows::fault;
use super::verify::verify;
use crate::Fault;
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};
use std::path::{Path, PathBuf};

pub(super) fn backup(from: &Path, to: &Path) -> Result<(), Fault> {
    if to.exists() {
        return Err(Fault::Store(format!("{} is there already; a backup never overwrites", to.display())));
    }
    let partial = partial(to);
    let made = copy(from, &partial).and_then(|()| check(&partial)).and_then(|()| publish(&partial, to));
    if made.is_err() {
        let _ = std::fs::remove_file(&partial);
    }
    made
}

fn partial(to: &Path) -> PathBuf {
    let mut name = to.as_os_str().to_owned();
    name.push(".partial");
    PathBuf::from(name)
}

/// All pages in one step: one view of the source, however much is written meanwhile.
fn copy(from: &Path, to: &Path) -> Result<(), Fault> {
    let failed = fault("copy the database");
    let taken = |error| Fault::Store(format!("could not make {}: {error}", to.display()));
    std::fs::File::create_new(to).map_err(taken)?;
    let source = connect_reader(from)?;
    let mut copy = Connection::open(to).map_err(&failed)?;
    let done = Backup::new(&source, &mut copy).and_then(|backup| backup.step(-1)).map_err(&failed)?;
    if done != StepResult::Done {
        return Err(Fault::Store("could not copy the database: it was locked; try again".to_owned()));
    }
    // A file on its own, without a write-ahead log beside it.
    copy.pragma_update(None, "journal_mode", "delete").map_err(&failed)
}

fn check(file: &Path) -> Result<(), Fault> {
    let verified = verify(file)?;
    match verified.problems.first() {
        None => Ok(()),
        Some(problem) => Err(Fault::Damaged { place: problem.place.clone(), what: problem.what.clone() }),
    }
}

/// Gives the copy its name, which nobody may have taken meanwhile.
fn publish(partial: &Path, to: &Path) -> Result<(), Fault> {
    let failed = |error: std::io::Error| Fault::Store(format!("could not name the copy {}: {error}", to.display()));
    std::fs::hard_link(partial, to).map_err(failed)?;
    std::fs::remove_file(partial).map_err(failed)
}
