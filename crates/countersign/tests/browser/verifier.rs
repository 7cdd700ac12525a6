//! A verifier of another make: `@simplewebauthn/server` under Node, installed from our lock file into the build folder.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::sync::OnceCell;

static FOLDER: OnceCell<PathBuf> = OnceCell::const_new();

/// Whether the assertion verifies against its statement, in the verifier's words where it does not.
pub async fn verify(question: &Value) -> Result<Value, String> {
    let folder = FOLDER.get_or_init(install).await;
    let mut node = Command::new("node")
        .arg("verify.mjs")
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("node: {error}; apt-get install nodejs npm"));
    node.stdin.take().unwrap().write_all(question.to_string().as_bytes()).await.unwrap();
    let output = node.wait_with_output().await.unwrap();
    if output.status.success() {
        Ok(serde_json::from_slice(&output.stdout).unwrap())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// A copy of `tests/peers` with what its lock file names; kept while the lock file stays the same.
async fn install() -> PathBuf {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers");
    let to = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("peers");
    std::fs::create_dir_all(&to).unwrap();
    let lock = std::fs::read(from.join("package-lock.json")).unwrap();
    let stands = std::fs::read(to.join("installed-lock.json")).is_ok_and(|installed| installed == lock);
    for name in ["package.json", "package-lock.json", "verify.mjs"] {
        std::fs::copy(from.join(name), to.join(name)).unwrap();
    }
    if !stands {
        let npm = Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&to).output().await;
        let npm = npm.unwrap_or_else(|error| panic!("npm: {error}; apt-get install nodejs npm"));
        assert!(npm.status.success(), "npm ci: {}", String::from_utf8_lossy(&npm.stderr));
        std::fs::write(to.join("installed-lock.json"), lock).unwrap();
    }
    to
}
