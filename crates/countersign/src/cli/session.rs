//! Signing the terminal in: a one-time link becomes a session, kept in a file that only its owner reads.

use super::server::{Server, base_of};
use super::{Exit, Failure, terminal};
use crate::app::local::write_private;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Sign this terminal in as a person, with a link from `login-link`.
#[derive(clap::Args, Debug)]
pub(crate) struct Login {
    /// The one-time link.
    link: String,
}

/// Sign this terminal out.
#[derive(clap::Args, Debug)]
pub(crate) struct Logout {}

/// Who this terminal is, and where.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Session {
    /// The server.
    pub(crate) url: String,
    /// The session's secret.
    pub(crate) session: String,
    /// Who is signed in.
    pub(crate) person: String,
}

impl Session {
    /// The session of this terminal, if there is one.
    pub(crate) fn read() -> Option<Self> {
        serde_json::from_slice(&std::fs::read(file()?).ok()?).ok()
    }

    fn write(&self) -> Result<PathBuf, Failure> {
        let path = file().ok_or_else(|| Failure::fault("there is no home for the session: set HOME or XDG_CONFIG_HOME"))?;
        let failed = |error: std::io::Error| Failure::fault(format!("cannot write {}: {}", path.display(), crate::config::reason(&error)));
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        write_private(&path, &serde_json::to_vec(self).unwrap_or_default()).map_err(failed)?;
        Ok(path)
    }
}

fn file() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = set("XDG_CONFIG_HOME").filter(|path| path.is_absolute()).or_else(|| Some(set("HOME")?.join(".config")))?;
    Some(folder.join("countersign").join("session"))
}

impl Login {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Failure> {
        let wrong = || Failure::usage("expected a sign-in link like http://127.0.0.1:7171/login/…");
        let (base, secret) = self.link.trim().rsplit_once("/login/").ok_or_else(wrong)?;
        let base = base_of(base)?;
        let server = Server::new(base, None)?;
        let answer: Value = server.post(&["v1", "login"], &json!({ "link": secret }), None).await?;
        let text = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let session = Session { url: server.address().to_owned(), session: text("session"), person: text("person") };
        session.write()?;
        if json {
            terminal::say(&json!({ "person": session.person, "url": session.url }).to_string());
        } else {
            terminal::say(&format!("signed in as {} at {}", terminal::clean(&session.person), session.url));
        }
        Ok(Exit::Done)
    }
}

impl Logout {
    pub(crate) async fn run(self) -> Result<Exit, Failure> {
        let Some(session) = Session::read() else { return Err(Failure::refused("this terminal is not signed in")) };
        let server = Server::new(base_of(&session.url)?, Some(session.session))?;
        let ended = server.post::<Value>(&["v1", "logout"], &json!({}), None).await;
        if let Some(file) = file() {
            // Signed out here in any case; the session ends by itself where the server was not reached.
            let _ = std::fs::remove_file(file);
        }
        ended?;
        terminal::say("signed out");
        Ok(Exit::Done)
    }
}
