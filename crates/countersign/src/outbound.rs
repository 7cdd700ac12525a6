//! The one way out over HTTP: a guarded client, a signed POST, and what the receiver's answer means. Knows
//! bytes and addresses, never a request or a rule.

pub mod guard;
pub mod retry;
pub mod secret;
pub mod signature;

#[cfg(test)]
pub(crate) mod receiver;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode};
use url::Url;

use self::guard::{Guard, GuardedResolver, Refused};
use self::secret::{Secret, SecretRef, Secrets, Setting, Settled};
use crate::ports::Answer;

/// A receiver has this long for the whole exchange, as the interface promises.
pub const TOTAL_TIMEOUT: Duration = Duration::from_secs(15);
/// A host that is not there should be noticed sooner than a slow one.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// An answer is read this far, so that its connection can serve the next try; then it is hung up on.
pub const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// So much of an answer is kept for the record.
pub const OUTPUT_BYTES_MAX: usize = 4 * 1024;
/// Connections kept open per host: as many as a lane has places.
const IDLE_PER_HOST: usize = 64;
/// The header that carries the idempotency key of an action.
const KEY_HEADER: HeaderName = HeaderName::from_static("idempotency-key");
/// Headers that belong to the connection or the signature: a policy cannot set them.
const RESERVED_HEADERS: [&str; 9] = [
    "host",
    "connection",
    "content-length",
    "transfer-encoding",
    "upgrade",
    "te",
    signature::ID_HEADER,
    signature::TIMESTAMP_HEADER,
    signature::SIGNATURE_HEADER,
];

/// How long a try may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Patience {
    /// The whole exchange.
    pub total: Duration,
    /// Until there is a connection.
    pub connect: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { total: TOTAL_TIMEOUT, connect: CONNECT_TIMEOUT }
    }
}

/// The client could not be built: no roots of trust, most likely.
#[derive(Debug, thiserror::Error)]
#[error("failed to prepare outbound connections: {0}")]
pub struct OutboundFault(#[source] reqwest::Error);

/// The way out: one pool of connections behind the guard. Clones share it.
#[derive(Clone, Debug)]
pub struct Outbound {
    client: Client,
    guard: Arc<Guard>,
    secrets: Arc<Secrets>,
}

/// One POST.
#[derive(Clone, Copy)]
pub struct Post<'a> {
    /// The message's id and idempotency key.
    pub id: &'a str,
    /// Where it goes.
    pub url: &'a str,
    /// What signs it.
    pub secret: Option<&'a SecretRef>,
    /// Further headers.
    pub headers: &'a [(String, Setting)],
    /// Whether the id travels in `Idempotency-Key` as well.
    pub idempotency_key: bool,
    /// The time of this try.
    pub timestamp: Timestamp,
    /// The bytes.
    pub body: &'a [u8],
}

impl Outbound {
    /// A way out to public addresses and what the guard allows, with the interface's patience.
    pub fn new(guard: Guard, secrets: Secrets) -> Result<Self, OutboundFault> {
        Self::with_patience(guard, secrets, Patience::default())
    }

    /// The same with another patience.
    pub fn with_patience(guard: Guard, secrets: Secrets, patience: Patience) -> Result<Self, OutboundFault> {
        let guard = Arc::new(guard);
        Ok(Self { client: client(&guard, patience)?, guard, secrets: Arc::new(secrets) })
    }

    /// The secrets that may be named.
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Sends once and says what came of it.
    pub async fn post(&self, post: Post<'_>) -> Answer {
        match self.attempt(post).await {
            Ok(answer) | Err(answer) => answer,
        }
    }

    async fn attempt(&self, post: Post<'_>) -> Result<Answer, Answer> {
        let url = self.guard.check(post.url).map_err(refusal)?;
        let mut settled = self.secrets.settle(post.headers).await.map_err(|fault| Answer::again(fault.to_string()))?;
        let headers = self.headers(post, &mut settled).await?;
        let body = Bytes::copy_from_slice(post.body);
        let sent = self.client.post(url).headers(headers).body(body).send().await;
        let response = sent.map_err(|fault| Answer::again(describe(&fault)))?;
        let (status, retry_after) = (response.status(), retry_after(&response, post.timestamp));
        let output = read(response, ANSWER_BYTES_MAX).await.bytes;
        let output = secret::redact(output, &settled.secrets, OUTPUT_BYTES_MAX);
        Ok(meaning(status, output, retry_after))
    }

    async fn headers(&self, post: Post<'_>, settled: &mut Settled) -> Result<HeaderMap, Answer> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in &settled.values {
            let name = HeaderName::try_from(name.as_str()).map_err(|_| Answer::gone("header name not sendable"))?;
            let mut value = HeaderValue::try_from(value.expose()).map_err(|_| Answer::again("header value not sendable"))?;
            value.set_sensitive(true);
            if !RESERVED_HEADERS.contains(&name.as_str()) {
                headers.insert(name, value);
            }
        }
        let id = HeaderValue::try_from(post.id).map_err(|_| Answer::gone("id not sendable"))?;
        if post.idempotency_key {
            headers.insert(KEY_HEADER, id.clone());
        }
        headers.insert(signature::ID_HEADER, id);
        headers.insert(signature::TIMESTAMP_HEADER, HeaderValue::from(post.timestamp.as_second()));
        if let Some(reference) = post.secret {
            let secret = self.secrets.resolve(reference).await.map_err(|fault| Answer::again(fault.to_string()))?;
            headers.insert(signature::SIGNATURE_HEADER, sign(post, &secret)?);
            settled.secrets.push(secret);
        }
        Ok(headers)
    }
}

/// A client that reaches only what the guard admits: no redirects, no proxy, nothing sent twice.
pub fn client(guard: &Arc<Guard>, patience: Patience) -> Result<Client, OutboundFault> {
    Client::builder()
        .dns_resolver(GuardedResolver(Arc::clone(guard)))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .referer(false)
        .timeout(patience.total)
        .connect_timeout(patience.connect)
        .pool_max_idle_per_host(IDLE_PER_HOST)
        .user_agent(concat!("countersign/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|fault| OutboundFault(fault.without_url()))
}

/// Scheme, host and port: as much of a URL as may be shown.
pub fn origin(url: &str) -> String {
    Url::parse(url).map_or_else(|_| "unreadable url".to_owned(), |url| url.origin().ascii_serialization())
}

/// The beginning of a body.
pub(crate) struct Beginning {
    /// At most as much as was asked for.
    pub(crate) bytes: Vec<u8>,
    /// Whether that is all there was.
    pub(crate) whole: bool,
}

/// Reads a body up to a bound. A body that breaks off is not whole; the status has been said already.
pub(crate) async fn read(mut response: Response, bytes_max: usize) -> Beginning {
    let mut bytes = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(chunk.get(..bytes_max - bytes.len()).unwrap_or(&chunk)),
            Ok(None) => return Beginning { bytes, whole: true },
            Err(_) => {
                return Beginning { bytes, whole: false };
            }
        }
        if bytes.len() >= bytes_max {
            return Beginning { bytes, whole: false };
        }
    }
}

/// A failed exchange in a few stable words, without URL or body.
pub(crate) fn describe(fault: &reqwest::Error) -> &'static str {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(fault);
    while let Some(error) = cause {
        if error.is::<Refused>() {
            return "address refused";
        }
        cause = error.source();
    }
    match fault {
        fault if fault.is_timeout() => "timeout",
        fault if fault.is_dns() => "name not resolved",
        fault if fault.is_connect() => "connection failed",
        _ => "connection broken",
    }
}

/// An address may be allowed later; the rest of a URL stays wrong for ever.
fn refusal(refused: Refused) -> Answer {
    match refused {
        Refused::Address => Answer::again(refused.to_string()),
        Refused::Unreadable | Refused::Scheme | Refused::Userinfo => Answer::gone(refused.to_string()),
    }
}

fn sign(post: Post<'_>, secret: &Secret) -> Result<HeaderValue, Answer> {
    let signer = signature::Signer::new(secret).map_err(|bad| Answer::again(bad.to_string()))?;
    let signature = signer.sign(post.id, post.timestamp, post.body);
    HeaderValue::try_from(signature).map_err(|_| Answer::again("signature not sendable"))
}

fn retry_after(response: &Response, now: Timestamp) -> Option<jiff::SignedDuration> {
    retry::parse_retry_after(response.headers().get(RETRY_AFTER)?.to_str().ok()?, now)
}

fn meaning(status: StatusCode, output: Vec<u8>, retry_after: Option<jiff::SignedDuration>) -> Answer {
    let answer = status.as_u16().to_string();
    match status {
        _ if status.is_success() => Answer::Delivered { answer, output },
        StatusCode::GONE => Answer::Gone { answer, output },
        _ => Answer::Again { answer, output, retry_after },
    }
}
