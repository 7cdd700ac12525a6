//! Verifying an answer, with the library, under a challenge of our choice. What the library leaves to its caller is
//! done here: whose passkey it is, whether the page stood in a foreign one, the counter's alarm.

use super::{Engine, EngineError, Keyring, PasskeyFault, cose};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_core::assertion::Signed;
use countersign_core::canonical::Digest;
use countersign_core::id::PersonId;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use url::Url;
use uuid::Uuid;
use webauthn_rs::prelude::{AuthenticationResult, Passkey, PasskeyAuthentication, PublicKeyCredential, WebauthnError};
use webauthn_rs::{Webauthn, WebauthnBuilder};

/// What a browser says of an assertion, as far as it matters here.
#[derive(Deserialize)]
struct ClientWords {
    challenge: String,
    #[serde(rename = "crossOrigin", default)]
    cross_origin: bool,
}

impl Engine {
    /// The site that passkeys belong to.
    pub(super) fn webauthn(&self) -> Result<Webauthn, EngineError> {
        let unavailable = |_| EngineError::from(PasskeyFault::Unavailable);
        let origin = Url::parse(&self.settings().public_url).map_err(|_| PasskeyFault::Unavailable)?;
        let name = origin.domain().ok_or(PasskeyFault::Unavailable)?.to_owned();
        WebauthnBuilder::new(&name, &origin).map_err(unavailable)?.rp_name("Countersign").build().map_err(unavailable)
    }

    /// The options for asking one of these passkeys, or any where there are none, under this challenge.
    pub(super) fn question(&self, passkeys: &[Passkey], challenge: Digest) -> Result<Value, EngineError> {
        let (options, _) = self.webauthn()?.start_passkey_authentication(passkeys).map_err(|_| PasskeyFault::Refused)?;
        let mut options = serde_json::to_value(options).unwrap_or(Value::Null);
        *options.pointer_mut("/publicKey/challenge").ok_or(PasskeyFault::Refused)? = Value::String(URL_SAFE_NO_PAD.encode(challenge.0));
        Ok(options)
    }

    /// Verifies an answer of this person under this challenge, moves the counter on and says what was signed.
    pub(super) async fn verified(&self, person: &PersonId, challenge: Digest, answer: &PublicKeyCredential) -> Result<Signed, EngineError> {
        let webauthn = self.webauthn()?;
        let handle = self.user_handle(person).await?;
        let now = self.clock().now();
        let outcome = self.change_keyring(person, |keyring| judge(&webauthn, keyring, handle, challenge, answer, now)).await?;
        outcome.map_err(|fault| {
            // The person is told; operators are, by the log.
            tracing::error!(code = fault.code(), "the counter of a passkey went back: a copy may exist, and it is refused from now on");
            fault.into()
        })
    }
}

/// What comes of an answer; an inner fault is kept with the mark that it leaves on the passkey.
fn judge(
    webauthn: &Webauthn,
    keyring: &mut Keyring,
    handle: Uuid,
    challenge: Digest,
    answer: &PublicKeyCredential,
    now: Timestamp,
) -> Result<Result<Signed, PasskeyFault>, PasskeyFault> {
    if answer.get_user_unique_id().is_some_and(|given| given != handle.as_bytes().as_slice()) {
        return Err(PasskeyFault::Refused);
    }
    let kept = keyring.passkeys.iter_mut().find(|kept| kept.key.cred_id().as_slice() == answer.get_credential_id()).ok_or(PasskeyFault::Refused)?;
    if kept.suspected_at.is_some() {
        return Err(PasskeyFault::Suspected);
    }
    let signed = signed(&kept.key, answer).ok_or(PasskeyFault::Refused)?;
    match finish(webauthn, &kept.key, challenge, answer) {
        Ok(result) => {
            kept.key.update_credential(&result);
            kept.last_used_at = Some(now);
            Ok(Ok(signed))
        }
        Err(WebauthnError::CredentialPossibleCompromise) => {
            kept.suspected_at = Some(now);
            Ok(Err(PasskeyFault::Suspected))
        }
        Err(why) => {
            tracing::info!(%why, "a passkey's answer was not verified");
            Err(PasskeyFault::Refused)
        }
    }
}

/// The library's verification, under our challenge in place of the one it drew.
fn finish(webauthn: &Webauthn, key: &Passkey, challenge: Digest, answer: &PublicKeyCredential) -> Result<AuthenticationResult, WebauthnError> {
    let (_, state) = webauthn.start_passkey_authentication(std::slice::from_ref(key))?;
    let state = under(&state, challenge).ok_or(WebauthnError::Configuration)?;
    let result = webauthn.finish_passkey_authentication(answer, &state)?;
    if result.user_verified() { Ok(result) } else { Err(WebauthnError::UserNotVerified) }
}

/// The same state with another challenge.
pub(super) fn under(state: &PasskeyAuthentication, challenge: Digest) -> Option<PasskeyAuthentication> {
    let mut value = serde_json::to_value(state).ok()?;
    *value.pointer_mut("/ast/challenge")? = Value::String(URL_SAFE_NO_PAD.encode(challenge.0));
    serde_json::from_value(value).ok()
}

/// The parts of an answer as the record keeps them.
fn signed(key: &Passkey, answer: &PublicKeyCredential) -> Option<Signed> {
    let words: ClientWords = serde_json::from_slice(&answer.response.client_data_json).ok()?;
    let challenge: [u8; 32] = URL_SAFE_NO_PAD.decode(words.challenge).ok()?.try_into().ok()?;
    (!words.cross_origin).then_some(())?;
    Some(Signed {
        credential: answer.raw_id.clone(),
        public_key: cose::encode(key.get_public_key())?,
        authenticator_data: answer.response.authenticator_data.clone(),
        client_data: answer.response.client_data_json.clone(),
        signature: answer.response.signature.clone(),
        challenge: Digest(challenge),
    })
}
