//! The way from a terminal on the same machine to a running server: a file beside the database, readable by
//! its owner only, with the server's address and a key made for this run. Whoever can read it could write to
//! the database as well.

use super::StartFault;
use crate::config::Config;
use crate::engine::caller::{ActsFor, Scope};
use crate::engine::keys::NewKey;
use crate::engine::{Engine, EngineError};
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The name of the key of a run; one at a time.
const KEY_NAME: &str = "this machine";

/// What the file says.
#[derive(Clone, Serialize, Deserialize)]
pub struct WayIn {
    /// The server's address.
    pub url: String,
    /// A key with the scope `admin`.
    pub key: String,
}

impl WayIn {
    /// The way to the server that runs on this database, if one left it.
    #[must_use]
    pub fn read(config: &Config) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(config.admin_file()).ok()?).ok()
    }

    /// Leaves the way in for this run, with a new key; the one of an earlier run ends.
    ///
    /// # Errors
    /// When the key or the file cannot be written.
    pub async fn leave(engine: &Engine, config: &Config, bound: SocketAddr) -> Result<(), StartFault> {
        forget_key(engine).await?;
        let new = NewKey { name: KEY_NAME.into(), scopes: [Scope::Admin].into(), acts_for: ActsFor::Nobody };
        let (_, key) = engine.create_key(&new).await?;
        let file = config.admin_file();
        let way = Self { url: format!("http://{}", reachable(bound)), key };
        let bytes = serde_json::to_vec(&way).unwrap_or_default();
        write_private(&file, &bytes).map_err(|error| StartFault::Write(file.display().to_string(), error))
    }

    /// Takes file and key away again.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn close(engine: &Engine, config: &Config) -> Result<(), EngineError> {
        // A file that stays behind names a key that no longer exists.
        let _ = std::fs::remove_file(config.admin_file());
        forget_key(engine).await
    }
}

async fn forget_key(engine: &Engine) -> Result<(), EngineError> {
    engine.forget_keys_named(KEY_NAME).await
}

/// An address that listens everywhere is reached on this machine.
fn reachable(bound: SocketAddr) -> SocketAddr {
    let mut to = bound;
    if bound.ip().is_unspecified() {
        to.set_ip(if bound.is_ipv4() { std::net::Ipv4Addr::LOCALHOST.into() } else { std::net::Ipv6Addr::LOCALHOST.into() });
    }
    to
}

/// Writes a file that only its owner reads, in one step.
///
/// # Errors
/// When the folder cannot be written.
pub fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let draft = Path::new(&name);
    let _ = std::fs::remove_file(draft);
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(draft, path)
}
