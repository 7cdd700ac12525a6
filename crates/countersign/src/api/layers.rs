//! Around every route: an id for each request, a time limit, security headers, no panic that ends a connection, a
//! log line and a count without personal data.

use super::ApiState;
use super::problem::{Problem, ProblemCode};
use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};
use tracing::Instrument;

/// The id of a request, in and out.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// A caller's id is taken up to this length.
const REQUEST_ID_MAX: usize = 128;
/// A long poll may take its sixty seconds and a little.
const LONG_POLL: Duration = Duration::from_secs(65);
/// For the API: nothing is to be rendered.
const BARE: &str = "default-src 'none'; frame-ancestors 'none'";
/// For pages: our own style sheet, scripts and forms; nothing inline, no frame, and no text that becomes markup.
const PAGES: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; \
    base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
/// For the reference page: its own scripts, compiled in.
const DOCS: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What a page may use of the device: passkeys, and nothing else.
const POWERS: &str = "camera=(), geolocation=(), microphone=(), payment=(), usb=(), serial=(), bluetooth=(), hid=(), midi=(), \
    display-capture=(), idle-detection=(), publickey-credentials-get=(self), publickey-credentials-create=(self)";
/// Whoever came encrypted once comes no other way for a year.
const ENCRYPTED: &str = "max-age=31536000";

/// Puts the layers around the whole door.
pub(super) fn around(router: Router, state: ApiState) -> Router {
    let pages = state.clone();
    let unknown = move |uri: Uri, headers: HeaderMap| {
        let pages = pages.clone();
        async move { nowhere(&pages, &uri, &headers) }
    };
    let method = || async { Problem::new("method_not_allowed", "this address does not take this method") };
    router.fallback(unknown).method_not_allowed_fallback(method).layer(middleware::from_fn_with_state(state, watched))
}

/// A page for whoever reads pages, a problem for everything else.
fn nowhere(state: &ApiState, uri: &Uri, headers: &HeaderMap) -> Response {
    let reads_pages = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|kinds| kinds.contains("text/html"));
    match reads_pages && uri.path() != "/v1" && !uri.path().starts_with("/v1/") {
        true => crate::web::nothing_here(state, headers, &nothing_here()),
        false => nothing_here().into_response(),
    }
}

/// What is said where nothing is.
pub(crate) fn nothing_here() -> Problem {
    Problem::new("unknown_route", "there is nothing at this address; `/docs` lists every address")
}

async fn watched(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = request_id(request.headers());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned());
    let path = request.uri().path().to_owned();
    let waits = request.uri().query().is_some_and(|query| query.contains("wait="));
    let limit = if waits { LONG_POLL.max(state.settings.timeout) } else { state.settings.timeout };
    let span = tracing::info_span!("http", request_id = %id, method = %method, route = %route);
    let mut response = answer(request, next, limit).instrument(span.clone()).await;
    let problem = response.extensions().get::<ProblemCode>().map(|code| code.0);
    let (status, took) = (response.status().as_u16(), began.elapsed());
    state.metrics.answered(method.as_str(), &route, status, took, problem);
    span.in_scope(|| tracing::debug!(status, problem, took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX), "answered an HTTP request"));
    guard(response.headers_mut(), &path, state.is_https());
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// The answer, in time and without a panic.
async fn answer(request: Request, next: Next, limit: Duration) -> Response {
    let ran = AssertUnwindSafe(next.run(request)).catch_unwind();
    match tokio::time::timeout(limit, ran).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => {
            tracing::error!("a route panicked; this is our bug");
            Problem::new("fault", "something failed on our side; the log says more").into_response()
        }
        Err(_) => Problem::new("timeout", "the answer took too long; read the request again before repeating anything").into_response(),
    }
}

fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(&REQUEST_ID).and_then(|value| value.to_str().ok());
    let plain =
        |text: &&str| (1..=REQUEST_ID_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte));
    given.filter(plain).map_or_else(fresh_id, str::to_owned)
}

fn fresh_id() -> String {
    let mut bytes = [0_u8; 16];
    // An id for the log only: without randomness it is a poor one, not a danger.
    let _ = getrandom::fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid().simple().to_string()
}

fn guard(headers: &mut HeaderMap, path: &str, https: bool) {
    let docs = path == "/docs" || path.starts_with("/docs/");
    let html = headers.get(http::header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let policy = if docs {
        DOCS
    } else if html {
        PAGES
    } else {
        BARE
    };
    // A route may be stricter than its kind: an attachment is put in a sandbox.
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(policy));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    // Not `no-referrer` on pages: browsers would then send `Origin: null` with our own forms.
    let referrer = if html { "same-origin" } else { "no-referrer" };
    headers.insert(REFERRER_POLICY, HeaderValue::from_static(referrer));
    headers.insert(HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin"));
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin"));
    headers.insert(HeaderName::from_static("permissions-policy"), HeaderValue::from_static(POWERS));
    if https {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(ENCRYPTED));
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}
