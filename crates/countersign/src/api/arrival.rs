//! From where somebody signs in: the address, and the browser in the few words by which they know it again.

use super::permit;
use crate::engine::sessions::{Arrival, SignedBy};
use axum::extract::FromRequestParts;
use http::header::USER_AGENT;
use http::request::Parts;
use std::convert::Infallible;

/// The longest name of a device, in characters.
const DEVICE_CHARS_MAX: usize = 40;
/// Programs by a mark in what they call themselves; the first that fits. Browsers name each other, so order counts.
const PROGRAMS: [(&str, &str); 8] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("Chrom", "Chrome"),
    ("CriOS", "Chrome"),
    ("Safari", "Safari"),
];
/// Systems, in the same way.
const SYSTEMS: [(&str, &str); 8] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
    ("BSD", "BSD"),
];

/// Where a sign-in comes from.
#[derive(Clone, Debug)]
pub(crate) struct Whence {
    device: String,
    address: String,
}

impl Whence {
    /// The sign-in, by this way.
    pub(crate) fn arrival(self, by: SignedBy) -> Arrival {
        Arrival { by, device: self.device, address: self.address }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Whence {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let agent = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Ok(Self { device: device(agent), address: permit::address(parts).to_canonical().to_string() })
    }
}

/// What calls itself so, in a few words.
fn device(agent: &str) -> String {
    let named = |table: &[(&str, &'static str)]| table.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
    match (named(&PROGRAMS), named(&SYSTEMS)) {
        (Some(program), Some(system)) => format!("{program} on {system}"),
        (Some(program), None) => program.to_owned(),
        (None, _) => plain(agent),
    }
}

/// The first word, of plain characters, cut.
fn plain(agent: &str) -> String {
    let first = agent.split([' ', '/', '(']).next().unwrap_or_default();
    let word: String = first.chars().filter(|char| char.is_ascii_alphanumeric() || "-_.".contains(*char)).take(DEVICE_CHARS_MAX).collect();
    if word.is_empty() { "unknown".to_owned() } else { word }
}

#[cfg(test)]
mod tests {
    use super::device;

    #[test]
    fn a_browser_is_named_in_words_and_anything_else_by_its_first_word() {
        let table = [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0", "Firefox on Linux"),
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36", "Chrome on Windows"),
            ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36 Edg/141.0", "Edge on Windows"),
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1 Version/19.0 Mobile/15E148 Safari/604.1", "Safari on iPhone"),
            ("curl/8.14.1", "curl"),
            ("<script>alert(1)</script>", "scriptalert"),
            ("", "unknown"),
        ];
        for (agent, words) in table {
            assert_eq!(device(agent), words, "{agent}");
        }
    }
}
