//! Browsers of one's own for a test: `driver::with(|browser| async move { … }).await` for one,
//! `driver::with_several(|driver| async move { … }).await` for several that know nothing of each other. It starts
//! chromedriver on a free port and each Chromium in an empty folder, and ends all of them whatever happens.

use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder};
use futures_util::FutureExt;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

pub use crate::page::Browser;

/// Nothing in a page takes this long; a test that waits longer has failed.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub const CHROMIUM: &str = "/usr/bin/chromium";
const CHROMEDRIVER: &str = "/usr/bin/chromedriver";

/// Whether pages may run scripts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scripts {
    On,
    Off,
}

/// A chromedriver, and the browsers that it started.
#[derive(Clone)]
pub struct Driver {
    address: String,
    open: Arc<Mutex<Vec<(Client, TempDir)>>>,
}

impl Driver {
    /// Another browser, which has been nowhere.
    pub async fn browser(&self, scripts: Scripts) -> Browser {
        let folder = tempfile::tempdir().unwrap();
        let client = ClientBuilder::new(HttpConnector::new()).capabilities(capabilities(folder.path(), scripts)).connect(&self.address).await;
        let client = client.unwrap_or_else(|error| panic!("Chromium did not start: {error}"));
        self.open.lock().unwrap().push((client.clone(), folder));
        Browser { client }
    }
}

/// Runs a test in a browser.
pub async fn with<F: Future<Output = ()>>(test: impl FnOnce(Browser) -> F) {
    with_several(|driver| async move { test(driver.browser(Scripts::On).await).await }).await;
}

/// Runs a test that starts its browsers itself.
pub async fn with_several<F: Future<Output = ()>>(test: impl FnOnce(Driver) -> F) {
    for program in [CHROMIUM, CHROMEDRIVER] {
        assert!(Path::new(program).exists(), "{program} is missing: apt-get install chromium chromium-driver");
    }
    let (mut process, address) = start().await;
    let driver = Driver { address, open: Arc::default() };
    let outcome = AssertUnwindSafe(test(driver.clone())).catch_unwind().await;
    let open = std::mem::take(&mut *driver.open.lock().unwrap());
    let mut closed = Vec::new();
    for (client, _folder) in open {
        closed.push(client.close().await);
    }
    process.kill().await.unwrap();
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
    for closed in closed {
        closed.unwrap();
    }
}

/// Chromedriver, and where it listens.
async fn start() -> (Child, String) {
    let started = Command::new(CHROMEDRIVER).arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true).spawn();
    let mut driver = started.unwrap_or_else(|error| panic!("{CHROMEDRIVER}: {error}; apt-get install chromium-driver"));
    let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
    let port = async {
        loop {
            let line = lines.next_line().await.unwrap().expect("chromedriver ended before it listened");
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                return port.trim_end_matches('.').to_owned();
            }
        }
    };
    let port = tokio::time::timeout(PATIENCE, port).await.expect("chromedriver should say its port");
    // Whatever it says later must not fill the pipe.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    (driver, format!("http://127.0.0.1:{port}"))
}

fn capabilities(folder: &Path, scripts: Scripts) -> Capabilities {
    let arguments = json!([
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        "--lang=en",
        "--hide-scrollbars",
        format!("--user-data-dir={}", folder.display()),
    ]);
    let content = json!({ "javascript": if scripts == Scripts::On { 1 } else { 2 } });
    let preferences: Value = json!({ "profile.managed_default_content_settings": content });
    let chrome = json!({ "binary": CHROMIUM, "args": arguments, "prefs": preferences });
    let options = json!({ "goog:chromeOptions": chrome, "webauthn:virtualAuthenticators": true });
    options.as_object().unwrap().clone()
}
