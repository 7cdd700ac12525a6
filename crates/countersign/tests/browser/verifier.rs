//! A verifier of another make: `@simplewebauthn/server` under Node.

use crate::peers::installed;
use serde_json::Value;
use std::process::Stdio;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// Whether the assertion verifies against its statement, in the verifier's words where it does not.
pub async fn verify(question: &Value) -> Result<Value, String> {
    let folder = tokio::task::spawn_blocking(installed).await.unwrap();
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
