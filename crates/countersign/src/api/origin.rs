//! Whether a request that travels with a cookie comes from our own pages: browsers say so in `Sec-Fetch-Site`, older
//! ones in `Origin`; one that says neither is no browser's form and is refused.

use super::ApiState;
use super::problem::Problem;
use http::HeaderMap;
use http::header::{HOST, ORIGIN};

/// Refuses what another site sent.
///
/// # Errors
/// `cross_site`.
pub(crate) fn same(headers: &HeaderMap, state: &ApiState) -> Result<(), Problem> {
    let text = |name: http::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let origin = text(ORIGIN);
    let ours = match text(http::HeaderName::from_static("sec-fetch-site")) {
        // `null` is an origin kept private, by a referrer policy: the browser vouches for the site nevertheless.
        Some("same-origin") => origin.is_none_or(|origin| origin == "null" || is_ours(origin, text(HOST), state)),
        Some(_) => false,
        None => origin.is_some_and(|origin| is_ours(origin, text(HOST), state)),
    };
    if ours { Ok(()) } else { Err(Problem::new("cross_site", "this did not come from our own pages; nothing was changed")) }
}

/// Our public address, or the very host that was asked (an address on the local network, a tunnel).
fn is_ours(origin: &str, host: Option<&str>, state: &ApiState) -> bool {
    let public = url::Url::parse(state.public_url()).map(|url| url.origin().ascii_serialization());
    if public.is_ok_and(|public| public == origin) {
        return true;
    }
    let scheme = if state.is_https() { "https" } else { "http" };
    host.is_some_and(|host| origin == format!("{scheme}://{host}"))
}
