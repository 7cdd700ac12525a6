//! A sign-in under way: what binds the way back to the browser that set out. A signed cookie holds it; state, nonce and
//! PKCE verifier follow from it and a key that never leaves this process, so nothing is stored for strangers.

use crate::ports::Random;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// A sign-in under way.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Attempt {
    /// At which provider.
    pub provider: String,
    /// What makes it one of its kind.
    pub seed: [u8; 32],
    /// How long there is.
    pub until: Timestamp,
    /// Where to go afterwards.
    pub next: String,
    /// The session whose person adds this sign-in to themselves.
    pub adds: Option<String>,
}

/// What goes to the provider and must come back, or be proved.
#[derive(Clone, PartialEq, Eq)]
pub struct Words {
    /// Comes back in the address.
    pub state: String,
    /// Comes back in the token.
    pub nonce: String,
    /// Proves to the provider that whoever brings the code began.
    pub verifier: String,
}

/// The key of this process. After a restart, sign-ins under way begin again.
pub struct Key([u8; 32]);

impl Key {
    /// A fresh key.
    #[must_use]
    pub fn draw(random: &dyn Random) -> Self {
        let mut key = [0; 32];
        random.fill(&mut key);
        Self(key)
    }

    /// The cookie.
    #[must_use]
    pub fn seal(&self, attempt: &Attempt) -> String {
        let text = URL_SAFE_NO_PAD.encode(serde_json::to_vec(attempt).unwrap_or_default());
        let tag = self.of("cookie", text.as_bytes());
        format!("{text}.{tag}")
    }

    /// What the cookie holds, if it is ours and in time.
    #[must_use]
    pub fn open(&self, cookie: &str, now: Timestamp) -> Option<Attempt> {
        let (text, tag) = cookie.split_once('.')?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        self.mac("cookie", text.as_bytes())?.verify_slice(&tag).ok()?;
        let attempt: Attempt = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        (now < attempt.until).then_some(attempt)
    }

    /// What belongs to this sign-in.
    #[must_use]
    pub fn words(&self, attempt: &Attempt) -> Words {
        let of = |purpose: &str| self.of(purpose, &attempt.seed);
        Words { state: of("state"), nonce: of("nonce"), verifier: of("verifier") }
    }

    fn of(&self, purpose: &str, bytes: &[u8]) -> String {
        let tag = self.mac(purpose, bytes).map(|mac| mac.finalize().into_bytes().to_vec());
        URL_SAFE_NO_PAD.encode(tag.unwrap_or_default())
    }

    fn mac(&self, purpose: &str, bytes: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(bytes);
        Some(mac)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::SystemRandom;

    fn attempt(now: Timestamp) -> Attempt {
        Attempt { provider: "corp".into(), seed: [7; 32], until: now + super::super::ATTEMPT_LASTS, next: "/".into(), adds: None }
    }

    #[test]
    fn a_cookie_opens_under_its_own_key_unaltered_and_in_time_alone() {
        let now = Timestamp::UNIX_EPOCH;
        let (key, other) = (Key::draw(&SystemRandom), Key::draw(&SystemRandom));
        let cookie = key.seal(&attempt(now));
        assert_eq!(key.open(&cookie, now), Some(attempt(now)));
        assert_eq!(other.open(&cookie, now), None);
        assert_eq!(key.open(&cookie, now + super::super::ATTEMPT_LASTS), None);
        let (text, tag) = cookie.split_once('.').unwrap();
        let forged = Attempt { adds: Some("ses_1".into()), ..attempt(now) };
        let forged = key.seal(&forged).split('.').next().unwrap().to_owned();
        for bad in [format!("{forged}.{tag}"), format!("{text}."), text.to_owned(), format!("{text}.{}", &tag[1..]), String::new(), ".".into()] {
            assert_eq!(key.open(&bad, now), None, "{bad}");
        }
    }

    #[test]
    fn no_word_tells_another() {
        let words = Key::draw(&SystemRandom).words(&attempt(Timestamp::UNIX_EPOCH));
        assert!(words.state != words.nonce && words.nonce != words.verifier && words.state != words.verifier);
        assert_eq!(words.verifier.len(), 43, "as RFC 7636 wants it");
    }
}
