//! The way to a server: where it is, who asks, and what its answers mean for the exit code. Keys come from the
//! environment, never from the command line, where every process could read them.

use super::session::Session;
use super::{Failure, terminal};
use reqwest::{Client, Method, Response};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;
use url::Url;

/// Where a server listens unless it says otherwise.
const URL_DEFAULT: &str = "http://127.0.0.1:7171";
/// Longer than any long poll.
const ANSWER_WITHIN: Duration = Duration::from_secs(90);
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// Which server.
#[derive(clap::Args, Clone, Debug, Default)]
pub(crate) struct ServerArgs {
    /// The server's address; that of COUNTERSIGN_URL, of the sign-in, or http://127.0.0.1:7171, without it. The key comes from COUNTERSIGN_KEY.
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
}

/// A server, and who asks it.
pub(crate) struct Server {
    client: Client,
    base: Url,
    bearer: Option<String>,
}

impl ServerArgs {
    /// The way to it.
    pub(crate) fn connect(&self) -> Result<Server, Failure> {
        let session = Session::read();
        let key = std::env::var("COUNTERSIGN_KEY").ok().filter(|key| !key.is_empty());
        // Read here: the usage line of an error would show what a variable set as if it had to be typed.
        let named = std::env::var("COUNTERSIGN_URL").ok().filter(|url| !url.is_empty());
        let url = self.url.clone().or(named).or_else(|| session.as_ref().filter(|_| key.is_none()).map(|session| session.url.clone()));
        let base = base_of(&url.unwrap_or_else(|| URL_DEFAULT.into()))?;
        let here = session.filter(|session| base_of(&session.url).is_ok_and(|url| url == base)).map(|session| session.session);
        Server::new(base, key.or(here))
    }
}

/// The address with a slash at the end, so that paths can be joined to it.
pub(crate) fn base_of(url: &str) -> Result<Url, Failure> {
    let wrong = || Failure::usage(format!("`{}` is no address of a server: expected http://… or https://…", terminal::clean(url)));
    let mut base = Url::parse(url).map_err(|_| wrong())?;
    if !matches!(base.scheme(), "http" | "https") || base.host().is_none() {
        return Err(wrong());
    }
    let path = format!("{}/", base.path().trim_end_matches('/'));
    base.set_path(&path);
    base.set_query(None);
    base.set_fragment(None);
    Ok(base)
}

impl Server {
    pub(crate) fn new(base: Url, bearer: Option<String>) -> Result<Self, Failure> {
        let client = Client::builder().connect_timeout(CONNECT_WITHIN).redirect(reqwest::redirect::Policy::none());
        let client = client.build().map_err(|error| Failure::fault(format!("cannot prepare connections: {error}")))?;
        Ok(Self { client, base, bearer })
    }

    /// The server's address, without a slash at the end.
    pub(crate) fn address(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    /// Reads something.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &[&str], query: &[(&str, String)]) -> Result<T, Failure> {
        self.asked(self.request(Method::GET, path, query)?.timeout(ANSWER_WITHIN)).await
    }

    /// Sends something.
    pub(crate) async fn post<T: DeserializeOwned>(&self, path: &[&str], body: &Value, idempotency_key: Option<&str>) -> Result<T, Failure> {
        let mut request = self.request(Method::POST, path, &[])?.timeout(ANSWER_WITHIN).json(body);
        if let Some(key) = idempotency_key {
            request = request.header("Idempotency-Key", key);
        }
        self.asked(request).await
    }

    /// Makes something under a key; whether this call made it, or an earlier one.
    pub(crate) async fn make<T: DeserializeOwned>(&self, path: &[&str], body: &Value, idempotency_key: Option<&str>) -> Result<(T, bool), Failure> {
        let mut request = self.request(Method::POST, path, &[])?.timeout(ANSWER_WITHIN).json(body);
        if let Some(key) = idempotency_key {
            request = request.header("Idempotency-Key", key);
        }
        let answer = self.answered(request.send().await).await?;
        let made = answer.status() == reqwest::StatusCode::CREATED;
        Ok((self.read(answer).await?, made))
    }

    /// Takes something away.
    pub(crate) async fn delete<T: DeserializeOwned>(&self, path: &[&str]) -> Result<T, Failure> {
        self.asked(self.request(Method::DELETE, path, &[])?.timeout(ANSWER_WITHIN)).await
    }

    /// A live stream after a cursor.
    pub(crate) async fn stream(&self, path: &[&str], after: Option<&str>) -> Result<Response, Failure> {
        let mut request = self.request(Method::GET, path, &[])?.header("Accept", "text/event-stream");
        if let Some(after) = after {
            request = request.header("Last-Event-ID", after);
        }
        self.answered(request.send().await).await
    }

    fn request(&self, method: Method, path: &[&str], query: &[(&str, String)]) -> Result<reqwest::RequestBuilder, Failure> {
        let mut url = self.base.clone();
        url.path_segments_mut().map_err(|()| Failure::usage("this address takes no paths"))?.pop_if_empty().extend(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let request = self.client.request(method, url);
        Ok(match &self.bearer {
            Some(bearer) => request.bearer_auth(bearer),
            None => request,
        })
    }

    async fn asked<T: DeserializeOwned>(&self, request: reqwest::RequestBuilder) -> Result<T, Failure> {
        self.read(self.answered(request.send().await).await?).await
    }

    async fn read<T: DeserializeOwned>(&self, response: Response) -> Result<T, Failure> {
        let bytes = response.bytes().await.map_err(|error| self.unreachable(&error))?;
        let bytes = if bytes.is_empty() { b"null".as_slice() } else { &bytes };
        serde_json::from_slice(bytes).map_err(|_| Failure::fault(format!("{} did not answer like a countersign server", self.address())))
    }

    async fn answered(&self, sent: reqwest::Result<Response>) -> Result<Response, Failure> {
        let response = sent.map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let problem: Option<Value> = serde_json::from_slice(&response.bytes().await.unwrap_or_default()).ok();
        let detail = problem.as_ref().and_then(|problem| problem.get("detail")).and_then(Value::as_str);
        let mut message = detail.map_or_else(|| format!("{} answered {status}", self.address()), str::to_owned);
        if status == reqwest::StatusCode::UNAUTHORIZED {
            message.push_str("; set COUNTERSIGN_KEY, or sign in with `countersign login URL`");
        }
        let mut failure = if status.is_client_error() { Failure::refused(message) } else { Failure::fault(message) };
        if let Some(code) = problem.as_ref().and_then(|problem| problem.get("code")).and_then(Value::as_str) {
            failure.message = format!("{}: {}", terminal::clean(code), failure.message);
        }
        failure.problem = problem;
        Err(failure)
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        let why = if error.is_timeout() {
            "no answer in time"
        } else if error.is_connect() {
            "nobody answers there"
        } else {
            "the connection broke"
        };
        Failure::fault(format!("cannot reach {}: {why}", self.address()))
    }
}
