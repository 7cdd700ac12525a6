//! Identity providers beside a server, and a browser without a window: cookies per host, redirects by hand.

use super::{Harness, PATIENCE};
use crate::peers::Peer;
use reqwest::{Client, Method};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// A server that people sign in to at two honest providers, `alpha` and `beta`, and a crooked one, `liar`.
pub struct WithProviders {
    pub harness: Harness,
    pub peer: Peer,
}

impl WithProviders {
    /// `alpha` is trusted with addresses and groups, `beta` with nothing; the directory is the sample with these lines more.
    pub async fn start(directory: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let peer = tokio::task::spawn_blocking(move || Peer::start("provider.mjs", &[&base])).await.unwrap();
        let secret = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(secret.path(), peer.said["client"]["secret"].as_str().unwrap()).unwrap();
        let one = |id: &str, more: &str| {
            let issuer = peer.said[id].as_str().unwrap();
            let secret = secret.path().display();
            format!(
                "[[provider]]\nid = \"{id}\"\nname = \"{id} accounts\"\nissuer = \"{issuer}\"\nclient_id = \"countersign\"\nclient_secret = \"file:{secret}\"\n{more}\n"
            )
        };
        let groups = "trust_email = true\nscopes = [\"email\", \"profile\", \"groups\"]\ngroups_claim = \"groups\"\ngroups = { \"acme-finance\" = \"finance\" }";
        let config = [one("alpha", groups), one("beta", ""), one("liar", "")].concat();
        let harness = Harness::start_on(listener, &config, directory).await;
        std::mem::forget(secret);
        Self { harness, peer }
    }

    /// A browser that has been nowhere.
    pub fn browser(&self) -> Browser {
        Browser::new(&self.harness.base)
    }

    /// The issuer of this provider.
    pub fn issuer(&self, id: &str) -> &str {
        self.peer.said[id].as_str().unwrap()
    }

    /// Changes an account at an honest provider.
    pub async fn change(&self, provider: &str, account: &str, change: Value) {
        let url = format!("{}/accounts/{account}", self.issuer(provider));
        assert!(Client::new().post(url).json(&change).send().await.unwrap().status().is_success());
    }
}

/// What a browser shows: where it is, and what it got there.
#[derive(Debug)]
pub struct Page {
    pub url: String,
    pub status: u16,
    pub text: String,
    pub location: Option<String>,
}

impl Page {
    /// The token in its forms.
    #[track_caller]
    pub fn token(&self) -> &str {
        self.text.split("name=\"token\" value=\"").nth(1).unwrap_or_else(|| panic!("no form in {}", self.text)).split('"').next().unwrap()
    }

    /// The first link that begins so.
    #[track_caller]
    pub fn link(&self, begins: &str) -> String {
        let links = self.text.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&"));
        links.into_iter().find(|link| link.starts_with(begins)).unwrap_or_else(|| panic!("no link {begins} in {}", self.text))
    }
}

/// A browser without a window.
#[derive(Clone)]
pub struct Browser {
    home: String,
    client: Client,
    jars: Arc<Mutex<BTreeMap<String, BTreeMap<String, String>>>>,
}

impl Browser {
    pub fn new(home: &str) -> Self {
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { home: home.to_owned(), client, jars: Arc::default() }
    }

    /// One request with the cookies of that host; a path is one of the server's.
    pub async fn send(&self, method: Method, to: &str, form: Option<&str>) -> Page {
        let url = if to.starts_with('/') { format!("{}{to}", self.home) } else { to.to_owned() };
        let host = origin(&url);
        let mut request = self.client.request(method, &url).timeout(PATIENCE);
        let cookies = self.cookies(&host);
        if !cookies.is_empty() {
            request = request.header("cookie", cookies);
        }
        if let Some(form) = form {
            request = request.header("origin", &host).header("content-type", "application/x-www-form-urlencoded").body(form.to_owned());
        }
        let response = request.send().await.unwrap();
        self.keep(&host, response.headers());
        let location = response.headers().get("location").map(|to| url::Url::parse(&url).unwrap().join(to.to_str().unwrap()).unwrap().into());
        Page { url, status: response.status().as_u16(), location, text: response.text().await.unwrap() }
    }

    fn cookies(&self, host: &str) -> String {
        let jars = self.jars.lock().unwrap();
        let pairs = jars.get(host).into_iter().flatten().map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }

    fn keep(&self, host: &str, headers: &reqwest::header::HeaderMap) {
        let mut jars = self.jars.lock().unwrap();
        let jar = jars.entry(host.to_owned()).or_default();
        for set in headers.get_all("set-cookie") {
            let set = set.to_str().unwrap();
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            if set.contains("Max-Age=0") || value.is_empty() {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// The value of a cookie of the server.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.jars.lock().unwrap().get(&self.home)?.get(name).cloned()
    }

    /// Plants a cookie of the server.
    pub fn plant(&self, name: &str, value: &str) {
        self.jars.lock().unwrap().entry(self.home.clone()).or_default().insert(name.to_owned(), value.to_owned());
    }

    /// GET, no further.
    pub async fn get(&self, to: &str) -> Page {
        self.send(Method::GET, to, None).await
    }

    /// Presses a form, no further.
    pub async fn press(&self, to: &str, form: &str) -> Page {
        self.send(Method::POST, to, Some(form)).await
    }

    /// Follows redirects until the server's own callback, which is not opened; signs in at the provider on the way.
    pub async fn to_callback(&self, from: &str, account: &str) -> String {
        let mut page = self.get(from).await;
        for _ in 0..10 {
            let Some(next) = page.location.clone() else {
                assert!(page.url.contains("/interaction/"), "stuck at {} {}: {}", page.url, page.status, page.text);
                page = self.press(&page.url.clone(), &format!("account={account}")).await;
                continue;
            };
            if next.starts_with(&self.home) && next.contains("/callback") {
                return next;
            }
            page = self.get(&next).await;
        }
        panic!("went in circles at {}", page.url);
    }

    /// Signs in at a provider as this account, all the way; the answer of the callback.
    pub async fn sign_in(&self, provider: &str, account: &str) -> Page {
        let callback = self.to_callback(&format!("/login/with/{provider}?next=/me/sessions"), account).await;
        self.get(&callback).await
    }
}

fn origin(url: &str) -> String {
    url::Url::parse(url).unwrap().origin().ascii_serialization()
}
