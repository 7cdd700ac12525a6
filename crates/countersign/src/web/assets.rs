//! Style sheet, scripts and icon: compiled in, named with the digest of their bytes, kept by browsers for a year.

use crate::api::problem::Problem;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use countersign_core::canonical::Digest;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, StatusCode};
use std::sync::LazyLock;

/// As many digits of a digest are enough to tell one release's file from another's.
const DIGEST_DIGITS: usize = 16;

/// The one style sheet, in the order in which its parts build on each other.
pub(crate) const STYLE: &str = concat!(
    include_str!("../../assets/style/tokens.css"),
    include_str!("../../assets/style/base.css"),
    include_str!("../../assets/style/layout.css"),
    include_str!("../../assets/style/forms.css"),
    include_str!("../../assets/style/inbox.css"),
    include_str!("../../assets/style/request.css"),
    include_str!("../../assets/style/thread.css"),
    include_str!("../../assets/style/signin.css"),
    include_str!("../../assets/style/passkey.css"),
    include_str!("../../assets/style/offices.css"),
);

/// Name, type, bytes.
const FILES: &[(&str, &str, &str)] = &[
    ("style.css", "text/css; charset=utf-8", STYLE),
    ("live.js", "text/javascript; charset=utf-8", include_str!("../../assets/live.js")),
    ("keys.js", "text/javascript; charset=utf-8", include_str!("../../assets/keys.js")),
    ("passkey.js", "text/javascript; charset=utf-8", include_str!("../../assets/passkey.js")),
    ("preview.js", "text/javascript; charset=utf-8", include_str!("../../assets/preview.js")),
    ("icon.svg", "image/svg+xml", include_str!("../../assets/icon.svg")),
];

static DIGESTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let short = |text: &str| Digest::of(text.as_bytes()).hex().chars().take(DIGEST_DIGITS).collect();
    FILES.iter().map(|(_, _, text)| short(text)).collect()
});

/// The address under which browsers may keep this file for ever.
pub(super) fn address(name: &str) -> String {
    let known = FILES.iter().zip(DIGESTS.iter()).find(|((file, ..), _)| *file == name);
    known.map_or_else(|| format!("/assets/{name}"), |(_, digest)| format!("/assets/{name}?v={digest}"))
}

/// Serves one.
pub(super) async fn serve(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some(((_, kind, text), digest)) = FILES.iter().zip(DIGESTS.iter()).find(|((file, ..), _)| *file == name) else {
        return Problem::new("unknown_route", "there is no such file").into_response();
    };
    let tag = format!("\"{digest}\"");
    let fresh = headers.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = if fresh { StatusCode::NOT_MODIFIED.into_response() } else { text.into_response() };
    let out = response.headers_mut();
    out.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    out.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        out.insert(ETAG, tag);
    }
    response
}
