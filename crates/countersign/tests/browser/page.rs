//! A browser under our hands: opens, presses, types, reads, and waits for what a page should say.

use crate::driver::PATIENCE;
use fantoccini::Client;
use fantoccini::wd::{Locator, WebDriverCompatibleCommand};
use serde_json::{Value, json};
use url::Url;

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

impl Browser {
    /// Opens an address.
    pub async fn open(&self, address: &str) {
        self.client.goto(address).await.unwrap();
    }

    /// Presses what this selects, once it is there.
    pub async fn press(&self, css: &str) {
        let pressed = async {
            // A page that is being brought up to date puts another button in the place of the one that was found.
            while let Err(error) = self.find(css).await.click().await {
                assert!(error.is_stale_element_reference(), "{css}: {error}");
            }
        };
        tokio::time::timeout(PATIENCE, pressed).await.unwrap_or_else(|_| panic!("`{css}` cannot be pressed"));
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

    /// Waits until this expression holds in the page.
    pub async fn sees_that(&self, expression: &str) {
        let held = self.until(&format!("return ({expression}) === true")).await;
        assert!(held, "`{expression}` does not hold on {}:\n{}", self.client.current_url().await.unwrap(), self.text("body").await);
    }

    /// Opens an address again and again until its page says this: for pages that do not renew themselves.
    pub async fn sees_at(&self, address: &str, words: &str) {
        let said = async {
            loop {
                self.open(address).await;
                if self.text("body").await.contains(words) {
                    return;
                }
            }
        };
        let found = tokio::time::timeout(PATIENCE, said).await.is_ok();
        assert!(found, "`{words}` does not come on {address}:\n{}", self.text("body").await);
    }

    /// Whether the page has something that this selects, now.
    pub async fn has(&self, css: &str) -> bool {
        self.run(&format!("return document.querySelector({}) !== null", json!(css))).await == json!(true)
    }

    /// Waits until the browser is at this path.
    pub async fn is_at(&self, path: &str) {
        let there = self.until(&format!("return location.pathname === {} && document.readyState === 'complete'", json!(path))).await;
        assert!(there, "{path} was expected, not {}:\n{}", self.client.current_url().await.unwrap(), self.text("body").await);
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

    pub async fn extension(&self, method: http::Method, path: String, body: Option<Value>) -> Value {
        self.client.issue_cmd(Extension { method, path, body }).await.unwrap()
    }

    pub async fn find(&self, css: &str) -> fantoccini::elements::Element {
        let found = self.client.wait().at_most(PATIENCE).for_element(Locator::Css(css)).await;
        match found {
            Ok(element) => element,
            Err(error) => panic!("`{css}` is not on {}: {error}\n{}", self.client.current_url().await.unwrap(), self.client.source().await.unwrap()),
        }
    }

    /// Asks the page again until it says yes; a page that is being left asks once more.
    pub async fn until(&self, script: &str) -> bool {
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
