//! The folder of policies: every `.toml` file in it, read with the rate table it names. Says what loads and
//! what does not; putting them in force is done elsewhere.

use crate::config::reason;
use crate::engine::shelf::PolicySources;
use countersign_core::policy::Policy;
use countersign_core::policy::diagnostic::Diagnostic;
use std::cell::RefCell;
use std::path::{Component, Path, PathBuf};

/// One file of the folder.
#[derive(Clone, Debug)]
pub struct PolicyFile {
    /// As messages name it.
    pub file: String,
    /// The policy with its warnings and its texts, or everything wrong with it.
    pub read: Result<Read, Vec<Diagnostic>>,
}

/// A policy that loads.
#[derive(Clone, Debug)]
pub struct Read {
    /// The policy.
    pub policy: Policy,
    /// What its author should look at.
    pub warnings: Vec<Diagnostic>,
    /// What its version covers, to be kept.
    pub sources: PolicySources,
}

/// Reads all of a folder, in the order of names.
///
/// # Errors
/// When the folder itself cannot be read.
pub fn folder(dir: &Path) -> Result<Vec<PolicyFile>, Box<Diagnostic>> {
    let unreadable = |error: std::io::Error| {
        let message = format!("the folder of policies cannot be read: {}", reason(&error));
        Box::new(Diagnostic::at(&dir.display().to_string(), "", 0..0, "unreadable", message))
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if path.extension().is_some_and(|extension| extension == "toml") && !hidden {
            paths.push(path);
        }
    }
    paths.sort();
    let mut files: Vec<PolicyFile> = paths.iter().map(|path| file(path)).collect();
    refuse_twins(&mut files);
    Ok(files)
}

/// Reads one file.
#[must_use]
pub fn file(path: &Path) -> PolicyFile {
    let name = path.display().to_string();
    let read = crate::placed::text(path, "the policy").map_err(|found| vec![*found]);
    let read = read.and_then(|source| load(&name, source, path.parent().unwrap_or(Path::new(""))));
    PolicyFile { file: name, read }
}

/// Loads a policy's text; the rate table that it names lies beside it.
fn load(name: &str, source: String, dir: &Path) -> Result<Read, Vec<Diagnostic>> {
    let rates = RefCell::new(None);
    let beside = |wanted: &str| {
        let text = crate::placed::text(&inside(dir, wanted)?, "the rate table").map_err(|found| found.message)?;
        *rates.borrow_mut() = Some(text.clone());
        Ok(text)
    };
    let loaded = Policy::load(name, &source, &beside)?;
    let sources = PolicySources { file: name.to_owned(), source, rates: rates.into_inner() };
    Ok(Read { policy: loaded.policy, warnings: loaded.warnings, sources })
}

/// The path of a file beside the policy; none outside the folder.
fn inside(dir: &Path, wanted: &str) -> Result<PathBuf, String> {
    let plain = !wanted.is_empty() && Path::new(wanted).components().all(|part| matches!(part, Component::Normal(_)));
    if plain { Ok(dir.join(wanted)) } else { Err("it must lie in the folder of the policy".into()) }
}

/// Two files of one policy would win by their order: the later one is refused.
fn refuse_twins(files: &mut [PolicyFile]) {
    let mut known: Vec<(String, String)> = Vec::new();
    for entry in files {
        let Ok(read) = &entry.read else { continue };
        let name = read.policy.name.to_string();
        if let Some((_, first)) = known.iter().find(|(known, _)| *known == name) {
            let start = read.sources.source.find(&format!("\"{name}\"")).unwrap_or(0);
            let message = format!("the policy `{name}` stands in {first} already");
            entry.read = Err(vec![Diagnostic::at(&entry.file, &read.sources.source, start..start + name.len() + 2, "duplicate", message)]);
        } else {
            known.push((name, entry.file.clone()));
        }
    }
}
