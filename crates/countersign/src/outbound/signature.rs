//! Standard Webhooks signatures: `webhook-id`, `webhook-timestamp`, `webhook-signature: v1,…`. Signs what
//! goes out; verifies for tests and for receivers written in Rust. Knows nothing of HTTP.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;

use super::secret::Secret;

/// The header with the message's id, which is the idempotency key.
pub const ID_HEADER: &str = "webhook-id";
/// The header with the time of the try, in seconds.
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";
/// The header with one signature per key, separated by spaces.
pub const SIGNATURE_HEADER: &str = "webhook-signature";

/// How far a receiver's clock may be from ours, after the specification's reference libraries.
const TOLERANCE_SECONDS: i64 = 5 * 60;
/// The specification's bounds for a key.
const KEY_BYTES_MIN: usize = 24;
const KEY_BYTES_MAX: usize = 64;
/// Two keys are a rotation; more than four are a mistake and would only lengthen the header.
const KEYS_MAX: usize = 4;

/// Signs with one key, or with several while they are rotated.
#[derive(Clone)]
pub struct Signer {
    keys: Vec<Hmac<Sha256>>,
}

/// The secret does not have the form of a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a signing secret is `whsec_` and 24 to 64 bytes in base64, up to four separated by spaces")]
pub struct BadKey;

/// Why a message is not believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotGenuine {
    /// Not a number of seconds.
    #[error("the timestamp is not a number")]
    Timestamp,
    /// Too old, or from the future.
    #[error("the timestamp is more than five minutes off")]
    Stale,
    /// No signature fits a key.
    #[error("no signature fits")]
    Signature,
}

impl Signer {
    /// Takes `whsec_…`; several, separated by spaces, sign side by side, so that receivers can be moved
    /// from one to the next.
    pub fn new(secret: &Secret) -> Result<Self, BadKey> {
        let keys = secret.expose().split_whitespace().map(key).collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() || keys.len() > KEYS_MAX { Err(BadKey) } else { Ok(Self { keys }) }
    }

    /// The value of the signature header.
    pub fn sign(&self, id: &str, timestamp: Timestamp, body: &[u8]) -> String {
        let at = timestamp.as_second().to_string();
        let signatures = self.keys.iter().map(|key| STANDARD.encode(seal(key, id, &at, body).finalize().into_bytes()));
        signatures.map(|signature| format!("v1,{signature}")).collect::<Vec<_>>().join(" ")
    }

    /// Believes a message whose signature fits one of the keys and whose time is within tolerance.
    pub fn verify(&self, id: &str, timestamp: &str, signatures: &str, body: &[u8], now: Timestamp) -> Result<(), NotGenuine> {
        let at: i64 = timestamp.parse().map_err(|_| NotGenuine::Timestamp)?;
        if now.as_second().abs_diff(at) > TOLERANCE_SECONDS.unsigned_abs() {
            return Err(NotGenuine::Stale);
        }
        let given = signatures.split(' ').filter_map(|one| one.strip_prefix("v1,"));
        let given: Vec<_> = given.filter_map(|one| STANDARD.decode(one).ok()).collect();
        let fits = |key| given.iter().any(|one| seal(key, id, timestamp, body).verify_slice(one).is_ok());
        if self.keys.iter().any(fits) { Ok(()) } else { Err(NotGenuine::Signature) }
    }
}

fn key(text: &str) -> Result<Hmac<Sha256>, BadKey> {
    let bytes = STANDARD.decode(text.strip_prefix("whsec_").ok_or(BadKey)?).map_err(|_| BadKey)?;
    if !(KEY_BYTES_MIN..=KEY_BYTES_MAX).contains(&bytes.len()) {
        return Err(BadKey);
    }
    Hmac::new_from_slice(&bytes).map_err(|_| BadKey)
}

fn seal(key: &Hmac<Sha256>, id: &str, timestamp: &str, body: &[u8]) -> Hmac<Sha256> {
    let mut seal = key.clone();
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        seal.update(part);
    }
    seal
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({} keys)", self.keys.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const NEW: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

    fn signer(secret: &str) -> Signer {
        Signer::new(&Secret::new(secret)).unwrap()
    }

    fn headers(id: &str, at: Timestamp, signature: &str) -> http::HeaderMap {
        let pairs = [(ID_HEADER, id.to_owned()), (TIMESTAMP_HEADER, at.as_second().to_string()), (SIGNATURE_HEADER, signature.to_owned())];
        pairs.into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn the_vector_of_the_specification_holds() {
        let at = Timestamp::from_second(1_614_265_330).unwrap();
        let signature = signer(OLD).sign("msg_p5jXN8AQM9LWM0D4loKWxJek", at, br#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn the_official_library_believes_us_under_either_key_of_a_rotation() {
        let (at, body) = (Timestamp::now(), r#"{"type":"approval.requested","data":{"summary":"SUMMARY: Ünicode"}}"#);
        let signature = signer(&format!("{OLD} {NEW}")).sign("req_1:ana", at, body.as_bytes());
        assert_eq!(signature.split(' ').count(), 2);
        for key in [OLD, NEW] {
            let receiver = standardwebhooks::Webhook::new(key).unwrap();
            receiver.verify(body.as_bytes(), &headers("req_1:ana", at, &signature)).unwrap();
            assert!(receiver.verify(b"{}", &headers("req_1:ana", at, &signature)).is_err());
        }
    }

    #[test]
    fn we_believe_the_official_library() {
        let at = Timestamp::now();
        let signature = standardwebhooks::Webhook::new(NEW).unwrap().sign("m", at.as_second(), b"body").unwrap();
        let seconds = at.as_second().to_string();
        assert_eq!(signer(&format!("{OLD} {NEW}")).verify("m", &seconds, &signature, b"body", at), Ok(()));
        assert_eq!(signer(OLD).verify("m", &seconds, &signature, b"body", at), Err(NotGenuine::Signature));
    }

    #[test]
    fn a_changed_message_a_wrong_key_and_an_old_one_are_not_believed() {
        let at = Timestamp::from_second(1_700_000_000).unwrap();
        let (ours, seconds) = (signer(OLD), "1700000000");
        let good = ours.sign("m", at, b"body");
        let later = |seconds: i64| at + jiff::SignedDuration::from_secs(seconds);
        assert_eq!(ours.verify("m", seconds, &good, b"body", later(300)), Ok(()));
        assert_eq!(ours.verify("m", seconds, &good, b"body", later(301)), Err(NotGenuine::Stale));
        assert_eq!(ours.verify("m", seconds, &good, b"body", later(-301)), Err(NotGenuine::Stale));
        assert_eq!(ours.verify("m", "soon", &good, b"body", at), Err(NotGenuine::Timestamp));
        for (id, body, signatures) in [("n", "body", &*good), ("m", "bodY", &good), ("m", "body", ""), ("m", "body", "v1,"), ("m", "body", "v2,AAAA")]
        {
            assert_eq!(ours.verify(id, seconds, signatures, body.as_bytes(), at), Err(NotGenuine::Signature), "{id} {body} {signatures}");
        }
    }

    #[test]
    fn a_key_outside_the_bounds_is_refused() {
        let of = |bytes: usize| format!("whsec_{}", STANDARD.encode(vec![7; bytes]));
        for good in [of(24), of(32), of(64)] {
            assert!(Signer::new(&Secret::new(good)).is_ok());
        }
        for bad in [of(0), of(23), of(65), "hunter2".into(), "whsec_!!!".into(), String::new(), vec![of(32); 5].join(" ")] {
            assert_eq!(Signer::new(&Secret::new(bad)).unwrap_err(), BadKey);
        }
    }
}
