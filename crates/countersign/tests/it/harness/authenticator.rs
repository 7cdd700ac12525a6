//! An authenticator in software: it makes passkeys and signs with them, and hands on what a browser would.

use super::Speaker;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::SignatureScheme;
use rustls::crypto::aws_lc_rs::sign::any_ecdsa_type;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::SigningKey;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// A P-256 private key in PKCS #8, up to its 32 bytes.
const BEFORE_THE_SECRET: [u8; 35] = [
    0x30, 0x41, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03,
    0x01, 0x07, 0x04, 0x27, 0x30, 0x25, 0x02, 0x01, 0x01, 0x04, 0x20,
];
/// The person was there, and was verified.
const PRESENT_AND_VERIFIED: u8 = 0b101;
/// A new credential follows.
const CREDENTIAL_FOLLOWS: u8 = 0b100_0000;

/// A device with one passkey.
pub struct Authenticator {
    origin: String,
    id: [u8; 16],
    key: Arc<dyn SigningKey>,
    counter: AtomicU32,
}

impl Authenticator {
    /// With a fresh key for the site of this origin.
    pub fn of(origin: &str) -> Self {
        let (mut id, mut secret) = ([0; 16], [0; 32]);
        getrandom::fill(&mut id).unwrap();
        getrandom::fill(&mut secret).unwrap();
        let der = [BEFORE_THE_SECRET.as_slice(), &secret].concat();
        let key = any_ecdsa_type(&PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(der))).unwrap();
        Self { origin: origin.to_owned(), id, key, counter: AtomicU32::new(0) }
    }

    /// The credential's id.
    pub fn id(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.id)
    }

    /// The answer to the question for a new passkey.
    pub fn make(&self, question: &Value) -> Value {
        let client = self.client_data("webauthn.create", challenge(question));
        let spki = self.key.public_key().unwrap();
        let (x, y) = spki[spki.len() - 64..].split_at(32);
        let cose = [&[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32], x, &[0x22, 0x58, 32], y].concat();
        let credential = [&[0; 16], [0, 16].as_slice(), &self.id, &cose].concat();
        let data = [self.said(CREDENTIAL_FOLLOWS).as_slice(), &credential].concat();
        let length = u8::try_from(data.len()).unwrap();
        let attestation = [b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".as_slice(), &[length], &data].concat();
        self.answer(json!({ "attestationObject": URL_SAFE_NO_PAD.encode(attestation), "clientDataJSON": URL_SAFE_NO_PAD.encode(client) }))
    }

    /// The answer to a question who is there, or what they agree to.
    pub fn sign(&self, question: &Value) -> Value {
        self.sign_under(challenge(question))
    }

    /// A signature under a challenge that nobody may have asked for, base64url.
    pub fn sign_under(&self, challenge: &str) -> Value {
        let client = self.client_data("webauthn.get", challenge);
        let data = self.said(0);
        let message = [data.as_slice(), &Sha256::digest(&client)].concat();
        let signature = self.key.choose_scheme(&[SignatureScheme::ECDSA_NISTP256_SHA256]).unwrap().sign(&message).unwrap();
        let [data, client, signature] = [&data, client.as_bytes(), &signature].map(|bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes));
        self.answer(json!({ "authenticatorData": data, "clientDataJSON": client, "signature": signature, "userHandle": null }))
    }

    /// Whose site, that somebody was there, and the counter, which goes on.
    fn said(&self, flags: u8) -> Vec<u8> {
        let site = url::Url::parse(&self.origin).unwrap().host_str().unwrap().to_owned();
        let count = self.counter.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        [Sha256::digest(site).as_slice(), &[PRESENT_AND_VERIFIED | flags], &count].concat()
    }

    fn client_data(&self, purpose: &str, challenge: &str) -> String {
        json!({ "type": purpose, "challenge": challenge, "origin": self.origin, "crossOrigin": false }).to_string()
    }

    fn answer(&self, response: Value) -> Value {
        json!({ "id": self.id(), "rawId": self.id(), "type": "public-key", "extensions": {}, "response": response })
    }

    /// Enrols it for whoever this is.
    pub async fn enrol(&self, person: &Speaker) {
        let question = person.post("/v1/passkeys/enrolment", json!({})).await.ok();
        let new = json!({ "name": "in software", "ceremony": question["ceremony"], "credential": self.make(&question) });
        let made = person.post("/v1/passkeys", new).await;
        assert_eq!(made.status, 201, "{}", made.text);
    }
}

fn challenge(question: &Value) -> &str {
    question["options"]["publicKey"]["challenge"].as_str().unwrap()
}
