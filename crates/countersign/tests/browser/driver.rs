//! A browser of one's own for a test: `Driver::with(|browser| async move { … }).await`. It starts chromedriver on a free
//! port and Chromium in an empty folder, and ends both whatever happens.

use fantoccini::wd::{Capabilities, Locator, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder};
use futures_util::FutureExt;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::panic::AssertUnwindSafe;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use url::Url;

/// Nothing in a page takes this long; a test that waits longer has failed.
pub const PATIENCE: Duration = Duration::from_secs(30);

const CHROMIUM: &str = "/usr/bin/chromium";
const CHROMEDRIVER: &str = "/usr/bin/chromedriver";

/// A browser under our hands.
#[derive(Clone)]
pub struct Browser {
    pub client: Client,
}

/// A command that WebDriver has as an extension.
#[derive(Debug)]
struct Extension {
    method: http::Method,
    path: String,
    body: Option<Value>,
}

impl WebDriverCompatibleCommand for Extension {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (http::Method, Option<String>) {
        (self.method.clone(), self.body.as_ref().map(Value::to_string))
    }
}

/// Runs a test in a browser.
pub async fn with<F: Future<Output = ()>>(test: impl FnOnce(Browser) -> F) {
    for program in [CHROMIUM, CHROMEDRIVER] {
        assert!(std::path::Path::new(program).exists(), "{program} is missing: apt-get install chromium chromium-driver");
    }
    let folder = tempfile::tempdir().unwrap();
    let (mut driver, address) = start().await;
    let client = ClientBuilder::new(HttpConnector::new()).capabilities(capabilities(folder.path())).connect(&address).await;
    let client = client.unwrap_or_else(|error| panic!("Chromium did not start: {error}"));
    let outcome = AssertUnwindSafe(test(Browser { client: client.clone() })).catch_unwind().await;
    let closed = client.close().await;
    driver.kill().await.unwrap();
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
    closed.unwrap();
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

fn capabilities(folder: &std::path::Path) -> Capabilities {
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
        format!("--user-data-dir={}", folder.display()),
    ]);
    let options = json!({ "goog:chromeOptions": { "binary": CHROMIUM, "args": arguments }, "webauthn:virtualAuthenticators": true });
    options.as_object().unwrap().clone()
}

impl Browser {
    /// Opens an address.
    pub async fn open(&self, address: &str) {
        self.client.goto(address).await.unwrap();
    }

    /// Presses what this selects, once it is there.
    pub async fn press(&self, css: &str) {
        self.find(css).await.click().await.unwrap();
    }

    /// Types into what this selects.
    pub async fn type_into(&self, css: &str, text: &str) {
        self.find(css).await.send_keys(text).await.unwrap();
    }

    /// The text of what this selects, once it is there.
    pub async fn text(&self, css: &str) -> String {
        self.find(css).await.text().await.unwrap()
    }

    /// Waits until the page says this somewhere.
    pub async fn sees(&self, words: &str) {
        let found = self.until(&format!("return document.body !== null && document.body.innerText.includes({})", json!(words))).await;
        assert!(found, "`{words}` is not on {}:\n{}", self.client.current_url().await.unwrap(), self.text("body").await);
    }

    /// Waits until the browser is at this path.
    pub async fn is_at(&self, path: &str) {
        let there = self.until(&format!("return location.pathname === {} && document.readyState === 'complete'", json!(path))).await;
        assert!(there, "{path} was expected, not {}:\n{}", self.client.current_url().await.unwrap(), self.text("body").await);
    }

    /// Keeps what the page looks like, as `target/screenshots/NAME.png`.
    pub async fn picture(&self, name: &str) {
        let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), self.client.screenshot().await.unwrap()).unwrap();
    }

    /// Runs a script in the page.
    pub async fn run(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// Runs an asynchronous function body in the page, with arguments, and waits for what it returns.
    pub async fn call(&self, body: &str, arguments: Vec<Value>) -> Value {
        let script = format!(
            "const [done, ...given] = [arguments[arguments.length - 1], ...arguments]; \
             (async (...given) => {{ {body} }})(...given).then((value) => done({{ value }}), (error) => done({{ error: String(error) }}));"
        );
        let answer = self.client.execute_async(&script, arguments).await.unwrap();
        assert!(answer["error"].is_null(), "{}", answer["error"]);
        answer["value"].clone()
    }

    /// Gives the browser a device that holds passkeys and says yes to everything; its id.
    pub async fn add_authenticator(&self) -> String {
        let device = json!({
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": true,
            "hasUserVerification": true, "isUserConsenting": true, "isUserVerified": true,
        });
        let made = self.extension(http::Method::POST, "webauthn/authenticator".into(), Some(device)).await;
        made.as_str().unwrap().to_owned()
    }

    /// What the device holds.
    pub async fn credentials(&self, device: &str) -> Vec<Value> {
        let held = self.extension(http::Method::GET, format!("webauthn/authenticator/{device}/credentials"), None).await;
        held.as_array().unwrap().clone()
    }

    /// Puts a credential into the device in place of the one with the same id.
    pub async fn replace_credential(&self, device: &str, credential: Value) {
        let id = credential["credentialId"].as_str().unwrap().to_owned();
        self.extension(http::Method::DELETE, format!("webauthn/authenticator/{device}/credentials/{id}"), None).await;
        self.extension(http::Method::POST, format!("webauthn/authenticator/{device}/credential"), Some(credential)).await;
    }

    async fn extension(&self, method: http::Method, path: String, body: Option<Value>) -> Value {
        self.client.issue_cmd(Extension { method, path, body }).await.unwrap()
    }

    async fn find(&self, css: &str) -> fantoccini::elements::Element {
        let found = self.client.wait().at_most(PATIENCE).for_element(Locator::Css(css)).await;
        match found {
            Ok(element) => element,
            Err(error) => panic!("`{css}` is not on {}: {error}\n{}", self.client.current_url().await.unwrap(), self.client.source().await.unwrap()),
        }
    }

    /// Asks the page again until it says yes; a page that is being left asks once more.
    async fn until(&self, script: &str) -> bool {
        let asked = async {
            loop {
                if self.client.execute(script, Vec::new()).await.is_ok_and(|answer| answer == json!(true)) {
                    return;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, asked).await.is_ok()
    }
}
