//! A person at the pages, in one language: opens them, and presses buttons with the token of the page.

use crate::harness::{Answer, Harness};
use reqwest::Method;

/// The person.
pub struct Desk<'a> {
    harness: &'a Harness,
    cookie: String,
    language: &'static str,
}

impl<'a> Desk<'a> {
    /// Signed in, reading English.
    pub async fn of(harness: &'a Harness, who: &str) -> Self {
        Self { harness, cookie: harness.cookie(who).await, language: "en" }
    }

    /// The same, reading German.
    pub fn german(mut self) -> Self {
        self.language = "de";
        self
    }

    /// Opens a page.
    pub async fn open(&self, path: &str) -> Answer {
        let nobody = self.harness.nobody();
        nobody.send(nobody.request(Method::GET, path).header("cookie", &self.cookie).header("accept-language", self.language)).await
    }

    /// Sends a form as it is given: without a token of its own.
    pub async fn send(&self, path: &str, form: &[(&str, &str)], origin: Option<&str>) -> Answer {
        let nobody = self.harness.nobody();
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let mut request = nobody.request(Method::POST, path).header("cookie", &self.cookie).header("accept-language", self.language);
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        nobody.send(request.header("content-type", "application/x-www-form-urlencoded").body(body)).await
    }

    /// Presses a button on a page: its token goes with the form, and its key where it has one and none is given.
    pub async fn press(&self, page: &str, path: &str, form: &[(&str, &str)]) -> Answer {
        let page = self.open(page).await.text;
        let (token, key) = (hidden(&page, "token"), hidden(&page, "key"));
        let mut whole = vec![("token", token.as_str())];
        if !key.is_empty() && !form.iter().any(|(name, _)| *name == "key") {
            whole.push(("key", &key));
        }
        whole.extend_from_slice(form);
        self.send(path, &whole, Some(&self.harness.base)).await
    }

    /// No form without the token of this sign-in does anything, nor one from another site.
    pub async fn refuses_foreign_forms(&self, page: &str, path: &str, form: &[(&str, &str)]) {
        let token = hidden(&self.open(page).await.text, "token");
        let mut signed = vec![("token", token.as_str())];
        signed.extend_from_slice(form);
        let own = Some(self.harness.base.as_str());
        assert_eq!(self.send(path, form, own).await.status, 403, "{path} without a token");
        let mut forged = vec![("token", "0000")];
        forged.extend_from_slice(form);
        assert_eq!(self.send(path, &forged, own).await.status, 403, "{path} with another token");
        assert_eq!(self.send(path, &signed, Some("https://evil.example")).await.status, 403, "{path} from another site");
        assert_eq!(self.send(path, &signed, None).await.status, 403, "{path} from nowhere");
    }
}

/// The value of a hidden control; empty where there is none.
pub fn hidden(page: &str, name: &str) -> String {
    let after = page.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap_or_default();
    after.split('"').next().unwrap_or_default().to_owned()
}

/// Where an answer leads.
pub fn location(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text);
    answer.headers["location"].to_str().unwrap().to_owned()
}
