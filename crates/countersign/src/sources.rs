//! Keeps what is in force the same as its files: the directory and the policies, read at the start, on
//! SIGHUP and on change. A bad or vanished file leaves the last good version in force and says so here.

use crate::config::Config;
use crate::directory::{self, Directory};
use crate::engine::Engine;
use crate::engine::shelf::{DIRECTORY_KEY, People, Route};
use crate::policies;
use countersign_core::policy::diagnostic::{Diagnostic, Severity};
use countersign_store::{Fault, Kind, Put, PutError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

pub mod watch;

/// What was found at the last reading.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Standing {
    /// Why something in force is not what its file says.
    pub wrong: Vec<Diagnostic>,
    /// What somebody should look at.
    pub warnings: Vec<Diagnostic>,
}

/// The files and what became of them.
pub struct Sources {
    engine: Arc<Engine>,
    directory: PathBuf,
    policies: PathBuf,
    /// Whether everybody without another road is told on the terminal: the demo.
    console: bool,
    /// The providers whose word about groups counts.
    providers: BTreeSet<String>,
    standing: RwLock<Arc<Standing>>,
    /// One reading at a time.
    turn: tokio::sync::Mutex<()>,
}

/// The directory's text as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    file: String,
    source: String,
}

impl Sources {
    /// The files that this configuration names.
    #[must_use]
    pub fn new(engine: Arc<Engine>, config: &Config, console: bool) -> Self {
        let (directory, policies) = (config.directory.clone(), config.policies.clone());
        engine.shelf().read_people_with(Arc::new(move |bytes, version| kept_people(bytes, version, console)));
        let providers = config.providers.iter().map(|provider| provider.id.clone()).collect();
        Self { engine, directory, policies, console, providers, standing: RwLock::default(), turn: tokio::sync::Mutex::default() }
    }

    /// What the last reading found.
    #[must_use]
    pub fn standing(&self) -> Arc<Standing> {
        self.standing.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts in force what the store kept: what a start begins with.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn restore(&self) -> Result<(), Fault> {
        self.engine.shelf().restore(self.engine.records()).await?;
        self.engine.restore_claims(&self.providers).await?;
        self.engine.restore_choices().await?;
        let Some(record) = self.engine.records().get(Kind::Directory, DIRECTORY_KEY).await? else { return Ok(()) };
        match kept_people(&record.bytes, record.version, self.console) {
            Ok(people) => self.engine.shelf().set_people(people),
            Err(what) => tracing::error!(what, "the directory that was kept is not read by this version"),
        }
        Ok(())
    }

    /// Reads all files again and puts in force what is good.
    pub async fn reload(&self) -> Arc<Standing> {
        let _turn = self.turn.lock().await;
        let mut standing = Standing::default();
        self.reload_directory(&mut standing).await;
        self.reload_policies(&mut standing).await;
        let roster = self.engine.shelf().people().roster.clone();
        for policy in self.engine.shelf().policies() {
            standing.warnings.extend(policy.check_against(&roster));
        }
        let files: BTreeSet<&str> = standing.wrong.iter().map(|one| one.file.as_str()).collect();
        self.engine.shelf().set_concerns(files.len());
        let standing = Arc::new(standing);
        let before = std::mem::replace(&mut *self.standing.write().unwrap_or_else(PoisonError::into_inner), standing.clone());
        announce(&before, &standing, &self.directory.display().to_string());
        standing
    }

    async fn reload_directory(&self, standing: &mut Standing) {
        let name = self.directory.display().to_string();
        let source = match crate::placed::text(&self.directory, "the directory") {
            Ok(source) => source,
            Err(mut found) => {
                found.message.push_str("; the last good one stays in force");
                return standing.wrong.push(*found);
            }
        };
        match directory::parse(&name, &source) {
            Err(found) => standing.wrong.extend(found),
            Ok(Directory { people, warnings }) => {
                standing.warnings.extend(warnings);
                if let Err(fault) = self.put_people(people, Kept { file: name.clone(), source }).await {
                    standing.wrong.push(Diagnostic::at(&name, "", 0..0, "not_stored", format!("the directory could not be put in force: {fault}")));
                }
            }
        }
    }

    async fn put_people(&self, people: People, kept: Kept) -> Result<(), Fault> {
        // Taken first: a commit may find the new record before we put it in force.
        let before = self.engine.shelf().people().roster.clone();
        let version = self.keep(&kept).await?;
        self.engine.shelf().set_people(with_version(people, version, self.console));
        let after = self.engine.shelf().people().roster.clone();
        if before.people != after.people || before.groups != after.groups {
            tracing::info!(version, people = after.people.len(), "another directory is in force");
        }
        if let Err(error) = self.engine.directory_put(&before).await {
            tracing::warn!(error = %error, "whether requests are touched could not be noted; all that are open are looked at");
        }
        Ok(())
    }

    /// Looks at open requests where that is still to be done with the directory in force; not at a start,
    /// which it would hold up, but beside what runs.
    pub async fn catch_up(&self) {
        match self.engine.catch_up_with_directory().await {
            Ok(0) => {}
            Ok(woken) => tracing::info!(woken, "open requests were looked at with the directory in force"),
            Err(error) => tracing::error!(error = %error, "not every open request was looked at with the directory in force; the rest follows"),
        }
    }

    /// The version under which this text is kept; a new one where it is new.
    async fn keep(&self, kept: &Kept) -> Result<u64, Fault> {
        let bytes = serde_json::to_vec(kept).map_err(|error| Fault::Store(error.to_string()))?;
        loop {
            let current = self.engine.records().get(Kind::Directory, DIRECTORY_KEY).await?;
            if let Some(record) = current.as_ref().filter(|record| record.bytes == bytes) {
                return Ok(record.version);
            }
            let expected = current.map_or(0, |record| record.version);
            match self.engine.records().put(Put { kind: Kind::Directory, key: DIRECTORY_KEY.into(), expected, bytes: Some(bytes.clone()) }).await {
                Ok(version) => return Ok(version),
                Err(PutError::Conflict) => {}
                Err(PutError::Fault(fault)) => return Err(fault),
            }
        }
    }

    async fn reload_policies(&self, standing: &mut Standing) {
        let files = match policies::folder(&self.policies) {
            Ok(files) => files,
            Err(finding) => return standing.wrong.push(*finding),
        };
        let mut names = BTreeSet::new();
        let mut bad = false;
        for file in files {
            match file.read {
                Err(found) => {
                    bad = true;
                    standing.wrong.extend(found);
                }
                Ok(read) => {
                    standing.warnings.extend(read.warnings);
                    names.insert(read.policy.name.clone());
                    let (name, version) = (read.policy.name.clone(), read.policy.version);
                    if self.engine.shelf().policy(&name).is_some_and(|policy| policy.version == version) {
                        continue;
                    }
                    match self.engine.shelf().put_policy(read.policy, &read.sources, self.engine.records()).await {
                        Ok(()) => tracing::info!(policy = %name, version = %version, "another policy version is in force"),
                        Err(fault) => standing.wrong.push(Diagnostic::at(
                            &file.file,
                            "",
                            0..0,
                            "not_stored",
                            format!("the policy could not be put in force: {fault}"),
                        )),
                    }
                }
            }
        }
        let gone = self.engine.shelf().policies().into_iter().filter(|policy| !names.contains(&policy.name));
        let dir = self.policies.display().to_string();
        // Behind a file that does not load there may be any of them: then nothing is said to have vanished.
        standing.wrong.extend(gone.filter(|_| !bad).map(|policy| {
            let message = format!("the policy `{}` has no file any more; its last good version stays in force", policy.name);
            Diagnostic::at(&dir, "", 0..0, "vanished", message)
        }));
    }
}

/// The people of the directory's record.
fn kept_people(bytes: &[u8], version: u64, console: bool) -> Result<People, String> {
    let kept: Kept = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let read = directory::parse(&kept.file, &kept.source).map_err(|found| format!("{} findings in {}", found.len(), kept.file))?;
    Ok(with_version(read.people, version, console))
}

fn with_version(mut people: People, version: u64, console: bool) -> People {
    Arc::make_mut(&mut people.roster).version = version;
    if console {
        for id in people.roster.people.keys() {
            people.routes.entry(id.clone()).or_insert_with(|| vec![Route::Console]);
        }
    }
    people
}

/// Says what is new, once. What the directory says of people is not for logs: there stands the place, and what is wrong.
fn announce(before: &Standing, now: &Standing, directory: &str) {
    let news = |old: &[Diagnostic], new: &[Diagnostic]| new.iter().filter(|one| !old.contains(one)).cloned().collect::<Vec<_>>();
    for one in news(&before.wrong, &now.wrong).into_iter().chain(news(&before.warnings, &now.warnings)) {
        let place = format!("{}:{}:{}", one.file, one.line, one.column);
        let message = if one.file == directory { unquoted(&one.message) } else { one.message.clone() };
        match one.severity {
            Severity::Error => tracing::error!(place, code = one.code, "{message}"),
            Severity::Warning => tracing::warn!(place, code = one.code, "{message}"),
        }
    }
    if now.wrong.is_empty() && !before.wrong.is_empty() {
        tracing::info!("directory and policies are as their files say again");
    }
}

/// The message without what it quotes; `countersign doctor` shows all of it.
fn unquoted(message: &str) -> String {
    message.split('`').enumerate().map(|(index, text)| if index % 2 == 0 { text } else { "`…`" }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_finding_quotes_of_people_is_not_logged() {
        let source = "[[person]]\nid = \"leo\"\nname = \"Leo\"\nemail = \"leo@x.example\"\n[[person]]\nid = \"bo\"\nname = \"Bo\"\nemail = \"leo@x.example\"\n";
        let found = directory::parse("directory.toml", source).map(drop).unwrap_err();
        let said: Vec<String> = found.iter().map(|one| unquoted(&one.message)).collect();
        assert!(found.iter().any(|one| one.message.contains("leo@x.example")), "{found:?}");
        assert!(said.iter().all(|message| !message.contains("leo") && message.contains("`…`")), "{said:?}");
    }
}
